#include "apps/pluvd/places.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "apps/pluvd/temporary_file_testing.h"

namespace pluv::apps {
namespace {

class PlacesTest : public testing::Test {
 protected:
  PlacesTest() {
    std::string pattern = testing::TempDir() + "places_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PlacesTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string in(const std::string& name) const { return folder_ + "/" + name; }
  static std::string folder(const std::string& path) {
    const Result<void> can = can_have_folder(path);
    return can.ok() ? "yes" : can.error().message;
  }
  static std::string file(const std::string& path) {
    const Result<void> can = can_have_file(path);
    return can.ok() ? "yes" : can.error().message;
  }

  std::string folder_;
};

TEST_F(PlacesTest, FoldersAreThereOrCouldBeMadeAndAreNotMade) {
  EXPECT_EQ(folder(folder_), "yes");
  EXPECT_EQ(folder(folder_ + "/"), "yes");
  EXPECT_EQ(folder(in("a/b/c")), "yes");
  EXPECT_EQ(folder(in("a/b/c/")), "yes");
  EXPECT_EQ(folder("pluvd-places-test/of-the-working-folder"), "yes");
  EXPECT_FALSE(std::filesystem::exists(in("a")));
  EXPECT_FALSE(std::filesystem::exists("pluvd-places-test"));
}

TEST_F(PlacesTest, FoldersThatCannotBeSaySo) {
  const TemporaryFile plain("");
  EXPECT_EQ(folder(plain.path()), plain.path() + " is not a folder");
  EXPECT_EQ(folder(plain.path() + "/x"), "cannot make " + plain.path() + "/x: Not a directory");
  EXPECT_EQ(folder("/proc/nope"),
            "cannot make /proc/nope: cannot write to /proc: Read-only file system");
  EXPECT_NE(folder("/sys/nope/deep"), "yes");
}

TEST_F(PlacesTest, FilesAreThereOrCouldBeMadeInAFolderThatIs) {
  const TemporaryFile plain("");
  EXPECT_EQ(file(plain.path()), "yes");
  EXPECT_EQ(file("/dev/null"), "yes");
  EXPECT_EQ(file(in("audit.log")), "yes");
  EXPECT_EQ(file("audit.log-of-the-working-folder"), "yes");
  EXPECT_FALSE(std::filesystem::exists(in("audit.log")));
  EXPECT_EQ(file(folder_), "cannot open " + folder_ + ": Is a directory");
  EXPECT_EQ(file(in("none/audit.log")), "cannot make " + in("none/audit.log") + ": cannot use " +
                                            in("none") + ": No such file or directory");
}

TEST_F(PlacesTest, RightsCount) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_EQ(::mkdir(in("closed").c_str(), 0500), 0);
  const TemporaryFile closed("", 0400);
  EXPECT_EQ(folder(in("closed")), "cannot write to " + in("closed") + ": Permission denied");
  EXPECT_NE(folder(in("closed/data")), "yes");
  EXPECT_EQ(file(closed.path()), "cannot open " + closed.path() + ": Permission denied");
}

TEST_F(PlacesTest, OnlyWhatIsUsedIsJudged) {
  LoadedSettings loaded;
  loaded.settings.data = "/proc/nope";
  loaded.settings.storage = "memory";
  judge_places(loaded);
  EXPECT_EQ(loaded.problems, std::vector<std::string>());
  loaded.settings.storage = "sqlite";
  loaded.settings.audit_log = "/nonexist/audit.log";
  judge_places(loaded);
  ASSERT_EQ(loaded.problems.size(), 3U);
  EXPECT_TRUE(loaded.problems[0].starts_with("data: cannot make /proc/nope: "));
  EXPECT_TRUE(loaded.problems[1].starts_with("audit-log: cannot make /nonexist/audit.log: "));
  EXPECT_TRUE(loaded.problems[2].starts_with("audit-log: cannot make /nonexist/audit.log.refused"));
}

}  // namespace
}  // namespace pluv::apps
