// Reads a JSON Patch; json_patch.cc carries it out.
#include <array>
#include <optional>
#include <utility>

#include "apps/pluvd/json_patch.h"

namespace pluv::apps {
namespace {

struct Named {
  std::string_view name;
  PatchVerb verb;
};
constexpr std::array kVerbs = {
    Named{"add", PatchVerb::add},         Named{"remove", PatchVerb::remove},
    Named{"replace", PatchVerb::replace}, Named{"move", PatchVerb::move},
    Named{"copy", PatchVerb::copy},       Named{"test", PatchVerb::test}};

Error bad(std::size_t number, std::string_view why) {
  return {ErrorCode::invalid, "Operation " + std::to_string(number) + ": " + std::string(why)};
}

// Of a JSON pointer; nullopt when it is none.
std::optional<std::vector<std::string>> tokens_of(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer.front() != '/') return std::nullopt;
  for (std::size_t at = 0; at < pointer.size(); ++at) {
    const char c = pointer[at];
    if (c == '/') {
      tokens.emplace_back();
    } else if (c != '~') {
      tokens.back() += c;
    } else {
      ++at;
      if (at == pointer.size() || (pointer[at] != '0' && pointer[at] != '1')) return std::nullopt;
      tokens.back() += pointer[at] == '0' ? '~' : '/';
    }
  }
  return tokens;
}

Result<std::vector<std::string>> pointer_in(const json::Value& operation, std::string_view name,
                                            std::size_t number) {
  const json::Value* const member = operation.find(name);
  if (member == nullptr || member->as_string() == nullptr) {
    return bad(number, "\"" + std::string(name) + "\" is missing, or no string");
  }
  auto tokens = tokens_of(*member->as_string());
  if (!tokens) return bad(number, "\"" + std::string(name) + "\" is no JSON pointer");
  return std::move(*tokens);
}

Result<PatchOperation> operation_of(json::Value& text, std::size_t number) {
  const json::Value* const op = text.find("op");
  if (op == nullptr || op->as_string() == nullptr) {
    return bad(number, "\"op\" is missing, or no string");
  }
  PatchOperation out;
  bool known = false;
  for (const Named& one : kVerbs) {
    if (one.name != *op->as_string()) continue;
    out.verb = one.verb;
    known = true;
  }
  if (!known) return bad(number, "\"op\" is add, remove, replace, move, copy or test");
  auto path = pointer_in(text, "path", number);
  if (!path.ok()) return path.error();
  out.path = std::move(*path);
  if (out.verb == PatchVerb::move || out.verb == PatchVerb::copy) {
    auto from = pointer_in(text, "from", number);
    if (!from.ok()) return from.error();
    out.from = std::move(*from);
  } else if (out.verb != PatchVerb::remove) {
    json::Value* const value = text.find("value");
    if (value == nullptr) return bad(number, "\"value\" is missing");
    out.value = std::move(*value);
  }
  return out;
}

}  // namespace

Result<std::vector<PatchOperation>> parse_patch(std::string_view text) {
  Result<json::Value> parsed = json::Value::parse(text);
  if (!parsed.ok()) return Error{ErrorCode::invalid, "The patch: " + parsed.error().message};
  json::Value::Array* const list = parsed->as_array();
  if (list == nullptr) return Error{ErrorCode::invalid, "A patch is an array of operations"};
  if (list->size() > kPatchOperationsMax) {
    return Error{ErrorCode::limit,
                 "A patch has at most " + std::to_string(kPatchOperationsMax) + " operations"};
  }
  std::vector<PatchOperation> out;
  out.reserve(list->size());
  for (json::Value& one : *list) {
    auto operation = operation_of(one, out.size());
    if (!operation.ok()) return operation.error();
    out.push_back(std::move(*operation));
  }
  return out;
}

}  // namespace pluv::apps
