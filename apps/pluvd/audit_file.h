// One file of the audit log: lines at its end, each with one call of the system, and a new file
// when it has grown too large. Another process may write to the same file meanwhile (a hand-over).
// Used under its owner's lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::apps {

class AuditFile {
 public:
  AuditFile(std::string path, std::int64_t bytes_max);
  ~AuditFile();
  AuditFile(const AuditFile&) = delete;
  AuditFile& operator=(const AuditFile&) = delete;

  // The file anew, after somebody has moved it away. Errors leave the old one in use.
  [[nodiscard]] Result<void> reopen();
  // line: with its end. False: not all of it could be written; the next one begins a line of its
  // own.
  [[nodiscard]] bool write(std::string_view line);

 private:
  void rotate();

  const std::string path_;
  const std::int64_t bytes_max_;
  int file_ = -1;
  bool is_torn_ = false;
};

}  // namespace pluv::apps
