#include "base/sort.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pluv {
namespace {

using Entry = std::pair<int, std::string>;

std::vector<Entry> entries(std::mt19937& random, std::size_t count, int keys) {
  std::vector<Entry> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    out.emplace_back(std::uniform_int_distribution<>(0, keys)(random), std::to_string(i));
  }
  return out;
}

TEST(SmallSort, SortsAsTheLibraryDoes) {
  std::mt19937 random(1);
  for (std::size_t count = 0; count < 300; ++count) {
    std::vector<Entry> small = entries(random, count, 1000);
    std::vector<Entry> library = small;
    detail::sort_small(small.begin(), small.end(), std::less<>());
    std::sort(library.begin(), library.end());
    EXPECT_EQ(small, library);
  }
}

TEST(SmallSort, StableSortKeepsTheOrderOfEqualElements) {
  std::mt19937 random(2);
  const auto by_key = [](const Entry& a, const Entry& b) { return a.first < b.first; };
  for (std::size_t count = 0; count < 300; ++count) {
    std::vector<Entry> small = entries(random, count, static_cast<int>(count / 5));
    std::vector<Entry> library = small;
    detail::stable_sort_small(small.begin(), small.end(), by_key);
    std::stable_sort(library.begin(), library.end(), by_key);
    EXPECT_EQ(small, library);
  }
}

}  // namespace
}  // namespace pluv
