// The streams of version 2. The bytes are those that lib0's encoders write.
#include "ycrdt/run_coding.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

template <class Writer>
std::string written(std::initializer_list<std::uint64_t> values) {
  Writer writer;
  for (const std::uint64_t value : values) {
    writer.write(value);
  }
  return to_hex(writer.take());
}

std::string bytes_written(std::initializer_list<std::uint8_t> values) {
  ByteRunWriter writer;
  for (const std::uint8_t value : values) writer.write(value);
  return to_hex(writer.take());
}

template <class Reader>
std::vector<std::uint64_t> read(std::string_view hex, std::size_t count) {
  const std::string bytes = from_hex(hex);
  Reader reader(bytes);
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(reader.read());
    if (reader.failed()) return {};
  }
  return out;
}

using Numbers = std::vector<std::uint64_t>;

TEST(RunCoding, WritesHowOftenANumberIsRepeated) {
  EXPECT_EQ(written<UintRunWriter>({}), "");
  EXPECT_EQ(written<UintRunWriter>({0}), "00");
  EXPECT_EQ(written<UintRunWriter>({0, 0}), "4000");
  EXPECT_EQ(written<UintRunWriter>({1, 2, 3, 3, 3}), "01024301");
  EXPECT_EQ(written<UintRunWriter>({kClientIdMax, kClientIdMax}),
            "ff"
            "ffffffffffff"
            "1f"
            "00");
  EXPECT_EQ(read<UintRunReader>("01024301", 5), (Numbers{1, 2, 3, 3, 3}));
  EXPECT_EQ(read<UintRunReader>("4000 05", 3), (Numbers{0, 0, 5}));
}

TEST(RunCoding, WritesHowOftenADifferenceIsRepeated) {
  EXPECT_EQ(written<DifferenceRunWriter>({0}), "00");
  EXPECT_EQ(written<DifferenceRunWriter>({1, 2, 3, 2}), "030142");
  EXPECT_EQ(written<DifferenceRunWriter>({7, 0, 0, 0}), "0e4e0100");
  EXPECT_EQ(read<DifferenceRunReader>("030142", 4), (Numbers{1, 2, 3, 2}));
  EXPECT_EQ(read<DifferenceRunReader>("0e4e0100", 4), (Numbers{7, 0, 0, 0}));
}

TEST(RunCoding, WritesNoCountBehindTheLastByte) {
  EXPECT_EQ(bytes_written({}), "");
  EXPECT_EQ(bytes_written({0, 0}), "00");
  EXPECT_EQ(bytes_written({1, 1, 1, 7}), "010207");
  EXPECT_EQ(read<ByteRunReader>("010207", 6), (Numbers{1, 1, 1, 7, 7, 7}));
}

TEST(RunCoding, RefusesToReadBeyondTheEnd) {
  EXPECT_EQ(read<UintRunReader>("01", 2), Numbers());
  EXPECT_EQ(read<UintRunReader>("41", 1), Numbers());  // a count is missing
  EXPECT_EQ(read<DifferenceRunReader>("00", 2), Numbers());
  EXPECT_EQ(read<DifferenceRunReader>("03", 1), Numbers());
  EXPECT_EQ(read<ByteRunReader>("", 1), Numbers());
}

TEST(RunCoding, RefusesSumsThatAreNoNumbers) {
  EXPECT_EQ(read<DifferenceRunReader>("42", 1), Numbers());  // -1
  // Twice 2^52 - 1 is the last one that is.
  EXPECT_EQ(read<DifferenceRunReader>("bf ffffffffffff 1f 05", 1).size(), 1u);
  EXPECT_EQ(read<DifferenceRunReader>("bf ffffffffffff 1f 05", 2).size(), 2u);
  EXPECT_EQ(read<DifferenceRunReader>("bf ffffffffffff 1f 05", 3), Numbers());
}

TEST(RunCoding, CutsTextsAtCodeUnits) {
  TextRunWriter writer;
  for (const char* text : {"a\xF0\x9F\x98\x80", "", "\xC3\xA9", "bc"}) writer.write(text);
  const std::string bytes = writer.take();
  EXPECT_EQ(to_hex(bytes),
            "09"
            "61f09f9880"
            "c3a9"
            "6263"
            "03000102");
  TextRunReader reader(bytes);
  std::string scratch;
  std::size_t units = 0;
  EXPECT_EQ(reader.read(units, scratch), "a\xF0\x9F\x98\x80");
  EXPECT_EQ(units, 3u);
  EXPECT_EQ(reader.read(units, scratch), "");
  EXPECT_EQ(reader.read(units, scratch), "\xC3\xA9");
  EXPECT_EQ(reader.read(units, scratch), "bc");
  EXPECT_FALSE(reader.failed());
  (void)reader.read(units, scratch);
  EXPECT_TRUE(reader.failed());
}

TEST(RunCoding, MakesReplacementsOfHalfPairs) {
  // x, two smileys, y; cut after three units, within the second pair, then two of its other half.
  const std::string bytes = from_hex("0a 78 f09f9880 f09f9880 79  02 00 02 02");
  TextRunReader reader(bytes);
  std::string scratch;
  std::size_t units = 0;
  EXPECT_EQ(reader.read(units, scratch), "x\xEF\xBF\xBD");
  EXPECT_EQ(units, 2u);
  EXPECT_EQ(reader.read(units, scratch), "");
  EXPECT_EQ(reader.read(units, scratch), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(units, 2u);
  EXPECT_EQ(reader.read(units, scratch), "\xEF\xBF\xBDy");
  EXPECT_FALSE(reader.failed());
}

TEST(RunCoding, RefusesTextsThatAreShorterThanDeclaredOrNoUtf8) {
  std::string scratch;
  std::size_t units = 0;
  for (const char* hex : {"02 6162 03", "02 c3a9 02", "04 f09f9880 03", "05 61"}) {
    const std::string bytes = from_hex(hex);
    TextRunReader reader(bytes);
    (void)reader.read(units, scratch);
    EXPECT_TRUE(reader.failed()) << hex;
    EXPECT_FALSE(reader.not_utf8()) << hex;
  }
  const std::string broken = from_hex("01 ff 01");
  EXPECT_TRUE(TextRunReader(broken).not_utf8());
}

}  // namespace
}  // namespace pluv::ycrdt
