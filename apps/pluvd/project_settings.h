// What a configuration file says of a project: a tenant of the server with keys, rooms, limits and
// webhooks of its own, in a table [projects.NAME]. One table of keys says what there is, as
// settings.h's does for the whole server. Plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/pluvd/settings_file.h"
#include "base/limits.h"
#include "base/result.h"

namespace pluv::apps {

struct LoadedSettings;
struct Settings;

inline constexpr std::size_t kProjectIdBytesMax = 64;
inline constexpr std::size_t kProjectsMax = 10'000;

// The defaults are those of the members.
struct ProjectSettings {
  std::string id;  // is_room_id, at most kProjectIdBytesMax characters
  std::vector<std::string> public_keys;
  std::vector<std::string> secret_keys;  // newest first; those of secret_key_file follow
  std::string secret_key_file;
  std::string webhook_url;                   // empty: it is told nothing
  std::vector<std::string> webhook_secrets;  // the first one signs; those of the file follow
  std::string webhook_secret_file;
  std::string webhook_ca_file;  // empty: the system's authorities
  std::int64_t webhook_timeout_ms = 10'000;
  std::int64_t webhook_give_up_ms = 24 * 3'600'000;
  bool webhook_initial_storage = false;
  bool webhook_sends_storage = false;
  std::int64_t connections_max = 0;  // 0: no limit but the server's
  bool strict = false;
  Limits limits;  // of its rooms

  // Of its limits those that the file names, with the places where it does: they are laid over the
  // server's when these are known.
  std::vector<FileEntry> limit_entries;
  std::uint32_t line = 0;  // where the file begins to speak of it
};

using ProjectTarget =
    std::variant<bool ProjectSettings::*, std::string ProjectSettings::*,
                 std::vector<std::string> ProjectSettings::*, std::int64_t ProjectSettings::*>;

enum class ProjectKeyKind : std::uint8_t { on_off, text, list, hidden_list, count, duration };

struct ProjectKey {
  std::string_view key;
  ProjectKeyKind kind;
  ProjectTarget target;
  std::string_view help;  // a sentence without its final stop
  std::int64_t min = 0;   // of numbers
  std::int64_t max = 0;
};

[[nodiscard]] std::span<const ProjectKey> project_keys();
// Keys of [limits] that a project may have of its own in [projects.NAME.limits]: what its rooms
// keep to. The others are about the process.
[[nodiscard]] std::span<const std::string_view> project_limit_keys();

// "projects.NAME.key" of a file into the settings; problems are told. Answers false for an entry
// that is about no project.
[[nodiscard]] bool apply_project_entry(LoadedSettings& out, const FileEntry& entry,
                                       const std::string& path);
// When all sources are read: the projects' limits over the server's.
void resolve_project_limits(LoadedSettings& out, const std::string& path);
// Rules about the projects, one by one and together; part of judge_settings.
void judge_projects(LoadedSettings& loaded);

// The tables [projects.NAME], secrets masked; empty without projects.
[[nodiscard]] std::string projects_toml(const Settings& settings);
// The table of docs/hosting.md.
[[nodiscard]] std::string projects_markdown();

}  // namespace pluv::apps
