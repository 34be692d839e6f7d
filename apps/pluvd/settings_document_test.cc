// docs/pluvd.md against the settings: with PLUV_UPDATE_DOCUMENTS=1 the test rewrites the tables.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "apps/pluvd/settings.h"

namespace pluv::apps {
namespace {

constexpr std::string_view kBegin = "<!-- settings: made by pluvd_settings_test -->\n";
constexpr std::string_view kEnd = "\n<!-- end of settings -->\n";

std::string read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_made_part(const std::string& path, const std::string& now) {
  std::string text = read(path);
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::size_t from = begin + kBegin.size();
  if (std::getenv("PLUV_UPDATE_DOCUMENTS") != nullptr && text.substr(from, end - from) != now) {
    text.replace(from, end - from, now);
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(from, end - from), now)
      << "run this test once with PLUV_UPDATE_DOCUMENTS=1";
}

TEST(Documents, ShowTheTableOfSettingsAsItIs) {
  expect_made_part(PLUV_SOURCE_DIR "/docs/pluvd.md", settings_markdown());
}

TEST(Documents, ShowTheTableOfAProjectsSettingsAsItIs) {
  expect_made_part(PLUV_SOURCE_DIR "/docs/hosting.md", projects_markdown());
}

TEST(Documents, EveryLimitIsASetting) {
  const std::string header = read(PLUV_SOURCE_DIR "/src/base/limits.h");
  std::size_t members = 0;
  for (std::size_t at = 0; (at = header.find("\n  std::", at)) != std::string::npos; ++at) {
    ++members;
  }
  const auto table = setting_table();
  const auto rows = std::count_if(table.begin(), table.end(), [](const Setting& setting) {
    return setting.key.starts_with("limits.");
  });
  // messages_burst_max follows from the rate.
  EXPECT_EQ(static_cast<std::size_t>(rows) + 1, members)
      << "src/base/limits.h and apps/pluvd/settings_table.cc differ";
}

}  // namespace
}  // namespace pluv::apps
