// What a token says of permissions: a list of names, a claim, and a room, each a line, then names
// to ask for. A list is refused, or prints as itself in its one form and allows what a plain set of
// the names would; a claim is refused, or allows in the room what the pattern says that fits best.
// link: auth json base
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token_permissions.h"
#include "base/assert.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/permissions.h"
#include "fuzz/lines.h"
#include "json/reader.h"
#include "json/value.h"

namespace {

using namespace pluv;

constexpr std::string_view kNameChars =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.-";
constexpr std::string_view kRoomEnds =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

using Names = std::set<std::string, std::less<>>;

bool is_name(std::string_view text) {
  if (text == "*" || text == "event:*") return true;
  if (text.starts_with("event:")) text.remove_prefix(6);
  return !text.empty() && text.size() <= kPermissionNameBytesMax &&
         text.find_first_not_of(kNameChars) == text.npos;
}

// nullopt: it is refused.
std::optional<Names> names_of(const std::vector<std::string>& list) {
  std::size_t bytes = list.empty() ? 0 : list.size() - 1;
  Names names;
  for (const std::string& name : list) {
    if (!is_name(name)) return std::nullopt;
    bytes += name.size();
    names.insert(name);
  }
  if (list.size() > kPermissionsMax || bytes > kPermissionsBytesMax) return std::nullopt;
  return names;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    list.emplace_back(text.substr(0, end));
    if (end + 1 == text.size()) list.emplace_back();  // behind the last space
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

bool allows(const Names& names, std::string_view wanted) {
  if (names.contains("*") || names.contains(wanted)) return true;
  if (wanted == "read") return names.contains("write");
  return wanted.starts_with("event:") && names.contains("event:*");
}

// The one form: what a star allows is not said beside it.
std::string form_of(Names names) {
  if (names.contains("*")) return "*";
  if (names.contains("write")) names.insert("read");
  if (names.contains("event:*")) {
    std::erase_if(names,
                  [](const auto& name) { return name.starts_with("event:") && name != "event:*"; });
  }
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

void expect_same(const Permissions& permissions, const Names& names,
                 const std::vector<std::string>& questions) {
  PLUV_ASSERT(permissions.text() == form_of(names));
  PLUV_ASSERT(permissions.may_read() == allows(names, "read"));
  PLUV_ASSERT(permissions.may_write() == allows(names, "write"));
  PLUV_ASSERT(permissions.may_show_presence() == allows(names, "presence"));
  PLUV_ASSERT(permissions.has_everything() == names.contains("*"));
  for (const std::string& question : questions) {
    const std::string event = "event:" + question;
    PLUV_ASSERT(permissions.may_send(question) == allows(names, event));
    PLUV_ASSERT(Permissions::is_name(question) == is_name(question));
    if (is_name(question)) PLUV_ASSERT(permissions.has(question) == allows(names, question));
  }
  const auto again = Permissions::parse(permissions.text());
  PLUV_ASSERT(again.ok() && *again == permissions && again->text() == permissions.text());
}

void check_list(std::string_view text, std::vector<std::string> questions) {
  const std::vector<std::string> list = split(text);
  const auto permissions = Permissions::parse(text);
  const std::optional<Names> names = names_of(list);
  PLUV_ASSERT(permissions.ok() == names.has_value());
  if (!permissions.ok()) {
    const ErrorCode code = permissions.error().code;
    PLUV_ASSERT(code == ErrorCode::invalid || code == ErrorCode::limit);
    return;
  }
  questions.insert(questions.end(), list.begin(), list.end());
  expect_same(*permissions, *names, questions);
}

bool is_room(std::string_view text) {
  return !text.empty() && text.size() <= kRoomIdSizeMax &&
         text.find_first_not_of(std::string(kRoomEnds) + "-_") == text.npos &&
         kRoomEnds.find(text.front()) != text.npos && kRoomEnds.find(text.back()) != text.npos;
}

// A beginning of some room, and a star; or a room.
bool is_pattern(std::string_view text) {
  if (!text.ends_with('*')) return is_room(text);
  return is_room(std::string(text.substr(0, text.size() - 1)) + "a");
}

bool fits(std::string_view pattern, std::string_view room) {
  if (!pattern.ends_with('*')) return pattern == room;
  pattern.remove_suffix(1);
  return room.substr(0, pattern.size()) == pattern;
}

// Of a JSON list; nullopt: it is refused.
std::optional<Names> names_in(const json::Value& value) {
  if (value.as_array() == nullptr) return std::nullopt;
  std::vector<std::string> list;
  for (const json::Value& name : *value.as_array()) {
    if (name.as_string() == nullptr) return std::nullopt;
    list.push_back(*name.as_string());
  }
  return names_of(list);
}

// Of equal members one alone is left in a Value, and the reader sees both.
bool has_members_twice(std::string_view claim, const json::Value& value) {
  json::Reader reader(claim);
  std::string scratch;
  std::string_view key;
  std::size_t count = 0;
  reader.enter_object();
  while (reader.next_member(scratch, key)) {
    reader.skip_value();
    ++count;
  }
  return count != value.as_object()->size();
}

// What the claim allows in the room; nullopt: it has nothing for the room.
struct Allowed {
  bool is_refused = false;
  std::optional<Names> names;
};
Allowed allowed_in(const json::Value& claim, std::string_view room) {
  const Allowed refused{.is_refused = true, .names = {}};
  if (claim.as_object() == nullptr) {
    auto names = names_in(claim);
    return names ? Allowed{false, std::move(names)} : refused;
  }
  if (claim.as_object()->size() > auth::kPermissionPatternsMax) return refused;
  Allowed best;
  std::string_view best_pattern;
  for (const auto& [pattern, value] : *claim.as_object()) {
    auto names = names_in(value);
    if (!is_pattern(pattern) || !names) return refused;
    if (!fits(pattern, room)) continue;
    // The room itself before each pattern, and of those the longest.
    const bool is_better = !best.names || pattern == room ||
                           (best_pattern != room && pattern.size() > best_pattern.size());
    if (!is_better) continue;
    best.names = std::move(names);
    best_pattern = pattern;
  }
  return best;
}

void check_claim(std::string_view claim, std::string_view room) {
  const auto value = json::Value::parse(claim);
  const bool is_right = auth::check_permissions(claim).ok();
  const auto allowed = auth::permissions_in(claim, room);
  PLUV_ASSERT(is_right || !allowed.ok());
  PLUV_ASSERT(!is_right || value.ok());
  if (!value.ok()) return;
  const bool is_object = value->as_object() != nullptr;
  PLUV_ASSERT(auth::may_have_room_pattern(claim) == is_object);
  if (is_object && has_members_twice(claim, *value)) return;
  const Allowed naive = allowed_in(*value, room);
  PLUV_ASSERT(is_right != naive.is_refused);
  const bool is_allowed = naive.names && allows(*naive.names, "read");
  PLUV_ASSERT(allowed.ok() == is_allowed);
  if (allowed.ok()) {
    PLUV_ASSERT(*allowed == form_of(*naive.names));
  } else if (is_right) {
    PLUV_ASSERT(allowed.error().code == ErrorCode::unauthorized);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> lines = pluv::fuzz::lines_of(text);
  lines.resize(std::max<std::size_t>(lines.size(), 3));
  const std::vector<std::string> questions(lines.begin() + 2, lines.end());
  check_list(lines[0], questions);
  check_claim(lines[1], lines[2]);
  for (const std::string& pattern : questions) {
    PLUV_ASSERT(pluv::auth::is_room_pattern(pattern) == is_pattern(pattern));
    PLUV_ASSERT(is_room_id(pattern) == is_room(pattern));
    if (!is_pattern(pattern)) continue;
    for (const std::string& room : questions) {
      PLUV_ASSERT(pluv::auth::matches_room(pattern, room) == fits(pattern, room));
    }
  }
  return 0;
}
