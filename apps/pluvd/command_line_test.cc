#include "apps/pluvd/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pluv::apps {
namespace {

Result<CommandLine> parse(std::vector<std::string> arguments) {
  return parse_command_line(arguments);
}

std::string problem(std::vector<std::string> arguments) {
  const Result<CommandLine> parsed = parse(std::move(arguments));
  return parsed.ok() ? "accepted" : parsed.error().message;
}

std::vector<std::string> values(const CommandLine& line, std::string_view name) {
  for (const GivenSetting& given : line.settings) {
    if (given.setting->name == name) return given.values;
  }
  return {};
}

TEST(CommandLine, ServesWithoutArguments) {
  const CommandLine line = parse({}).value();
  EXPECT_EQ(line.command, Command::serve);
  EXPECT_TRUE(line.settings.empty());
  EXPECT_TRUE(line.config_file.empty());
}

TEST(CommandLine, KnowsItsCommands) {
  EXPECT_EQ(parse({"--help"}).value().command, Command::help);
  EXPECT_EQ(parse({"-h"}).value().command, Command::help);
  EXPECT_EQ(parse({"--version"}).value().command, Command::version);
  EXPECT_EQ(parse({"check-config"}).value().command, Command::check_config);
  EXPECT_EQ(parse({"--dev", "check-config"}).value().command, Command::check_config);
  EXPECT_EQ(parse({"check-config", "--config", "a.toml"}).value().config_file, "a.toml");
  EXPECT_EQ(parse({"--config=a.toml"}).value().config_file, "a.toml");
}

TEST(CommandLine, TakesSwitchesWithAndWithoutAValue) {
  EXPECT_EQ(values(parse({"--dev"}).value(), "dev"), std::vector<std::string>{"true"});
  EXPECT_EQ(values(parse({"--metrics=false"}).value(), "metrics"),
            std::vector<std::string>{"false"});
  EXPECT_EQ(values(parse({"--dev", "--dev=false"}).value(), "dev"),
            std::vector<std::string>{"false"});
}

TEST(CommandLine, LetsTheLastOfEqualFlagsHold) {
  const CommandLine line = parse({"--port", "3000", "--port", "8080"}).value();
  EXPECT_EQ(values(line, "port"), std::vector<std::string>{"8080"});
}

TEST(CommandLine, CollectsListsAndLeavesTheCommandAlone) {
  const CommandLine line =
      parse({"--origin", "https://a.example", "check-config", "--origin=https://b.example"})
          .value();
  EXPECT_EQ(line.command, Command::check_config);
  EXPECT_EQ(values(line, "origin"),
            (std::vector<std::string>{"https://a.example", "https://b.example"}));
}

TEST(CommandLine, SuggestsTheFlagThatWasMeant) {
  EXPECT_EQ(problem({"--prot", "80"}), "--prot is not known; did you mean --port?");
  EXPECT_EQ(problem({"--max-mesage=1KiB"}),
            "--max-mesage is not known; did you mean --max-message?");
  EXPECT_EQ(problem({"--secert=hunter2"}), "--secert is not known; did you mean --secret?");
  EXPECT_EQ(problem({"chekc-config"}), "chekc-config is not known; did you mean check-config?");
  EXPECT_EQ(problem({"serve-everything"}), "serve-everything is not known; see pluvd --help");
}

TEST(CommandLine, RefusesAFlagWithoutItsValue) {
  EXPECT_EQ(problem({"--port"}), "--port needs a value");
  EXPECT_EQ(problem({"--origin"}), "--origin needs a value");
  EXPECT_EQ(problem({"--config"}), "--config needs a value");
}

TEST(CommandLine, ExplainsEverySettingInItsHelp) {
  const std::string help = help_text();
  for (const Setting& setting : setting_table()) {
    EXPECT_NE(help.find("--" + std::string(setting.name)), std::string::npos) << setting.name;
  }
  EXPECT_NE(help.find("[127.0.0.1]"), std::string::npos);
  std::size_t column = 0;
  for (const char c : help) {
    column = c == '\n' ? 0 : column + 1;
    EXPECT_LE(column, 100U);
  }
}

}  // namespace
}  // namespace pluv::apps
