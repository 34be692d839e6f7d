#include "adapters/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace pluv::adapters {
namespace {

std::string reason(int code) { return std::generic_category().message(code); }

// " (pid 7)", when whoever holds the lock wrote that much.
std::string holder(int descriptor) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  if (size <= 0) return {};
  return " (pid " + std::string(text.data(), static_cast<std::size_t>(size)) + ")";
}

// Whether the path still names the file behind the descriptor: its last owner may have removed it
// between our open and our flock, and then somebody else can lock a new one.
bool is_named(int descriptor, const std::string& lock_path) {
  struct stat ours{};
  struct stat named{};
  return ::fstat(descriptor, &ours) == 0 && ::stat(lock_path.c_str(), &named) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path) {
  const std::string lock_path = path + ".lock";
  for (;;) {
    const int descriptor = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
      return Error{ErrorCode::unavailable, lock_path + ": " + reason(errno)};
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int code = errno;
      std::string message = path + " is in use by another process";
      message += holder(descriptor);
      ::close(descriptor);
      if (code != EWOULDBLOCK) {
        return Error{ErrorCode::unavailable, lock_path + ": " + reason(code)};
      }
      return Error{ErrorCode::conflict, message};
    }
    if (!is_named(descriptor, lock_path)) {
      ::close(descriptor);
      continue;
    }
    // Only for people: that it cannot be written (a full disk) does not matter.
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(descriptor, 0) == 0) {
      [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, pid.data(), pid.size(), 0);
    }
    return FileLock(descriptor, lock_path);
  }
}

FileLock::FileLock(FileLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), lock_path_(std::move(other.lock_path_)) {}

FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  ::unlink(lock_path_.c_str());
  ::close(descriptor_);
}

}  // namespace pluv::adapters
