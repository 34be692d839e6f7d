// Who did what: JSON lines in a file, for people who have to answer for a server. A line is written
// whole or not at all, when it happens; the file is renamed when it has grown too large. Thread-
// safe; a line is one system call. Never told a key, a token or what a message said.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::apps {

struct AuditLogOptions {
  std::string path;  // empty: nothing is written
  std::int64_t bytes_max = std::int64_t{64} * 1024 * 1024;
  std::function<std::int64_t()> unix_ms;
  // Refusals cost whoever causes them nothing: beyond so many lines of them in a second the rest is
  // only counted, in a line of its own.
  std::uint32_t refusals_per_second_max = 200;
};

class AuditLog {
 public:
  // Errors: the file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<AuditLog>> open(AuditLogOptions options);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  [[nodiscard]] bool is_on() const noexcept { return !options_.path.empty(); }
  // {"at":"2026-01-31T12:00:00.000Z","project":..,"event":..,} and the fields, a JSON object whose
  // members follow. project: empty for none. An event that ends with "refused" is one that anybody
  // can bring about, at any rate.
  void write(std::string_view project, std::string_view event, std::string_view fields);
  // The file anew, after somebody has moved it away. Errors leave the old one in use.
  [[nodiscard]] Result<void> reopen();
  // Lines that could not be written.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(); }

 private:
  explicit AuditLog(AuditLogOptions options);
  // Whether one more refusal of this moment is written; says how many were not before it.
  [[nodiscard]] bool takes_refusal(std::int64_t now_ms);
  void write_line(std::int64_t now_ms, std::string_view project, std::string_view event,
                  std::string_view fields);
  void rotate();

  const AuditLogOptions options_;
  std::mutex mutex_;
  int file_ = -1;
  std::int64_t bytes_ = 0;
  std::int64_t second_ = 0;  // in which refusals are counted
  std::uint32_t refusals_ = 0;
  std::uint64_t suppressed_ = 0;
  std::string line_;
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace pluv::apps
