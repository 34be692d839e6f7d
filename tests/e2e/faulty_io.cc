// Lets a process's writes, syncs or reads of its documents' file fail as those of a disk do, or
// take their time, and be well again, while it runs: LD_PRELOAD=faulty_io.so FAULTY_IO=FILE. FILE
// says what: "5 ws" is errno 5, EIO, for writes and syncs, r is for reads; "2 d" delays each write
// and sync by 2 ms; while it is missing or empty nothing happens. Only files named pluv.sqlite or
// pluv.sqlite-wal are looked at.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace {

template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

using Read = ssize_t (*)(int, void*, size_t);

bool is_documents_file(int fd) {
  std::array<char, 32> link{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink(link.data(), path.data(), path.size());
  const std::string_view name(path.data(), static_cast<size_t>(std::max<ssize_t>(length, 0)));
  return name.ends_with("pluv.sqlite") || name.ends_with("pluv.sqlite-wal");
}

void wait_ms(int ms) {
  const timespec time{.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000L};
  ::nanosleep(&time, nullptr);
}

// What a call of this kind is to fail with, or 0.
int fault(int fd, char kind) {
  const char* const control = std::getenv("FAULTY_IO");
  if (control == nullptr) return 0;
  std::array<char, 64> text{};
  const int file = ::open(control, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  static const auto read_next = next<Read>("read");
  const ssize_t size = read_next(file, text.data(), text.size());
  ::close(file);
  const std::string_view said(text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
  const bool slow = kind != 'r' && said.find('d') != std::string_view::npos;
  if (!slow && said.find(kind) == std::string_view::npos) return 0;
  if (!is_documents_file(fd)) return 0;
  int number = EIO;
  std::from_chars(said.data(), said.data() + said.size(), number);
  if (!slow) return number;
  wait_ms(number);
  return 0;
}

template <class F, class... Arguments>
auto call(const char* name, char kind, int fd, Arguments... arguments) {
  if (const int error = fault(fd, kind); error != 0) {
    errno = error;
    return decltype(next<F>(name)(fd, arguments...)){-1};
  }
  return next<F>(name)(fd, arguments...);
}

using Write = ssize_t (*)(int, const void*, size_t);
using WriteAt = ssize_t (*)(int, const void*, size_t, off_t);
using ReadAt = ssize_t (*)(int, void*, size_t, off_t);
using Truncate = int (*)(int, off_t);
using Sync = int (*)(int);

}  // namespace

// The names are the C library's.
extern "C" {
ssize_t write(int fd, const void* data, size_t size) {
  return call<Write>("write", 'w', fd, data, size);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  return call<WriteAt>("pwrite", 'w', fd, data, size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t at) {
  return call<WriteAt>("pwrite64", 'w', fd, data, size, at);
}
int ftruncate(int fd, off_t size) noexcept { return call<Truncate>("ftruncate", 'w', fd, size); }
int ftruncate64(int fd, off_t size) noexcept {
  return call<Truncate>("ftruncate64", 'w', fd, size);
}
int fsync(int fd) { return call<Sync>("fsync", 's', fd); }
int fdatasync(int fd) { return call<Sync>("fdatasync", 's', fd); }
ssize_t pread(int fd, void* data, size_t size, off_t at) {
  return call<ReadAt>("pread", 'r', fd, data, size, at);
}
ssize_t pread64(int fd, void* data, size_t size, off_t at) {
  return call<ReadAt>("pread64", 'r', fd, data, size, at);
}
}
