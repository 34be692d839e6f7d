// Documents in documents: known by their guid, kept elsewhere.
#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

using Lines = std::vector<std::string>;

NewDoc named(const char* guid) { return {guid, true, false, nullptr}; }

// Hears of a document's subdocuments: "+guid" for one that came, "-guid" for one that went, "*guid"
// for one that is to be loaded; a line for each call.
void listen(Doc& doc, Lines& heard) {
  doc.on_subdocs([&](const SubdocsChange& change, const Transaction&) {
    std::string line;
    for (const Subdoc& subdoc : change.added) line += "+" + subdoc.guid;
    for (const Subdoc& subdoc : change.removed) line += "-" + subdoc.guid;
    for (const Subdoc& subdoc : change.loaded) line += "*" + subdoc.guid;
    heard.push_back(line);
  });
}

std::string guids(const Doc& doc) {
  std::string out;
  for (const Subdoc& subdoc : doc.subdocs()) out += subdoc.guid + " ";
  return out;
}

TEST(Subdocuments, AreAnnounced) {
  Doc doc({.client_id = 1});
  Lines heard;
  listen(doc, heard);
  ASSERT_TRUE(doc.get_map("m").set("a", NewDoc{"one", true, true, "meta"}).ok());
  ASSERT_TRUE(doc.get_map("m").set("a", NewDoc{"two", true, false, nullptr}).ok());
  EXPECT_EQ(heard, (Lines{"+one*one", "+two-one*two"}));
}

TEST(Subdocuments, OneThatCameAndWentIsNoneThatIsAdded) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Lines heard;
  listen(doc, heard);
  ASSERT_TRUE(map.set("a", named("one")).ok());
  doc.transact([&] {
    ASSERT_TRUE(map.set("b", named("two")).ok());
    ASSERT_TRUE(map.erase("b").ok());
  });
  doc.transact([&] {
    ASSERT_TRUE(map.set("c", named("three")).ok());
    ASSERT_TRUE(map.erase("a").ok());
  });
  ASSERT_TRUE(map.set("z", Any(1)).ok());
  EXPECT_EQ(heard, (Lines{"+one*one", "*two", "+three-one*three"}));
  EXPECT_EQ(guids(doc), "three ");
}

TEST(Subdocuments, GoWithWhatTheyLieIn) {
  Doc doc({.client_id = 1});
  Doc other({.client_id = 2});
  Lines heard;
  Lines others;
  listen(doc, heard);
  listen(other, others);
  Map map = doc.get_map("m");
  Map inner = map.set_type("n", {TypeKind::map, {}})->as_map();
  ASSERT_TRUE(inner.set("in", named("deep")).ok());
  ASSERT_TRUE(doc.get_array("a")
                  .insert(0, {NewDoc{"first", true, true, nullptr}, Any(1), named("second")})
                  .ok());
  sync(doc, other);
  ASSERT_TRUE(map.erase("n").ok());
  sync(doc, other);
  EXPECT_EQ(heard, (Lines{"+deep*deep", "+first+second*first*second", "-deep"}));
  EXPECT_EQ(others, (Lines{"+deep+first+second*first", "-deep"}));
  EXPECT_EQ(guids(doc), "first second ");
  EXPECT_EQ(guids(other), guids(doc));
  // Who comes later never hears of what is gone.
  Doc late({.client_id = 3});
  Lines lately;
  listen(late, lately);
  sync(doc, late);
  EXPECT_EQ(lately, (Lines{"+first+second*first"}));
}

// Here they are wanted at once, elsewhere if they load by themselves or somebody asks, once.
TEST(Subdocuments, AreLoadedWhenAskedFor) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_array("a").insert(0, {named("one"), named("two"), named("two")}).ok());
  Doc other({.client_id = 2});
  sync(doc, other);
  Lines heard;
  listen(other, heard);
  other.load_subdoc("one");
  other.load_subdoc("one");
  other.load_subdoc("nothing");
  other.load_subdoc("two");
  EXPECT_EQ(heard, (Lines{"*one", "*two*two"}));
  ASSERT_TRUE(other.get_array("a").erase(0, 3).ok());
  other.load_subdoc("two");
  EXPECT_EQ(heard.back(), "-one-two-two");
}

TEST(Subdocuments, ThoseThatAreDeletedAreNotListed) {
  Doc doc({.client_id = 1, .gc = false});
  ASSERT_TRUE(doc.get_map("m").set("a", named("one")).ok());
  ASSERT_TRUE(doc.get_map("m").set("b", named("two")).ok());
  ASSERT_TRUE(doc.get_map("m").erase("a").ok());
  EXPECT_EQ(guids(doc), "two ");
}

TEST(Subdocuments, KeepTheirOptions) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  ASSERT_TRUE(map.set("a", NewDoc{"g", false, true, Any::Object{{"title", "x"}}}).ok());
  ASSERT_TRUE(map.set("b", named("h")).ok());
  Doc copy({.client_id = 2});
  sync(doc, copy);
  for (Doc* of : {&doc, &copy}) {
    const Subdoc a = std::get<Subdoc>(*of->get_map("m").get("a"));
    EXPECT_EQ(to_json(a.options), R"({"gc":false,"autoLoad":true,"meta":{"title":"x"}})");
    EXPECT_EQ(to_json(std::get<Subdoc>(*of->get_map("m").get("b")).options), "{}");
  }
}

TEST(Subdocuments, AnObserverMayLeave) {
  Doc doc({.client_id = 1});
  Lines heard;
  Subscription second = 0;
  const Subscription first = doc.on_subdocs([&](const SubdocsChange&, const Transaction&) {
    heard.emplace_back("first");
    doc.unobserve(second);
  });
  second = doc.on_subdocs(
      [&](const SubdocsChange&, const Transaction&) { heard.emplace_back("second"); });
  ASSERT_TRUE(doc.get_map("m").set("a", named("one")).ok());
  EXPECT_EQ(heard, (Lines{"first", "second"}));
  doc.unobserve(first);
  ASSERT_TRUE(doc.get_map("m").set("b", named("two")).ok());
  EXPECT_EQ(heard.size(), 2u);
}

TEST(Subdocuments, AreLoadedWherePutInWhereTheySaySoAndWhenAsked) {
  const auto guids = [](const std::vector<Subdoc>& subdocs) {
    std::string out;
    for (const Subdoc& subdoc : subdocs) out += subdoc.guid + " ";
    return out;
  };
  Doc here({.client_id = 1, .guid = "whole"});
  EXPECT_EQ(here.guid(), "whole");
  Doc there({.client_id = 2});
  std::string loaded_here;
  std::string loaded_there;
  here.on_subdocs(
      [&](const SubdocsChange& c, const Transaction&) { loaded_here += guids(c.loaded); });
  there.on_subdocs(
      [&](const SubdocsChange& c, const Transaction&) { loaded_there += guids(c.loaded); });
  ASSERT_TRUE(here.get_map("m").set("a", NewDoc{"asked", true, false, nullptr}).ok());
  ASSERT_TRUE(here.get_map("m").set("b", NewDoc{"itself", true, true, nullptr}).ok());
  EXPECT_EQ(loaded_here, "asked itself ");
  ASSERT_TRUE(there.apply_update(here.encode_state_as_update()).ok());
  EXPECT_EQ(loaded_there, "itself ");
  there.load_subdoc("asked");
  there.load_subdoc("asked");  // once is enough
  there.load_subdoc("nobody");
  EXPECT_EQ(loaded_there, "itself asked ");
}

}  // namespace
}  // namespace pluv::ycrdt
