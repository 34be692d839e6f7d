// A storage file in which any bytes were changed: it is refused, a record is found to be damaged or
// missing, or what is answered was written there, in its order. The input's threes are a place (two
// bytes) and what stands there now.
// link: adapters base
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqlite_record_reader.h"
#include "adapters/sqlite_record_writer.h"
#include "adapters/sqlite_schema.h"
#include "adapters/sqlite_verify.h"
#include "base/assert.h"

namespace {

using namespace pluv::adapters;

constexpr std::int64_t kNowMs = 1'795'467'862'000;
constexpr std::array<std::string_view, 2> kRooms = {"first", "second"};

// The updates of a room, from number 1 on, and the snapshot of the first three.
std::string update_of(std::string_view room, std::uint64_t number) {
  const std::size_t size = number == 5 ? 6'000 : 10;  // one lies in the table of large ones
  return std::string(room) + std::to_string(number) + std::string(size, 'u');
}
std::string snapshot_of(std::string_view room) { return std::string(room) + "snapshot"; }

// A folder of its own, which goes with the process.
class Folder {
 public:
  Folder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "sqlite_file_fuzz.XXXXXX").string();
    PLUV_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file() const { return (path_ / "file").string(); }
  void clear() const {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      std::filesystem::remove(file() + suffix, ignored);
    }
  }

 private:
  std::filesystem::path path_;
};

void write_rooms(const std::string& path) {
  auto database = open_to_write(path);
  PLUV_ASSERT(database.ok());
  auto writer = RecordWriter::prepare(*database);
  PLUV_ASSERT(writer.ok());
  PLUV_ASSERT(database->execute("BEGIN").ok());
  for (const std::string_view room : kRooms) {
    for (std::uint64_t number = 1; number <= 5; ++number) {
      const auto at_ms = kNowMs + static_cast<std::int64_t>(number);
      PLUV_ASSERT((*writer)->append(std::string(room), update_of(room, number), at_ms).ok());
      if (number != 3) continue;
      PLUV_ASSERT((*writer)->compact(std::string(room), 3, snapshot_of(room), at_ms).ok());
    }
  }
  PLUV_ASSERT(database->execute("COMMIT").ok());
}

const std::string& good_file(const Folder& folder) {
  static const std::string bytes = [&] {
    write_rooms(folder.file());
    std::ifstream file(folder.file(), std::ios::binary);
    std::string out{std::istreambuf_iterator<char>(file), {}};
    PLUV_ASSERT(out.size() > 10'000);
    return out;
  }();
  return bytes;
}

void expect_written(std::string_view room, const StoredDocument& document) {
  std::uint64_t number = document.last + 1 - document.updates.size();
  for (std::size_t i = 0; i < document.updates.size(); ++i, ++number) {
    const bool snapshot = document.has_snapshot && i == 0;
    PLUV_ASSERT(document.updates[i] == (snapshot ? snapshot_of(room) : update_of(room, number)));
  }
}

void read_all(const std::string& path) {
  auto database = open_to_read(path);
  if (!database.ok()) return;
  auto reader = RecordReader::prepare(std::move(database).value());
  if (!reader.ok()) return;
  for (const std::string_view room : kRooms) {
    const auto loaded = (*reader)->load(std::string(room));
    if (loaded.ok()) expect_written(room, loaded->document);
    for (const std::int64_t back_ms : {0, 2, 10}) {
      const auto past = (*reader)->load_at(std::string(room), kNowMs + 5 - back_ms);
      if (past.ok()) expect_written(room, past->document);
    }
    (void)(*reader)->history(std::string(room));
  }
  (void)(*reader)->list("", 10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  std::string bytes = good_file(folder);
  bool changed = false;
  for (std::size_t at = 0; at + 3 <= std::min<std::size_t>(size, 96); at += 3) {
    char& place = bytes[(data[at] | static_cast<std::size_t>(data[at + 1]) << 8) % bytes.size()];
    changed |= place != static_cast<char>(data[at + 2]);
    place = static_cast<char>(data[at + 2]);
  }
  folder.clear();
  std::ofstream(folder.file(), std::ios::binary) << bytes;
  read_all(folder.file());
  const std::atomic<bool> stop = false;
  const auto findings = verify_file(folder.file(), [](Progress) {}, stop);
  if (!changed) PLUV_ASSERT(findings.ok() && findings->empty());
  return 0;
}
