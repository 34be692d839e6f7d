#include "apps/pluvd/storage_command_line.h"

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "apps/pluvd/storage_verbs.h"
#include "apps/pluvd/units.h"

namespace pluv::apps {
namespace {

Error misused(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

// What is given, in the words of the command line.
struct Given {
  std::vector<std::string> words;  // a room or a file
  std::string data;
  std::string config;
  std::string history;
  std::string at;
  bool json = false;
  bool merge = false;
  bool replace = false;
  bool yes = false;
  bool quiet = false;
  bool help = false;
};

// Flags of no command in particular; CLI11 finds them behind a command, too.
void add_common(CLI::App& app, Given& given) {
  app.set_help_flag();
  app.fallthrough();
  app.allow_extras();
  app.require_subcommand(0, 1);  // a room may have the name of a command
  app.add_flag("-h,--help", given.help);
  app.add_flag("-q,--quiet", given.quiet);
  for (auto [name, value] :
       {std::pair("--data", &given.data), std::pair("--config", &given.config)}) {
    app.add_option(name, *value)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

void add_verb(CLI::App& app, const StorageVerbRow& row, Given& given) {
  CLI::App* command = app.add_subcommand(std::string(row.name));
  command->set_help_flag();
  command->allow_extras();
  if (row.has(kTakesAt)) command->add_option("--at", given.at);
  if (row.has(kTakesJson)) command->add_flag("--json", given.json);
  if (row.has(kTakesImportMode)) {
    command->add_flag("--merge", given.merge);
    command->add_flag("--replace", given.replace);
  }
  if (row.has(kNeedsYes)) command->add_flag("--yes", given.yes);
  if (row.has(kTakesHistory)) command->add_option("--history", given.history);
}

Error unexpected_flag(const std::string& argument, const StorageVerbRow& row) {
  const std::string flag = argument.substr(0, argument.find('='));
  std::vector<std::string_view> names = {"--data", "--config", "--quiet", "--help"};
  if (row.has(kTakesAt)) names.emplace_back("--at");
  if (row.has(kTakesJson)) names.emplace_back("--json");
  if (row.has(kNeedsYes)) names.emplace_back("--yes");
  if (row.has(kTakesHistory)) names.emplace_back("--history");
  if (row.has(kTakesImportMode)) names.insert(names.end(), {"--merge", "--replace"});
  std::string message = flag + " is not a flag of pluvd storage " + std::string(row.name);
  if (const auto near = nearest(flag, names)) {
    return misused(message.append("; did you mean ").append(*near).append("?"));
  }
  return misused(message.append("; see pluvd storage ").append(row.name).append(" --help"));
}

Error no_such_command(const std::string& word) {
  std::vector<std::string_view> names;
  for (const StorageVerbRow& row : storage_verbs()) names.push_back(row.name);
  std::string message = word + " is not a command of pluvd storage";
  if (const auto near = nearest(word, names)) {
    return misused(message.append("; did you mean ").append(*near).append("?"));
  }
  return misused(message.append("; see pluvd storage --help"));
}

// The room or the file.
Result<void> take_word(const StorageVerbRow& row, const Given& given, StorageCommandLine& out) {
  const std::string name(row.name);
  const bool takes_word = row.has(kTakesRoom) || row.has(kNeedsFile);
  const std::size_t max = takes_word ? 1 : 0;
  if (given.words.size() > max) {
    return misused(name + " takes " + (takes_word ? "one " : "no ") +
                   (row.has(kNeedsFile) ? "file" : "room") + ", and " + given.words[max] +
                   " is one too many");
  }
  const std::string word = given.words.empty() ? std::string() : given.words.front();
  if (row.has(kNeedsRoom) && word.empty()) return misused(name + ": which room?");
  if (row.has(kNeedsFile) && word.empty()) return misused(name + ": to which folder or file?");
  (row.has(kNeedsFile) ? out.file : out.room) = word;
  return {};
}

Result<StorageCommandLine> judge(const StorageVerbRow& row, const Given& given) {
  StorageCommandLine out;
  out.verb = row.verb;
  if (auto taken = take_word(row, given, out); !taken) return taken.error();
  if (row.has(kNeedsAt) && given.at.empty()) {
    return misused("restore: to which moment? --at TIME; pluvd storage history " + out.room +
                   " lists them");
  }
  if (row.has(kNeedsYes) && !given.yes) {
    return misused("rm deletes the document of " + out.room +
                   " and its history for good; add --yes to do so");
  }
  if (given.merge && given.replace) {
    return misused("import: --merge or --replace, not both");
  }
  if (given.merge) out.import_mode = ImportMode::merge;
  if (given.replace) out.import_mode = ImportMode::replace;
  out.at = given.at;
  out.json = given.json;
  out.quiet = given.quiet;
  out.settings.config_file = given.config;
  for (const auto& [name, value] :
       {std::pair("data", &given.data), std::pair("history", &given.history)}) {
    if (!value->empty()) out.settings.settings.push_back({find_setting(name), {*value}});
  }
  return out;
}

}  // namespace

Result<StorageCommandLine> parse_storage_command_line(std::span<const std::string> arguments) {
  Given given;
  CLI::App app;
  add_common(app, given);
  for (const StorageVerbRow& row : storage_verbs()) add_verb(app, row, given);
  try {
    // CLI11 takes them in reverse.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return misused(error.what());
  }
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const std::vector<std::string> rest = app.remaining(true);
  if (chosen.empty()) {
    if (!rest.empty()) return no_such_command(rest.front());
    StorageCommandLine out;
    out.help = storage_help();
    if (given.help) return out;
    return misused("which command? see pluvd storage --help");
  }
  const StorageVerbRow* row = nullptr;
  for (const StorageVerbRow& each : storage_verbs()) {
    if (each.name == chosen.front()->get_name()) row = &each;
  }
  if (given.help) {
    StorageCommandLine out;
    out.help = storage_help(*row);
    return out;
  }
  for (const std::string& word : rest) {
    if (word.starts_with("-")) return unexpected_flag(word, *row);
    given.words.push_back(word);
  }
  return judge(*row, given);
}

std::string_view name_of(StorageVerb verb) { return row_of(verb).name; }

}  // namespace pluv::apps
