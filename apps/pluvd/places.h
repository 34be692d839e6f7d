// Whether pluvd could write where the settings say, told without making anything: for check-config,
// whose user has to be pluvd's own for the answer to be its own, too. Starting finds out by doing.
#pragma once

#include <string>

#include "apps/pluvd/settings_load.h"
#include "base/result.h"

namespace pluv::apps {

// A folder that is there and can be written to, or that could be made, with those above it. Errors
// say of which folder what is wrong.
[[nodiscard]] Result<void> can_have_folder(const std::string& path);
// A file that can be written to, or be made in a folder that is there.
[[nodiscard]] Result<void> can_have_file(const std::string& path);

// Adds what is wrong with the folder of the documents and the files of the audit log.
void judge_places(LoadedSettings& loaded);

}  // namespace pluv::apps
