// What SIGHUP changes while pluvd serves: the secrets of tokens, the keys of projects, the token of
// /metrics and that of the inspector. All or nothing: settings with a problem leave everything as
// it is. Sessions stay, whatever they joined with.
#pragma once

#include <functional>
#include <string_view>

#include "apps/pluvd/access.h"
#include "apps/pluvd/inspector_access.h"
#include "apps/pluvd/projects.h"
#include "apps/pluvd/routes.h"
#include "apps/pluvd/settings_load.h"

namespace pluv::apps {

struct Reloadable {
  Access& access;
  Routes& routes;
  InspectorAccess* inspector_access = nullptr;  // null: there is no inspector
  Projects* projects = nullptr;                 // null: there are none
  // A line of the log, with its reason. Never told a secret.
  std::function<void(std::string_view level, std::string_view event, std::string_view reason)> log;
};

// running: the settings that pluvd was started with; fresh: all sources read again. Of what differs
// and needs a restart, a warning says the names. Answers whether fresh was taken over.
bool reload_secrets(const Settings& running, const LoadedSettings& fresh, const Reloadable& target);

}  // namespace pluv::apps
