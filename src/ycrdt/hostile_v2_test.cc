// Version 2 updates that nobody who means well would send: runs that stand for billions of structs
// in some bytes, streams that end early, keys and clocks that are none.
#include <gtest/gtest.h>

#include <chrono>

#include "ycrdt/doc_testing.h"
#include "ycrdt/updates_v2.h"

namespace pluv::ycrdt {
namespace {

// The nine streams and the rest, each as hexadecimal digits.
struct Parts {
  std::string keys, clients, left_clocks, right_clocks, infos, texts = "00", parents, types,
                                                               lengths;
  std::string rest = "00 00";

  [[nodiscard]] std::string bytes() const {
    std::string out(1, '\0');
    for (const std::string* part : {&keys, &clients, &left_clocks, &right_clocks, &infos, &texts,
                                    &parents, &types, &lengths}) {
      write_var_bytes(out, from_hex(*part));
    }
    return out + from_hex(rest);
  }
};

// Why a document refuses it; "" when it does not. All that reads updates agrees.
std::string refusal(std::string_view update, const UpdateLimits& limits = {}) {
  Doc doc({.client_id = 1, .limits = limits});
  const auto begin = std::chrono::steady_clock::now();
  const auto applied = doc.apply_update_v2(update);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  const auto checked = check_update_v2(update, limits);
  EXPECT_EQ(applied.ok(), checked.ok());
  EXPECT_EQ(convert_update_v2_to_v1(update, limits).ok(), checked.ok());
  EXPECT_EQ(doc.check(), "");
  if (!applied) {
    EXPECT_EQ(doc.encode_state_as_update_v2(), kEmptyUpdateV2);
  }
  if (applied || checked) return "";
  EXPECT_EQ(applied.error().message, checked.error().message);
  return applied.error().message;
}

// Structs of garbage, each one clock long, of which a run says how many.
Parts garbage(std::uint64_t structs) {
  Parts out;
  out.clients = "07";
  out.infos = "00";
  out.lengths = "41 ffffffff7f";  // 2^35 times and more
  std::string count;
  write_var_uint(count, structs);
  out.rest = "01" + to_hex(count) + "00 00";
  return out;
}

TEST(HostileV2, RunsOfStructsAreLimited) {
  const UpdateLimits limits{.run_structs_max = 1000};
  const std::size_t size = garbage(1000).bytes().size();
  EXPECT_EQ(refusal(garbage(1000 + size).bytes(), limits), "");
  EXPECT_EQ(refusal(garbage(1001 + size).bytes(), limits), "The update has too many structs");
  EXPECT_EQ(refusal(garbage(1'000'000'000).bytes()), "The update has too many structs");
  EXPECT_EQ(refusal(garbage(11).bytes(), {.structs_max = 10}), "The update has too many structs");
}

TEST(HostileV2, LengthsThatAreRepeatedFillNoMemory) {
  Parts parts;  // two lists that declare 2^31 values, and two long runs of garbage
  parts.clients = "07";
  parts.infos = "08";
  parts.texts = "01 61 01";
  parts.parents = "01";
  parts.lengths = "c0 8080 8008 00";
  parts.rest = "01 02 00 7f 7f 00";
  EXPECT_EQ(refusal(parts.bytes()), "The update ends early");
  parts = garbage(2);
  parts.lengths = "c0 8080 8008 00";  // 2^30
  EXPECT_EQ(refusal(parts.bytes()), "");
  parts.rest = "01 08 00 00";
  EXPECT_EQ(refusal(parts.bytes()), "The update ends early");
  parts.lengths = "c0 8080 8008 7f";
  EXPECT_EQ(refusal(parts.bytes()), "A clock is too large");
}

// An item of client 7 after `origins`, formats or texts.
Parts formats(const std::string& keys, const std::string& texts, const std::string& rest) {
  Parts out;
  out.keys = keys;
  out.clients = "47 7f";
  out.left_clocks = "00 03 7f";
  out.infos = "86";
  out.texts = texts;
  out.rest = rest;
  return out;
}

TEST(HostileV2, KeysMayBeRepeatedButNotToFillMemory) {
  // The first key is written, the second time it is named by its number.
  EXPECT_EQ(refusal(formats("01 00", "01 6b 01", "01 02 01 7e 7e 00").bytes()), "");
  EXPECT_EQ(refusal(formats("42", "01 6b 01", "01 01 01 7e 00").bytes()),
            "A malformed number of a key");
  EXPECT_EQ(refusal(formats("", "01 6b 01", "01 01 01 7e 00").bytes()),
            "A malformed number of a key");
  // A number that is too high is a new key, as for yjs.
  EXPECT_EQ(refusal(formats("0e", "01 6b 01", "01 01 01 7e 00").bytes()), "");

  std::string text;
  write_var_bytes(text, std::string(30'000, 'k'));
  write_var_int(text, 30'000);
  std::string rest = "\1\x3c\1" + std::string(60, '\x7e') + std::string(1, '\0');
  const auto many = formats("01 ff7f", to_hex(text), to_hex(rest));
  EXPECT_EQ(refusal(many.bytes()), "");
  Parts more = many;
  rest = "\1\x50\1" + std::string(80, '\x7e') + std::string(1, '\0');
  more.rest = to_hex(rest);
  EXPECT_EQ(refusal(more.bytes()), "Keys are repeated too often");
}

TEST(HostileV2, ClocksAndOriginsAreChecked) {
  Parts parts;
  parts.clients = "47 01";
  parts.left_clocks = "00";
  parts.infos = "81";
  parts.lengths = "01";
  parts.rest = "01 01 01 00";
  EXPECT_EQ(refusal(parts.bytes()), "");
  parts.left_clocks = "42";
  EXPECT_EQ(refusal(parts.bytes()), "A malformed clock");
  parts.left_clocks = "02";
  EXPECT_EQ(refusal(parts.bytes()), "A struct that depends on itself or a later one");
  parts.left_clocks = "8080 8080 40";
  EXPECT_EQ(refusal(parts.bytes()), "A clock is too large");
  parts.left_clocks = "00";
  parts.lengths = "00";
  EXPECT_EQ(refusal(parts.bytes()), "A struct without length");
  parts.lengths = "8080 8080 40";
  EXPECT_EQ(refusal(parts.bytes()), "A length is too large");
  parts.lengths = "";
  EXPECT_EQ(refusal(parts.bytes()), "The update ends early");
  parts.lengths = "01";
  parts.rest = "01 01 8080808010 00";
  EXPECT_EQ(refusal(parts.bytes()), "A clock is too large");
  parts.rest = "01 01 ffffffff0f 00";
  EXPECT_EQ(refusal(parts.bytes()), "A clock is too large");
}

TEST(HostileV2, ContentsAreChecked) {
  Parts parts;
  parts.clients = "07";
  parts.texts = "02 7474 41 00";
  parts.parents = "01";
  parts.lengths = "01";
  parts.types = "07";
  parts.rest = "01 01 00 7a 00";
  const std::pair<const char*, const char*> cases[] = {
      {"07", "Unknown shared type"},         {"0b", "Unknown kind of content"},
      {"05", "A malformed value"},           {"08", "A malformed value"},
      {"09", "A malformed value"},           {"02", "A value is not JSON"},
      {"06", "A malformed number of a key"}, {"03", "The update ends early"}};
  for (const auto& [info, why] : cases) {
    parts.infos = info;
    EXPECT_EQ(refusal(parts.bytes()), why) << info;
  }
  parts.infos = "05";
  parts.rest = "01 01 00 75 01 75 01 75 00 00";
  EXPECT_EQ(refusal(parts.bytes()), "");
  EXPECT_EQ(refusal(parts.bytes(), {.value_depth_max = 2}), "A value is too deep");
  // Bytes are an object in version 1, however deep the limit lets values be.
  std::string nested;
  for (int i = 0; i < 511; ++i) nested += "75 01";
  parts.rest = "01 01 00" + nested + "74 00 00";
  EXPECT_EQ(refusal(parts.bytes()), "");
  parts.rest = "01 01 00 75 01" + nested + "7e 00";
  EXPECT_EQ(refusal(parts.bytes()), "");
  parts.rest = "01 01 00 75 01" + nested + "74 00 00";
  EXPECT_EQ(refusal(parts.bytes(), {.value_depth_max = 2000}), "A value is too deep");
  parts.rest = "01 01 00 75 01 75 01" + nested + "7e 00";
  EXPECT_EQ(refusal(parts.bytes(), {.value_depth_max = 2000}), "A value is too deep");
  parts.infos = "0a";
  parts.rest = "01 01 00 8080808010 00";
  EXPECT_EQ(refusal(parts.bytes()), "A length is too large");
}

TEST(HostileV2, StreamsAndRestAreChecked) {
  const std::string good = garbage(3).bytes();
  EXPECT_EQ(refusal(good), "");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(refusal(good.substr(0, size)), "") << size;
  }
  EXPECT_EQ(refusal(good + "x"), "Bytes after the update's end");
  EXPECT_EQ(refusal("\1" + good.substr(1)), "Not a version 2 update (is it version 1?)");
  EXPECT_EQ(refusal(kEmptyUpdate), "The update ends early (is it version 1?)");
  EXPECT_EQ(refusal(good, {.update_bytes_max = good.size() - 1}), "The update is too large");
  Parts parts;
  parts.texts = "01 ff";
  EXPECT_EQ(refusal(parts.bytes()), "A text is not UTF-8");
  parts.texts = "05 61";
  EXPECT_EQ(refusal(parts.bytes()), "The update ends early");
  parts.texts = "00";
  parts.rest = "80808001 00";
  EXPECT_EQ(refusal(parts.bytes()), "The update names too many clients");
  parts.rest = "00 80808001";
  EXPECT_EQ(refusal(parts.bytes()), "The delete set names too many clients");
  parts.rest = "00 01 07 01 00";
  EXPECT_EQ(refusal(parts.bytes()), "The delete set ends early");
  parts.rest = "00 01 07 02 00 ffffffff0f 00 00";
  EXPECT_EQ(refusal(parts.bytes()), "A clock is too large");
  EXPECT_FALSE(Doc().apply_update(good).ok());
}

TEST(HostileV2, SectionsWithoutStructsAreNothing) {
  Parts parts = garbage(1);
  parts.clients = "47 00";
  parts.lengths = "01";
  parts.rest = "02 01 00 00 00 00";
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.apply_update_v2(parts.bytes()).ok());
  EXPECT_EQ(doc.state_vector().clock(7), 1u);
  EXPECT_EQ(to_hex(convert_update_v2_to_v1(parts.bytes()).value()), "01010700000100");
}

}  // namespace
}  // namespace pluv::ycrdt
