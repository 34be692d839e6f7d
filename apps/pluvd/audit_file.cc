#include "apps/pluvd/audit_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace pluv::apps {
namespace {

// Whether the file that is open is still the one of that name.
bool is_same_file(int file, const std::string& path) {
  struct stat open_one{};
  struct stat named{};
  return ::fstat(file, &open_one) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

std::int64_t size_of(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 ? status.st_size : 0;
}

}  // namespace

AuditFile::AuditFile(std::string path, std::int64_t bytes_max)
    : path_(std::move(path)), bytes_max_(bytes_max) {}

AuditFile::~AuditFile() {
  if (file_ >= 0) ::close(file_);
}

Result<void> AuditFile::reopen() {
  const int fresh = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fresh < 0) {
    return Error{ErrorCode::unavailable, "cannot open " + path_ + ": " + std::strerror(errno)};
  }
  if (file_ >= 0) ::close(file_);
  file_ = fresh;
  return {};
}

bool AuditFile::write(std::string_view line) {
  if (const std::int64_t bytes = size_of(file_);
      bytes > 0 && bytes + static_cast<std::int64_t>(line.size()) > bytes_max_) {
    rotate();
  }
  if (is_torn_ && ::write(file_, "\n", 1) == 1) is_torn_ = false;
  const ssize_t written = ::write(file_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return true;
  is_torn_ |= written > 0;
  return false;
}

void AuditFile::rotate() {
  // Another process may have done it already.
  if (is_same_file(file_, path_) && std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return;
  if (reopen().ok()) is_torn_ = false;  // else on with the one that was renamed
}

}  // namespace pluv::apps
