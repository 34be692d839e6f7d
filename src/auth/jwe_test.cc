#include "auth/jwe.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "base/base64.h"

namespace pluv::auth {
namespace {

constexpr JweIv kIv = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

TokenKeys keys_of(std::string_view secret) { return TokenKeys::from_secret(secret).value(); }

std::string refusal(const Result<std::string>& opened) {
  if (opened.ok()) return "accepted";
  EXPECT_EQ(opened.error().code, ErrorCode::unauthorized);
  return opened.error().message;
}

class Jwe : public testing::Test {
 protected:
  // The token with one of its five parts replaced.
  std::string with_part(std::size_t part, std::string_view text) const {
    std::string out;
    std::string_view rest = token_;
    for (std::size_t at = 0; at < 5; ++at) {
      const std::size_t dot = std::min(rest.find('.'), rest.size());
      if (at != 0) out += '.';
      out += at == part ? text : rest.substr(0, dot);
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    return out;
  }

  std::string open(std::string_view token) const { return refusal(jwe_open(keys_, token)); }
  std::string open_header(std::string_view header) const {
    return open(with_part(0, base64url_encode(header)));
  }

  TokenKeys keys_ = keys_of("secret");
  std::string token_ = jwe_seal(keys_, "{\"a\":1}", kIv).value();
};

constexpr std::string_view kWrongTag = "the token was not made with a secret of this server";

TEST_F(Jwe, opens_what_it_sealed_at_every_size) {
  std::string plaintext;
  for (int size = 0; size < 300; ++size) {
    const std::string token = jwe_seal(keys_, plaintext, kIv).value();
    Result<std::string> opened = jwe_open(keys_, token);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(*opened, plaintext);
    plaintext += static_cast<char>(size);
  }
}

TEST_F(Jwe, writes_the_header_that_other_readers_expect) {
  EXPECT_EQ(base64url_decode(token_.substr(0, token_.find('.'))),
            R"({"alg":"dir","enc":"A256GCM"})");
  EXPECT_NE(token_.find("..AQIDBAUGBwgJCgsM."), std::string::npos);
}

TEST_F(Jwe, opens_with_any_of_several_keys_and_with_no_other) {
  const std::string_view secrets[] = {"third", "second", "secret"};
  const TokenKeys rotated = TokenKeys::from_secrets(secrets).value();
  EXPECT_EQ(jwe_open(rotated, token_).value(), "{\"a\":1}");
  EXPECT_EQ(refusal(jwe_open(keys_of("Secret"), token_)), kWrongTag);
}

TEST_F(Jwe, refuses_any_count_of_parts_but_five) {
  constexpr std::string_view kWrongCount = "the token does not have five parts";
  for (const std::string_view token : {"", ".", "..", "...", "a.b.c.d", "....."}) {
    EXPECT_EQ(open(token), kWrongCount) << token;
  }
  EXPECT_EQ(open(token_ + "."), kWrongCount);
  EXPECT_EQ(open("." + token_), kWrongCount);
}

TEST_F(Jwe, refuses_other_algorithms) {
  EXPECT_EQ(open_header(R"({"alg":"none","enc":"A256GCM"})"), "the token's alg is not dir");
  EXPECT_EQ(open_header(R"({"alg":"A256KW","enc":"A256GCM"})"), "the token's alg is not dir");
  EXPECT_EQ(open_header(R"({"alg":"DIR","enc":"A256GCM"})"), "the token's alg is not dir");
  EXPECT_EQ(open_header(R"({"alg":"dir","enc":"A128GCM"})"), "the token's enc is not A256GCM");
  EXPECT_EQ(open_header(R"({"alg":"dir","enc":"A256CBC-HS512"})"),
            "the token's enc is not A256GCM");
  EXPECT_EQ(open_header(R"({"alg":"dir","alg":"RSA1_5","enc":"A256GCM"})"),
            "the token's alg is not dir");
}

TEST_F(Jwe, refuses_compression_and_critical_extensions) {
  EXPECT_EQ(open_header(R"({"alg":"dir","enc":"A256GCM","zip":"DEF"})"), "the token is compressed");
  EXPECT_EQ(open_header(R"({"alg":"dir","enc":"A256GCM","\u007aip":null})"),
            "the token is compressed");
  EXPECT_EQ(open_header(R"({"alg":"dir","enc":"A256GCM","crit":["exp"]})"),
            "the token's header has critical extensions");
}

TEST_F(Jwe, refuses_a_header_that_is_no_object_of_its_kind) {
  constexpr std::string_view kNoHeader = "the token's header is not a JSON object of its kind";
  for (const std::string_view header :
       {"", "null", "[]", "\"alg\"", "{", "{}x", R"({"alg":"dir","enc":"A256GCM",})",
        R"({"alg":1,"enc":"A256GCM"})", R"({"alg":"dir","enc":null})", "{\"alg\":\"di\xff\"}"}) {
    EXPECT_EQ(open_header(header), kNoHeader) << header;
  }
  EXPECT_EQ(open_header("{}"), "the token's header has no alg");
  EXPECT_EQ(open_header(R"({"enc":"A256GCM"})"), "the token's header has no alg");
  EXPECT_EQ(open_header(R"({"alg":"dir"})"), "the token's header has no enc");
}

TEST_F(Jwe, binds_the_header_as_received_to_the_tag) {
  // Good headers all, but not the one that was sealed.
  EXPECT_EQ(open_header(R"({"enc":"A256GCM","alg":"dir"})"), kWrongTag);
  EXPECT_EQ(open_header(R"({"alg":"dir", "enc":"A256GCM"})"), kWrongTag);
  EXPECT_EQ(open_header(R"({"alg":"dir","enc":"A256GCM","typ":"JWT"})"), kWrongTag);
}

TEST_F(Jwe, refuses_an_encrypted_key) {
  EXPECT_EQ(open(with_part(1, "AAAA")), "the token has an encrypted key");
}

TEST_F(Jwe, refuses_parts_of_the_wrong_size) {
  for (const std::size_t size : {0u, 11u, 13u, 16u}) {
    EXPECT_EQ(open(with_part(2, base64url_encode(std::string(size, '\1')))),
              "the token's iv is not 12 bytes");
  }
  for (const std::size_t size : {0u, 4u, 12u, 15u, 17u}) {
    EXPECT_EQ(open(with_part(4, base64url_encode(std::string(size, '\1')))),
              "the token's tag is not 16 bytes");
  }
  EXPECT_EQ(open(with_part(3, "")), kWrongTag);
}

TEST_F(Jwe, refuses_base64url_that_is_not_canonical) {
  EXPECT_EQ(open(with_part(0, "e!")), "the token's header is not base64url");
  EXPECT_EQ(open(with_part(2, "AQIDBAUGBwgJCgs+")), "the token's iv is not base64url");
  EXPECT_EQ(open(with_part(2, "AQIDBAUGBwgJCgsM=")), "the token's iv is not base64url");
  EXPECT_EQ(open(with_part(3, "A")), "the token's ciphertext is not base64url");
  EXPECT_EQ(open(with_part(3, "AB")), "the token's ciphertext is not base64url");
  // The 22nd character of a tag carries 2 bits; the other 4 must be zero.
  std::string tag = token_.substr(token_.rfind('.') + 1);
  ASSERT_EQ(tag.size(), 22u);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::size_t digit = kAlphabet.find(tag.back());
  for (std::size_t low = 1; low < 16; ++low) {
    tag.back() = kAlphabet[digit + low];
    EXPECT_EQ(open(with_part(4, tag)), "the token's tag is not base64url");
  }
}

TEST_F(Jwe, leaves_no_error_behind_for_the_thread_s_next_tls_call) {
  ERR_clear_error();
  EXPECT_EQ(refusal(jwe_open(keys_of("other"), token_)), kWrongTag);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace pluv::auth
