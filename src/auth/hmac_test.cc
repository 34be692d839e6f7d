#include "auth/hmac.h"

#include <gtest/gtest.h>

namespace pluv::auth {
namespace {

std::string hex(std::string_view key, std::string_view message) {
  return hmac_sha256_hex(key, message).value();
}

// RFC 4231 sections 4.2, 4.3 and 4.7.
TEST(Hmac, agrees_with_the_vectors_of_rfc_4231) {
  EXPECT_EQ(hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, takes_an_empty_key_and_an_empty_message) {
  EXPECT_EQ(hex("", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(hex({}, {}), hex("", ""));
}

TEST(EqualConstantTime, holds_for_the_same_text_alone) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("sha256=ab", "sha256=ab"));
  EXPECT_TRUE(equal_constant_time({}, ""));
  EXPECT_FALSE(equal_constant_time("sha256=ab", "sha256=ac"));
  EXPECT_FALSE(equal_constant_time("sha256=ab", "sha256=a"));
  EXPECT_FALSE(equal_constant_time("", "a"));
  EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace pluv::auth
