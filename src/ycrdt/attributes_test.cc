// When two attributes say the same.
#include "ycrdt/attributes.h"

#include <gtest/gtest.h>

#include "ycrdt/any.h"

namespace pluv::ycrdt {
namespace {

bool equal(const Any& a, const Any& b) {
  std::string left;
  std::string right;
  write_any(left, a);
  write_any(right, b);
  return equal_attribute(left, right);
}

TEST(Attributes, AnArrayEqualsAnObjectOfItsIndices) {
  EXPECT_TRUE(equal(Any::Array{}, Any::Object{}));
  EXPECT_TRUE(equal(Any::Object{{"0", 1}}, Any::Array{1}));
  EXPECT_FALSE(equal(Any::Object{{"1", 1}}, Any::Array{1}));
  EXPECT_FALSE(equal(Any::Array{1}, Any::Array{1, 2}));
  EXPECT_FALSE(equal(Any::Array{}, nullptr));
}

TEST(Attributes, ContainersInContainersDiffer) {
  Any::Array nested;  // compilers do not agree whether Array{Array{}} is one, or a copy
  nested.emplace_back(Any::Array());
  EXPECT_FALSE(equal(nested, nested));
}

// Few are compared one by one, many are found by their hash; what is taken away leaves no place.
TEST(Attributes, AreFoundAndKeepTheirOrderHoweverManyThereAre) {
  const auto text = [](const Attributes& attributes) {
    std::string out;
    attributes.each([&](KeyIndex key, std::string_view value) {
      out += std::to_string(key) + "=" + std::string(value) + " ";
    });
    return out;
  };
  for (const KeyIndex count : {1u, 15u, 16u, 17u, 18u, 40u, 200u}) {
    SCOPED_TRACE(count);
    Attributes attributes;
    std::vector<std::pair<KeyIndex, std::string>> expected;
    const auto check = [&] {
      std::string want;
      for (const auto& [key, value] : expected) {
        want += std::to_string(key) + "=" + value + " ";
        ASSERT_NE(attributes.find(key), nullptr);
        EXPECT_EQ(*attributes.find(key), value);
      }
      EXPECT_EQ(text(attributes), want);
      EXPECT_EQ(attributes.empty(), expected.empty());
      EXPECT_EQ(attributes.find(count + 1), nullptr);
    };
    for (KeyIndex key = count; key > 0; --key) {
      attributes.set(key, "a");
      expected.emplace_back(key, "a");
      if (key > count - 20) check();
    }
    attributes.set(count, "b");
    expected[0].second = "b";
    attributes.apply(1, "c");
    expected.back().second = "c";
    check();
    // From the middle, and set again: they are the last then.
    for (KeyIndex key = count / 2; key > 0; key -= 1 + key / 2) {
      attributes.apply(key, kEncodedNull);
      attributes.erase(key);
      std::erase_if(expected, [&](const auto& entry) { return entry.first == key; });
      EXPECT_EQ(attributes.value_or_null(key), kEncodedNull);
      check();
    }
    attributes.set(count / 2 + 1, "d");
    for (auto& entry : expected) entry.second = entry.first == count / 2 + 1 ? "d" : entry.second;
    check();
    const Attributes copy = attributes;
    for (KeyIndex key = 1; key <= count; ++key) {
      attributes.erase(key);
      std::erase_if(expected, [&](const auto& entry) { return entry.first == key; });
      if (key % 7 == 0) check();
    }
    check();
    attributes.set(count, "e");
    expected.emplace_back(count, "e");
    check();
    EXPECT_EQ(*copy.find(count / 2 + 1), "d");
  }
}

}  // namespace
}  // namespace pluv::ycrdt
