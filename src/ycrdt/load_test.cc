// A document that is loaded takes its structs as they are read: the same as taking the whole update
// and then placing it, however the update ends.
#include <gtest/gtest.h>

#include "ycrdt/doc.h"
#include "ycrdt/doc_testing.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

// Text of three clients who wrote in turn, long enough to be taken so.
std::string written_by_three() {
  Doc docs[] = {Doc({.client_id = 30}), Doc({.client_id = 10}), Doc({.client_id = 20})};
  for (std::uint32_t i = 0; i < 300; ++i) {
    Doc& own = docs[i % 3];
    for (const Doc& other : docs) {
      if (&other != &own) sync(other, own);
    }
    Text text = own.get_text("t");
    EXPECT_TRUE(text.insert(i * 7 % (text.length() + 1), "word" + std::to_string(i)).ok());
    if (i % 5 == 0) {
      EXPECT_TRUE(text.erase(i % text.length(), 1).ok());
    }
    EXPECT_TRUE(own.get_map("m").set("k" + std::to_string(i % 9), Any(double(i))).ok());
  }
  sync(docs[0], docs[2]);
  return docs[2].encode_state_as_update();
}

std::string slow_load(const std::string& update) {
  Doc doc({.client_id = 1});
  // So much is here that it is not loaded but added to.
  for (double i = 0; i < 2'000; ++i) EXPECT_TRUE(doc.get_array("other").insert(0, {Any(i)}).ok());
  EXPECT_TRUE(doc.apply_update(update).ok());
  return doc.get_text("t").to_string() + doc.get_map("m").json();
}

TEST(Load, GivesWhatWasWritten) {
  const std::string update = written_by_three();
  ASSERT_GT(update.size(), 4096u);
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.apply_update(update).ok());
  EXPECT_EQ(doc.encode_state_as_update(), update);
  EXPECT_EQ(doc.check(), "");
  EXPECT_EQ(doc.get_text("t").to_string() + doc.get_map("m").json(), slow_load(update));
}

TEST(Load, OfBytesThatEndEarlyLeavesNoTrace) {
  const std::string update = written_by_three();
  Doc doc({.client_id = 1});
  const std::string empty = doc.encode_state_as_update();
  for (std::size_t size = update.size() - 1; size > 1'100; size -= 37) {
    ASSERT_FALSE(doc.apply_update(std::string_view(update).substr(0, size)).ok());
    ASSERT_EQ(doc.encode_state_as_update(), empty);
    ASSERT_TRUE(doc.root_names().empty());
    ASSERT_FALSE(doc.has_pending());
  }
  ASSERT_TRUE(doc.apply_update(update).ok());
  EXPECT_EQ(doc.encode_state_as_update(), update);
  EXPECT_EQ(doc.check(), "");
}

// What the end depends on is missing: it waits, and the rest is there.
TEST(Load, OfAPartKeepsWhatWaits) {
  Doc one({.client_id = 1});
  Doc two({.client_id = 2});
  ASSERT_TRUE(one.get_text("t").insert(0, std::string(3'000, 'a')).ok());
  sync(one, two);
  const StateVector before = two.state_vector();
  ASSERT_TRUE(one.get_text("t").insert(1'500, std::string(3'000, 'b')).ok());
  sync(one, two);
  ASSERT_TRUE(two.get_text("t").insert(2'000, std::string(3'000, 'c')).ok());
  const std::string whole = two.encode_state_as_update();
  const std::string later = two.encode_state_as_update(before);
  Doc doc({.client_id = 3});
  ASSERT_TRUE(doc.apply_update(later).ok());
  EXPECT_TRUE(doc.has_pending());
  ASSERT_TRUE(doc.apply_update(whole).ok());
  EXPECT_FALSE(doc.has_pending());
  EXPECT_EQ(doc.encode_state_as_update(), whole);
  EXPECT_EQ(doc.check(), "");
}

// Of two sections of one client the later one counts, as in yjs.
TEST(Load, OfAClientThatStandsInTheUpdateTwice) {
  Doc one({.client_id = 5});
  ASSERT_TRUE(one.get_text("t").insert(0, std::string(2'000, 'x')).ok());
  const std::string first = one.encode_state_as_update();
  Doc two({.client_id = 5});
  ASSERT_TRUE(two.get_text("t").insert(0, std::string(2'000, 'y')).ok());
  const std::string second = two.encode_state_as_update();
  // A count of clients, each one's structs, no deletes.
  const std::string twice = std::string(1, '\x02') + first.substr(1, first.size() - 2) +
                            second.substr(1, second.size() - 2) + std::string(1, '\0');
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.apply_update(twice).ok());
  EXPECT_EQ(doc.encode_state_as_update(), second);
}

}  // namespace
}  // namespace pluv::ycrdt
