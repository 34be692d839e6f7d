#include "ycrdt/awareness_update.h"

#include <gtest/gtest.h>

#include "ycrdt/lib0.h"

namespace pluv::ycrdt {
namespace {

std::string update_of(std::vector<AwarenessEntry> entries) {
  return encode_awareness_update(entries);
}

std::string nested(std::size_t depth) {
  std::string out = "{\"a\":";
  for (std::size_t i = 1; i < depth; ++i) out += '[';
  out += '1';
  for (std::size_t i = 1; i < depth; ++i) out += ']';
  return out + "}";
}

TEST(AwarenessUpdate, HasTheBytesOfYProtocols) {
  // encodeAwarenessUpdate of client 300 with clock 1 and {"a":1}, and of client 1 that has gone.
  const std::string bytes("\x02\xac\x02\x01\x07{\"a\":1}\x01\x05\x04null");
  EXPECT_EQ(update_of({{300, 1, "{\"a\":1}"}, {1, 5, "null"}}), bytes);
  const auto decoded = decode_awareness_update(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, (std::vector<AwarenessEntry>{{300, 1, "{\"a\":1}"}, {1, 5, "null"}}));
}

TEST(AwarenessUpdate, RespellsStatesAsJsonStringifyDoes) {
  const auto decoded = decode_awareness_update(
      update_of({{1, 1, " { \"b\" : 1.0, \"2\":-0, \"b\":\"\\u0041\" } "}}));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->front().state, "{\"2\":0,\"b\":\"A\"}");
}

TEST(AwarenessUpdate, RefusesWhatIsCutOffAnywhere) {
  const std::string whole = update_of({{300, 200, "{\"a\":1}"}, {1, 5, "null"}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto decoded = decode_awareness_update(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(decoded.ok()) << size;
    EXPECT_EQ(decoded.error().code, ErrorCode::invalid);
  }
}

TEST(AwarenessUpdate, RefusesBytesAfterTheEnd) {
  const auto decoded = decode_awareness_update(std::string("\0\0", 2));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().message, "Bytes after the awareness update's end");
}

TEST(AwarenessUpdate, RefusesStatesThatAreNoObjects) {
  for (const char* state :
       {"", "1", "[]", "\"x\"", "true", "{", "{}{}", "{\"a\":\"\xff\"}", "nul", "\xef\xbb\xbf{}"}) {
    const auto decoded = decode_awareness_update(update_of({{1, 1, state}}));
    ASSERT_FALSE(decoded.ok()) << state;
    EXPECT_EQ(decoded.error().code, ErrorCode::invalid);
  }
}

TEST(AwarenessUpdate, LimitsBytesClientsDepthAndClocks) {
  const std::string two = update_of({{1, 1, "{\"a\":1}"}, {2, 1, "null"}});
  EXPECT_TRUE(decode_awareness_update(two, {.update_bytes_max = two.size()}).ok());
  EXPECT_EQ(decode_awareness_update(two, {.update_bytes_max = two.size() - 1}).error().code,
            ErrorCode::limit);
  EXPECT_TRUE(decode_awareness_update(two, {.state_bytes_max = 7}).ok());
  EXPECT_EQ(decode_awareness_update(two, {.state_bytes_max = 6}).error().code, ErrorCode::limit);
  EXPECT_TRUE(decode_awareness_update(two, {.clients_max = 2}).ok());
  EXPECT_EQ(decode_awareness_update(two, {.clients_max = 1}).error().code, ErrorCode::limit);

  EXPECT_TRUE(decode_awareness_update(update_of({{1, 1, nested(3)}}), {.value_depth_max = 3}).ok());
  EXPECT_EQ(
      decode_awareness_update(update_of({{1, 1, nested(4)}}), {.value_depth_max = 3}).error().code,
      ErrorCode::limit);
  EXPECT_TRUE(decode_awareness_update(update_of({{1, 1, nested(512)}})).ok());
  EXPECT_EQ(decode_awareness_update(update_of({{1, 1, nested(513)}})).error().code,
            ErrorCode::limit);

  EXPECT_TRUE(decode_awareness_update(update_of({{1, kAwarenessClockMax, "{}"}})).ok());
  EXPECT_EQ(decode_awareness_update(update_of({{1, kAwarenessClockMax + 1, "{}"}})).error().code,
            ErrorCode::limit);
}

TEST(AwarenessUpdate, DeclaredNumbersCostNothing) {
  std::string bytes;
  write_var_uint(bytes, 64 * 1024);
  EXPECT_EQ(decode_awareness_update(bytes).error().code, ErrorCode::invalid);
  write_var_uint(bytes, 1);
  write_var_uint(bytes, 1);
  write_var_uint(bytes, kClientIdMax);
  EXPECT_EQ(decode_awareness_update(bytes).error().code, ErrorCode::invalid);
}

TEST(AwarenessUpdate, ModifyChangesStatesAndKeepsClocks) {
  const std::string update = update_of({{1, 3, "{\"name\":\"eve\"}"}, {2, 4, "null"}});
  const auto modified = modify_awareness_update(update, [](std::string_view state) {
    return state == kAwarenessGone ? std::string(state) : std::string(" {\"name\": \"ada\"}");
  });
  ASSERT_TRUE(modified.ok());
  EXPECT_EQ(*modified, update_of({{1, 3, "{\"name\":\"ada\"}"}, {2, 4, "null"}}));
}

TEST(AwarenessUpdate, ModifyRefusesBadUpdatesAndBadAnswers) {
  const auto same = [](std::string_view state) { return std::string(state); };
  EXPECT_FALSE(modify_awareness_update("\x01", same).ok());
  const auto bad = [](std::string_view) { return std::string("undefined"); };
  EXPECT_FALSE(modify_awareness_update(update_of({{1, 3, "{}"}}), bad).ok());
}

}  // namespace
}  // namespace pluv::ycrdt
