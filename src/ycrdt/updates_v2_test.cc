// Version 2 of the update format. The bytes that must come out are those that yjs 13.6 answers.
#include "ycrdt/updates_v2.h"

#include <gtest/gtest.h>

#include <limits>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

constexpr const char* kThreeClients =
    "03  03 09 00 04 01 01 74 03 616263 84 09 02 04 f09f9880 88 09 04 02 7d01 7d8000"
    "    02 05 02 00 02 84 05 03 02 7879"
    "    01 03 00 0a 04"
    "01 09 02 0001 0301";
std::string three_clients_v2() {
  return from_hex(
      "000005490145000303050042000b040084008800000084000a0f0a74616263f09f98807879010342000101000242"
      "000303007d017d00020201000401090200000200");
}

// A document with something of everything, written by client 1.
struct Written {
  Doc doc{DocOptions{.client_id = 1}};
  std::vector<std::string> updates;  // version 2

  Written() {
    doc.on_update_v2(
        [&](std::string_view update, const Transaction&) { updates.push_back(to_hex(update)); });
    const Any odd(Any::Object{{"u", Any()},
                              {"b", Any(Any::Bytes{std::string("\1\2")})},
                              {"n", Any(std::numeric_limits<double>::quiet_NaN())},
                              {"z", Any(-0.0)}});
    EXPECT_TRUE(doc.get_text("t")
                    .insert(0,
                            "a\xF0\x9F\x98\x80"
                            "b",
                            {{"b", Any(true)}})
                    .ok());
    EXPECT_TRUE(doc.get_text("t").insert_embed(1, odd).ok());
    EXPECT_TRUE(doc.get_map("m").set("k", NewType{TypeKind::xml_element, "p"}).ok());
    EXPECT_TRUE(doc.get_array("a").insert(0, {Any(1), Any("x"), Any(nullptr)}).ok());
    EXPECT_TRUE(doc.get_text("t").erase(0, 1).ok());
  }
};

constexpr const char* kWrittenV2 =
    "0003000300024107050206460a02030401000f010084008600c100c500c600270008110c74f09f98806262626d6b70"
    "610103410401010103030201030108007e760401757f016274020102016e7b7ff8000000000000017a7d40787d0177"
    "01787e01010200010400";

TEST(Version2, IsWrittenAsYjsDoes) {
  const Written written;
  EXPECT_EQ(to_hex(written.doc.encode_state_as_update_v2()), kWrittenV2);
  EXPECT_EQ(to_hex(written.doc.encode_without_pending_v2()), kWrittenV2);
  ASSERT_EQ(written.updates.size(), 5u);
  EXPECT_EQ(written.updates[2], "00010001010000012706036d6b704101010101030001010900");
  EXPECT_EQ(written.updates[3], "000001010000010803016101010100010301010a7d017701787e00");
  EXPECT_EQ(written.updates[4], "00000000000001000000000001010200010400");
  EXPECT_EQ(Doc().encode_state_as_update_v2(), kEmptyUpdateV2);
}

TEST(Version2, BringsValuesThatJsonCannotSay) {
  const Written written;
  Doc copy({.client_id = 2});
  ASSERT_TRUE(copy.apply_update_v2(from_hex(kWrittenV2)).ok());
  EXPECT_EQ(to_hex(copy.encode_state_as_update_v2()), kWrittenV2);
  EXPECT_EQ(state_hex(copy), state_hex(written.doc));
  EXPECT_EQ(copy.check(), "");
  // The embed as JSON.stringify has it.
  const std::string json = "{\"b\":{\"0\":1,\"1\":2},\"n\":null,\"z\":0}";
  EXPECT_NE(copy.encode_state_as_update().find(json), std::string::npos);
  Doc by_v1({.client_id = 3});
  ASSERT_TRUE(by_v1.apply_update(copy.encode_state_as_update()).ok());
  EXPECT_NE(to_hex(by_v1.encode_state_as_update_v2()), kWrittenV2);
  EXPECT_EQ(state_hex(by_v1), state_hex(copy));
}

TEST(Version2, KeepsSuchValuesWhileTheyWait) {
  const Written written;
  Doc copy({.client_id = 2});
  ASSERT_TRUE(copy.apply_update_v2(from_hex(written.updates[1])).ok());
  EXPECT_TRUE(copy.has_pending());
  EXPECT_NE(copy.encode_state_as_update_v2().find("\x74\x02\x01\x02"), std::string::npos);
  EXPECT_NE(copy.encode_state_as_update().find("\"b\":{\"0\":1"), std::string::npos);
  for (const std::size_t i : {0u, 4u, 3u, 2u}) {
    ASSERT_TRUE(copy.apply_update_v2(from_hex(written.updates[i])).ok());
  }
  EXPECT_FALSE(copy.has_pending());
  EXPECT_EQ(to_hex(copy.encode_state_as_update_v2()), kWrittenV2);
}

TEST(Version2, SaysALongRunInFewBytes) {
  Doc doc({.client_id = 2});
  const std::vector<Input> maps(1000, NewType{TypeKind::map, {}});
  ASSERT_TRUE(doc.get_array("a").insert(0, maps).ok());
  EXPECT_EQ(to_hex(doc.encode_state_as_update_v2()),
            "00000342e607040003e40700030700870301610101010341e6070001e8070000");
  Doc copy({.client_id = 3});
  ASSERT_TRUE(copy.apply_update_v2(doc.encode_state_as_update_v2()).ok());
  EXPECT_EQ(copy.get_array("a").length(), 1000u);
}

TEST(Version2, ObserversHearOnlyOfChangesAndCanLeave) {
  Doc doc({.client_id = 1});
  std::size_t heard = 0;
  const auto subscription =
      doc.on_update_v2([&](std::string_view, const Transaction&) { ++heard; });
  doc.transact([] {});
  EXPECT_EQ(heard, 0u);
  ASSERT_TRUE(doc.get_text("t").insert(0, "x").ok());
  EXPECT_EQ(heard, 1u);
  doc.unobserve(subscription);
  ASSERT_TRUE(doc.get_text("t").insert(0, "x").ok());
  EXPECT_EQ(heard, 1u);
}

TEST(Version2, IsConvertedBothWays) {
  const auto v2 = convert_update_v1_to_v2(from_hex(kThreeClients));
  ASSERT_TRUE(v2.ok());
  EXPECT_EQ(to_hex(*v2), to_hex(three_clients_v2()));
  EXPECT_TRUE(check_update_v2(*v2).ok());
  EXPECT_EQ(to_hex(convert_update_v2_to_v1(*v2).value()),
            "03030900040101740361626384090204f09f9880880904027d017d00020502000284050302787901"
            "03000a0401090200010301");
  EXPECT_EQ(convert_update_v1_to_v2(kEmptyUpdate).value(), kEmptyUpdateV2);
  EXPECT_EQ(convert_update_v2_to_v1(kEmptyUpdateV2).value(), kEmptyUpdate);
  EXPECT_FALSE(convert_update_v1_to_v2("junk").ok());
  EXPECT_FALSE(convert_update_v2_to_v1("junk").ok());
}

TEST(Version2, ConversionForgetsWhichItemsAreMembersAsYjsDoes) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_map("m").set("k", Any(1)).ok());
  ASSERT_TRUE(doc.get_map("m").set("k", Any(2)).ok());
  const std::string state = doc.encode_state_as_update();
  const std::string forgetful = convert_update_v2_to_v1(doc.encode_state_as_update_v2()).value();
  EXPECT_EQ(forgetful.size(), state.size());
  EXPECT_NE(forgetful, state);  // a8 is 88
  Doc copy({.client_id = 2});
  ASSERT_TRUE(copy.apply_update(forgetful).ok());
  EXPECT_EQ(copy.encode_state_as_update(), state);
}

TEST(Version2, MakesADeleteSetOfVersion1SayableIfItIsNot) {
  // Without length, overlapping, descending.
  const auto v2 = convert_update_v1_to_v2(from_hex("00 01 09 04 0500 0602 0104 0301"));
  ASSERT_TRUE(v2.ok());
  EXPECT_EQ(to_hex(*convert_update_v2_to_v1(*v2)),
            "00010902"
            "0104"
            "0602");
}

// yjs writes each client once. Here client 2 has [0, 1) and [2, 4), and again [1, 3).
TEST(Version2, ADeleteSetThatNamesAClientTwiceIsReadAsOneThatDoesNot) {
  const std::string twice("\0\0\0\0\0\0\1\0\0\0\0\0\2\2\2\0\0\1\1\2\1\1\1", 23);
  const auto v1 = convert_update_v2_to_v1(twice);
  ASSERT_TRUE(v1.ok());
  EXPECT_EQ(*v1, std::string("\0\1\2\1\0\4", 6));
  EXPECT_EQ(*convert_update_v2_to_v1(*convert_update_v1_to_v2(*v1)), *v1);
  // What ascends stays in pieces.
  const std::string apart("\0\0\0\0\0\0\1\0\0\0\0\0\2\2\1\0\0\2\1\1\0", 21);
  const auto kept = convert_update_v2_to_v1(apart);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(*kept, std::string("\0\1\2\2\0\1\1\1", 8));
}

TEST(Version2, IsCutMergedAndInspectedAsBytes) {
  const std::string update = three_clients_v2();
  EXPECT_EQ(to_hex(diff_update_v2(update, StateVector({{9, 4}, {5, 4}})).value()),
            "0000044901450003060242000584008800840805efbfbd78790102000001020202047d017d00010401"
            "090200000200");
  const std::string more =
      convert_update_v1_to_v2(from_hex("01 01 09 08 84 09 06 01 78 00")).value();
  const std::string_view both[] = {update, more};
  EXPECT_EQ(to_hex(merge_updates_v2(both).value()),
            "0000044902450003050146000d0400840088000a008400000084110b74616263f09f988078787901030201"
            "020101000242000205007d017d0001020201090200000200");
  EXPECT_EQ(merge_updates_v2(std::span(both, 1)).value(), update);
  EXPECT_EQ(to_hex(encode_state_vector_from_update_v2(update).value()), "010907");
  const auto meta = parse_update_meta_v2(update);
  ASSERT_TRUE(meta.ok());
  ASSERT_EQ(meta->clients.size(), 3u);
  EXPECT_EQ(meta->clients[1].client, 5u);
  EXPECT_EQ(meta->clients[1].from, 2u);
  EXPECT_EQ(meta->clients[1].to, 6u);
  const std::string_view bad[] = {update, "junk"};
  EXPECT_FALSE(merge_updates_v2(bad).ok());
  EXPECT_FALSE(merge_updates_v2(std::span(bad).subspan(1)).ok());
  EXPECT_FALSE(diff_update_v2("junk", {}).ok());
  EXPECT_FALSE(encode_state_vector_from_update_v2("junk").ok());
  EXPECT_FALSE(parse_update_meta_v2("junk").ok());
}

TEST(Version2, MergesNeighbouringTextWhereAsked) {
  Doc doc({.client_id = 1});
  std::vector<std::string> updates;
  doc.on_update_v2(
      [&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
  for (std::uint32_t i = 0; i < 3; ++i) ASSERT_TRUE(doc.get_text("t").insert(i, "x").ok());
  const std::vector<std::string_view> views(updates.begin(), updates.end());
  EXPECT_EQ(merge_updates_v2(views, {.coalesce_text = true, .limits = {}}).value(),
            doc.encode_state_as_update_v2());
}

TEST(Obfuscate, ReplacesWhatIsSaid) {
  const Written written;
  EXPECT_EQ(to_hex(obfuscate_update(written.doc.encode_state_as_update()).value()),
            "010801000101017402840101033131318601040132046e756c6cc10101010201c501060102027b7dc60107"
            "01020132077b2269223a357d2701016d013603066e6f64652d3608010161037d077d077d07010102000206"
            "01");
  EXPECT_EQ(to_hex(obfuscate_update_v2(from_hex(kWrittenV2)).value()),
            "0003000300024107050206460a02030401000f010084008600c100c500c600270008160f7431313132326d"
            "366e6f64652d366101034102060101010103030201030108007e7600760101697d057d077d077d07010102"
            "00010400");
  const ObfuscateOptions some{.formatting = false, .subdocs = true, .yxml = false, .limits = {}};
  EXPECT_EQ(to_hex(obfuscate_update_v2(from_hex(kWrittenV2), some).value()),
            "0003000300024107050206460a02030401000f010084008600c100c500c6002700080f0a7431313162626d"
            "3670610103410401010103030201030108007e7600787d077d077d0701010200010400");
  EXPECT_FALSE(obfuscate_update("junk").ok());
  EXPECT_FALSE(obfuscate_update_v2("junk").ok());
}

TEST(Obfuscate, KeepsEqualScalarsOfFormatsEqual) {
  Doc doc({.client_id = 1});
  const Text text = doc.get_text("t");
  const Any values[] = {Any(0), Any(-0.0), Any(Any::Object{}), Any(Any::Object{})};
  for (std::uint32_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(Text(text).insert(i, "x", {{"k", values[i]}}).ok());
  }
  const auto hidden = obfuscate_update_v2(doc.encode_state_as_update_v2());
  ASSERT_TRUE(hidden.ok());
  Doc reader({.client_id = 2});
  ASSERT_TRUE(reader.apply_update_v2(*hidden).ok());
  const std::string delta = reader.get_text("t").delta_json();
  EXPECT_NE(delta.find("{\"i\":0}"), std::string::npos) << delta;
  EXPECT_EQ(delta.find("{\"i\":3}"), std::string::npos) << delta;
}

TEST(DeleteSetV2, SaysWhatLiesBetween) {
  DeleteSet set;
  for (const DeleteRange& range : {DeleteRange{9, 2, 3}, {9, 5, 1}, {9, 10, 1}, {3, 0, 7}}) {
    set.add(range);
  }
  std::string out;
  set.write(out, DeleteSetFormat::v2);
  EXPECT_EQ(to_hex(out),
            "02"
            "0903"
            "0202"
            "0000"
            "0400"
            "0301"
            "0006");
  DeleteSet again;
  ByteReader reader(out);
  ASSERT_TRUE(again.read(reader, DeleteSetFormat::v2).ok());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(again.ranges(), set.ranges());
}

}  // namespace
}  // namespace pluv::ycrdt
