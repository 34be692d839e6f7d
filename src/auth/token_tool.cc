// pluv_token_tool: makes and reads one token from the command line, for tests against other
// implementations. Not installed: secrets do not belong on a command line elsewhere.
//
//   pluv_token_tool encode NOW_MS ROOM USER_ID USER_JSON MAX_AGE_MS SECRET...   prints the token
//   pluv_token_tool decode NOW_MS ROOM TOKEN SECRET...                          prints its claims
//
// Ends with 0, with 1 when the token was refused (the reason on stderr), with 2 when misused.
#include <charconv>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/random.h"
#include "auth/token.h"
#include "json/writer.h"

namespace {

using pluv::Error;
using pluv::Result;
using pluv::auth::TokenClaims;
using pluv::auth::TokenKeys;

int refuse(const Error& error) {
  std::fprintf(stderr, "%s: %s\n", pluv::error_code_name(error.code), error.message.c_str());
  return 1;
}

int misused() {
  std::fputs(
      "usage: pluv_token_tool encode NOW_MS ROOM USER_ID USER_JSON MAX_AGE_MS SECRET...\n"
      "       pluv_token_tool decode NOW_MS ROOM TOKEN SECRET...\n",
      stderr);
  return 2;
}

bool number(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

int encode(std::span<const std::string_view> words) {
  pluv::auth::TokenRequest request;
  if (!number(words[0], request.now_unix_ms) || !number(words[4], request.max_age_ms)) {
    return misused();
  }
  request.room = words[1];
  request.user_id = words[2];
  request.user_json = words[3];
  if (Result<void> drawn = pluv::auth::fill_random(request.iv); !drawn.ok()) {
    return refuse(drawn.error());
  }
  if (Result<void> drawn = pluv::auth::fill_random(request.id_random); !drawn.ok()) {
    return refuse(drawn.error());
  }
  const Result<TokenKeys> keys = TokenKeys::from_secrets(words.subspan(5));
  if (!keys.ok()) return refuse(keys.error());
  const Result<std::string> token = encode_token(keys.value(), request);
  if (!token.ok()) return refuse(token.error());
  std::puts(token.value().c_str());
  return 0;
}

int decode(std::span<const std::string_view> words) {
  std::int64_t now_ms = 0;
  if (!number(words[0], now_ms)) return misused();
  const Result<TokenKeys> keys = TokenKeys::from_secrets(words.subspan(3));
  if (!keys.ok()) return refuse(keys.error());
  const Result<TokenClaims> claims = decode_token(keys.value(), words[2], words[1], now_ms);
  if (!claims.ok()) return refuse(claims.error());
  std::string text;
  pluv::json::Writer writer(text);
  writer.begin_object();
  writer.key("room");
  writer.string(claims.value().room);
  writer.key("userId");
  writer.string(claims.value().user_id);
  writer.key("user");
  writer.raw(claims.value().user_json);
  if (claims.value().permissions != "*") {
    writer.key("permissions");
    writer.string(claims.value().permissions);
  }
  writer.key("iat");
  writer.number(claims.value().issued_at_s);
  writer.key("exp");
  writer.number(claims.value().expires_at_s);
  writer.key("jti");
  writer.string(claims.value().id);
  writer.end_object();
  std::puts(text.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const std::span all(words);
  if (words.size() >= 7 && words[0] == "encode") return encode(all.subspan(1));
  if (words.size() >= 5 && words[0] == "decode") return decode(all.subspan(1));
  return misused();
}
