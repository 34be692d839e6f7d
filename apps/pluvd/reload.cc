#include "apps/pluvd/reload.h"

#include <string>

namespace pluv::apps {
namespace {

// What reload_secrets takes over, or compares nothing of since it would be masked.
bool is_reloaded(const Setting& setting) {
  return is_secret(setting.kind) || setting.name == "secret-file" ||
         setting.name == "metrics-token-file" || setting.name == "admin-token-file";
}

std::string unchanged_until_restart(const Settings& running, const Settings& fresh) {
  std::string names;
  for (const Setting& setting : setting_table()) {
    if (is_reloaded(setting)) continue;
    if (display_value(running, setting) == display_value(fresh, setting)) continue;
    if (!names.empty()) names += ", ";
    names += setting.name;
  }
  return names;
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
  target.routes.set_metrics_token(fresh.settings.metrics_token);
  if (target.inspector_access != nullptr) {
    target.inspector_access->set_token(fresh.settings.admin_token);
  }
  if (const std::string names = unchanged_until_restart(running, fresh.settings); !names.empty()) {
    target.log("warn", "reload_needs_restart", names);
  }
  target.log("info", "reloaded", std::to_string(secrets) + " secrets; the first one signs");
  return true;
}

}  // namespace pluv::apps
