#include "apps/pluvd/storage_progress.h"

#include <gtest/gtest.h>

namespace pluv::apps {
namespace {

TEST(StorageProgress, SaysHowFarItIs) {
  EXPECT_EQ(progress_text("copying pages", {.done = 0, .total = 0}), "copying pages");
  EXPECT_EQ(progress_text("copying pages", {.done = 7, .total = 0}), "copying pages: 7");
  EXPECT_EQ(progress_text("copying pages", {.done = 1, .total = 3}), "copying pages: 1 of 3 (33%)");
  EXPECT_EQ(progress_text("copying pages", {.done = 3, .total = 3}),
            "copying pages: 3 of 3 (100%)");
}

TEST(StorageProgress, IsSilentAboutWhatIsQuick) {
  for (const auto mode : {StorageProgress::Mode::quiet, StorageProgress::Mode::lines}) {
    ::testing::internal::CaptureStderr();
    {
      StorageProgress progress("copying pages", mode);
      progress.callback()({.done = 1, .total = 3});
    }
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  }
}

}  // namespace
}  // namespace pluv::apps
