#include "json/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "json/reader.h"

namespace pluv::json {
namespace {

std::string printed(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

struct Vector {
  std::uint64_t bits;
  const char* text;
};

// What JSON.stringify of node 20 prints.
constexpr Vector kVectors[] = {
    {0x0000000000000000u, "0"},
    {0x8000000000000000u, "0"},
    {0x3ff0000000000000u, "1"},
    {0xbff0000000000000u, "-1"},
    {0x3fb999999999999au, "0.1"},
    {0x3fd3333333333334u, "0.30000000000000004"},
    {0x3fd5555555555555u, "0.3333333333333333"},
    {0x4059000000000000u, "100"},
    {0x4415af1d78b58c40u, "100000000000000000000"},
    {0x441ac53a7e04bcdau, "123456789012345680000"},
    {0x444b1ae4d6e2ef50u, "1e+21"},
    {0xc44b1ae4d6e2ef50u, "-1e+21"},
    {0x4454542ba12a337cu, "1.5e+21"},
    {0x4480f0cf064dd592u, "1e+22"},
    {0x3ee4f8b588e368f1u, "0.00001"},
    {0x3eb0c6f7a0b5ed8du, "0.000001"},
    {0x3eb92a737110e454u, "0.0000015"},
    {0x3e7ad7f29abcaf48u, "1e-7"},
    {0x3e80c6f7a0b5ed8du, "1.25e-7"},
    {0xbe7ad7f29abcaf48u, "-1e-7"},
    {0x405edd2f1a9fbe77u, "123.456"},
    {0x0000000000000001u, "5e-324"},
    {0x0010000000000000u, "2.2250738585072014e-308"},
    {0x7fefffffffffffffu, "1.7976931348623157e+308"},
    {0x433fffffffffffffu, "9007199254740991"},
    {0x4340000000000000u, "9007199254740992"},
    {0x4340000000000000u, "9007199254740992"},
    {0x4340000000000001u, "9007199254740994"},
    {0xc340000000000000u, "-9007199254740992"},
    {0x41f0000000080000u, "4294967296.5"},
    {0x3eb4b3fd5942cd96u, "0.000001234"},
    {0x44b52d02c7e14af6u, "1e+23"},
    {0x447c7e83209e90b2u, "8.41e+21"},
    {0x4450000000000000u, "1.1805916207174113e+21"},
    {0x43e0000000000000u, "9223372036854776000"},
    {0x43f0000000000000u, "18446744073709552000"},
    {0xc3e0000000000000u, "-9223372036854776000"},
    {0x7ff8000000000000u, "null"},
    {0x7ff0000000000000u, "null"},
    {0xfff0000000000000u, "null"},
    {0x4011666666666666u, "4.35"},
    {0x3fe0000000000000u, "0.5"},
    {0x54b249ad2594c37du, "1e+100"},
    {0x3ff0000000000001u, "1.0000000000000002"},
    {0x444b1ae4d6e2ef4fu, "999999999999999900000"},
    {0x444b1ae4d6e2ef4fu, "999999999999999900000"},
    {0x3fd3333333333334u, "0.30000000000000004"},
    {0x4278bcfe56800000u, "1700000000000"},
    {0x4278bcfe56800800u, "1700000000000.5"},
    {0x00000c163a391e19u, "6.5659375913326e-311"},
    {0x9c0eb9542f03ca65u, "-1.5527782172950511e-173"},
    {0xa228090ad781f4b1u, "-3.8496568983293076e-144"},
    {0x20f578d6eaf5fb18u, "6.55956833682569e-150"},
    {0x7b76f0b8e8e1d6eeu, "5.4580233525620735e+286"},
    {0xf8d4194f461e6ec3u, "-1.0872955825284762e+274"},
    {0x6fd52fcc976d82deu, "5.139493630772019e+230"},
    {0x030e2eab39ce2e5bu, "5.907266708000512e-294"},
    {0x39554cfb507344c7u, "1.6409469898664478e-32"},
    {0xf49a178c3586738eu, "-4.782373114057986e+253"},
    {0x3b3a421e3bd25ce9u, "2.1720335030726068e-23"},
    {0x9f4207317c8fe210u, "-4.103384521404952e-158"},
    {0x1ff8e369326479d4u, "1.1601600004509566e-154"},
    {0xdecd02e77e6a4427u, "-4.636985529321994e+148"},
    {0xe38c0bf6905d796fu, "-3.3871138879045007e+171"},
    {0x1aaab65235b4785du, "3.2187120976355087e-180"},
    {0x2ef2d6903c10a7edu, "1.551526432212437e-82"},
    {0x55a889c9b778dde2u, "4.396750482970989e+104"},
    {0x7ca95f62c82f14d9u, "3.164978744987458e+292"},
    {0x4f3c45a95d815cb0u, "4.995250438996965e+73"},
    {0x3f8cf533a0e97209u, "0.014139560077802054"},
    {0x08317346d6ef02adu, "3.303138429005638e-269"},
    {0x13851b67af07d7e8u, "1.2245616558019577e-214"},
    {0xcb3c8bf81fdf2247u, "-2.7342359051389125e+54"},
    {0x44d0f7d227e6edc3u, "3.20517411353206e+23"},
    {0x960fa91cc61a30d8u, "-2.0196308842360923e-202"},
    {0xb09217be5a7332b9u, "-1.0000129538565862e-74"},
    {0xdd12aff169645a9cu, "-2.2253792241232534e+140"},
    {0x3e4de83f33a1b529u, "1.3926631948537342e-8"},
    {0xb6e3bc4aab089c03u, "-2.765534594401381e-44"},
    {0xb91be30a340fedfbu, "-1.3427041635342007e-33"},
    {0x6571ec8707e3ece0u, "4.648478064139577e+180"},
    {0xc497d775aaf91339u, "-2.8147239486239707e+22"},
    {0x1fd82bf0c3310f5fu, "2.816880402356217e-155"},
    {0xe570e1cf7a1d5a81u, "-4.378276312835062e+180"},
    {0xc1980d4e0807e074u, "-100881282.00769216"},
    {0x9e1d7c148c8972b4u, "-1.280026356557898e-163"},
    {0x9541816a33384d51u, "-2.7262655888323827e-206"},
    {0x99205f4db3f1498bu, "-1.175876896628742e-187"},
    {0x662f810aae45a9d8u, "1.6733008093896205e+184"},
    {0xc06ebe1cac083127u, "-245.941"},
    {0x408bdd74bc6a7efau, "891.682"},
    {0x4077186e978d4fdfu, "369.527"},
    {0x408a8f0c49ba5e35u, "849.881"},
    {0xc0864620c49ba5e3u, "-712.766"},
    {0x4084d322d0e56042u, "666.392"},
    {0x408bd12b020c49bau, "890.146"},
    {0xc083af624dd2f1aau, "-629.923"},
    {0xc0895aa9fbe76c8bu, "-811.333"},
    {0xc089e026e978d4feu, "-828.019"},
    {0x407d54a7ef9db22du, "469.291"},
    {0x408e286c8b439581u, "965.053"},
    {0xc07cb1a1cac08312u, "-459.102"},
    {0xc089206666666666u, "-804.05"},
    {0xc089eac6a7ef9db2u, "-829.347"},
    {0x40419f7ced916873u, "35.246"},
    {0x4050b3d70a3d70a4u, "66.81"},
    {0xc083c45a1cac0831u, "-632.544"},
    {0xc06a37020c49ba5eu, "-209.719"},
    {0x4080a59ba5e353f8u, "532.701"},
};

TEST(Number, PrintsAsJavaScript) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(printed(std::bit_cast<double>(vector.bits)), vector.text);
  }
}

TEST(Number, ReadsBackWhatItPrints) {
  for (const Vector& vector : kVectors) {
    const auto value = std::bit_cast<double>(vector.bits);
    if (std::isfinite(value)) {
      EXPECT_EQ(number_from_text(vector.text), value) << vector.text;
    }
  }
  std::uint64_t state = 88172645463325252u;
  for (int i = 0; i < 100'000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const auto value = std::bit_cast<double>(state);
    if (!std::isfinite(value)) continue;
    const std::string text = printed(value);
    ASSERT_EQ(number_from_text(text), value) << text;
    ASSERT_TRUE(validate(text).ok()) << text;
  }
}

TEST(Number, ReadsTheNearestDouble) {
  const std::pair<const char*, double> cases[] = {
      {"0", 0},
      {"-1", -1},
      {"1.0", 1},
      {"1e3", 1000},
      {"1E+3", 1000},
      {"25e-1", 2.5},
      {"0.1", 0.1},
      {"123456789012345678901234567890", 123456789012345678901234567890.0},
      {"9007199254740993", 9007199254740992.0},
      {"9007199254740993.0000000000000000000000000001", 9007199254740994.0},
      {"1e22", 1e22},
      {"1e23", 1e23},
      {"1e-22", 1e-22},
      {"1e-23", 1e-23},
      {"0.000000000000000000000000000001", 1e-30},
      {"1.7976931348623157e308", 1.7976931348623157e308},
      {"5e-324", 5e-324},
      {"2.4703282292062328e-324", 5e-324},
      {"0e999999999999999999999", 0},
      {"0.0000e5", 0},
      {"10000000000000000000000e-22", 1}};
  for (const auto& [text, value] : cases) EXPECT_EQ(number_from_text(text), value) << text;
}

TEST(Number, KeepsTheSignOfZero) {
  EXPECT_TRUE(std::signbit(number_from_text("-0")));
  EXPECT_TRUE(std::signbit(number_from_text("-0.0e10")));
  EXPECT_FALSE(std::signbit(number_from_text("0")));
}

TEST(Number, TooLargeIsInfiniteAndTooSmallIsZero) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(number_from_text("1e309"), kInfinity);
  EXPECT_EQ(number_from_text("-1e309"), -kInfinity);
  EXPECT_EQ(number_from_text("1e99999999999999999999999"), kInfinity);
  EXPECT_EQ(number_from_text(std::string(400, '9')), kInfinity);
  EXPECT_EQ(number_from_text("1e-400"), 0);
  EXPECT_EQ(number_from_text("1e-99999999999999999999999"), 0);
  EXPECT_EQ(number_from_text("0." + std::string(400, '0') + "1"), 0);
  EXPECT_EQ(number_from_text("0." + std::string(400, '0') + "1e401"), 1);
  EXPECT_EQ(number_from_text("1" + std::string(400, '0') + "e-400"), 1);
}

TEST(Number, PrintsIntegersOfAllSizes) {
  std::string out;
  append_number(out, std::numeric_limits<std::int64_t>::min());
  out += ' ';
  append_number(out, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out, "-9223372036854775808 18446744073709551615");
}

}  // namespace
}  // namespace pluv::json
