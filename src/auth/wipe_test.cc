#include "auth/wipe.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pluv::auth {
namespace {

TEST(Wipe, LeavesNothingOfATextWhereItStood) {
  for (const std::size_t size : {std::size_t{8}, std::size_t{100}}) {  // in the object, on the heap
    std::string secret(size, 's');
    secret.resize(size / 2);  // the rest still stands behind it
    const char* const where = secret.data();
    wipe(secret);
    EXPECT_TRUE(secret.empty());
    ASSERT_EQ(secret.data(), where);
    // What is behind an empty text's end, up to its capacity, is still its own memory.
    EXPECT_EQ(std::count(where, where + secret.capacity(), 's'), 0);
  }
}

TEST(Wipe, EmptiesAList) {
  std::vector<std::string> secrets = {"one", std::string(100, 's')};
  wipe(secrets);
  EXPECT_TRUE(secrets.empty());
}

}  // namespace
}  // namespace pluv::auth
