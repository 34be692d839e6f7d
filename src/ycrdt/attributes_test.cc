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

}  // namespace
}  // namespace pluv::ycrdt
