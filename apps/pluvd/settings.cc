#include "apps/pluvd/settings.h"

#include <algorithm>
#include <type_traits>

#include "apps/pluvd/units.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

constexpr std::string_view kMask = "***";

template <class... Fns>
struct Overloaded : Fns... {
  using Fns::operator()...;
};

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (true) {
    const std::size_t bar = choices.find('|');
    if (choices.substr(0, bar) == value) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

std::string format_number(SettingKind kind, std::int64_t value) {
  if (kind == SettingKind::duration) return format_duration(value);
  if (kind == SettingKind::size) return format_size(value);
  return std::to_string(value);
}

std::string range_of(const Setting& setting) {
  return "from " + format_number(setting.kind, setting.min) + " to " +
         format_number(setting.kind, setting.max);
}

Result<std::int64_t> parse_number(const Setting& setting, std::string_view text) {
  Result<std::int64_t> value = setting.kind == SettingKind::duration ? parse_duration_ms(text)
                               : setting.kind == SettingKind::size   ? parse_size_bytes(text)
                                                                     : parse_count(text);
  if (!value.ok()) {
    return Error{ErrorCode::invalid,
                 quoted(text) + " is not " + value.error().message + ", " + range_of(setting)};
  }
  if (value.value() < setting.min || value.value() > setting.max) {
    return Error{ErrorCode::limit,
                 quoted(text) + " is out of range: expected a value " + range_of(setting)};
  }
  return value;
}

Result<void> assign_text(std::string& out, const Setting& setting, const std::string& value) {
  if (value.find('\0') != std::string::npos) {
    return Error{ErrorCode::invalid, "a value without NUL characters is expected"};
  }
  if (setting.kind == SettingKind::choice && !is_choice(setting.placeholder, value)) {
    return Error{ErrorCode::invalid,
                 quoted(value) + " is not one of " + std::string(setting.placeholder)};
  }
  out = value;
  return {};
}

template <class Number>
Result<void> assign_number(Number& out, const Setting& setting, std::string_view value) {
  const Result<std::int64_t> number = parse_number(setting, value);
  if (!number.ok()) return number.error();
  out = static_cast<Number>(number.value());  // setting.max fits: see the table
  return {};
}

// The number of a target that has one.
std::int64_t number_of(const Settings& settings, const SettingTarget& target) {
  return std::visit(
      Overloaded{
          [&](std::int64_t Settings::* member) { return settings.*member; },
          [&](std::size_t Limits::* member) {
            return static_cast<std::int64_t>(settings.limits.*member);
          },
          [&](std::uint32_t Limits::* member) { return std::int64_t{settings.limits.*member}; },
          [&](std::int64_t Limits::* member) { return settings.limits.*member; },
          [](auto) { return std::int64_t{0}; },
      },
      target);
}

// The texts of a setting that is made of some, secrets masked.
std::vector<std::string> texts_of(const Settings& settings, const Setting& setting) {
  std::vector<std::string> out;
  if (const auto* member = std::get_if<std::string Settings::*>(&setting.target)) {
    out.push_back(settings.*(*member));
  } else if (const auto* lists =
                 std::get_if<std::vector<std::string> Settings::*>(&setting.target)) {
    out = settings.*(*lists);
  }
  if (is_secret(setting.kind)) {
    for (std::string& text : out) {
      if (!text.empty()) text = kMask;
    }
  }
  return out;
}

std::string toml_value(const Settings& settings, const Setting& setting) {
  switch (setting.kind) {
    case SettingKind::on_off:
    case SettingKind::count: return display_value(settings, setting);
    case SettingKind::size:
    case SettingKind::duration: return quoted(display_value(settings, setting));
    default: break;
  }
  const std::vector<std::string> texts = texts_of(settings, setting);
  if (!is_list(setting.kind)) return quoted(texts.front());
  std::string out = "[";
  for (std::size_t at = 0; at < texts.size(); ++at) {
    if (at > 0) out += ", ";
    out += quoted(texts[at]);
  }
  return out + "]";
}

// The parts of text between any of the separators, trimmed, without the empty ones.
std::vector<std::string> split_at(std::string_view text, std::string_view separators) {
  constexpr std::string_view kSpace = " \t\r";
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(separators);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t first = part.find_first_not_of(kSpace);
    if (first == std::string_view::npos) continue;
    out.emplace_back(part.substr(first, part.find_last_not_of(kSpace) - first + 1));
  }
  return out;
}

// Appends text in lines of at most 100 columns, all but the first indented.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  constexpr std::size_t kColumns = 100;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (column > indent && column + 1 + word.size() > kColumns) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
}

}  // namespace

Result<void> assign(Settings& settings, const Setting& setting,
                    std::span<const std::string> values) {
  if (is_list(setting.kind)) {
    for (const std::string& value : values) {
      if (value.empty()) return Error{ErrorCode::invalid, "an empty value is not allowed"};
      if (value.find('\0') != std::string::npos) {
        return Error{ErrorCode::invalid, "a value without NUL characters is expected"};
      }
    }
    settings.*std::get<std::vector<std::string> Settings::*>(setting.target) = {values.begin(),
                                                                                values.end()};
    return {};
  }
  if (values.size() != 1) return Error{ErrorCode::invalid, "one value is expected, not a list"};
  const std::string& value = values.front();
  return std::visit(
      Overloaded{
          [&](bool Settings::* member) -> Result<void> {
            const Result<bool> on = parse_switch(value);
            if (!on.ok()) {
              return Error{ErrorCode::invalid, quoted(value) + " is not " + on.error().message};
            }
            settings.*member = on.value();
            return {};
          },
          [&](std::string Settings::* member) {
            return assign_text(settings.*member, setting, value);
          },
          [&](std::vector<std::string> Settings::*) -> Result<void> { return {}; },  // above
          [&](std::int64_t Settings::* member) {
            return assign_number(settings.*member, setting, value);
          },
          [&](auto member) { return assign_number(settings.limits.*member, setting, value); },
      },
      setting.target);
}

std::vector<std::string> split_list(std::string_view text) { return split_at(text, ",\n"); }

std::vector<std::string> split_lines(std::string_view text) { return split_at(text, "\n"); }

std::string display_value(const Settings& settings, const Setting& setting) {
  switch (setting.kind) {
    case SettingKind::on_off:
      return settings.*std::get<bool Settings::*>(setting.target) ? "true" : "false";
    case SettingKind::count:
    case SettingKind::size:
    case SettingKind::duration:
      return format_number(setting.kind, number_of(settings, setting.target));
    default: break;
  }
  std::string out;
  for (const std::string& text : texts_of(settings, setting)) {
    if (!out.empty()) out += ", ";
    out += text;
  }
  return out;
}

std::string settings_toml(const Settings& settings) {
  std::string out;
  std::string_view table;
  for (const Setting& setting : setting_table()) {
    std::string_view key = setting.key;
    if (const std::size_t dot = key.find('.'); dot != std::string_view::npos) {
      if (table != key.substr(0, dot)) {
        table = key.substr(0, dot);
        out.append("\n[").append(table).append("]\n");
      }
      key.remove_prefix(dot + 1);
    }
    out.append(key).append(" = ").append(toml_value(settings, setting)).append("\n");
  }
  return out + projects_toml(settings);
}

std::string settings_help() {
  constexpr std::size_t kIndent = 38;
  const Settings defaults;
  std::string out;
  std::string_view group;
  for (const Setting& setting : setting_table()) {
    if (group != setting.group) {
      group = setting.group;
      out.append("\n").append(group).append(":\n");
    }
    std::string flag = "  --" + std::string(setting.name);
    if (!setting.placeholder.empty()) flag.append(" ").append(setting.placeholder);
    if (flag.size() + 2 > kIndent) {
      out.append(flag).append("\n").append(kIndent, ' ');
    } else {
      out.append(flag).append(kIndent - flag.size(), ' ');
    }
    std::string help(setting.help);
    const std::string value = display_value(defaults, setting);
    if (!value.empty() && value != "false") help.append(" [").append(value).append("]");
    append_wrapped(out, help, kIndent);
    out += "\n";
  }
  return out;
}

std::string settings_markdown() {
  const Settings defaults;
  std::string out;
  std::string_view group;
  for (const Setting& setting : setting_table()) {
    if (group != setting.group) {
      group = setting.group;
      out.append("\n### ").append(group).append("\n\n");
      out += "| Flag | TOML key | Environment | Default | What it does |\n";
      out += "| --- | --- | --- | --- | --- |\n";
    }
    std::string placeholder;
    for (const char c : setting.placeholder) {
      if (c == '|') placeholder += '\\';  // or it would end the cell
      placeholder += c;
    }
    const std::string value = display_value(defaults, setting);
    out.append("| `--").append(setting.name);
    if (!placeholder.empty()) out.append(" ").append(placeholder);
    out.append("` | `").append(setting.key).append("` | `").append(setting.env).append("` | ");
    if (!value.empty()) out.append("`").append(value).append("`");
    out.append(" | ").append(setting.help).append(" |\n");
  }
  return out;
}

}  // namespace pluv::apps
