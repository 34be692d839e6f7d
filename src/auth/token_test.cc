#include "auth/token.h"

#include <gtest/gtest.h>

#include "auth/token_test_support.h"

namespace pluv::auth {
namespace {

using testing_support::keys_of;
using testing_support::kNowMs;
using testing_support::kNowS;
using testing_support::kRoom;
using testing_support::refusal;
using testing_support::request;
using testing_support::sealed;

// Made by npm jose 6.2.18 (EncryptJWT) with the iv 00..0b and the claims of request().
constexpr std::string_view kMadeByJose =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAECAwQFBgcICQoL.n1SoDoKROUW-MvTub-htmr9E3xWOsKa1YUD"
    "rH2F2Da6pRlsjRNMbQbUveKiyOdenVcDoisbAjvN5jXr6mvtF7-jVU1CyKMC1XA9NiegZwa8FpPz8a-kcLRGU1ppzKRKK"
    "e9HVOCtmkZD70VfTe8O8LolkL8WECHSIYub_YUn4mhGeK_nk4ASJkw86uVwtxuwy1tRv4IeYLg.5SK8JULWdTPcX3-Z3c"
    "g_lQ";

std::string decode(std::string_view token, std::int64_t now_ms = kNowMs,
                   const TokenPolicy& policy = {}) {
  return refusal(decode_token(keys_of(), token, kRoom, now_ms, policy));
}

TEST(Token, is_byte_for_byte_what_jose_makes_of_the_same_claims) {
  EXPECT_EQ(encode_token(keys_of(), request()).value(), kMadeByJose);
}

TEST(Token, gives_back_its_claims) {
  const Result<TokenClaims> claims = decode_token(keys_of(), kMadeByJose, kRoom, kNowMs);
  ASSERT_TRUE(claims.ok()) << claims.error().message;
  EXPECT_EQ(claims.value().room, "my-room");
  EXPECT_EQ(claims.value().user_id, "u_1");
  EXPECT_EQ(claims.value().user_json, R"({"id":"u_1","name":"Zoë"})");
  EXPECT_EQ(claims.value().issued_at_s, kNowS);
  EXPECT_EQ(claims.value().expires_at_s, kNowS + 60);
  EXPECT_EQ(claims.value().id, "00010203-0405-4607-8809-0a0b0c0d0e0f");
}

TEST(Token, lives_sixty_seconds_unless_told_otherwise) {
  TokenRequest asked;
  EXPECT_EQ(asked.max_age_ms, 60'000);
}

TEST(Token, lives_at_least_as_long_as_asked_rounded_up_to_a_second) {
  struct Case {
    std::int64_t now_ms, max_age_ms, expires_at_s;
  };
  for (const Case& c :
       {Case{kNowMs, 1, kNowS + 1}, Case{kNowMs, 1000, kNowS + 1}, Case{kNowMs, 1001, kNowS + 2},
        Case{kNowMs + 999, 1, kNowS + 1}, Case{kNowMs + 999, 2, kNowS + 2},
        Case{kNowMs + 1, 60'000, kNowS + 61}, Case{0, 1, 1}}) {
    TokenRequest asked = request();
    asked.now_unix_ms = c.now_ms;
    asked.max_age_ms = c.max_age_ms;
    const std::string token = encode_token(keys_of(), asked).value();
    const Result<TokenClaims> claims = decode_token(keys_of(), token, kRoom, c.now_ms);
    ASSERT_TRUE(claims.ok()) << claims.error().message;
    EXPECT_EQ(claims.value().expires_at_s, c.expires_at_s);
    EXPECT_EQ(claims.value().issued_at_s, c.now_ms / 1000);
  }
}

TEST(Token, expires_when_its_last_second_and_the_tolerance_have_passed) {
  const std::int64_t end_ms = kNowMs + 60'000 + 15'000;
  EXPECT_EQ(decode(kMadeByJose, end_ms - 1000), "accepted");
  EXPECT_EQ(decode(kMadeByJose, end_ms - 1), "accepted");
  EXPECT_EQ(decode(kMadeByJose, end_ms), "the token has expired");
  EXPECT_EQ(decode(kMadeByJose, end_ms + 1), "the token has expired");
  EXPECT_EQ(decode(kMadeByJose, end_ms + 3'600'000), "the token has expired");
}

TEST(Token, expires_on_the_second_without_tolerance) {
  TokenPolicy exact;
  exact.clock_tolerance_ms = 0;
  EXPECT_EQ(decode(kMadeByJose, kNowMs + 59'999, exact), "accepted");
  EXPECT_EQ(decode(kMadeByJose, kNowMs + 60'000, exact), "the token has expired");
  EXPECT_EQ(decode(kMadeByJose, kNowMs + 60'001, exact), "the token has expired");
}

TEST(Token, of_the_future_is_accepted) {
  EXPECT_EQ(decode(kMadeByJose, kNowMs - 3'600'000), "accepted");
}

TEST(Token, that_is_not_valid_yet_is_refused_beyond_the_tolerance) {
  const auto token = [](std::int64_t nbf) {
    return sealed(keys_of(), R"({"room":"my-room","sub":"my-room|u","user":{"id":"u"},"exp":)" +
                                 std::to_string(kNowS + 60) + ",\"nbf\":" + std::to_string(nbf) +
                                 "}");
  };
  EXPECT_EQ(decode(token(kNowS + 14)), "accepted");
  EXPECT_EQ(decode(token(kNowS + 15)), "accepted");
  EXPECT_EQ(decode(token(kNowS + 16)), "the token is not valid yet");
}

TEST(Token, is_for_one_room_alone) {
  for (const std::string_view room : {"", "my-roo", "my-room2", "My-room", "other"}) {
    EXPECT_EQ(refusal(decode_token(keys_of(), kMadeByJose, room, kNowMs)),
              "the token is for another room");
  }
}

TEST(TokenRotation, reads_the_old_secret_s_tokens_and_signs_with_the_new_one) {
  const std::string_view both[] = {"new secret", testing_support::kSecret};
  const TokenKeys rotated = TokenKeys::from_secrets(both).value();
  EXPECT_EQ(refusal(decode_token(rotated, kMadeByJose, kRoom, kNowMs)), "accepted");

  const std::string fresh = encode_token(rotated, request()).value();
  EXPECT_EQ(refusal(decode_token(keys_of("new secret"), fresh, kRoom, kNowMs)), "accepted");
  EXPECT_EQ(refusal(decode_token(rotated, fresh, kRoom, kNowMs)), "accepted");
  EXPECT_EQ(decode(fresh), "the token was not made with a secret of this server");
}

TEST(TokenRotation, refuses_the_old_secret_s_tokens_once_it_is_dropped) {
  EXPECT_EQ(refusal(decode_token(keys_of("new secret"), kMadeByJose, kRoom, kNowMs)),
            "the token was not made with a secret of this server");
}

TEST(TokenUser, keeps_its_parts_and_loses_its_white_space) {
  TokenRequest asked = request();
  asked.user_json =
      " { \"id\" : \"a\\\"|\\u00e9\\ud83d\\ude00\" ,\n \"n\": [ 1.50, {\"x\": \" y \"} ] } ";
  asked.user_id = "a\"|é😀";
  const std::string token = encode_token(keys_of(), asked).value();
  const Result<TokenClaims> claims = decode_token(keys_of(), token, kRoom, kNowMs);
  ASSERT_TRUE(claims.ok()) << claims.error().message;
  EXPECT_EQ(claims.value().user_id, "a\"|é😀");
  EXPECT_EQ(claims.value().user_json, R"({"id":"a\"|\u00e9\ud83d\ude00","n":[1.50,{"x":" y "}]})");
}

TEST(TokenUser, may_have_an_empty_id) {
  TokenRequest asked = request();
  asked.user_json = R"({"id":""})";
  asked.user_id = "";
  EXPECT_EQ(decode(encode_token(keys_of(), asked).value()), "accepted");
}

TEST(TokenUser, has_the_last_of_several_ids_as_its_other_readers_see_it) {
  TokenRequest asked = request();
  asked.user_json = R"({"id":"first","id":"last"})";
  asked.user_id = "first";
  EXPECT_EQ(encode_token(keys_of(), asked).error().code, ErrorCode::invalid);
  asked.user_id = "last";
  const std::string token = encode_token(keys_of(), asked).value();
  EXPECT_EQ(decode_token(keys_of(), token, kRoom, kNowMs).value().user_id, "last");
}

TEST(TokenRequest, refuses_what_no_reader_would_take) {
  const auto code = [](auto change) {
    TokenRequest asked = request();
    change(asked);
    const Result<std::string> token = encode_token(keys_of(), asked);
    EXPECT_FALSE(token.ok());
    return token.ok() ? ErrorCode::internal : token.error().code;
  };
  using Request = TokenRequest;
  EXPECT_EQ(code([](Request& r) { r.room = ""; }), ErrorCode::invalid);
  EXPECT_EQ(code([](Request& r) { r.room = "a|b"; }), ErrorCode::invalid);
  EXPECT_EQ(code([](Request& r) { r.user_id = "u_2"; }), ErrorCode::invalid);
  for (const std::string_view user :
       {"", "null", "[]", "\"u_1\"", "{}", R"({"id":1})", R"({"id":"u_1"}x)", R"({"id":"u_1",})",
        R"({"ID":"u_1"})", "{\"id\":\"u_1\",\"n\":\"\xff\"}"}) {
    EXPECT_EQ(code([&](Request& r) { r.user_json = user; }), ErrorCode::invalid) << user;
  }
  EXPECT_EQ(code([](Request& r) { r.max_age_ms = 0; }), ErrorCode::invalid);
  EXPECT_EQ(code([](Request& r) { r.max_age_ms = -60'000; }), ErrorCode::invalid);
  EXPECT_EQ(code([](Request& r) { r.now_unix_ms = -1; }), ErrorCode::invalid);
  EXPECT_EQ(code([](Request& r) { r.now_unix_ms = INT64_MAX; }), ErrorCode::invalid);
}

TEST(TokenRequest, takes_ages_up_to_a_year) {
  for (const std::int64_t over : {-1, 0, 1}) {
    TokenRequest asked = request();
    asked.max_age_ms = kTokenAgeMsMax + over;
    EXPECT_EQ(encode_token(keys_of(), asked).ok(), over <= 0);
  }
}

// A user of exactly so many bytes, whose id is "u".
std::string user_of(std::size_t bytes) {
  std::string user = R"({"id":"u","p":""})";
  user.insert(user.size() - 2, std::string(bytes - user.size(), 'x'));
  return user;
}

std::string token_of(const TokenKeys& keys, std::string_view user, std::string_view id) {
  return sealed(keys, R"({"room":"my-room","sub":"my-room|)" + std::string(id) + R"(","user":)" +
                          std::string(user) + R"(,"exp":)" + std::to_string(kNowS + 60) + "}");
}

TEST(TokenLimits, bound_the_user_at_512_bytes_on_both_sides) {
  for (const std::size_t size : {511u, 512u, 513u}) {
    const std::string user = user_of(size);
    ASSERT_EQ(user.size(), size);
    TokenRequest asked = request();
    asked.user_json = user;
    asked.user_id = "u";
    const Result<std::string> token = encode_token(keys_of(), asked);
    EXPECT_EQ(token.ok(), size <= 512);
    if (!token.ok()) {
      EXPECT_EQ(token.error().code, ErrorCode::limit);
    }
    EXPECT_EQ(decode(token_of(keys_of(), user, "u")),
              size <= 512 ? "accepted" : "the user is too large");
  }
}

TEST(TokenLimits, do_not_count_white_space_of_the_user) {
  for (const std::size_t size : {512u, 513u}) {
    const std::string spaced = user_of(size).insert(1, 100, ' ');
    EXPECT_EQ(decode(token_of(keys_of(), spaced, "u")),
              size <= 512 ? "accepted" : "the user is too large");
    TokenRequest asked = request();
    asked.user_json = spaced;
    asked.user_id = "u";
    EXPECT_EQ(encode_token(keys_of(), asked).ok(), size <= 512);
  }
}

TEST(TokenLimits, bound_the_user_s_id_at_128_utf16_units_on_both_sides) {
  for (const std::string_view letter : {"x", "é", "€", "😀"}) {
    const std::size_t units = letter == "😀" ? 2 : 1;
    for (const std::size_t length : {127u, 128u, 129u}) {
      std::string id;
      for (std::size_t at = 0; at + units <= length; at += units) id += letter;
      if (id.empty() || (length % units != 0)) id += 'x';
      const std::string user = R"({"id":")" + id + R"("})";
      TokenRequest asked = request();
      asked.user_json = user;
      asked.user_id = id;
      const Result<std::string> token = encode_token(keys_of(), asked);
      EXPECT_EQ(token.ok(), length <= 128) << letter << length;
      EXPECT_EQ(decode(token_of(keys_of(), user, id)),
                length <= 128 ? "accepted" : "the user's id is too long");
    }
  }
}

TEST(TokenLimits, bound_the_token_before_it_is_decrypted) {
  TokenPolicy policy;
  for (const int over : {-1, 0, 1}) {
    policy.limits.token_bytes_max =
        static_cast<std::size_t>(static_cast<int>(kMadeByJose.size()) - over);
    EXPECT_EQ(decode(kMadeByJose, kNowMs, policy),
              over <= 0 ? "accepted" : "the token is too large");
    TokenRequest asked = request();
    asked.limits = policy.limits;
    EXPECT_EQ(encode_token(keys_of(), asked).ok(), over <= 0);
  }
  EXPECT_EQ(TokenLimits{}.token_bytes_max, 8192u);
  EXPECT_EQ(decode(std::string(8192, 'a')), "the token does not have five parts");
  EXPECT_EQ(decode(std::string(8193, 'a')), "the token is too large");
}

// Every byte as %XX.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += '%';
    out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

TEST(TokenNormalize, undoes_one_and_two_percent_encodings_and_no_third) {
  std::string dots(kMadeByJose);
  for (std::size_t at = 0; (at = dots.find('.', at)) != std::string::npos;) {
    dots.replace(at, 1, "%2E");
  }
  EXPECT_EQ(normalize_token(kMadeByJose).value(), kMadeByJose);
  EXPECT_EQ(normalize_token(dots).value(), kMadeByJose);
  EXPECT_EQ(decode(dots), "accepted");
  const std::string once = percent_encoded("a.b");
  EXPECT_EQ(normalize_token(once).value(), "a.b");
  EXPECT_EQ(normalize_token("%252E").value(), ".");
  EXPECT_EQ(normalize_token(percent_encoded(once)).value(), "a.b");
  EXPECT_EQ(normalize_token("%25252E").error().message,
            "the token is percent-encoded more than twice");
  EXPECT_EQ(decode(percent_encoded(kMadeByJose)), "accepted");
}

TEST(TokenNormalize, refuses_malformed_sequences) {
  for (const std::string_view text : {"%", "%4", "a%", "%%", "%zz", "%4g", "%g4", "%254", "% 41"}) {
    const Result<std::string> normal = normalize_token(text);
    ASSERT_FALSE(normal.ok()) << text;
    EXPECT_EQ(normal.error().code, ErrorCode::unauthorized);
    EXPECT_EQ(normal.error().message, "the token's percent-encoding is malformed");
  }
}

TEST(TokenNormalize, bounds_what_comes_out) {
  TokenLimits limits;
  limits.token_bytes_max = 100;
  for (const std::size_t size : {99u, 100u, 101u}) {
    std::string encoded;
    for (std::size_t at = 0; at < size; ++at) encoded += "%2541";
    EXPECT_EQ(normalize_token(encoded, limits).ok(), size <= 100);
    EXPECT_EQ(normalize_token(std::string(size, 'a'), limits).ok(), size <= 100);
  }
}

}  // namespace
}  // namespace pluv::auth
