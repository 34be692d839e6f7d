// Secrets that stand in files of their own: reads them into the settings, and says which files give
// away what they hold. Part of load_settings.
#pragma once

#include <string>
#include <string_view>

#include "apps/pluvd/settings_load.h"

namespace pluv::apps {

// The secrets of secret_file behind those of secret, the tokens of metrics_token_file and
// admin_token_file as metrics_token and admin_token. A file that cannot be read, or holds none, is
// a problem.
void load_secret_files(LoadedSettings& out);

// A problem when every user of the machine can write to the file (and so make a secret his own), a
// warning when they all can read it. where: what the sentences begin with.
void judge_secret_file(LoadedSettings& out, std::string_view where, const std::string& path);

}  // namespace pluv::apps
