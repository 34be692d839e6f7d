#include "io/type_names.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>

namespace pluv::detail {
namespace {

bool is_named(const json::Shape& shape) {
  return shape.kind == json::ShapeKind::choice ||
         (shape.kind == json::ShapeKind::structure && !is_plain_empty(shape));
}

// my_chat::Message as MyChatMessage.
std::string qualified(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool scope = i + 1 < parts.size();
    bool begins = true;
    for (const char c : parts[i]) {
      if (c == '_' && scope) {
        begins = true;
        continue;
      }
      const bool lower = c >= 'a' && c <= 'z';
      out.push_back(begins && lower ? static_cast<char>(c - 'a' + 'A') : c);
      begins = false;
    }
  }
  return out;
}

}  // namespace

bool is_plain_empty(const json::Shape& shape) {
  return shape.kind == json::ShapeKind::structure && shape.name == "pluv::Empty";
}

std::vector<std::string> name_types(const json::Shapes& shapes,
                                    const std::vector<std::string_view>& reserved) {
  const std::set<std::string, std::less<>> forbidden(reserved.begin(), reserved.end());
  std::vector<std::vector<std::string>> parts(shapes.size());
  std::map<std::string, std::size_t> wanted;
  for (json::ShapeId id = 0; id < shapes.size(); ++id) {
    if (!is_named(shapes[id])) continue;
    parts[id] = json::name_parts(shapes[id].name);
    if (parts[id].empty()) parts[id] = {"Type"};
    ++wanted[parts[id].back()];
  }
  std::vector<std::string> names(shapes.size());
  std::set<std::string> taken;
  const auto settle = [&](json::ShapeId id, const std::string& name) {
    names[id] = name;
    for (int number = 2; forbidden.contains(names[id]) || !taken.insert(names[id]).second;
         ++number) {
      names[id] = name + std::to_string(number);
    }
  };
  // Names that nobody else wants first, so that they never move aside for made ones.
  const auto alone = [&](json::ShapeId id) {
    const std::string& name = parts[id].back();
    return wanted[name] == 1 && !forbidden.contains(name);
  };
  for (json::ShapeId id = 0; id < shapes.size(); ++id) {
    if (!parts[id].empty() && alone(id)) settle(id, parts[id].back());
  }
  for (json::ShapeId id = 0; id < shapes.size(); ++id) {
    if (!parts[id].empty() && !alone(id)) settle(id, qualified(parts[id]));
  }
  return names;
}

}  // namespace pluv::detail
