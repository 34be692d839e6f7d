#include "ycrdt/permanent_user_data.h"

#include <gtest/gtest.h>

#include <string>

namespace pluv::ycrdt {
namespace {

void sync(Doc& from, Doc& to) {
  ASSERT_TRUE(to.apply_update(from.encode_state_as_update(to.state_vector())).ok());
}

Array list_of(Doc& doc, std::string_view user, std::string_view list) {
  const auto map = std::get<SharedType>(doc.get_map("users").get(user).value()).as_map();
  return std::get<SharedType>(map.get(list).value()).as_array();
}

TEST(PermanentUserData, KnowsWhoWroteAndDeleted) {
  Doc doc({.client_id = 1});
  PermanentUserData users(doc);
  ASSERT_TRUE(users.set_user_mapping(doc, 1, "ada").ok());
  EXPECT_EQ(users.user_by_client_id(1), "ada");
  EXPECT_FALSE(users.user_by_client_id(2));
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "abc").ok());
  const Clock a = doc.state_vector().clock(1) - 3;
  ASSERT_TRUE(text.erase(1, 1).ok());
  EXPECT_TRUE(users.unsettled());
  EXPECT_FALSE(users.user_by_deleted_id({1, a + 1}));
  users.settle();
  EXPECT_FALSE(users.unsettled());
  EXPECT_EQ(users.user_by_deleted_id({1, a + 1}), "ada");
  EXPECT_FALSE(users.user_by_deleted_id({1, a}));
  EXPECT_EQ(doc.to_json(), R"({"users":{"ada":{"ids":[1],"ds":[{"0":1,"1":1,"2":1,"3":5,"4":1}]}},)"
                           R"("t":"ac"})");
}

TEST(PermanentUserData, ReadsWhatIsThereAndWhatComes) {
  Doc ada({.client_id = 1});
  PermanentUserData ada_users(ada);
  ASSERT_TRUE(ada_users.set_user_mapping(ada, 1, "ada").ok());
  Text text = ada.get_text("t");
  ASSERT_TRUE(text.insert(0, "abcd").ok());
  const Clock first = ada.state_vector().clock(1) - 4;
  ASSERT_TRUE(text.erase(0, 1).ok());
  ada_users.settle();

  Doc bob({.client_id = 2});
  sync(ada, bob);
  PermanentUserData bob_users(bob);
  EXPECT_EQ(bob_users.user_by_client_id(1), "ada");
  EXPECT_EQ(bob_users.user_by_deleted_id({1, first}), "ada");
  ASSERT_TRUE(bob_users.set_user_mapping(bob, 2, "bob").ok());
  ASSERT_TRUE(bob.get_text("t").erase(0, 1).ok());
  bob_users.settle();
  ASSERT_TRUE(text.erase(2, 1).ok());
  ada_users.settle();
  sync(ada, bob);
  sync(bob, ada);
  // What an update deletes is noted by who has deleted it only.
  EXPECT_FALSE(ada_users.unsettled() && (ada_users.settle(), ada_users.unsettled()));
  for (const PermanentUserData* users : {&ada_users, &bob_users}) {
    EXPECT_EQ(users->user_by_client_id(2), "bob");
    EXPECT_EQ(users->user_by_deleted_id({1, first}), "ada");
    EXPECT_EQ(users->user_by_deleted_id({1, first + 1}), "bob");
    EXPECT_EQ(users->user_by_deleted_id({1, first + 3}), "ada");
    EXPECT_FALSE(users->user_by_deleted_id({1, first + 2}));
  }
}

TEST(PermanentUserData, AnotherSessionOfTheSameUserIsOneMoreId) {
  Doc doc({.client_id = 1});
  {
    PermanentUserData users(doc);
    ASSERT_TRUE(users.set_user_mapping(doc, 1, "ada").ok());
  }
  doc.set_client_id(3);
  PermanentUserData users(doc);
  ASSERT_TRUE(users.set_user_mapping(doc, 3, "ada").ok());
  EXPECT_EQ(list_of(doc, "ada", "ids").json(), "[1,3]");
  EXPECT_EQ(users.user_by_client_id(1), "ada");
  // The first one has gone and notes nothing.
  ASSERT_TRUE(doc.get_text("t").insert(0, "a").ok());
  ASSERT_TRUE(doc.get_text("t").erase(0, 1).ok());
  users.settle();
  EXPECT_EQ(list_of(doc, "ada", "ds").length(), 1u);
}

TEST(PermanentUserData, AUserWhoWasAddedTwiceAtATimeKeepsAllIds) {
  Doc one({.client_id = 1}), two({.client_id = 2});
  PermanentUserData one_users(one), two_users(two);
  ASSERT_TRUE(one_users.set_user_mapping(one, 1, "ada").ok());
  ASSERT_TRUE(two_users.set_user_mapping(two, 2, "ada").ok());
  ASSERT_TRUE(one.get_text("t").insert(0, "ab").ok());
  ASSERT_TRUE(one.get_text("t").erase(0, 1).ok());
  one_users.settle();
  sync(one, two);
  sync(two, one);
  one_users.settle();
  two_users.settle();
  sync(one, two);
  sync(two, one);
  EXPECT_EQ(one.to_json(), two.to_json());
  EXPECT_EQ(list_of(one, "ada", "ids").json(), "[2,1,2]");
  ASSERT_TRUE(one.get_text("t").erase(0, 1).ok());
  one_users.settle();
  EXPECT_EQ(one_users.user_by_deleted_id({1, one.state_vector().clock(1) - 2}), std::nullopt);
}

TEST(PermanentUserData, AFilterKeepsDeletesFromBeingNoted) {
  Doc doc({.client_id = 1});
  PermanentUserData users(doc);
  ASSERT_TRUE(users
                  .set_user_mapping(doc, 1, "ada",
                                    [](const Transaction& transaction, const DeleteSet& deletes) {
                                      EXPECT_FALSE(deletes.empty());
                                      return transaction.origin != "machine";
                                    })
                  .ok());
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "abc").ok());
  doc.transact([&] { EXPECT_TRUE(text.erase(0, 1).ok()); }, "machine");
  EXPECT_FALSE(users.unsettled());
  doc.transact([&] { EXPECT_TRUE(text.erase(0, 1).ok()); }, "hand");
  EXPECT_TRUE(users.unsettled());
}

TEST(PermanentUserData, DeletesInAnotherDocumentMayBeNoted) {
  Doc doc({.client_id = 1}), inner({.client_id = 1});
  PermanentUserData users(doc);
  ASSERT_TRUE(users.set_user_mapping(inner, 1, "ada").ok());
  ASSERT_TRUE(inner.get_text("t").insert(0, "abc").ok());
  ASSERT_TRUE(inner.get_text("t").erase(1, 1).ok());
  users.settle();
  EXPECT_EQ(users.user_by_deleted_id({1, 1}), "ada");
}

TEST(PermanentUserData, SettlesOutsideOfTransactionsOnly) {
  Doc doc({.client_id = 1});
  PermanentUserData users(doc);
  ASSERT_TRUE(users.set_user_mapping(doc, 1, "ada").ok());
  ASSERT_TRUE(doc.get_text("t").insert(0, "abc").ok());
  ASSERT_TRUE(doc.get_text("t").erase(1, 1).ok());
  doc.transact([&] { users.settle(); });
  EXPECT_TRUE(users.unsettled());
  users.settle();
  EXPECT_FALSE(users.unsettled());
}

TEST(PermanentUserData, WhatIsNoUserIsPassedOver) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("users");
  ASSERT_TRUE(map.set("number", Any(5)).ok());
  ASSERT_TRUE(map.set_type("list", {TypeKind::array}).ok());
  ASSERT_TRUE(map.set_type("empty", {TypeKind::map}).ok());
  PermanentUserData users(doc);
  for (const char* description : {"number", "list", "empty"}) {
    const auto set = users.set_user_mapping(doc, 1, description);
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.error().code, ErrorCode::conflict);
  }
  EXPECT_EQ(users.set_user_mapping(doc, 1, "a\xff").error().code, ErrorCode::invalid);
  EXPECT_EQ(users.set_user_mapping(doc, kClientIdMax + 1, "a").error().code, ErrorCode::invalid);

  ASSERT_TRUE(users.set_user_mapping(doc, 1, "ada").ok());
  ASSERT_TRUE(list_of(doc, "ada", "ids")
                  .push({Any(-1), Any(1.5), Any("x"), Any(9007199254740992.0), Any(nullptr), Any(7),
                         NewType{TypeKind::map}})
                  .ok());
  EXPECT_EQ(users.user_by_client_id(7), "ada");
  // Not a delete set, cut off, with bytes after the end; then one of client 9, clock 2.
  ASSERT_TRUE(
      list_of(doc, "ada", "ds")
          .push({Any(5), Any(Any::Bytes{""}), Any(Any::Bytes{"\x01\x09\x01\x02"}),
                 Any(Any::Bytes{std::string("\0\0", 2)}), Any(Any::Bytes{"\x01\x09\x01\x02\x01"})})
          .ok());
  EXPECT_EQ(users.user_by_deleted_id({9, 2}), "ada");
  EXPECT_FALSE(users.user_by_deleted_id({9, 3}));
  // Taken out of the map, the user has nowhere to write.
  ASSERT_TRUE(map.erase("ada").ok());
  const std::string before = doc.to_json();
  users.settle();
  EXPECT_EQ(doc.to_json(), before);
  EXPECT_EQ(users.user_by_client_id(7), "ada");
}

TEST(PermanentUserData, OfAnInvalidMapItIsEmpty) {
  Doc doc({.client_id = 1});
  PermanentUserData users(doc, Map());
  EXPECT_FALSE(users.set_user_mapping(doc, 1, "ada").ok());
  EXPECT_FALSE(users.user_by_client_id(1));
  users.settle();
}

}  // namespace
}  // namespace pluv::ycrdt
