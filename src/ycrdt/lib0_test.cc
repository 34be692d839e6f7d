#include "ycrdt/lib0.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/ids.h"

namespace pluv::ycrdt {
namespace {

// The bytes are lib0's (encoding.writeVarUint).
TEST(Lib0, VarUintsAreSpelledAsLib0SpellsThem) {
  const std::pair<std::uint64_t, const char*> cases[] = {{0, "00"},
                                                         {127, "7f"},
                                                         {128, "8001"},
                                                         {16383, "ff7f"},
                                                         {16384, "808001"},
                                                         {std::uint64_t{1} << 32, "8080808010"},
                                                         {kClientIdMax, "ffffffffffffff0f"}};
  for (const auto& [value, hex] : cases) {
    std::string bytes;
    write_var_uint(bytes, value);
    EXPECT_EQ(to_hex(bytes), hex);
    EXPECT_EQ(bytes.size(), var_uint_size(value));
    ByteReader reader(bytes);
    EXPECT_EQ(reader.var_uint(), value);
    EXPECT_TRUE(reader.at_end() && !reader.failed());
  }
  std::string largest;
  write_var_uint(largest, UINT64_MAX);
  EXPECT_EQ(largest.size(), kVarUintSizeMax);
}

TEST(Lib0, VarUintsEndAt53Bits) {
  const auto read = [](std::string_view hex) -> std::optional<std::uint64_t> {
    const std::string bytes = from_hex(hex);
    ByteReader reader(bytes);
    const std::uint64_t value = reader.var_uint();
    if (reader.failed()) {
      EXPECT_EQ(value, 0u);
      return std::nullopt;
    }
    EXPECT_TRUE(reader.at_end());
    return value;
  };
  EXPECT_EQ(read("feffffffffffff0f"), kClientIdMax - 1);
  EXPECT_EQ(read("ffffffffffffff0f"), kClientIdMax);
  EXPECT_EQ(read("80808080808080 10"), std::nullopt);  // 2^53
  EXPECT_EQ(read("ffffffffffffff 1f"), std::nullopt);
  // Longer than need be, as lib0 takes them, too, even beyond what 53 bits need.
  EXPECT_EQ(read("8000"), 0u);
  EXPECT_EQ(read("ff8000"), 127u);
  EXPECT_EQ(read("80808080808080808080808000"), 0u);
  EXPECT_EQ(read("80808080808080808001"), std::nullopt);
  EXPECT_EQ(read(""), std::nullopt);
  EXPECT_EQ(read("ff"), std::nullopt);
}

// The bytes are lib0's (encoding.writeVarInt).
TEST(Lib0, VarIntsAreSpelledAsLib0SpellsThem) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "00"},
      {1, "01"},
      {-1, "41"},
      {63, "3f"},
      {-63, "7f"},
      {64, "8001"},
      {-64, "c001"},
      {127, "bf01"},
      {128, "8002"},
      {8191, "bf7f"},
      {8192, "808001"},
      {-8192, "c08001"},
      {std::int64_t{1} << 31, "8080808010"},
      {-(std::int64_t{1} << 31), "c080808010"},
      {static_cast<std::int64_t>(kClientIdMax), "bfffffffffffff1f"},
      {-static_cast<std::int64_t>(kClientIdMax), "ffffffffffffff1f"}};
  for (const auto& [value, hex] : cases) {
    std::string bytes;
    write_var_int(bytes, value);
    EXPECT_EQ(to_hex(bytes), hex);
    ByteReader reader(bytes);
    const ByteReader::VarInt read = reader.var_int();
    EXPECT_EQ(read.value, value);
    EXPECT_TRUE(read.shortest && !read.negative_zero && reader.at_end());
  }
}

TEST(Lib0, VarIntsKnowHowTheyWereSpelled) {
  const auto read = [](std::string_view hex) {
    const std::string bytes = from_hex(hex);
    ByteReader reader(bytes);
    const ByteReader::VarInt value = reader.var_int();
    EXPECT_TRUE(reader.at_end() && !reader.failed());
    return value;
  };
  EXPECT_TRUE(read("40").negative_zero);
  EXPECT_TRUE(read("40").shortest);
  EXPECT_TRUE(read("c000").negative_zero);
  EXPECT_FALSE(read("c000").shortest);
  EXPECT_EQ(read("bf00").value, 63);
  EXPECT_FALSE(read("bf00").shortest);
  EXPECT_EQ(read("c180808080808080808000").value, -1);
}

TEST(Lib0, VarIntsOutsideOf53BitsAreRefused) {
  for (const char* hex : {"", "80", "bfffffffffffff", "808080808080 8020", "ffffffffffffff3f",
                          "80808080808080808001"}) {
    const std::string bytes = from_hex(hex);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.var_int().value, 0) << hex;
    EXPECT_TRUE(reader.failed()) << hex;
  }
}

TEST(Lib0, BytesStandBehindTheirLength) {
  std::string bytes;
  write_var_bytes(bytes, "abc");
  write_var_bytes(bytes, "");
  write_var_bytes(bytes, std::string(200, 'x'));
  ByteReader reader(bytes);
  EXPECT_EQ(reader.var_bytes(), "abc");
  EXPECT_EQ(reader.var_bytes(), "");
  EXPECT_EQ(reader.left(), 202u);
  EXPECT_EQ(reader.var_bytes().size(), 200u);
  EXPECT_TRUE(reader.at_end() && !reader.failed());
}

TEST(Lib0, AFailedReaderAnswersNothingMore) {
  const std::string bytes = from_hex("05 616263 64");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.var_bytes(), "");  // one byte too few
  EXPECT_TRUE(reader.failed());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(reader.byte(), 0u);
  EXPECT_EQ(reader.var_uint(), 0u);
  EXPECT_EQ(reader.var_int().value, 0);
  EXPECT_EQ(reader.bytes(1), "");
  EXPECT_EQ(reader.left(), 0u);
}

}  // namespace
}  // namespace pluv::ycrdt
