#include "net/http_head.h"

#include <gtest/gtest.h>

namespace pluv::net {
namespace {

HttpHead read_head(std::string_view text) {
  HttpHeadReader reader({}, 1000);
  EXPECT_EQ(reader.feed(text), HttpProgress::done) << reader.problem();
  return reader.take();
}

int status_of(std::string_view text, const HttpLimits& limits = {}) {
  HttpHeadReader reader(limits, 20);
  const HttpProgress whole = reader.feed(text);
  return whole == HttpProgress::failed ? reader.status() : 0;
}

TEST(HttpHead, FindsFieldsWithoutCase) {
  const HttpHead head =
      read_head("START\r\nHost: a\r\nX-One:1\r\nx-one: \t 2 \t\r\nEmpty:\r\n\r\n");
  EXPECT_EQ(head.start_line(), "START");
  EXPECT_EQ(head.header_count(), 4u);
  EXPECT_EQ(head.header("HOST"), "a");
  EXPECT_EQ(head.header("X-ONE"), "1");
  EXPECT_EQ(head.header("empty"), "");
  EXPECT_EQ(head.header("none"), std::nullopt);
  EXPECT_EQ(head.count("x-One"), 2u);
  EXPECT_EQ(head.header_list("X-One"), "1, 2");
  EXPECT_EQ(head.header_list("none"), std::nullopt);
  EXPECT_EQ(head.header_at(2).name, "x-one");
  EXPECT_EQ(head.header_at(2).value, "2");
}

TEST(HttpHead, FindsTokensInListsOfSeveralFields) {
  const HttpHead head =
      read_head("S\r\nConnection: keep-alive, ,Upgrade\r\nConnection:\tx ,\ty\r\n\r\n");
  for (const char* token : {"keep-alive", "upgrade", "UPGRADE", "X", "y"}) {
    EXPECT_TRUE(head.has_token("connection", token)) << token;
  }
  for (const char* token : {"keep", "alive", "", "x ,\ty", "z"}) {
    EXPECT_FALSE(head.has_token("connection", token)) << token;
  }
}

TEST(HttpHead, StaysWholeWhenMoved) {
  HttpHead head = read_head("S\r\nA: b\r\n\r\n");  // short: inside the string object
  const HttpHead moved = std::move(head);
  EXPECT_EQ(moved.header("a"), "b");
  EXPECT_EQ(moved.start_line(), "S");
}

TEST(HttpHeadReader, LeavesWhatFollowsAndReadsTheNextHead) {
  HttpHeadReader reader({}, 100);
  std::string_view bytes = "ONE\r\n\r\nTWO\r\nA: b\r\n\r\nrest";
  EXPECT_FALSE(reader.started());
  EXPECT_EQ(reader.feed(bytes), HttpProgress::done);
  EXPECT_TRUE(reader.started());
  EXPECT_EQ(bytes, "TWO\r\nA: b\r\n\r\nrest");
  EXPECT_EQ(reader.take().start_line(), "ONE");
  EXPECT_FALSE(reader.started());
  EXPECT_EQ(reader.feed(bytes), HttpProgress::done);
  EXPECT_EQ(bytes, "rest");
  const HttpHead second = reader.take();
  EXPECT_EQ(second.start_line(), "TWO");
  EXPECT_EQ(second.header_count(), 1u);
}

TEST(HttpHeadReader, StartLineBoundHoldsAtItsEdge) {
  for (const std::size_t size : {19u, 20u, 21u}) {
    EXPECT_EQ(status_of(std::string(size, 'x') + "\r\n\r\n"), size <= 20 ? 0 : 414) << size;
  }
  // Refused before its end comes.
  EXPECT_EQ(status_of(std::string(22, 'x')), 0);
  EXPECT_EQ(status_of(std::string(23, 'x')), 414);
}

TEST(HttpHeadReader, HeadBoundHoldsAtItsEdge) {
  HttpLimits limits;
  limits.head_bytes_max = 50;
  const std::string start = "S\r\n";
  for (const std::size_t size : {49u, 50u, 51u}) {
    const std::string name(size - start.size() - 6, 'n');
    const std::string head = start + name + ":v\r\n\r\n";
    ASSERT_EQ(head.size(), size);
    EXPECT_EQ(status_of(head, limits), size <= 50 ? 0 : 431) << size;
  }
  EXPECT_EQ(status_of(start + std::string(47, 'n'), limits), 0);
  EXPECT_EQ(status_of(start + std::string(48, 'n'), limits), 431);
}

TEST(HttpHeadReader, FieldCountBoundHoldsAtItsEdge) {
  HttpLimits limits;
  limits.header_count_max = 5;
  for (const int count : {4, 5, 6}) {
    std::string head = "S\r\n";
    for (int i = 0; i < count; ++i) head += "A: b\r\n";
    EXPECT_EQ(status_of(head + "\r\n", limits), count <= 5 ? 0 : 431) << count;
  }
}

TEST(HttpHeadReader, TakesBytesAboveAsciiInValuesOnly) {
  EXPECT_EQ(read_head("S\r\nA: \xc3\xa9\xff\r\n\r\n").header("a"), "\xc3\xa9\xff");
  EXPECT_EQ(status_of("S\r\n\xc3\xa9: b\r\n\r\n"), 400);
}

TEST(HttpToken, HoldsTheCharactersOfRfc9110) {
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    const bool expected =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(text) != std::string_view::npos);
    EXPECT_EQ(is_http_token(text), expected) << c;
  }
  EXPECT_FALSE(is_http_token(""));
}

}  // namespace
}  // namespace pluv::net
