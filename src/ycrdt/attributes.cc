#include "ycrdt/attributes.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ycrdt/any.h"

namespace pluv::ycrdt {
namespace {

bool same_scalar(const Any& a, const Any& b) {
  const bool containers = a.get<Any::Array>() != nullptr || a.get<Any::Object>() != nullptr ||
                          a.get<Any::Bytes>() != nullptr;
  return !containers && a == b;
}

// The members of a container, an array's by their indices; nothing for a scalar.
std::optional<std::vector<std::pair<std::string, const Any*>>> members_of(const Any& value) {
  std::vector<std::pair<std::string, const Any*>> out;
  if (const auto* array = value.get<Any::Array>()) {
    for (const Any& element : *array) out.emplace_back(std::to_string(out.size()), &element);
  } else if (const auto* object = value.get<Any::Object>()) {
    for (const auto& [key, member] : *object) out.emplace_back(key, &member);
  } else {
    return std::nullopt;
  }
  return out;
}

}  // namespace

bool is_container(std::string_view value) noexcept {
  const auto tag = static_cast<std::uint8_t>(value.empty() ? 0 : value[0]);
  return tag >= 116 && tag <= 118;
}

bool equal_attribute(std::string_view a, std::string_view b) {
  // Booleans, null and texts are nearly all there is, and equal as bytes.
  const auto simple = [](std::string_view value) {
    const auto tag = static_cast<std::uint8_t>(value.empty() ? 0 : value[0]);
    return tag == 119 || tag == 120 || tag == 121 || tag >= 126;
  };
  if (simple(a) || simple(b)) return a == b;
  if (is_container(a) && a.data() == b.data()) return true;
  const Any left = decode_any(a);
  const Any right = decode_any(b);
  const auto members = members_of(left);
  const auto others = members_of(right);
  if (members.has_value() != others.has_value()) return false;
  if (!members) return same_scalar(left, right);
  return members->size() == others->size() &&
         std::all_of(members->begin(), members->end(), [&](const auto& member) {
           return std::any_of(others->begin(), others->end(), [&](const auto& other) {
             return member.first == other.first && same_scalar(*member.second, *other.second);
           });
         });
}

void Attributes::add(KeyIndex key, std::string_view value) {
  entries_.emplace_back(key, value);
  if (indexed_) {
    index_.insert(mix64(key), static_cast<std::uint32_t>(entries_.size()));
  } else if (entries_.size() > kFew) {
    close_holes();
  }
}

void Attributes::erase(KeyIndex key) {
  const std::size_t at = place_of(key);
  if (at == entries_.size()) return;
  if (!indexed_) {
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    return;
  }
  // What the index says of the place stays, and finds nobody.
  entries_[at].first = kNone;
  if (++holes_ * 2 > entries_.size()) close_holes();
}

void Attributes::close_holes() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.first == kNone; });
  holes_ = 0;
  index_ = HashIndex();
  indexed_ = entries_.size() > kFew;
  if (!indexed_) return;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    index_.insert(mix64(entries_[i].first), static_cast<std::uint32_t>(i + 1));
  }
}

}  // namespace pluv::ycrdt
