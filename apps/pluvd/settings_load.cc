#include "apps/pluvd/settings_load.h"

#include <string_view>

#include "apps/pluvd/secret_files.h"
#include "apps/pluvd/settings_file.h"
#include "apps/pluvd/units.h"

namespace pluv::apps {
namespace {

constexpr std::size_t kConfigBytesMax = 1024 * 1024;
constexpr std::string_view kConfigVariable = "PLUV_CONFIG";

void apply(LoadedSettings& out, const Setting& setting, std::span<const std::string> values,
           const std::string& where) {
  const Result<void> assigned = assign(out.settings, setting, values);
  if (!assigned.ok()) {
    out.problems.push_back(where + ": " + assigned.error().message);
  } else if (setting.name == "inspector") {
    out.inspector_given = true;
  }
}

// [project.acme] for [projects.acme], told once and not for each of its keys.
bool suggest_projects(LoadedSettings& out, const FileEntry& entry, const std::string& path) {
  constexpr std::string_view kMisspelt = "project.";
  if (!entry.key.starts_with(kMisspelt)) return false;
  const std::string id =
      entry.key.substr(kMisspelt.size(), entry.key.find('.', kMisspelt.size()) - kMisspelt.size());
  const std::string what =
      ": project." + id + " is not a setting; did you mean projects." + id + "?";
  for (const std::string& problem : out.problems) {
    if (problem.ends_with(what)) return true;
  }
  out.problems.push_back(path + ":" + std::to_string(entry.line) + what);
  return true;
}

void apply_entry(LoadedSettings& out, const FileEntry& entry, const std::string& path) {
  if (apply_project_entry(out, entry, path)) return;
  const std::string where = path + ":" + std::to_string(entry.line) + ": " + entry.key;
  const Setting* setting = find_setting_by_key(entry.key);
  if (setting == nullptr) {
    std::vector<std::string_view> keys;
    for (const Setting& known : setting_table()) keys.push_back(known.key);
    out.is_incomplete = true;
    if (suggest_projects(out, entry, path)) return;
    std::string problem = where + " is not a setting";
    if (const auto near = nearest(entry.key, keys)) {
      problem.append("; did you mean ").append(*near).append("?");
    }
    out.problems.push_back(std::move(problem));
  } else if (!entry.problem.empty()) {
    out.problems.push_back(where + ": " + entry.problem);
  } else if (entry.is_array && !is_list(setting->kind)) {
    out.problems.push_back(where + ": one value is expected, not a list");
  } else {
    apply(out, *setting, entry.values, where);
    if (is_secret(setting->kind)) judge_secret_file(out, where, path);
  }
}

void load_file(LoadedSettings& out, const std::string& path) {
  const Result<std::string> text = read_text_file(path, kConfigBytesMax);
  if (!text.ok()) {
    out.problems.push_back("config: " + text.error().message);
    out.is_incomplete = true;
    return;
  }
  const Result<std::vector<FileEntry>> entries = parse_settings_text(text.value(), path);
  if (!entries.ok()) {
    out.problems.push_back(entries.error().message);
    out.is_incomplete = true;
    return;
  }
  for (const FileEntry& entry : entries.value()) apply_entry(out, entry, path);
}

void load_environment(LoadedSettings& out, const Environment& environment) {
  std::vector<std::string_view> names = {kConfigVariable};
  for (const Setting& setting : setting_table()) names.push_back(setting.env);
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("PLUV_") || name == kConfigVariable) continue;
    const Setting* found = nullptr;
    for (const Setting& setting : setting_table()) {
      if (setting.env == name) found = &setting;
    }
    if (found == nullptr) {
      // Not an error: other programs of the same deployment may have variables like this.
      std::string warning = name + " in the environment is not a setting";
      if (const auto near = nearest(name, names)) {
        warning.append("; did you mean ").append(*near).append("?");
      }
      out.warnings.push_back(std::move(warning));
    } else if (is_list(found->kind)) {
      apply(out, *found, split_list(value), name);
    } else {
      apply(out, *found, {&value, 1}, name);
    }
  }
}

}  // namespace

LoadedSettings read_settings(const CommandLine& command_line, const Environment& environment) {
  LoadedSettings out;
  std::string path = command_line.config_file;
  for (const auto& [name, value] : environment) {
    if (path.empty() && name == kConfigVariable) path = value;
  }
  if (!path.empty()) load_file(out, path);
  out.config_file = path;
  load_environment(out, environment);
  for (const GivenSetting& given : command_line.settings) {
    const std::string flag = "--" + std::string(given.setting->name);
    apply(out, *given.setting, given.values, flag);
    if (is_secret(given.setting->kind)) {
      out.warnings.push_back(flag + ": every user of this machine can see a command line; use " +
                             std::string(given.setting->env) + " or --" +
                             std::string(given.setting->name) + "-file instead");
    }
  }
  return out;
}

LoadedSettings load_settings(const CommandLine& command_line, const Environment& environment) {
  LoadedSettings out = read_settings(command_line, environment);
  load_secret_files(out);
  if (!out.inspector_given) out.settings.inspector = out.settings.dev;
  // Four seconds' worth at once: a client that was offline catches up.
  out.settings.limits.messages_burst_max = out.settings.limits.messages_per_second_max * 4;
  resolve_project_limits(out, out.config_file);
  judge_settings(out);
  return out;
}

}  // namespace pluv::apps
