// Who did what: JSON lines in a file, for people who have to answer for a server. What was refused
// has a file of its own beside it, since strangers can bring it about at any rate: they cannot make
// what happened go by it, and of each project so many lines in a second are kept, the rest counted.
// Thread-safe; a line is written when it happens. Never told a key, a token or what a message said.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "apps/pluvd/audit_file.h"
#include "base/result.h"

namespace pluv::apps {

struct AuditLogOptions {
  std::string path;  // empty: nothing is written; refusals: path + ".refused"
  std::int64_t bytes_max = std::int64_t{64} * 1024 * 1024;  // of each
  std::function<std::int64_t()> unix_ms;
  // Lines of refusals in a second, of one project (or of none), and in all.
  std::uint32_t project_refusals_max = 20;
  std::uint32_t refusals_max = 200;
};

class AuditLog {
 public:
  // Errors: a file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<AuditLog>> open(AuditLogOptions options);
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  [[nodiscard]] bool is_on() const noexcept { return acts_.has_value(); }
  // {"at":"2026-01-31T12:00:00.000Z","project":..,"event":..,} and the fields, a JSON object whose
  // members follow. project: empty for none. An event that ends with "refused" is a refusal.
  void write(std::string_view project, std::string_view event, std::string_view fields);
  // The files anew, after somebody has moved them away. Errors leave the old ones in use.
  [[nodiscard]] Result<void> reopen();
  // Lines that could not be written.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(); }

 private:
  struct Refusals {
    std::uint32_t written = 0;
    std::uint64_t suppressed = 0;
  };

  explicit AuditLog(AuditLogOptions options);
  [[nodiscard]] bool takes_refusal(std::int64_t now_ms, std::string_view project);
  void write_line(AuditFile& file, std::int64_t now_ms, std::string_view project,
                  std::string_view event, std::string_view fields);

  const AuditLogOptions options_;
  std::mutex mutex_;
  std::optional<AuditFile> acts_;
  std::optional<AuditFile> refused_;
  std::int64_t second_ = 0;                                // in which refusals are counted
  std::map<std::string, Refusals, std::less<>> refusals_;  // of that second, by project
  std::uint32_t refusals_in_all_ = 0;
  std::string line_;
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace pluv::apps
