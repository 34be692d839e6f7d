// A forked process of a test, which tells its parent lines and may be killed. The test must have no
// store open when it forks: threads do not come along.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <functional>
#include <string>

namespace pluv::adapters::testing {

class Child {
 public:
  // In the child: calls it with the descriptor to write to, and ends with 0.
  explicit Child(const std::function<void(int)>& run) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) ::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(pipe[0]);
      run(pipe[1]);
      ::_exit(0);
    }
    ::close(pipe[1]);
    from_ = pipe[0];
  }
  ~Child() {
    if (pid_ > 0) kill();
    ::close(from_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // One write, so that lines of several threads do not mix.
  static void tell(int to, const std::string& line) {
    const std::string text = line + "\n";
    if (::write(to, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(1);
  }
  // Until the end of the line; what is left when the child has ended.
  [[nodiscard]] std::string line() {
    std::string text;
    char c = 0;
    while (::read(from_, &c, 1) == 1 && c != '\n') text += c;
    return text;
  }
  [[nodiscard]] std::string all() {
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t size = ::read(from_, buffer.data(), buffer.size());
      if (size <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    (void)wait();
  }
  // How it ended, as waitpid says it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_ = 0;
  int from_ = -1;
};

}  // namespace pluv::adapters::testing
