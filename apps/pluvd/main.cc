// pluvd: the server binary. Reads the settings, then serves or checks them, or works on the kept
// documents.
#include <csignal>
#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/pluvd/command_line.h"
#include "apps/pluvd/places.h"
#include "apps/pluvd/process_secrets.h"
#include "apps/pluvd/serve.h"
#include "apps/pluvd/settings_load.h"
#include "apps/pluvd/storage_command.h"

#ifndef PLUV_VERSION
#error "the build says which version this is"
#endif

namespace {

int report(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) {
    std::fprintf(stderr, "pluvd: %s\n", problem.c_str());
  }
  return pluv::apps::kExitConfiguration;
}

int check_config(pluv::apps::LoadedSettings& loaded) {
  pluv::apps::judge_places(loaded);
  for (const std::string& warning : loaded.warnings) {
    std::fprintf(stderr, "pluvd: warning: %s\n", warning.c_str());
  }
  if (!loaded.problems.empty()) return report(loaded.problems);
  std::fputs(pluv::apps::settings_toml(loaded.settings).c_str(), stdout);
  return pluv::apps::kExitOk;
}

int run(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  pluv::apps::hide_secret_arguments(argc, argv);
  if (!arguments.empty() && arguments.front() == "storage") {
    return pluv::apps::run_storage(std::span(arguments).subspan(1));
  }
  const auto command_line = pluv::apps::parse_command_line(arguments);
  if (!command_line.ok()) return report({command_line.error().message});
  switch (command_line.value().command) {
    case pluv::apps::Command::help:
      std::fputs(pluv::apps::help_text().c_str(), stdout);
      return pluv::apps::kExitOk;
    case pluv::apps::Command::version: std::puts("pluvd " PLUV_VERSION); return pluv::apps::kExitOk;
    case pluv::apps::Command::check_config:
    case pluv::apps::Command::serve: break;
  }
  const auto read = [line = command_line.value(),
                     environment = pluv::apps::take_process_environment()] {
    return pluv::apps::load_settings(line, environment);
  };
  pluv::apps::LoadedSettings loaded = read();
  if (command_line.value().command == pluv::apps::Command::check_config) {
    return check_config(loaded);
  }
  if (!loaded.problems.empty()) return report(loaded.problems);
  return pluv::apps::serve(std::move(loaded), read);
}

}  // namespace

int main(int argc, char** argv) {
  // A file that may not grow is a disk that is full: the write fails, and somebody is told.
  std::signal(SIGXFSZ, SIG_IGN);
  return run(argc, argv);
}
