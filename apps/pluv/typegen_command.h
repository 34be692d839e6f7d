// `pluv typegen`: runs a server's program in the mode in which it says what its messages are
// (PLUV_TYPEGEN, honoured by server.listen()), and prints that or writes it to a file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace pluv::apps {

class TypegenCommand {
 public:
  // Adds the command to the program's.
  explicit TypegenCommand(CLI::App& app);

  [[nodiscard]] bool chosen() const noexcept;
  // 0; 1 when the program did not say anything; 2 when it cannot be run or the file not be written.
  [[nodiscard]] int run();

 private:
  CLI::App* command_;
  std::vector<std::string> program_;  // and its arguments
  std::string out_;
  bool json_schema_ = false;
  bool async_api_ = false;
};

}  // namespace pluv::apps
