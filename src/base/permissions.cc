#include "base/permissions.h"

#include <algorithm>
#include <vector>

#include "base/limits.h"

namespace pluv {
namespace {

constexpr std::string_view kEventPrefix = "event:";

constexpr bool is_name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':' || c == '.' || c == '-';
}

bool is_plain_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kPermissionNameBytesMax &&
         std::ranges::all_of(text, is_name_char);
}

}  // namespace

// Sorted, each once. What a bit says is in no list but `read` of who may write.
struct Permissions::Names {
  std::vector<std::string> events;  // behind "event:"
  std::vector<std::string> others;
};

Permissions Permissions::everything() noexcept {
  Permissions all;
  all.bits_ = kAll;
  return all;
}

bool Permissions::is_name(std::string_view text) noexcept {
  if (text == "*") return true;
  if (!text.starts_with(kEventPrefix)) return is_plain_name(text);
  text.remove_prefix(kEventPrefix.size());
  return text == "*" || is_plain_name(text);
}

Result<Permissions> Permissions::parse(std::string_view text) {
  if (text == "*") return everything();
  if (text.size() > kPermissionsBytesMax) {
    return Error{ErrorCode::limit, "the permissions are too long"};
  }
  Permissions out;
  Names names;
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view name = text.substr(0, end);
    if (!is_name(name)) return Error{ErrorCode::invalid, "a permission's name is not allowed"};
    if (++count > kPermissionsMax) {
      return Error{ErrorCode::limit, "there are too many permissions"};
    }
    if (end + 1 == text.size()) return Error{ErrorCode::invalid, "permissions end with a space"};
    text.remove_prefix(std::min(end + 1, text.size()));
    if (name == "*") {
      out.bits_ = kAll;
    } else if (name == "read") {
      out.bits_ |= kRead;
    } else if (name == "write") {
      out.bits_ |= kRead | kWrite;
    } else if (name == "presence") {
      out.bits_ |= kPresence;
    } else if (name == "event:*") {
      out.bits_ |= kEvents;
    } else if (name.starts_with(kEventPrefix)) {
      names.events.emplace_back(name.substr(kEventPrefix.size()));
    } else {
      names.others.emplace_back(name);
    }
  }
  if (out.has_bit(kEvents)) names.events.clear();
  if (out.has_bit(kOthers)) names.others.clear();
  for (std::vector<std::string>* const list : {&names.events, &names.others}) {
    std::ranges::sort(*list);
    const auto rest = std::ranges::unique(*list);
    list->erase(rest.begin(), rest.end());
  }
  if (!names.events.empty() || !names.others.empty()) {
    out.names_ = std::make_shared<const Names>(std::move(names));
  }
  return out;
}

bool Permissions::may_send(std::string_view event) const noexcept {
  return has_bit(kEvents) || (names_ && std::ranges::binary_search(names_->events, event));
}

bool Permissions::has(std::string_view name) const noexcept {
  if (name == "read") return may_read();
  if (name == "write") return may_write();
  if (name == "presence") return may_show_presence();
  if (name == "event:*") return has_bit(kEvents);
  if (name == "*") return has_everything();
  if (name.starts_with(kEventPrefix)) return may_send(name.substr(kEventPrefix.size()));
  return has_bit(kOthers) || (names_ && std::ranges::binary_search(names_->others, name));
}

std::string Permissions::text() const {
  if (has_everything()) return "*";
  std::vector<std::string> all;
  if (may_read()) all.emplace_back("read");
  if (may_write()) all.emplace_back("write");
  if (may_show_presence()) all.emplace_back("presence");
  if (has_bit(kEvents)) all.emplace_back("event:*");
  if (names_) {
    for (const std::string& event : names_->events) {
      all.push_back(std::string(kEventPrefix) + event);
    }
    all.insert(all.end(), names_->others.begin(), names_->others.end());
  }
  std::ranges::sort(all);
  std::string out;
  for (const std::string& name : all) {
    if (!out.empty()) out += ' ';
    out += name;
  }
  return out;
}

}  // namespace pluv
