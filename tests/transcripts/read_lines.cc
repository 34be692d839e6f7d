#include "read_lines.h"

#include <gtest/gtest.h>

#include <fstream>

namespace pluv::transcripts {

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(std::string(PLUV_TEST_DATA) + "/" + path);
  EXPECT_TRUE(file.is_open()) << path;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace pluv::transcripts
