#include "apps/pluvd/reload.h"

#include <algorithm>
#include <string>
#include <vector>

namespace pluv::apps {
namespace {

// What reload_secrets takes over, or compares nothing of since it would be masked.
bool is_reloaded(const Setting& setting) {
  return is_secret(setting.kind) || setting.name == "secret-file" ||
         setting.name == "metrics-token-file" || setting.name == "admin-token-file";
}

// Projects that are new, are gone, or have other rules than their keys. What is gone has no keys
// from now on, but its sessions stay.
std::vector<std::string> projects_until_restart(const Settings& running, const Settings& fresh) {
  const auto rules_of = [](const Settings& all, const std::string& id) {
    Settings one;
    for (const ProjectSettings& project : all.projects) {
      if (project.id != id) continue;
      one.projects.push_back(project);
      one.projects.back().public_keys.clear();
      one.projects.back().secret_keys.clear();
      one.projects.back().secret_key_file.clear();
      one.projects.back().webhook_secrets.clear();
      one.projects.back().webhook_secret_file.clear();
    }
    return projects_toml(one);
  };
  std::vector<std::string> ids;
  for (const Settings* all : {&running, &fresh}) {
    for (const ProjectSettings& project : all->projects) {
      if (std::ranges::find(ids, project.id) != ids.end()) continue;
      if (rules_of(running, project.id) != rules_of(fresh, project.id)) ids.push_back(project.id);
    }
  }
  return ids;
}

std::string unchanged_until_restart(const Settings& running, const Settings& fresh) {
  std::string names;
  for (const Setting& setting : setting_table()) {
    if (is_reloaded(setting)) continue;
    if (display_value(running, setting) == display_value(fresh, setting)) continue;
    if (!names.empty()) names += ", ";
    names += setting.name;
  }
  for (const std::string& project : projects_until_restart(running, fresh)) {
    if (!names.empty()) names += ", ";
    names += "projects." + project;
  }
  return names;
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// What was read, in numbers.
std::string taken_over(const Settings& fresh, const Projects* projects) {
  const std::size_t secrets = fresh.secrets.size();
  std::string out = counted(secrets, "secret") + " of the server";
  if (secrets > 1) out += ", the first one signs";
  if (projects == nullptr) return out;
  for (const ProjectSettings& project : fresh.projects) {
    if (projects->find(project.id) == nullptr) continue;  // it waits for a restart
    out += "; " + project.id + ": " + counted(project.secret_keys.size(), "secret key");
    if (!project.webhook_secrets.empty()) {
      out += ", " + counted(project.webhook_secrets.size(), "webhook secret");
    }
  }
  return out;
}

}  // namespace

bool reload_secrets(const Settings& running, const LoadedSettings& fresh,
                    const Reloadable& target) {
  for (const std::string& problem : fresh.problems) {
    target.log("error", "reload_refused", problem + "; everything stays as it was");
  }
  if (!fresh.problems.empty()) return false;
  for (const std::string& warning : fresh.warnings) {
    target.log("warn", "doubtful_setting", warning);
  }
  // Development without secrets goes on with the one that was made for it.
  const std::size_t secrets = fresh.settings.secrets.size();
  if (secrets > 0) {
    const Result<void> replaced = target.access.replace_secrets(fresh.settings.secrets);
    if (!replaced.ok()) {
      target.log("error", "reload_refused",
                 "secret: " + replaced.error().message + "; everything stays as it was");
      return false;
    }
  }
  if (target.projects != nullptr) {
    const Result<void> replaced = target.projects->replace_keys(fresh.settings.projects);
    if (!replaced.ok()) {
      target.log("error", "reload_refused",
                 replaced.error().message + "; projects keep their keys");
      return false;
    }
  }
  target.routes.set_metrics_token(fresh.settings.metrics_token);
  if (target.inspector_access != nullptr) {
    target.inspector_access->set_token(fresh.settings.admin_token);
  }
  if (const std::string names = unchanged_until_restart(running, fresh.settings); !names.empty()) {
    target.log("warn", "reload_needs_restart", names);
  }
  target.log("info", "reloaded", taken_over(fresh.settings, target.projects));
  return true;
}

}  // namespace pluv::apps
