// Which files are opened, by whom, and what is left of those that are not.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "adapters/child_testing.h"
#include "adapters/faulty_vfs_testing.h"
#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"
#include "base/assert.h"

namespace pluv::adapters::testing {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const TempFolder& folder) {
  const std::filesystem::directory_iterator files(folder.path());
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

SqliteOptions options_of(const std::string& path) {
  SqliteOptions options;
  options.path = path;
  return options;
}

SqliteOptions read_only(const std::string& path) {
  SqliteOptions options = options_of(path);
  options.read_only = true;
  return options;
}

// The error of opening; the file and its folder must be as before.
Error refused_and_untouched(const TempFolder& folder, const std::string& path) {
  const std::string before = bytes_of(path);
  const std::size_t files = files_in(folder);
  auto opened = SqliteStore::open(options_of(path));
  EXPECT_FALSE(opened.ok());
  EXPECT_EQ(bytes_of(path), before);
  EXPECT_EQ(files_in(folder), files);
  return opened.ok() ? Error() : opened.error();
}

TEST(SqliteOpen, DocumentsAreThereAgainAfterClosing) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  {
    const auto store = open_store(options_of(path));
    ASSERT_TRUE(append(*store, "room", "1").ok());
    ASSERT_TRUE(append(*store, "room", "2").ok());
    EXPECT_TRUE(store->close().ok());
  }
  EXPECT_EQ(files_in(folder), 1U);  // no log, no lock
  const auto store = open_store(options_of(path));
  EXPECT_EQ(*append(*store, "room", "3"), 3U);
  EXPECT_EQ(load(*store, "room")->updates, (std::vector<std::string>{"1", "2", "3"}));
}

TEST(SqliteOpen, EmptyFileIsTakenAsANewOne) {
  const TempFolder folder;
  std::ofstream(folder.file("rooms.db")).close();
  const auto store = open_store(options_of(folder.file("rooms.db")));
  EXPECT_TRUE(append(*store, "room", "1").ok());
}

TEST(SqliteOpen, FileThatIsNoDatabaseIsRefusedAndUntouched) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  std::ofstream(path) << std::string(10'000, 'x');
  const Error error = refused_and_untouched(folder, path);
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_EQ(error.message, path + " is not a storage file of pluv: it is no SQLite database");
}

TEST(SqliteOpen, DatabaseOfAnotherProgramIsRefusedAndUntouched) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  sql(path, "PRAGMA journal_mode = WAL; CREATE TABLE rooms (id); INSERT INTO rooms VALUES (1)");
  Error error = refused_and_untouched(folder, path);
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_EQ(error.message, path + " is not a storage file of pluv");
  sql(path, "PRAGMA application_id = 7");
  error = refused_and_untouched(folder, path);
  EXPECT_EQ(error.message, path + " is not a storage file of pluv");
  EXPECT_EQ(SqliteStore::open(read_only(path)).error(), error);
}

TEST(SqliteOpen, FileOfANewerVersionIsRefusedAndUntouched) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  (void)open_store(options_of(path))->close();
  sql(path, "PRAGMA user_version = 3");
  const Error error = refused_and_untouched(folder, path);
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_EQ(error.message, path +
                               " was written by a newer pluv (version 3 of the format; this "
                               "one reads up to 2)");
  EXPECT_EQ(SqliteStore::open(read_only(path)).error(), error);
}

TEST(SqliteOpen, PlaceThatCannotBeWrittenIsAnErrorThatNamesIt) {
  const TempFolder folder;
  for (const std::string& path :
       {std::string("/proc/rooms.db"), folder.file("missing/rooms.db"), folder.path()}) {
    auto opened = SqliteStore::open(options_of(path));
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
    EXPECT_EQ(opened.error().message.rfind(path, 0), 0U) << opened.error().message;
  }
}

TEST(SqliteOpen, FileOnAReadOnlyDiskIsRefusedForWriting) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  (void)open_store(options_of(path))->close();
  FaultyVfs disk;
  disk.only_read(true);
  auto opened = SqliteStore::open(options_of(path));
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
  EXPECT_EQ(opened.error().message, path + ": attempt to write a readonly database");
}

TEST(SqliteOpen, AFullDiskLeavesNoEmptyFile) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  FaultyVfs disk;
  disk.fail_writes(FaultyVfs::kAlways);
  EXPECT_FALSE(SqliteStore::open(options_of(path)).ok());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SqliteOpen, DocumentsAndTheirCopiesAreTheirOwnersAlone) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  const auto store = open_store(options_of(path));
  ASSERT_TRUE(append(*store, "room", "update").ok());
  ASSERT_TRUE(backup(*store, folder.file("copy.db")).ok());
  for (const char* name : {"rooms.db", "rooms.db-wal", "rooms.db-shm", "copy.db"}) {
    struct stat status{};
    ASSERT_EQ(::stat(folder.file(name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
}

// As nobody, whom a folder's permissions keep from writing; root they do not.
class AsNobody {
 public:
  AsNobody() : root_(::geteuid() == 0) {
    if (root_) PLUV_ASSERT(::seteuid(65534) == 0);
  }
  ~AsNobody() {
    if (root_) PLUV_ASSERT(::seteuid(0) == 0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  bool root_;
};

TEST(SqliteOpen, ACopyInAFolderThatCannotBeWrittenCanBeRead) {
  const TempFolder folder;
  const std::string path = folder.file("a copy?of%20#1.db");
  {
    const auto store = open_store(options_of(folder.file("rooms.db")));
    ASSERT_TRUE(append(*store, "room", "update").ok());
    ASSERT_TRUE(backup(*store, path).ok());
  }
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  {
    const AsNobody nobody;
    const auto store = open_store(read_only(path));
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(load(*store, "room")->updates.at(0), "update");
    EXPECT_TRUE(verify(*store)->empty());
  }
  ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
}

// The system refuses even root here, where the file system knows the attribute.
TEST(SqliteOpen, ImmutableFileIsRefusedForWriting) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  (void)open_store(options_of(path))->close();
  const int file = ::open(path.c_str(), O_RDONLY);
  int flags = 0;
  const bool had = ::ioctl(file, FS_IOC_GETFLAGS, &flags) == 0;
  int immutable = flags | FS_IMMUTABLE_FL;
  if (!had || ::ioctl(file, FS_IOC_SETFLAGS, &immutable) != 0) {
    ::close(file);
    GTEST_SKIP() << "this file system has no immutable files";
  }
  const auto opened = SqliteStore::open(options_of(path));
  EXPECT_FALSE(opened.ok());
  EXPECT_EQ(message_of(opened), path + ": attempt to write a readonly database");
  EXPECT_EQ(::ioctl(file, FS_IOC_SETFLAGS, &flags), 0);
  ::close(file);
}

TEST(SqliteOpen, SecondStoreOfTheProcessIsRefusedUntilTheFirstIsClosed) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  const auto first = open_store(options_of(path));
  std::filesystem::create_symlink(path, folder.file("alias.db"));
  for (const std::string& name : {path, folder.file("alias.db")}) {
    const auto second = SqliteStore::open(options_of(name));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    EXPECT_EQ(second.error().message,
              path + " is in use by another process (pid " + std::to_string(::getpid()) + ")");
  }
  EXPECT_TRUE(append(*first, "room", "1").ok());
  EXPECT_TRUE(first->close().ok());
  EXPECT_TRUE(SqliteStore::open(options_of(path)).ok());
}

TEST(SqliteOpen, FileOfAnotherProcessIsRefusedUntilItIsKilled) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  Child child([&](int to) {
    const auto store = SqliteStore::open(options_of(path));
    Child::tell(to, store.ok() ? "open" : store.error().message);
    ::pause();
  });
  ASSERT_EQ(child.line(), "open");
  const auto refused = SqliteStore::open(options_of(path));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message.find("is in use by another process (pid "), std::string::npos);
  child.kill();
  EXPECT_TRUE(SqliteStore::open(options_of(path)).ok());
}

TEST(SqliteOpen, ReadOnlyStoreSeesWhatARunningServerWrites) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  EXPECT_EQ(SqliteStore::open(read_only(path)).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_in(folder), 0U);
  const auto server = open_store(options_of(path));
  ASSERT_TRUE(append(*server, "room", "1").ok());
  const auto tool = open_store(read_only(path));
  EXPECT_EQ(load(*tool, "room")->last, 1U);
  ASSERT_TRUE(append(*server, "room", "2").ok());
  EXPECT_EQ(load(*tool, "room")->last, 2U);
  EXPECT_EQ(list(*tool, "", 10)->size(), 1U);
  EXPECT_EQ(history(*tool, "room")->size(), 2U);
  EXPECT_TRUE(verify(*tool)->empty());
  EXPECT_TRUE(flush(*tool).ok());
  EXPECT_EQ(append(*tool, "room", "3").error().code, ErrorCode::forbidden);
  EXPECT_EQ(compact(*tool, "room", 1, "s").error().code, ErrorCode::forbidden);
  EXPECT_EQ(remove(*tool, "room").error().code, ErrorCode::forbidden);
}

TEST(SqliteOpen, ReadOnlyStoreReadsTheFileOfAKilledServer) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  Child child([&](int to) {
    const auto store = open_store(options_of(path));
    Child::tell(to, append(*store, "room", "1").ok() ? "written" : "failed");
    ::pause();
  });
  ASSERT_EQ(child.line(), "written");
  child.kill();
  EXPECT_EQ(load(*open_store(read_only(path)), "room")->last, 1U);
}

}  // namespace
}  // namespace pluv::adapters::testing
