#include "apps/pluvd/project_settings.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "apps/pluvd/secret_files.h"
#include "apps/pluvd/settings_load.h"
#include "apps/pluvd/units.h"
#include "base/ids.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

using enum ProjectKeyKind;

constexpr std::string_view kPrefix = "projects.";
constexpr std::int64_t kDurationMax = std::int64_t{366} * 24 * 3'600'000;

constexpr std::array kKeys = {
    ProjectKey{"public_key", list, &ProjectSettings::public_keys,
               "Name of the project in its clients' URLs (`public_key=`); one or a list, none is a "
               "secret"},
    ProjectKey{"secret_key", hidden_list, &ProjectSettings::secret_keys,
               "Key of its back end, for tokens and the admin API; one or a list, newest first: "
               "the first one makes tokens, all are accepted"},
    ProjectKey{"secret_key_file", text, &ProjectSettings::secret_key_file,
               "File with such keys, one a line; they follow those of secret_key"},
    ProjectKey{"webhook_url", text, &ProjectSettings::webhook_url,
               "Where its events are sent, http or https; none: nowhere"},
    ProjectKey{"webhook_secret", hidden_list, &ProjectSettings::webhook_secrets,
               "What they are signed with; of a list the first one"},
    ProjectKey{"webhook_secret_file", text, &ProjectSettings::webhook_secret_file,
               "File with it instead"},
    ProjectKey{"webhook_ca_file", text, &ProjectSettings::webhook_ca_file,
               "Authorities in PEM by which the receiver's certificate is judged, in place of the "
               "system's"},
    ProjectKey{"webhook_timeout", duration, &ProjectSettings::webhook_timeout_ms,
               "How long the receiver may take to answer", 100, 120'000},
    ProjectKey{"webhook_give_up", duration, &ProjectSettings::webhook_give_up_ms,
               "How long an event is tried again before it goes to the dead letters", 1'000,
               kDurationMax},
    ProjectKey{"webhook_initial_storage", on_off, &ProjectSettings::webhook_initial_storage,
               "Ask the receiver what the document of a room begins with that has none"},
    ProjectKey{"webhook_storage", on_off, &ProjectSettings::webhook_sends_storage,
               "Send the whole document with user-connected and user-disconnected, too"},
    ProjectKey{"connections", count, &ProjectSettings::connections_max,
               "Sessions of all of its rooms; 0: no limit", 0, 1'000'000'000},
    ProjectKey{"strict", on_off, &ProjectSettings::strict,
               "Refuse events that no procedure handles instead of forwarding them"},
};

constexpr std::array<std::string_view, 18> kLimitKeys = {
    "limits.rate",
    "limits.message",
    "limits.storage_update",
    "limits.storage_first",
    "limits.presence",
    "limits.user",
    "limits.user_id",
    "limits.event_name",
    "limits.sessions_per_room",
    "limits.connections_per_user",
    "limits.malformed",
    "limits.waiting_messages",
    "limits.waiting",
    "limits.document",
    "limits.unsaved",
    "limits.gated",
    "limits.resync_interval",
    "limits.silence",
};

template <class... Fns>
struct Overloaded : Fns... {
  using Fns::operator()...;
};

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

Result<std::int64_t> parse_number(const ProjectKey& key, std::string_view value) {
  const bool is_time = key.kind == duration;
  const auto format = [&](std::int64_t number) {
    return is_time ? format_duration(number) : std::to_string(number);
  };
  Result<std::int64_t> number = is_time ? parse_duration_ms(value) : parse_count(value);
  if (!number.ok()) {
    return Error{ErrorCode::invalid, quoted(value) + " is not " + number.error().message};
  }
  if (*number < key.min || *number > key.max) {
    return Error{ErrorCode::limit, quoted(value) + " is out of range: expected a value from " +
                                       format(key.min) + " to " + format(key.max)};
  }
  return number;
}

Result<void> assign(ProjectSettings& project, const ProjectKey& key, const FileEntry& entry) {
  for (const std::string& value : entry.values) {
    if (value.find('\0') != std::string::npos) {
      return Error{ErrorCode::invalid, "a value without NUL characters is expected"};
    }
  }
  if (const auto* member = std::get_if<std::vector<std::string> ProjectSettings::*>(&key.target)) {
    if (std::ranges::find(entry.values, std::string()) != entry.values.end()) {
      return Error{ErrorCode::invalid, "an empty value is not allowed"};
    }
    project.*(*member) = entry.values;
    return {};
  }
  if (entry.is_array) return Error{ErrorCode::invalid, "one value is expected, not a list"};
  const std::string& value = entry.values.front();
  return std::visit(
      Overloaded{
          [&](bool ProjectSettings::* member) -> Result<void> {
            const Result<bool> on = parse_switch(value);
            if (!on.ok()) {
              return Error{ErrorCode::invalid, quoted(value) + " is not " + on.error().message};
            }
            project.*member = *on;
            return {};
          },
          [&](std::string ProjectSettings::* member) -> Result<void> {
            project.*member = value;
            return {};
          },
          [&](std::int64_t ProjectSettings::* member) -> Result<void> {
            const Result<std::int64_t> number = parse_number(key, value);
            if (!number.ok()) return number.error();
            project.*member = *number;
            return {};
          },
          [](std::vector<std::string> ProjectSettings::*) -> Result<void> { return {}; },  // above
      },
      key.target);
}

// The project of that name, which is made when it is new. Null when the name cannot be one.
ProjectSettings* find_or_make(Settings& settings, std::string_view id, std::uint32_t line) {
  for (ProjectSettings& project : settings.projects) {
    if (project.id == id) return &project;
  }
  if (!is_room_id(id) || id.size() > kProjectIdBytesMax) return nullptr;
  settings.projects.emplace_back();
  settings.projects.back().id = id;
  settings.projects.back().line = line;
  return &settings.projects.back();
}

std::string unknown_key(const std::string& where, std::string_view key) {
  std::vector<std::string_view> known;
  known.reserve(kKeys.size() + kLimitKeys.size());
  for (const ProjectKey& one : kKeys) known.push_back(one.key);
  known.insert(known.end(), kLimitKeys.begin(), kLimitKeys.end());
  std::string problem = where + " is not a setting of a project";
  if (const auto near = nearest(key, known)) {
    problem.append("; did you mean ").append(*near).append("?");
  }
  return problem;
}

std::string where_of(const FileEntry& entry, const std::string& path) {
  return path + ":" + std::to_string(entry.line) + ": " + entry.key;
}

std::string toml_list(const std::vector<std::string>& values, bool masked) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ", ";
    out += masked ? quoted("***") : quoted(value);
  }
  return out + "]";
}

std::string toml_value(const ProjectSettings& project, const ProjectKey& key) {
  return std::visit(
      Overloaded{
          [&](bool ProjectSettings::* member) {
            return std::string(project.*member ? "true" : "false");
          },
          [&](std::string ProjectSettings::* member) { return quoted(project.*member); },
          [&](std::vector<std::string> ProjectSettings::* member) {
            return toml_list(project.*member, key.kind == hidden_list);
          },
          [&](std::int64_t ProjectSettings::* member) {
            return key.kind == duration ? quoted(format_duration(project.*member))
                                        : std::to_string(project.*member);
          },
      },
      key.target);
}

}  // namespace

std::span<const ProjectKey> project_keys() { return kKeys; }

std::span<const std::string_view> project_limit_keys() { return kLimitKeys; }

bool apply_project_entry(LoadedSettings& out, const FileEntry& entry, const std::string& path) {
  if (!entry.key.starts_with(kPrefix)) return false;
  const std::string where = where_of(entry, path);
  const std::string_view rest = std::string_view(entry.key).substr(kPrefix.size());
  const std::size_t dot = rest.find('.');
  const std::string_view id = rest.substr(0, dot);
  ProjectSettings* const project = find_or_make(out.settings, id, entry.line);
  if (project == nullptr) {
    out.is_incomplete = true;
    out.problems.push_back(where +
                           ": a project's name is made of letters, digits, '-' and '_', "
                           "begins and ends with a letter or digit, and has at most " +
                           std::to_string(kProjectIdBytesMax) + " characters");
    return true;
  }
  if (dot == std::string_view::npos) {
    out.problems.push_back(entry.values.empty()
                               ? where + " has nothing in it"
                               : where + " has to be a table: [projects." + project->id + "]");
    return true;
  }
  const std::string_view key = rest.substr(dot + 1);
  if (!entry.problem.empty()) {
    out.problems.push_back(where + ": " + entry.problem);
    return true;
  }
  if (std::ranges::find(kLimitKeys, key) != kLimitKeys.end()) {
    project->limit_entries.push_back(entry);
    return true;
  }
  const auto known = std::ranges::find(kKeys, key, &ProjectKey::key);
  if (known == kKeys.end()) {
    out.is_incomplete = true;
    out.problems.push_back(find_setting_by_key(key) != nullptr
                               ? where + " is a setting of the whole server, not of a project"
                               : unknown_key(where, key));
    return true;
  }
  if (const Result<void> assigned = assign(*project, *known, entry); !assigned.ok()) {
    out.problems.push_back(where + ": " + assigned.error().message);
  } else if (known->kind == hidden_list) {
    judge_secret_file(out, where, path);
  }
  return true;
}

void resolve_project_limits(LoadedSettings& out, const std::string& path) {
  for (ProjectSettings& project : out.settings.projects) {
    Settings scratch;
    scratch.limits = out.settings.limits;
    for (const FileEntry& entry : project.limit_entries) {
      const std::string_view key =
          std::string_view(entry.key).substr(kPrefix.size() + project.id.size() + 1);
      const Result<void> assigned = assign(scratch, *find_setting_by_key(key), entry.values);
      if (!assigned.ok()) {
        out.problems.push_back(where_of(entry, path) + ": " + assigned.error().message);
      }
    }
    project.limits = scratch.limits;
    project.limits.messages_burst_max = project.limits.messages_per_second_max * 4;
  }
}

std::string projects_toml(const Settings& settings) {
  std::string out;
  for (const ProjectSettings& project : settings.projects) {
    out.append("\n[projects.").append(project.id).append("]\n");
    for (const ProjectKey& key : kKeys) {
      out.append(key.key).append(" = ").append(toml_value(project, key)).append("\n");
    }
    if (project.limit_entries.empty()) continue;
    out.append("[projects.").append(project.id).append(".limits]\n");
    Settings shown;
    shown.limits = project.limits;
    for (const FileEntry& entry : project.limit_entries) {
      const std::size_t dot = entry.key.rfind('.');
      const Setting* const setting = find_setting_by_key("limits." + entry.key.substr(dot + 1));
      out.append(entry.key.substr(dot + 1)).append(" = ");
      const std::string value = display_value(shown, *setting);
      out.append(setting->kind == SettingKind::count ? value : quoted(value)).append("\n");
    }
  }
  return out;
}

std::string projects_markdown() {
  const ProjectSettings defaults;
  std::string out = "| Key | Default | What it does |\n| --- | --- | --- |\n";
  for (const ProjectKey& key : kKeys) {
    std::string value = toml_value(defaults, key);
    if (value == "\"\"" || value == "[]") value.clear();
    out.append("| `").append(key.key).append("` | ");
    if (!value.empty()) out.append("`").append(value).append("`");
    out.append(" | ").append(key.help).append(" |\n");
  }
  out +=
      "\nOf the `[limits]` of the whole server a project may have its own in "
      "`[projects.NAME.limits]`: ";
  for (const std::string_view key : kLimitKeys) {
    if (key != kLimitKeys.front()) out += ", ";
    out.append("`").append(key.substr(key.find('.') + 1)).append("`");
  }
  return out + ".\n";
}

}  // namespace pluv::apps
