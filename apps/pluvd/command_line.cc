#include "apps/pluvd/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <utility>

#include "apps/pluvd/units.h"

namespace pluv::apps {
namespace {

Error unexpected(const std::string& argument) {
  if (argument == "storage") {
    return {ErrorCode::invalid,
            "storage has to stand first: pluvd storage COMMAND; see pluvd storage --help"};
  }
  // Without its value, which may be a secret behind a misspelt --secret: this goes to the log.
  const std::string flag = argument.substr(0, argument.find('='));
  std::string message = flag + " is not known";
  std::vector<std::string> names = {"--config", "--help", "--version", "check-config"};
  for (const Setting& setting : setting_table()) names.push_back("--" + std::string(setting.name));
  if (const auto near = nearest(flag, names)) {
    message.append("; did you mean ").append(*near).append("?");
  } else {
    message += "; see pluvd --help";
  }
  return Error{ErrorCode::invalid, std::move(message)};
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> arguments) {
  CommandLine out;
  CLI::App app;
  app.set_help_flag("-h,--help");
  app.allow_extras();
  bool version = false;
  app.add_flag("-V,--version", version);
  app.add_option("--config", out.config_file)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);

  std::deque<std::vector<std::string>> values;  // of the settings, in the table's order
  std::deque<bool> switched;
  std::vector<std::pair<const Setting*, CLI::Option*>> options;
  for (const Setting& setting : setting_table()) {
    const std::string flag = "--" + std::string(setting.name);
    CLI::Option* option = nullptr;
    if (setting.kind == SettingKind::on_off) {
      option = app.add_flag(flag, switched.emplace_back(false));
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    } else {
      option = app.add_option(flag, values.emplace_back());
      option->allow_extra_args(false);
      if (!is_list(setting.kind)) {
        option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      }
    }
    options.emplace_back(&setting, option);
  }

  try {
    // CLI11 takes them in reverse.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    out.command = Command::help;
    return out;
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string_view text = error.what();  // "--port: 1 required TEXT missing"
    return Error{ErrorCode::invalid,
                 std::string(text.substr(0, text.find(':'))) + " needs a value"};
  } catch (const CLI::ParseError& error) {
    return Error{ErrorCode::invalid, std::string(error.what())};
  }
  if (version) {
    out.command = Command::version;
    return out;
  }
  for (const std::string& extra : app.remaining()) {
    if (extra != "check-config") return unexpected(extra);
    out.command = Command::check_config;
  }
  for (const auto& [setting, option] : options) {
    if (option->count() == 0) continue;
    std::vector<std::string> given = option->results();
    if (!is_list(setting->kind) && given.size() > 1) given = {given.back()};
    out.settings.push_back({setting, std::move(given)});
  }
  return out;
}

std::string help_text() {
  std::string out =
      "pluvd serves realtime rooms over WebSockets.\n"
      "\n"
      "Usage:\n"
      "  pluvd [settings]                serve until SIGTERM or SIGINT, then drain\n"
      "  pluvd check-config [settings]   check the settings and print them, secrets masked\n"
      "  pluvd storage COMMAND           look at the kept documents, back up, restore; --help\n"
      "  pluvd --help | --version\n"
      "\n"
      "Every setting can stand in a TOML file (--config FILE or PLUV_CONFIG), in the environment\n"
      "(PLUV_PORT for --port) and on the command line; a later one of these replaces an earlier.\n"
      "Times have a unit (500ms, 5s, 2m, 1h), sizes may have one (512, 64KiB, 1MB). Defaults\n"
      "stand in brackets; docs/pluvd.md says more.\n";
  out += settings_help();
  out +=
      "\n"
      "Exit codes: 0 stopped after a clean drain, 1 the drain met its deadline, 2 wrong settings,\n"
      "3 cannot listen, 4 cannot use the documents' file.\n";
  return out;
}

}  // namespace pluv::apps
