#include "replay.h"

#include <gtest/gtest.h>

#include "read_lines.h"

namespace pluv::transcripts {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Replaces the first occurrence of from in a line that has `with` in it.
std::vector<std::string> altered(std::vector<std::string> lines, const std::string& with,
                                 const std::string& from, const std::string& to) {
  for (std::string& line : lines) {
    const std::size_t at = line.find(from);
    if (line.find(with) == std::string::npos || at == std::string::npos) continue;
    line.replace(at, from.size(), to);
    return lines;
  }
  ADD_FAILURE() << "no line with " << with << " and " << from;
  return lines;
}

TEST(RecordedTranscripts, WithoutAuthorizationTheRoomSaysWhatTheOriginalSaid) {
  const ReplayReport report = replay(read_lines("transcripts/noauth.jsonl"));
  EXPECT_EQ(joined(report.failures), "");
  EXPECT_GE(report.messages_compared, 30);
}

TEST(RecordedTranscripts, WithAuthorizationTheRoomSaysWhatTheOriginalSaid) {
  const ReplayReport report = replay(read_lines("transcripts/auth.jsonl"));
  EXPECT_EQ(joined(report.failures), "");
  EXPECT_GE(report.messages_compared, 30);
}

TEST(RecordedTranscripts, EveryDifferenceInTheTableOccurs) {
  auto used = replay(read_lines("transcripts/noauth.jsonl")).differences_used;
  used.merge(replay(read_lines("transcripts/auth.jsonl")).differences_used);
  for (const std::string& name : difference_names()) EXPECT_TRUE(used.contains(name)) << name;
}

TEST(RecordedTranscripts, AnUnlistedDifferenceIsFound) {
  const auto lines = read_lines("transcripts/auth.jsonl");
  const struct {
    const char *with, *from, *to;
  } cases[] = {
      {R"("type":"receiveMessage")", R"("message":"hello")", R"("message":"hullo")"},
      {R"("type":"$userJoined")", R"("presence":{"count":0})", R"("presence":{"count":1})"},
      {R"("type":"$exit")", R"("type":"$exit")", R"("type":"$left")"},
      {R"("type":"$pong")", R"("data":{})", R"("data":{"a":1})"},
      {R"("type":"doubledValue")", R"("value":42)", R"("value":43)"},
      {R"("type":"$othersReceived")", R"("others":{})", R"("others":{"p_x":{"presence":null}})"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(replay(altered(lines, one.with, one.from, one.to)).failures.size(), 1U) << one.with;
  }
}

TEST(RecordedTranscripts, AMissingOrSurplusMessageIsFound) {
  auto lines = read_lines("transcripts/noauth.jsonl");
  const auto pong = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("$pong") != std::string::npos;
  });
  ASSERT_NE(pong, lines.end());
  const std::string copy = *pong;
  const auto at = lines.erase(pong);
  EXPECT_EQ(replay(lines).failures.size(), 1U);
  lines.insert(at, 2, copy);
  EXPECT_EQ(replay(lines).failures.size(), 1U);
}

}  // namespace
}  // namespace pluv::transcripts
