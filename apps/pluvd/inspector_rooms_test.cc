#include "apps/pluvd/inspector_rooms.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "json/reader.h"

namespace pluv::apps {
namespace {

native::RoomLine line(std::string room, std::uint32_t sessions = 1, double rate = 0) {
  native::RoomLine out;
  out.room = std::move(room);
  out.sessions = sessions;
  out.messages_per_second = rate;
  return out;
}

struct Page {
  std::vector<std::string> rooms;
  std::string next;
  double total = 0;
};

Page page(RoomSnapshot& snapshot, const RoomQuery& query) {
  const auto json = snapshot.page(query);
  EXPECT_TRUE(json.ok());
  Page out;
  json::Reader reader(*json);
  std::string scratch;
  std::string_view key;
  std::string_view text;
  EXPECT_TRUE(reader.enter_object());
  while (reader.next_member(scratch, key)) {
    if (key == "total") {
      reader.read_number(out.total);
    } else if (key == "next") {
      if (reader.peek() == json::Kind::null) {
        reader.read_null();
      } else {
        reader.read_string(text, scratch);
        out.next = text;
      }
    } else {
      EXPECT_EQ(key, "rooms");
      reader.enter_array();
      while (reader.next_element()) {
        reader.enter_object();
        while (reader.next_member(scratch, key)) {
          if (key != "room") {
            reader.skip_value();
            continue;
          }
          reader.read_string(text, scratch);
          out.rooms.emplace_back(text);
        }
      }
    }
  }
  EXPECT_TRUE(reader.finish()) << *json;
  return out;
}

std::vector<std::string> all(RoomSnapshot& snapshot, RoomQuery query) {
  std::vector<std::string> rooms;
  for (;;) {
    const Page one = page(snapshot, query);
    rooms.insert(rooms.end(), one.rooms.begin(), one.rooms.end());
    if (one.next.empty()) return rooms;
    EXPECT_EQ(one.rooms.size(), query.limit);
    query.after = one.next;
  }
}

TEST(RoomSnapshot, PagesHoldEveryRoomOnceInEveryOrder) {
  std::vector<native::RoomLine> lines;
  for (std::uint32_t i = 0; i < 997; ++i) {
    lines.push_back(line("room" + std::to_string(i * 31 % 997), i % 5, i % 7 * 0.25));
  }
  RoomSnapshot snapshot(lines);
  for (const RoomOrder order : {RoomOrder::name, RoomOrder::sessions, RoomOrder::messages}) {
    for (const std::size_t limit : {1U, 50U, 200U, 997U}) {
      RoomQuery query;
      query.order = order;
      query.limit = limit;
      const std::vector<std::string> rooms = all(snapshot, query);
      EXPECT_EQ(rooms.size(), 997U);
      EXPECT_EQ(std::set<std::string>(rooms.begin(), rooms.end()).size(), 997U);
    }
  }
}

TEST(RoomSnapshot, TheMostComesFirstAndNamesDecideBetweenEquals) {
  RoomSnapshot snapshot({line("b", 2, 1), line("c", 9, 0), line("a", 2, 5)});
  RoomQuery query;
  EXPECT_EQ(all(snapshot, query), (std::vector<std::string>{"a", "b", "c"}));
  query.order = RoomOrder::sessions;
  EXPECT_EQ(all(snapshot, query), (std::vector<std::string>{"c", "a", "b"}));
  query.order = RoomOrder::messages;
  EXPECT_EQ(all(snapshot, query), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(RoomSnapshot, SearchesInNamesWithoutTheirCase) {
  RoomSnapshot snapshot({line("Kitchen"), line("chess"), line("lounge")});
  RoomQuery query;
  query.search = "che";
  const Page found = page(snapshot, query);
  EXPECT_EQ(found.rooms, (std::vector<std::string>{"Kitchen", "chess"}));
  EXPECT_EQ(found.total, 2);
  query.limit = 1;
  EXPECT_EQ(all(snapshot, query), (std::vector<std::string>{"Kitchen", "chess"}));
  query.search = "nothing";
  EXPECT_TRUE(page(snapshot, query).rooms.empty());
}

TEST(RoomSnapshot, GoesOnWhereARoomWasThatIsGone) {
  RoomSnapshot snapshot({line("a", 1), line("c", 3)});
  RoomQuery query;
  query.after = "b";
  EXPECT_EQ(all(snapshot, query), (std::vector<std::string>{"c"}));
  query.order = RoomOrder::sessions;
  query.after = "2:b";
  EXPECT_EQ(all(snapshot, query), (std::vector<std::string>{"a"}));
}

TEST(RoomSnapshot, APlaceThatIsNoneIsAnError) {
  RoomSnapshot snapshot({line("a")});
  RoomQuery query;
  query.order = RoomOrder::messages;
  for (const char* after : {"a", ":a", "1", "x:a", "-1:a"}) {
    query.after = after;
    EXPECT_FALSE(snapshot.page(query).ok()) << after;
  }
}

TEST(RoomSnapshot, NoRoomsAreAnEmptyPage) {
  RoomSnapshot snapshot({});
  EXPECT_EQ(snapshot.page({}).value(), R"({"rooms":[],"next":null,"total":0})");
}

}  // namespace
}  // namespace pluv::apps
