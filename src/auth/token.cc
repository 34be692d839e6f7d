#include "auth/token.h"

#include <cmath>
#include <optional>

#include "auth/token_permissions.h"
#include "base/ids.h"
#include "json/object.h"
#include "json/reader.h"
#include "json/writer.h"

namespace pluv::auth {
namespace {

constexpr std::int64_t kMsASecond = 1000;
constexpr double kSafeIntegerMax = 9007199254740991.0;  // 2^53 - 1
constexpr std::int64_t kUnixMsMax = 9007199254740991;
constexpr std::size_t kEncodedTwiceBytes = 5;  // "%2541" is a character that was encoded twice

Error refused(const char* why) { return Error{ErrorCode::unauthorized, why}; }

// The length that JavaScript sees; text is UTF-8.
std::size_t utf16_units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if ((byte & 0xc0) != 0x80) ++units;  // every byte but the continuations
    if (byte >= 0xf0) ++units;           // a surrogate pair
  }
  return units;
}

struct User {
  std::string json;
  std::string id;
};

// The user of a JSON text that may be anything; code is what its errors are.
Result<User> parse_user(std::string_view raw, const TokenLimits& limits, ErrorCode code) {
  if (json::kind_of(raw) != json::Kind::object) return Error{code, "the user is not an object"};
  json::Reader reader(raw);
  std::string scratch;
  std::string_view name;
  std::string_view id;
  std::optional<std::string> found;
  if (reader.enter_object()) {
    while (reader.next_member(scratch, name)) {
      if (name != "id") {
        reader.skip_value();
      } else if (reader.peek() != json::Kind::string) {
        return Error{code, "the user's id is not a string"};
      } else if (reader.read_string(id, scratch)) {
        found.emplace(id);  // of equal names the last counts, as for everyone who reads the user
      }
    }
  }
  if (!reader.finish()) return Error{code, "the user is not JSON"};
  if (!found) return Error{code, "the user has no id"};
  const ErrorCode limit = code == ErrorCode::invalid ? ErrorCode::limit : code;
  if (utf16_units(*found) > limits.user_id_chars_max) {
    return Error{limit, "the user's id is too long"};
  }
  User user{{}, std::move(*found)};
  json::append_minified(raw, user.json);
  if (user.json.size() > limits.user_bytes_max) return Error{limit, "the user is too large"};
  return user;
}

// The claims as they stand, views into the plaintext (strings: copies), not judged yet.
struct RawClaims {
  std::optional<std::string> room;
  std::optional<std::string> sub;
  std::optional<std::string> jti;
  std::optional<double> iat;
  std::optional<double> nbf;
  std::optional<double> exp;
  std::optional<std::string_view> user;
  std::optional<std::string_view> permissions;
};

// Null when the claim was read or the reader failed; else what is wrong with its value. Of equal
// names the last counts (RFC 7519 section 4).
const char* read_claim(json::Reader& reader, std::string_view name, std::string& scratch,
                       RawClaims& claims) {
  const auto text = [&](std::optional<std::string>& claim) {
    std::string_view value;
    if (reader.peek() != json::Kind::string) return false;
    if (reader.read_string(value, scratch)) claim.emplace(value);
    return true;
  };
  const auto seconds = [&](std::optional<double>& claim) {
    double value = 0;
    if (reader.peek() != json::Kind::number) return false;
    if (!reader.read_number(value)) return true;
    claim = value;
    return std::fabs(value) <= kSafeIntegerMax;  // false for Infinity, as 1e999 reads
  };
  if (name == "room") return text(claims.room) ? nullptr : "the token's room is not a string";
  if (name == "sub") return text(claims.sub) ? nullptr : "the token's sub is not a string";
  if (name == "jti") return text(claims.jti) ? nullptr : "the token's jti is not a string";
  if (name == "iat") return seconds(claims.iat) ? nullptr : "the token's iat is not a time";
  if (name == "nbf") return seconds(claims.nbf) ? nullptr : "the token's nbf is not a time";
  if (name == "exp") return seconds(claims.exp) ? nullptr : "the token's exp is not a time";
  if (name == "user") {
    std::string_view raw;
    if (reader.raw_value(raw)) claims.user = raw;
    return nullptr;
  }
  if (name == "permissions") {
    std::string_view raw;
    if (reader.raw_value(raw)) claims.permissions = raw;
    return nullptr;
  }
  reader.skip_value();
  return nullptr;
}

Result<RawClaims> parse_claims(std::string_view text) {
  if (json::kind_of(text) != json::Kind::object) {
    return refused("the token's claims are not an object");
  }
  json::Reader reader(text);
  std::string scratch;
  std::string_view name;
  RawClaims claims;
  if (reader.enter_object()) {
    while (reader.next_member(scratch, name)) {
      const char* const wrong = read_claim(reader, name, scratch, claims);
      if (wrong != nullptr) return refused(wrong);
    }
  }
  if (!reader.finish()) return refused("the token's claims are not JSON");
  return claims;
}

std::int64_t whole_seconds(double seconds) {
  return static_cast<std::int64_t>(std::floor(seconds));
}

// In seconds, as npm jose compares, so that both sides end a token at the same moment.
Result<void> check_time(const RawClaims& claims, std::int64_t now_unix_ms,
                        std::int64_t tolerance_ms) {
  const std::int64_t whole_s = now_unix_ms / kMsASecond;
  const auto now_s = static_cast<double>(whole_s);
  const double tolerance_s = static_cast<double>(tolerance_ms) / kMsASecond;
  if (!claims.exp) return refused("the token has no exp");
  if (*claims.exp <= now_s - tolerance_s) return refused("the token has expired");
  if (claims.nbf && *claims.nbf > now_s + tolerance_s) return refused("the token is not valid yet");
  return {};
}

bool is_subject(std::string_view subject, std::string_view room, std::string_view user_id) {
  return subject.size() == room.size() + 1 + user_id.size() && subject.starts_with(room) &&
         subject[room.size()] == '|' && subject.ends_with(user_id);
}

// What the token allows in the room that it is presented for.
Result<std::string> check_room(const RawClaims& claims, std::string_view room) {
  if (!claims.room) return refused("the token has no room");
  const bool has_pattern = claims.permissions && may_have_room_pattern(*claims.permissions) &&
                           is_room_pattern(*claims.room);
  if (has_pattern ? !matches_room(*claims.room, room) : *claims.room != room) {
    return refused("the token is for another room");
  }
  if (!claims.permissions) return std::string("*");
  Result<std::string> permissions = permissions_in(*claims.permissions, room);
  if (!permissions.ok()) return Error{ErrorCode::unauthorized, permissions.error().message};
  return permissions;
}

// What is wrong with a room that a token cannot be made for.
std::string room_rule(std::string_view room, bool may_have_pattern) {
  if (!may_have_pattern && is_room_pattern(room)) {
    return "the room is a pattern, which needs permissions as an object: "
           R"({"design-*": ["read"]})";
  }
  return "the room id is not valid: it has letters, digits, '-' and '_', begins and ends with a "
         "letter or digit, and has at most " +
         std::to_string(kRoomIdSizeMax) + " characters" +
         (may_have_pattern ? "; or it is how one begins and '*', or '*' alone" : "");
}

Result<void> check_request(const TokenRequest& request) {
  const bool may_have_pattern = may_have_room_pattern(request.permissions);
  if (may_have_pattern ? !is_room_pattern(request.room) : !is_room_id(request.room)) {
    return Error{ErrorCode::invalid, room_rule(request.room, may_have_pattern)};
  }
  if (!request.permissions.empty()) {
    if (Result<void> checked = check_permissions(request.permissions); !checked.ok()) {
      return checked;
    }
  }
  if (request.now_unix_ms < 0 || request.now_unix_ms > kUnixMsMax) {
    return Error{ErrorCode::invalid, "the time is out of range"};
  }
  if (request.max_age_ms <= 0) return Error{ErrorCode::invalid, "the token's age is not positive"};
  if (request.max_age_ms > kTokenAgeMsMax) {
    return Error{ErrorCode::limit, "the token's age is over a year"};
  }
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out.push_back(text[at]);
      continue;
    }
    if (text.size() - at < 3) return false;
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high * 16 + low));
    at += 2;
  }
  return true;
}

}  // namespace

Result<std::string> encode_token(const TokenKeys& keys, const TokenRequest& request) {
  if (Result<void> checked = check_request(request); !checked.ok()) {
    return std::move(checked).error();
  }
  const Result<User> user = parse_user(request.user_json, request.limits, ErrorCode::invalid);
  if (!user.ok()) return user.error();
  if (user->id != request.user_id) {
    return Error{ErrorCode::invalid, "the user's id is not the one given"};
  }
  const std::array<char, kUuidSize> id = uuid_v4_text(request.id_random);
  std::string subject(request.room);
  subject += '|';
  subject += user->id;

  std::string claims;
  claims.reserve(user->json.size() + 2 * subject.size() + 128);
  json::Writer writer(claims);
  writer.begin_object();
  writer.key("room");
  writer.string(request.room);
  writer.key("sub");
  writer.string(subject);
  writer.key("user");
  writer.raw(user->json);
  if (!request.permissions.empty()) {
    writer.key("permissions");
    std::string minified;
    json::append_minified(request.permissions, minified);
    writer.raw(minified);
  }
  writer.key("iat");
  writer.number(request.now_unix_ms / kMsASecond);
  writer.key("exp");
  writer.number((request.now_unix_ms + request.max_age_ms + kMsASecond - 1) / kMsASecond);
  writer.key("jti");
  writer.string({id.data(), id.size()});
  writer.end_object();

  Result<std::string> token = jwe_seal(keys, claims, request.iv);
  if (token.ok() && token->size() > request.limits.token_bytes_max) {
    return Error{ErrorCode::limit, "the token is too large"};
  }
  return token;
}

Result<TokenClaims> decode_token(const TokenKeys& keys, std::string_view token,
                                 std::string_view room, std::int64_t now_unix_ms,
                                 const TokenPolicy& policy) {
  std::string decoded;
  if (token.find('%') != std::string_view::npos) {
    Result<std::string> normal = normalize_token(token, policy.limits);
    if (!normal.ok()) return std::move(normal).error();
    decoded = std::move(normal).value();
    token = decoded;
  }
  if (token.empty()) return refused("the token is empty");
  if (token.size() > policy.limits.token_bytes_max) return refused("the token is too large");
  Result<std::string> plaintext = jwe_open(keys, token);
  if (!plaintext.ok()) return std::move(plaintext).error();
  Result<RawClaims> claims = parse_claims(*plaintext);
  if (!claims.ok()) return std::move(claims).error();
  if (Result<void> time = check_time(*claims, now_unix_ms, policy.clock_tolerance_ms); !time.ok()) {
    return std::move(time).error();
  }
  Result<std::string> permissions = check_room(*claims, room);
  if (!permissions.ok()) return std::move(permissions).error();
  if (!claims->user) return refused("the token has no user");
  Result<User> user = parse_user(*claims->user, policy.limits, ErrorCode::unauthorized);
  if (!user.ok()) return std::move(user).error();
  if (!claims->sub) return refused("the token has no sub");
  if (!is_subject(*claims->sub, *claims->room, user->id)) {
    return refused("the token's sub is not its room and user");
  }
  TokenClaims out;
  out.room = room;
  out.user_id = std::move(user->id);
  out.user_json = std::move(user->json);
  out.issued_at_s = claims->iat ? whole_seconds(*claims->iat) : 0;
  out.expires_at_s = whole_seconds(*claims->exp);
  if (claims->jti) out.id = std::move(*claims->jti);
  out.permissions = std::move(permissions).value();
  return out;
}

Result<std::string> normalize_token(std::string_view token, const TokenLimits& limits) {
  if (token.size() / kEncodedTwiceBytes > limits.token_bytes_max) {
    return refused("the token is too large");
  }
  std::string text(token);
  std::string decoded;
  for (int encodings = 0; text.find('%') != std::string::npos; ++encodings) {
    if (encodings == 2) return refused("the token is percent-encoded more than twice");
    if (!percent_decode(text, decoded)) return refused("the token's percent-encoding is malformed");
    text.swap(decoded);
  }
  if (text.size() > limits.token_bytes_max) return refused("the token is too large");
  return text;
}

}  // namespace pluv::auth
