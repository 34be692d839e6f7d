#include "apps/pluvd/storage_command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apps/pluvd/storage_verbs.h"

namespace pluv::apps {
namespace {

Result<StorageCommandLine> parse(std::vector<std::string> arguments) {
  return parse_storage_command_line(arguments);
}

std::string problem(std::vector<std::string> arguments) {
  const auto parsed = parse(std::move(arguments));
  return parsed.ok() ? "accepted" : parsed.error().message;
}

TEST(StorageCommandLine, KnowsItsCommands) {
  const StorageCommandLine ls = parse({"ls", "--json"}).value();
  EXPECT_EQ(ls.verb, StorageVerb::ls);
  EXPECT_TRUE(ls.json);
  EXPECT_FALSE(ls.quiet);
  const StorageCommandLine show = parse({"show", "a", "--at", "2h ago", "-q"}).value();
  EXPECT_EQ(show.verb, StorageVerb::show);
  EXPECT_EQ(show.room, "a");
  EXPECT_EQ(show.at, "2h ago");
  EXPECT_TRUE(show.quiet);
  EXPECT_EQ(parse({"backup", "f"}).value().file, "f");
  EXPECT_EQ(parse({"compact"}).value().room, "");
  EXPECT_EQ(parse({"rm", "a", "--yes"}).value().verb, StorageVerb::rm);
  EXPECT_EQ(parse({"import", "a"}).value().import_mode, ImportMode::refuse);
  EXPECT_EQ(parse({"import", "--merge", "a"}).value().import_mode, ImportMode::merge);
  EXPECT_EQ(parse({"import", "a", "--replace"}).value().import_mode, ImportMode::replace);
}

TEST(StorageCommandLine, TakesARoomThatIsCalledLikeACommand) {
  for (const StorageVerbRow& row : storage_verbs()) {
    EXPECT_EQ(parse({"show", std::string(row.name)}).value().room, row.name);
  }
}

TEST(StorageCommandLine, TakesTheFlagsOfAllBeforeAndBehindTheCommand) {
  for (const StorageCommandLine& line :
       {parse({"--data", "d", "--config=c", "ls"}).value(),
        parse({"ls", "--config", "x", "--config=c", "--data", "d"}).value()}) {
    EXPECT_EQ(line.settings.config_file, "c");
    ASSERT_EQ(line.settings.settings.size(), 1U);
    EXPECT_EQ(line.settings.settings[0].setting, find_setting("data"));
    EXPECT_EQ(line.settings.settings[0].values, std::vector<std::string>{"d"});
  }
  EXPECT_EQ(parse({"compact", "--history", "2d"}).value().settings.settings[0].setting,
            find_setting("history"));
}

TEST(StorageCommandLine, AsksForWhatIsMissing) {
  EXPECT_EQ(problem({}), "which command? see pluvd storage --help");
  EXPECT_EQ(problem({"show"}), "show: which room?");
  EXPECT_EQ(problem({"backup"}), "backup: to which folder or file?");
  EXPECT_EQ(problem({"restore", "a"}),
            "restore: to which moment? --at TIME; pluvd storage history a lists them");
  EXPECT_EQ(problem({"rm", "a"}),
            "rm deletes the document of a and its history for good; add --yes to do so");
}

TEST(StorageCommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(problem({"lss"}), "lss is not a command of pluvd storage; did you mean ls?");
  EXPECT_EQ(problem({"frobnicate"}),
            "frobnicate is not a command of pluvd storage; see pluvd storage --help");
  EXPECT_EQ(problem({"ls", "--jsn"}),
            "--jsn is not a flag of pluvd storage ls; did you mean --json?");
  EXPECT_EQ(problem({"ls", "--replace"}),
            "--replace is not a flag of pluvd storage ls; see pluvd storage ls --help");
  EXPECT_EQ(problem({"ls", "a"}), "ls takes no room, and a is one too many");
  EXPECT_EQ(problem({"show", "a", "b"}), "show takes one room, and b is one too many");
  EXPECT_EQ(problem({"backup", "a", "b"}), "backup takes one file, and b is one too many");
  EXPECT_EQ(problem({"import", "a", "--merge", "--replace"}),
            "import: --merge or --replace, not both");
  EXPECT_NE(problem({"show", "a", "--at"}), "accepted");
}

TEST(StorageCommandLine, HelpsWithEachCommand) {
  const std::string all = parse({"--help"}).value().help;
  for (const StorageVerbRow& row : storage_verbs()) {
    const std::string name(row.name);
    EXPECT_NE(all.find("\n  " + name), std::string::npos) << name;
    const std::string help = parse({name, "--help"}).value().help;
    EXPECT_EQ(help.find("pluvd storage " + name), 0U) << name;
    EXPECT_EQ(row.has(kTakesAt), help.find("--at TIME  ") != std::string::npos) << name;
    for (const std::string& text : {all, help}) {
      std::size_t column = 0;
      for (const char c : text) {
        column = c == '\n' ? 0 : column + 1;
        EXPECT_LE(column, 100U) << text;
      }
    }
  }
}

}  // namespace
}  // namespace pluv::apps
