// Replays the golden transcripts. With --record it writes them anew instead (see golden.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>

#include "golden.h"
#include "read_lines.h"

namespace pluv::transcripts {
namespace {

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  const std::string folder = std::string(PLUV_TEST_DATA) + "/transcripts";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("ours-")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  return read_lines("transcripts/" + file.filename().string());
}

std::string text_of(const std::filesystem::path& file) {
  std::string text;
  for (const std::string& line : lines_of(file)) text += line + "\n";
  return text;
}

std::string test_name(const testing::TestParamInfo<std::filesystem::path>& file) {
  std::string name = file.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class GoldenTranscripts : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenTranscripts, TheRoomDoesExactlyWhatIsWritten) {
  const auto rendered = render_golden(lines_of(GetParam()));
  ASSERT_TRUE(rendered.ok()) << rendered.error().message;
  EXPECT_EQ(*rendered, text_of(GetParam())) << "if this is meant: transcripts_golden_test --record";
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTranscripts, testing::ValuesIn(golden_files()), test_name);

TEST(GoldenRendering, RunsTwiceToTheSameBytes) {
  for (const auto& file : golden_files()) {
    EXPECT_EQ(*render_golden(lines_of(file)), *render_golden(lines_of(file))) << file;
  }
}

TEST(GoldenRendering, RefusesWhatIsNoInput) {
  const std::string head = R"({"transcript":"x"})";
  EXPECT_FALSE(render_golden({}).ok());
  EXPECT_FALSE(render_golden({R"({"at":0,"in":"open","as":"A"})"}).ok());
  EXPECT_FALSE(render_golden({head, "nonsense"}).ok());
  EXPECT_FALSE(render_golden({head, R"({"at":0,"in":"jump"})"}).ok());
  EXPECT_FALSE(render_golden({head, R"({"at":0,"in":"message","as":"A","text":""})"}).ok());
  EXPECT_FALSE(render_golden({R"({"transcript":"x","limits":{"cows":1}})"}).ok());
  EXPECT_TRUE(render_golden({head, R"({"at":0,"in":"open","as":"A"})"}).ok());
}

int record() {
  for (const auto& file : golden_files()) {
    const auto rendered = render_golden(lines_of(file));
    if (!rendered.ok()) {
      std::cerr << file << ": " << rendered.error().message << "\n";
      return 1;
    }
    if (*rendered == text_of(file)) continue;
    std::ofstream(file) << *rendered;
    std::cout << "recorded " << file << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace pluv::transcripts

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 2 && std::string_view(argv[1]) == "--record") return pluv::transcripts::record();
  return RUN_ALL_TESTS();
}
