// Runs the server that the settings describe, from the banner to the drain. Owns the log, the
// secrets' keys and the native server; returns the exit code. Prints one line on stdout when it
// listens: "pluvd listening on http://127.0.0.1:3000".
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "apps/pluvd/settings_load.h"
#include "base/result.h"
#include "platform/native/server.h"
#include "room/definition.h"

namespace pluv::apps {

inline constexpr int kExitOk = 0;
inline constexpr int kExitDrainDeadline = 1;
inline constexpr int kExitConfiguration = 2;
inline constexpr int kExitCannotListen = 3;
inline constexpr int kExitStorage = 4;

// loaded has no problems; its secrets are wiped when they have been used. read_again reads all
// sources anew, at a SIGHUP, on a loop's thread.
[[nodiscard]] int serve(LoadedSettings loaded, std::function<LoadedSettings()> read_again);

[[nodiscard]] native::ServerConfig server_config(const Settings& settings);
[[nodiscard]] room::Definition room_definition(const Settings& settings);
// "http://127.0.0.1:3000", "https://[::1]:3000"; scheme: "http" or "ws".
[[nodiscard]] std::string server_url(const Settings& settings, std::string_view scheme,
                                     std::uint16_t port);
// Makes the folder (0700, and those above it) when it is missing; an error when it cannot be
// written to.
[[nodiscard]] Result<void> prepare_data_folder(const std::string& path);

}  // namespace pluv::apps
