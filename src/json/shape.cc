#include "json/shape.h"

namespace pluv::json {
namespace {

bool part_of_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool opens(char c) { return c == '<' || c == '(' || c == '[' || c == '{'; }
bool closes(char c) { return c == '>' || c == ')' || c == ']' || c == '}'; }

// "Page<chat::Message, 3>" as "PageMessage3": identifiers without their scopes.
std::string plain_identifier(std::string_view text) {
  std::string out;
  std::string word;
  const auto flush = [&] {
    if (!out.empty() && !word.empty() && word[0] >= 'a' && word[0] <= 'z') {
      word[0] = static_cast<char>(word[0] - 'a' + 'A');
    }
    out += word;
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (part_of_identifier(text[i])) {
      word.push_back(text[i]);
    } else if (text.substr(i, 2) == "::") {
      word.clear();
    } else {
      flush();
    }
  }
  flush();
  return out;
}

}  // namespace

std::string shapes::type_name(std::string_view spelling) {
  const std::size_t begin = spelling.find("T = ");
  if (begin == std::string_view::npos) return {};
  std::string_view rest = spelling.substr(begin + 4);
  int depth = 0;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    const char c = rest[end];
    if (depth == 0 && (c == ';' || c == ']')) break;
    if (opens(c)) ++depth;
    if (closes(c)) --depth;
  }
  return std::string(rest.substr(0, end));
}

std::vector<std::string> name_parts(std::string_view name) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string_view part) {
    // Of a function its scope says nothing that a reader would look for.
    if (part.empty() || !part_of_identifier(part.front()) || part.ends_with(')')) return;
    parts.push_back(plain_identifier(part));
  };
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (opens(name[i])) ++depth;
    if (closes(name[i])) --depth;
    if (depth == 0 && name.substr(i, 2) == "::") {
      add(name.substr(begin, i - begin));
      begin = i + 2;
    }
  }
  add(name.substr(begin));
  return parts;
}

}  // namespace pluv::json
