#include "apps/pluv/typegen_command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace pluv::apps {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitSilent = 1;
constexpr int kExitFailed = 2;
constexpr std::size_t kTextBytesMax = 64 * 1024 * 1024;
// A program may do much before it listens, but one that never will should not wait for ever.
constexpr auto kPatience = std::chrono::seconds(30);

int fail(const std::string& problem, int code) {
  std::fprintf(stderr, "pluv: %s\n", problem.c_str());
  return code;
}

// This process's environment, but with those two variables.
class Environment {
 public:
  Environment(const std::string& format, int fd) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (!std::string_view(*entry).starts_with("PLUV_TYPEGEN")) texts_.emplace_back(*entry);
    }
    texts_.push_back("PLUV_TYPEGEN=" + format);
    texts_.push_back("PLUV_TYPEGEN_FD=" + std::to_string(fd));
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char** get() noexcept { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

// Starts the program, whose output is no part of the text: it goes to standard error. 0: errno.
pid_t start(std::vector<std::string>& program, const std::string& format, int fd) {
  Environment environment(format, fd);
  std::vector<char*> arguments;
  arguments.reserve(program.size() + 1);
  for (std::string& argument : program) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t pid = 0;
  errno = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environment.get());
  posix_spawn_file_actions_destroy(&actions);
  return errno == 0 ? pid : 0;
}

enum class End { closed, late, too_long };

// Everything until the other end is closed.
End read_all(int fd, std::string& out) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return End::late;
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
    char buffer[65536];
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return End::closed;
    out.append(buffer, static_cast<std::size_t>(count));
    if (out.size() > kTextBytesMax) return End::too_long;
  }
}

// A file that has the text already keeps its time, for the build tools that look at it.
bool write_if_changed(const std::string& path, const std::string& text) {
  if (std::ifstream old(path, std::ios::binary); old) {
    if (std::string{std::istreambuf_iterator<char>(old), {}} == text) return true;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return static_cast<bool>(file);
}

}  // namespace

TypegenCommand::TypegenCommand(CLI::App& app)
    : command_(app.add_subcommand(
          "typegen", "Print the TypeScript types of a server's messages, as its program says")) {
  command_->add_option("program", program_, "A program with pluv's library, and its arguments")
      ->required();
  command_->add_option("--out", out_, "Write to this file, when its text changes");
  CLI::Option* schema =
      command_->add_flag("--json-schema", json_schema_, "A JSON Schema (draft 2020-12) instead");
  command_->add_flag("--async-api", async_api_, "An AsyncAPI 3.0 document instead")
      ->excludes(schema);
}

bool TypegenCommand::chosen() const noexcept { return command_->parsed(); }

int TypegenCommand::run() {
  const std::string format = json_schema_ ? "json-schema" : async_api_ ? "async-api" : "typescript";
  int ends[2];
  if (pipe(ends) != 0) return fail(std::strerror(errno), kExitFailed);
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  const pid_t pid = start(program_, format, ends[1]);
  const int problem = errno;
  close(ends[1]);
  if (pid == 0) {
    close(ends[0]);
    return fail(program_[0] + ": " + std::strerror(problem), kExitFailed);
  }
  std::string text;
  const End end = read_all(ends[0], text);
  close(ends[0]);
  if (end != End::closed) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (end == End::late) {
    return fail(program_[0] + " did not come to server.listen() within 30 s", kExitSilent);
  }
  if (end == End::too_long) return fail(program_[0] + " says over 64 MiB", kExitSilent);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || text.empty()) {
    return fail(program_[0] + " ended without saying its types: does it call server.listen()?",
                kExitSilent);
  }
  if (out_.empty()) {
    const bool good = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    return good && std::fflush(stdout) == 0 ? kExitOk
                                            : fail("the types cannot be written", kExitFailed);
  }
  return write_if_changed(out_, text) ? kExitOk : fail("cannot write " + out_, kExitFailed);
}

}  // namespace pluv::apps
