// Documents that other implementations made.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/base64.h"
#include "json/value.h"
#include "ycrdt/any.h"
#include "ycrdt/doc.h"
#include "ycrdt/fixtures_testing.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

// Members in the order of their names: in which order the keys of a map appear depends on the order
// of the updates.
std::string sorted_json(Any value) {
  if (auto* object = value.get<Any::Object>()) {
    std::sort(object->begin(), object->end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return to_json(value);
}

std::string sorted_json(const std::string& json) {
  std::string encoded;
  EXPECT_TRUE(encode_json(encoded, json, 100).ok());
  return sorted_json(decode_any(encoded));
}

struct Case {
  std::vector<std::string_view> updates;
  std::string_view text;
  Any map;
  Any array;
};

std::vector<Case> randomised_cases(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<Case> out(reader.var_uint());
  for (Case& test : out) {
    test.updates.resize(reader.var_uint());
    for (std::string_view& update : test.updates) update = reader.var_bytes();
    test.text = reader.var_bytes();
    test.map = read_any(reader);
    test.array = read_any(reader);
  }
  EXPECT_TRUE(reader.at_end() && !reader.failed());
  return out;
}

void expect_holds(Doc& doc, const Case& test) {
  EXPECT_EQ(doc.check(), "");
  EXPECT_FALSE(doc.has_pending());
  EXPECT_EQ(doc.get_text("text").to_string(), test.text);
  EXPECT_EQ(sorted_json(doc.get_map("map").json()), sorted_json(test.map));
  EXPECT_EQ(doc.get_array("array").json(), to_json(test.array));
}

TEST(Fixtures, RandomisedCasesEndAsRecorded) {
  const std::string bytes = read_test_data("small-test-dataset.bin");
  const std::vector<Case> cases = randomised_cases(bytes);
  ASSERT_EQ(cases.size(), 5320u);
  std::mt19937 random(1);
  for (std::size_t i = 0; i < cases.size() && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(i);
    Doc in_order;
    for (const std::string_view update : cases[i].updates) {
      ASSERT_TRUE(in_order.apply_update(update).ok());
    }
    expect_holds(in_order, cases[i]);

    auto shuffled = cases[i].updates;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    Doc any_order;
    for (const std::string_view update : shuffled) {
      ASSERT_TRUE(any_order.apply_update(update).ok());
    }
    expect_holds(any_order, cases[i]);
    EXPECT_EQ(any_order.encode_state_as_update(), in_order.encode_state_as_update());

    const auto merged = merge_updates(shuffled);
    ASSERT_TRUE(merged.ok());
    Doc at_once;
    ASSERT_TRUE(at_once.apply_update(*merged).ok());
    expect_holds(at_once, cases[i]);
    EXPECT_EQ(at_once.encode_state_vector(), in_order.encode_state_vector());
  }
}

TEST(Fixtures, DocumentsOfYjs13_2AreRead) {
  const auto parsed = json::Value::parse(read_test_data("compatibility-v13.2-v1.json"));
  ASSERT_TRUE(parsed.ok());
  std::size_t count = 0;
  for (const json::Value& test : *parsed->as_array()) {
    const std::string root = *test.find("root")->as_string();
    const std::string view = *test.find("view")->as_string();
    SCOPED_TRACE(*test.find("name")->as_string());
    const auto update = base64_decode(*test.find("updateV1Base64")->as_string());
    ASSERT_TRUE(update.has_value());
    Doc doc;
    ASSERT_TRUE(doc.apply_update(*update).ok());
    EXPECT_EQ(doc.check(), "");
    const std::string want = test.find("expected")->to_text();
    if (view == "toDelta") {
      EXPECT_EQ(sorted_json(doc.get_text(root).delta_json()), sorted_json(want));
    } else {
      EXPECT_EQ(sorted_json(doc.get_root(root).json()), sorted_json(want));
    }
    ++count;
  }
  EXPECT_GE(count, 3u);
}

TEST(Fixtures, AffineDocumentsStayAsTheyAre) {
  for (const char* name :
       {"basic.bin", "database.bin", "edge-case-left-right-same-node.bin", "with-subdoc.bin"}) {
    SCOPED_TRACE(name);
    const std::string update = read_test_data(name);
    Doc doc;
    ASSERT_TRUE(doc.apply_update(update).ok());
    EXPECT_EQ(doc.check(), "");
    // What one document writes another one reads, and writes again the same.
    const std::string state = doc.encode_state_as_update();
    Doc copy;
    ASSERT_TRUE(copy.apply_update(state).ok());
    EXPECT_EQ(copy.encode_state_as_update(), state);
    EXPECT_EQ(sorted_json(copy.to_json()), sorted_json(doc.to_json()));
  }
}

TEST(Fixtures, TheEditingTraceIsEncodedAsYjsEncodesIt) {
  const std::string update = read_test_data("b4.state.v1.bin");
  Doc doc;
  ASSERT_TRUE(doc.apply_update(update).ok());
  EXPECT_EQ(doc.check(), "");
  EXPECT_EQ(doc.get_text("text").to_string(), read_test_data("b4.final.txt"));
  EXPECT_EQ(doc.encode_state_as_update(), update);
  EXPECT_EQ(encode_state_vector_from_update(update).value(), doc.encode_state_vector());
}

}  // namespace
}  // namespace pluv::ycrdt
