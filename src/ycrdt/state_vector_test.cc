#include "ycrdt/state_vector.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

TEST(StateVector, IsSortedAndLeavesOutWhatIsZero) {
  const StateVector state({{1, 5}, {9, 2}, {4, 0}, {3, 7}});
  const std::vector<StateVector::Entry> want = {{9, 2}, {3, 7}, {1, 5}};
  EXPECT_EQ(state.entries(), want);
  // Also of one that is gone at once.
  std::size_t seen = 0;
  for (const auto& entry : StateVector(state).entries()) EXPECT_EQ(entry, want[seen++]);
  EXPECT_EQ(seen, want.size());
  EXPECT_EQ(state.clock(9), 2u);
  EXPECT_EQ(state.clock(3), 7u);
  EXPECT_EQ(state.clock(1), 5u);
  for (const ClientId client : {0u, 2u, 4u, 10u}) EXPECT_EQ(state.clock(client), 0u);
}

// As in a JavaScript Map.
TEST(StateVector, OfEqualClientsTheLastEntryCounts) {
  EXPECT_EQ(StateVector({{1, 5}, {1, 3}}).clock(1), 3u);
  EXPECT_EQ(StateVector({{1, 5}, {1, 0}}).entries().size(), 0u);
}

TEST(StateVector, IsReadAsItWasWritten) {
  const StateVector state({{kClientIdMax, 1}, {7, UINT32_MAX}, {1, 128}});
  const std::string bytes = encode_state_vector(state);
  EXPECT_EQ(to_hex(bytes), to_hex(from_hex("03 ffffffffffffff0f 01  07 ffffffff0f  01 8001")));
  const auto read = decode_state_vector(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, state);
  EXPECT_EQ(encode_state_vector(StateVector()), std::string(1, '\0'));
}

TEST(StateVector, MalformedBytesAreRefused) {
  const auto code = [](std::string_view hex, const UpdateLimits& limits = {}) {
    return decode_state_vector(from_hex(hex), limits).error().code;
  };
  EXPECT_EQ(code(""), ErrorCode::invalid);
  EXPECT_EQ(code("01"), ErrorCode::invalid);
  EXPECT_EQ(code("01 05"), ErrorCode::invalid);
  EXPECT_EQ(code("02 0501"), ErrorCode::invalid);
  EXPECT_EQ(code("00 00"), ErrorCode::invalid);  // bytes after the end
  EXPECT_EQ(code("01 05 8080808010"), ErrorCode::limit);
  EXPECT_TRUE(decode_state_vector(from_hex("01 05 ffffffff0f")).ok());
}

TEST(StateVector, ClientsAreCountedBeforeTheyAreRead) {
  std::string bytes = from_hex("03 0101 0201 0301");
  for (const std::size_t clients_max : {2u, 3u, 4u}) {
    const auto read = decode_state_vector(bytes, {.clients_max = clients_max});
    EXPECT_EQ(read.ok(), clients_max >= 3);
    EXPECT_TRUE(read.ok() || read.error().code == ErrorCode::limit);
  }
  // A number of clients that no memory could hold, and no bytes behind it.
  EXPECT_EQ(decode_state_vector(from_hex("808040")).error().code, ErrorCode::invalid);
  EXPECT_EQ(decode_state_vector(from_hex("818040")).error().code, ErrorCode::limit);
}

}  // namespace
}  // namespace pluv::ycrdt
