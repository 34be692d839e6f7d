#include <gtest/gtest.h>

#include "ycrdt/delete_set.h"
#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

std::string written(const DeleteSet& set, DeleteSetFormat format) {
  std::string out;
  set.write(out, format);
  return to_hex(out);
}

Result<DeleteSet> read(std::string_view hex, DeleteSetFormat format,
                       const UpdateLimits& limits = {}) {
  const std::string bytes = from_hex(hex);
  ByteReader reader(bytes);
  DeleteSet out;
  if (auto done = out.read(reader, format, limits); !done) return std::move(done).error();
  return out;
}

DeleteSet sample() {
  DeleteSet out;
  out.add({7, 3, 2});
  out.add({7, 10, 1});
  out.add({1, 0, 300});
  return out;
}

TEST(DeleteSetCoding, WritesClocksAsTheyAreInVersion1AndWhatLiesBetweenInVersion2) {
  EXPECT_EQ(written(sample(), DeleteSetFormat::v1), "02070203020a01010100ac02");
  EXPECT_EQ(written(sample(), DeleteSetFormat::v2), "02070203010500010100ab02");
}

TEST(DeleteSetCoding, ReadsWhatItWrites) {
  for (const DeleteSetFormat format : {DeleteSetFormat::v1, DeleteSetFormat::v2}) {
    const auto again = read(written(sample(), format), format);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, sample());
  }
}

TEST(DeleteSetCoding, StopsBehindTheSet) {
  const std::string bytes = from_hex("00 ff");
  ByteReader reader(bytes);
  EXPECT_TRUE(DeleteSet().read(reader, DeleteSetFormat::v2).ok());
  EXPECT_EQ(reader.left(), 1u);
}

TEST(DeleteSetCoding, RefusesEachCutOffSet) {
  for (const DeleteSetFormat format : {DeleteSetFormat::v1, DeleteSetFormat::v2}) {
    const std::string whole = written(sample(), format);
    for (std::size_t size = 0; size < whole.size(); size += 2) {
      const auto cut = read(std::string_view(whole).substr(0, size), format);
      ASSERT_FALSE(cut.ok()) << size;
      EXPECT_EQ(cut.error().code, ErrorCode::invalid);
    }
  }
}

TEST(DeleteSetCoding, RefusesClocksBeyond32Bits) {
  // A clock of 2^32 - 2 and a length of 1 are the last that fit.
  EXPECT_TRUE(read("01 01 01 feffffff0f 01", DeleteSetFormat::v1).ok());
  const auto beyond = read("01 01 01 feffffff0f 02", DeleteSetFormat::v1);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::limit);
  EXPECT_TRUE(read("01 01 01 feffffff0f 00", DeleteSetFormat::v2).ok());
  EXPECT_FALSE(read("01 01 01 feffffff0f 01", DeleteSetFormat::v2).ok());
  // Two gaps that are beyond together.
  EXPECT_FALSE(read("01 01 02 feffffff07 00 feffffff0f 00", DeleteSetFormat::v2).ok());
}

TEST(DeleteSetCoding, RefusesTooManyClientsAndIsNotImpressedByDeclaredNumbers) {
  const UpdateLimits limits{.clients_max = 2};
  EXPECT_TRUE(read("02 02 01 00 01 01 01 00 01", DeleteSetFormat::v1, limits).ok());
  const auto many = read("03", DeleteSetFormat::v1, limits);
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.error().code, ErrorCode::limit);
  EXPECT_FALSE(read("01 01 ffffffffffffff0f 00 01", DeleteSetFormat::v2).ok());
}

}  // namespace
}  // namespace pluv::ycrdt
