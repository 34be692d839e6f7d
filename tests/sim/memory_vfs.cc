#include "tests/sim/memory_vfs.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace pluv::sim {
namespace {

constexpr std::size_t kSectorBytes = 512;
constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

}  // namespace

struct MemoryVfs::Handle {
  sqlite3_file base;
  File* file;
  int level;

  static File& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file)->file; }
  static int close(sqlite3_file* file) {
    // The index of the log is made anew by the first to open it.
    if (--of(file).handles == 0) of(file).shared.clear();
    return unlock(file, SQLITE_LOCK_NONE);
  }
  static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
    const std::string& bytes = of(file).bytes;
    const auto wanted = static_cast<std::size_t>(size);
    const auto from = static_cast<std::size_t>(at);
    const std::size_t there = from < bytes.size() ? std::min(wanted, bytes.size() - from) : 0;
    std::memcpy(out, bytes.data() + (there == 0 ? 0 : from), there);
    if (there == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(out) + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    File& written = of(file);
    const auto end = static_cast<std::size_t>(at) + static_cast<std::size_t>(size);
    // SQLite overwrites its log from the beginning: a full disk is full there, too.
    if (current_->full_ && (written.is_log || end > written.bytes.size())) return SQLITE_FULL;
    written.unsynced.push_back(
        {static_cast<std::size_t>(at),
         std::string(static_cast<const char*>(data), static_cast<std::size_t>(size)), false});
    apply(written.unsynced.back(), written.bytes, kWhole);
    return SQLITE_OK;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File& cut = of(file);
    cut.unsynced.push_back({static_cast<std::size_t>(size), {}, true});
    apply(cut.unsynced.back(), cut.bytes, kWhole);
    return SQLITE_OK;
  }
  static int sync(sqlite3_file* file, int) {
    File& synced = of(file);
    for (const Change& change : synced.unsynced) apply(change, synced.synced, kWhole);
    synced.unsynced.clear();
    return SQLITE_OK;
  }
  static int size(sqlite3_file* file, sqlite3_int64* out) {
    *out = static_cast<sqlite3_int64>(of(file).bytes.size());
    return SQLITE_OK;
  }
  // One process, one thread: nobody waits for a lock. But who closes the file last is told so by
  // getting it for itself.
  static int lock(sqlite3_file* file, int level) {
    Handle& self = *reinterpret_cast<Handle*>(file);
    const int others = self.file->sharing - (self.level >= SQLITE_LOCK_SHARED ? 1 : 0);
    if (level == SQLITE_LOCK_EXCLUSIVE && others > 0) return SQLITE_BUSY;
    if (self.level < SQLITE_LOCK_SHARED) ++self.file->sharing;
    self.level = std::max(self.level, level);
    return SQLITE_OK;
  }
  static int unlock(sqlite3_file* file, int level) {
    Handle& self = *reinterpret_cast<Handle*>(file);
    if (level < SQLITE_LOCK_SHARED && self.level >= SQLITE_LOCK_SHARED) --self.file->sharing;
    self.level = std::min(self.level, level);
    return SQLITE_OK;
  }
  static int reserved(sqlite3_file*, int* out) {
    *out = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector(sqlite3_file*) { return static_cast<int>(kSectorBytes); }
  static int characteristics(sqlite3_file*) { return 0; }
  static int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    std::vector<std::string>& shared = of(file).shared;
    const auto wanted = static_cast<std::size_t>(region);
    *out = nullptr;
    if (wanted >= shared.size()) {
      if (extend == 0) return SQLITE_OK;
      while (shared.size() <= wanted) shared.emplace_back(static_cast<std::size_t>(size), '\0');
    }
    *out = shared[wanted].data();
    return SQLITE_OK;
  }
  static int lock_shared(sqlite3_file*, int, int, int) { return SQLITE_OK; }
  static void barrier(sqlite3_file*) {}
  static int unmap_shared(sqlite3_file* file, int remove) {
    if (remove != 0) of(file).shared.clear();
    return SQLITE_OK;
  }
};

const sqlite3_io_methods MemoryVfs::kMethods = {
    2,
    &Handle::close,
    &Handle::read,
    &Handle::write,
    &Handle::truncate,
    &Handle::sync,
    &Handle::size,
    &Handle::lock,
    &Handle::unlock,
    &Handle::reserved,
    &Handle::control,
    &Handle::sector,
    &Handle::characteristics,
    &Handle::map_shared,
    &Handle::lock_shared,
    &Handle::barrier,
    &Handle::unmap_shared,
    nullptr,
    nullptr,
};

MemoryVfs::MemoryVfs() : before_(sqlite3_vfs_find(nullptr)) {
  current_ = this;
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(Handle);
  vfs_.mxPathname = 512;
  vfs_.zName = "sim-memory";
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  vfs_.xAccess = access;
  vfs_.xFullPathname = full_path;
  vfs_.xRandomness = randomness;
  vfs_.xSleep = sleep;
  vfs_.xCurrentTime = current_time;
  vfs_.xCurrentTimeInt64 = current_time_ms;
  vfs_.xGetLastError = last_error;
  sqlite3_vfs_register(&vfs_, 1);
}

MemoryVfs::~MemoryVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(before_, 1);
  current_ = nullptr;
}

void MemoryVfs::apply(const Change& change, std::string& to, std::size_t sectors_kept) {
  if (change.truncate) {
    to.resize(std::min(to.size(), change.at));
    return;
  }
  const std::size_t kept = sectors_kept == kWhole
                               ? change.bytes.size()
                               : std::min(change.bytes.size(), sectors_kept * kSectorBytes);
  if (to.size() < change.at + kept) to.resize(change.at + kept, '\0');
  to.replace(change.at, kept, change.bytes, 0, kept);
}

void MemoryVfs::power_cut(Random& random) {
  for (auto& [name, file] : files_) {
    std::string left = std::move(file.synced);
    for (const Change& change : file.unsynced) {
      if (random.once_in(3)) continue;
      const auto sectors =
          static_cast<std::uint32_t>((change.bytes.size() + kSectorBytes - 1) / kSectorBytes);
      const bool torn = sectors > 0 && random.once_in(3);
      apply(change, left, torn ? random.below(sectors) : kWhole);
    }
    file.bytes = left;
    file.synced = std::move(left);
    file.unsynced.clear();
    file.shared.clear();
  }
}

int MemoryVfs::open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* const handle = reinterpret_cast<Handle*>(file);
  handle->base.pMethods = nullptr;
  // Temporary files have no names; statements here need none.
  if (name == nullptr) return SQLITE_CANTOPEN;
  const auto found = current_->files_.find(name);
  if (found == current_->files_.end() && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  File& opened = current_->files_[name];
  opened.is_log = (flags & SQLITE_OPEN_WAL) != 0;
  handle->file = &opened;
  ++opened.handles;
  handle->level = SQLITE_LOCK_NONE;
  handle->base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int MemoryVfs::remove(sqlite3_vfs*, const char* name, int) {
  current_->files_.erase(name);
  return SQLITE_OK;
}

int MemoryVfs::access(sqlite3_vfs*, const char* name, int, int* answer) {
  *answer = current_->files_.contains(name) ? 1 : 0;
  return SQLITE_OK;
}

int MemoryVfs::full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  std::strncpy(out, name, static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int MemoryVfs::randomness(sqlite3_vfs*, int size, char* out) {
  for (int at = 0; at < size; ++at) {
    current_->random_ = current_->random_ * 6364136223846793005U + 1442695040888963407U;
    out[at] = static_cast<char>(current_->random_ >> 56);
  }
  return size;
}

int MemoryVfs::sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

int MemoryVfs::current_time(sqlite3_vfs*, double* out) {
  *out = 2461000.5;
  return SQLITE_OK;
}

int MemoryVfs::current_time_ms(sqlite3_vfs*, sqlite3_int64* out) {
  *out = 2461000LL * 86'400'000;
  return SQLITE_OK;
}

int MemoryVfs::last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace pluv::sim
