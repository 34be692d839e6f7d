// Reads the committed fixtures. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#ifndef PLUV_TEST_DATA  // the build says where; without it, from the repository's root
#define PLUV_TEST_DATA "tests/data"
#endif

namespace pluv::ycrdt {

inline std::filesystem::path test_data_folder() {
  return std::filesystem::path(PLUV_TEST_DATA) / "ycrdt";
}

inline std::string read_test_data(const std::filesystem::path& name) {
  std::ifstream in(test_data_folder() / name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file's updates: one, or, of a .frames file, each after its length.
inline std::vector<std::string> read_test_updates(const std::filesystem::path& name) {
  const std::string bytes = read_test_data(name);
  if (name.extension() != ".frames") return {bytes};
  std::vector<std::string> out;
  for (std::size_t at = 0; at + 4 <= bytes.size();) {
    std::uint32_t size = 0;
    for (std::size_t i = 4; i > 0; --i) {
      size = (size << 8) | static_cast<std::uint8_t>(bytes[at + i - 1]);
    }
    out.push_back(bytes.substr(at + 4, size));
    at += 4 + size;
  }
  return out;
}

}  // namespace pluv::ycrdt
