// `pluv ycrdt`: the Yjs engine for scripts. Updates come from files or standard input, results go
// to standard output, what is wrong to standard error.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace pluv::apps {

class YcrdtCommand {
 public:
  // Adds the command and its subcommands to the program's.
  explicit YcrdtCommand(CLI::App& app);
  ~YcrdtCommand();

  [[nodiscard]] bool chosen() const noexcept;
  // 0; 1 when some bytes were refused; 2 when misused, or when a file cannot be read or written.
  [[nodiscard]] int run();

 private:
  void add_roots(CLI::App& command);
  void add_snapshot();

  struct Options;
  std::unique_ptr<Options> options_;
  CLI::App* command_;
  CLI::App* apply_;
  CLI::App* merge_;
  CLI::App* diff_;
  CLI::App* state_vector_;
  CLI::App* json_;
  CLI::App* check_;
  CLI::App* take_snapshot_;
  CLI::App* snapshot_json_;
  CLI::App* snapshot_diff_;
  CLI::App* convert_;
};

}  // namespace pluv::apps
