#include "apps/pluvd/members_once.h"

#include <algorithm>
#include <cstddef>
#include <forward_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json/codec.h"

namespace pluv::apps {
namespace {

// An object or an array that the reader is in.
struct Open {
  bool is_object = false;
  std::size_t elements = 0;                    // of an array: that have begun
  std::vector<std::string_view> names{};       // of an object: that have begun
  std::forward_list<std::string> unescaped{};  // what some of them are
};

class Walk {
 public:
  explicit Walk(std::string_view json) : reader_(json) {}

  [[nodiscard]] Result<void> whole() {
    begin_value();
    while (!open_.empty()) {
      Open& here = open_.back();
      if (here.is_object ? next_member(here) : next_element(here)) {
        begin_value();
      } else if (!reader_.ok()) {
        return {};
      } else if (const auto twice = twice_in(here)) {
        return error_of(*twice);
      } else {
        open_.pop_back();
      }
    }
    return {};
  }

 private:
  void begin_value() {
    const json::Kind kind = reader_.peek();
    if (kind == json::Kind::object && reader_.enter_object()) {
      open_.push_back({.is_object = true});
    } else if (kind == json::Kind::array && reader_.enter_array()) {
      open_.emplace_back();
    } else {
      reader_.skip_value();
    }
  }

  bool next_member(Open& here) {
    std::string_view name;
    if (!reader_.next_member(scratch_, name)) return false;
    const bool has_escapes = reader_.last_name().find('\\') != std::string_view::npos;
    if (has_escapes) name = here.unescaped.emplace_front(name);
    here.names.push_back(name);
    return true;
  }

  bool next_element(Open& here) {
    if (!reader_.next_element()) return false;
    ++here.elements;
    return true;
  }

  static std::optional<std::string_view> twice_in(Open& here) {
    std::ranges::sort(here.names);
    const auto found = std::ranges::adjacent_find(here.names);
    if (found == here.names.end()) return std::nullopt;
    return *found;
  }

  [[nodiscard]] Error error_of(std::string_view name) const {
    json::Issue issue;
    issue.message = "the member is there twice";
    issue.inside_member(name);
    for (std::size_t at = open_.size() - 1; at-- > 0;) {
      const Open& outer = open_[at];
      if (outer.is_object) {
        issue.inside_member(outer.names.back());
      } else {
        issue.inside_element(outer.elements - 1);
      }
    }
    return issue.to_error();
  }

  json::Reader reader_;
  std::string scratch_;
  std::vector<Open> open_;
};

}  // namespace

Result<void> members_once(std::string_view json) { return Walk(json).whole(); }

}  // namespace pluv::apps
