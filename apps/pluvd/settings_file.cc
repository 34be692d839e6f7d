#include "apps/pluvd/settings_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <tuple>

// Its exceptions end in this file.
#include <toml++/toml.h>

namespace pluv::apps {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

// The text of a value that can be a setting's.
bool text_of(const toml::node& node, std::string& out) {
  if (const auto* text = node.as_string()) {
    out = text->get();
  } else if (const auto* number = node.as_integer()) {
    out = std::to_string(number->get());
  } else if (const auto* on = node.as_boolean()) {
    out = on->get() ? "true" : "false";
  } else {
    return false;
  }
  return true;
}

FileEntry entry_of(std::string key, const toml::node& node, std::uint32_t line) {
  FileEntry entry{
      .key = std::move(key), .values = {}, .is_array = false, .problem = {}, .line = line};
  constexpr std::string_view kExpected = "a text, a whole number, true or false is expected";
  std::string text;
  if (const auto* array = node.as_array()) {
    entry.is_array = true;
    for (const toml::node& element : *array) {
      if (!text_of(element, text)) entry.problem = kExpected;
      entry.values.push_back(std::move(text));
    }
  } else if (text_of(node, text)) {
    entry.values.push_back(std::move(text));
  } else {
    entry.problem = kExpected;
  }
  return entry;
}

// The tables in a table count by their names: "projects.acme.limits". There are three at most.
constexpr int kTablesMax = 3;

void add_entries(std::vector<FileEntry>& out, const std::string& prefix, const toml::table& table,
                 int depth) {
  for (const auto& [key, node] : table) {
    std::string name = prefix + std::string(key.str());
    const auto* inner = node.as_table();
    if (inner != nullptr && (depth == 0 || !inner->empty()) && depth < kTablesMax) {
      add_entries(out, name + ".", *inner, depth + 1);
    } else {
      const std::uint32_t line = (depth == 0 ? key.source() : node.source()).begin.line;
      out.push_back(entry_of(std::move(name), node, line));
    }
  }
}

}  // namespace

Result<std::vector<FileEntry>> parse_settings_text(std::string_view text,
                                                   std::string_view file_name) {
  std::vector<FileEntry> out;
  try {
    const toml::table root = toml::parse(text, file_name);
    add_entries(out, "", root, 0);
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::invalid, std::string(file_name) + ":" +
                                         std::to_string(error.source().begin.line) + ": " +
                                         std::string(error.description())};
  }
  std::sort(out.begin(), out.end(), [](const FileEntry& a, const FileEntry& b) {
    return std::tie(a.line, a.key) < std::tie(b.line, b.key);
  });
  return out;
}

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) {
    return Error{ErrorCode::not_found, "cannot read " + path + ": " + std::strerror(errno)};
  }
  std::string out(bytes_max + 1, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return Error{ErrorCode::unavailable, "cannot read " + path + ": " + std::strerror(errno)};
  }
  if (out.size() > bytes_max) {
    return Error{ErrorCode::limit,
                 path + " is over " + std::to_string(bytes_max) + " bytes: is it the right file?"};
  }
  return out;
}

}  // namespace pluv::apps
