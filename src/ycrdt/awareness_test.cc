#include "ycrdt/awareness.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pluv::ycrdt {
namespace {

using Clients = std::vector<ClientId>;

std::string update_of(std::vector<AwarenessEntry> entries) {
  return encode_awareness_update(entries);
}

// Notes what observers hear.
class Log {
 public:
  explicit Log(Awareness& awareness) {
    awareness.on_change([this](const AwarenessChange& change, std::string_view origin) {
      lines.push_back(line("change", change, origin));
    });
    awareness.on_update([this](const AwarenessChange& change, std::string_view origin) {
      lines.push_back(line("update", change, origin));
    });
  }

  std::vector<std::string> take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;

 private:
  static std::string line(const char* kind, const AwarenessChange& change,
                          std::string_view origin) {
    std::string out = kind;
    for (const ClientId client : change.added) out += " +" + std::to_string(client);
    for (const ClientId client : change.updated) out += " ~" + std::to_string(client);
    for (const ClientId client : change.removed) out += " -" + std::to_string(client);
    return out + " " + std::string(origin);
  }
};

using Lines = std::vector<std::string>;

TEST(Awareness, BeginsWithAnEmptyStateOfClockZero) {
  const Awareness awareness({.client_id = 7, .now_ms = 100});
  EXPECT_EQ(awareness.local_state(), "{}");
  EXPECT_EQ(awareness.meta(7)->clock, 0u);
  EXPECT_EQ(awareness.meta(7)->last_updated_ms, 100);
  EXPECT_EQ(awareness.states(), (std::vector<AwarenessEntry>{{7, 0, "{}"}}));
  EXPECT_FALSE(awareness.state(8));
  EXPECT_FALSE(awareness.meta(8));
}

TEST(Awareness, SettingTheLocalStateRaisesItsClock) {
  Awareness awareness({.client_id = 7});
  Log log(awareness);
  ASSERT_TRUE(awareness.set_local_state(" {\"a\" : 1, \"b\": 2}", 5).ok());
  EXPECT_EQ(awareness.local_state(), "{\"a\":1,\"b\":2}");
  EXPECT_EQ(awareness.meta(7)->clock, 1u);
  EXPECT_EQ(log.take(), (Lines{"change ~7 local", "update ~7 local"}));
  // The same in another order is no change.
  ASSERT_TRUE(awareness.set_local_state("{\"b\":2,\"a\":1}", 6).ok());
  EXPECT_EQ(log.take(), (Lines{"update ~7 local"}));
  ASSERT_TRUE(awareness.set_local_state("null", 7).ok());
  EXPECT_EQ(log.take(), (Lines{"change -7 local", "update -7 local"}));
  EXPECT_FALSE(awareness.local_state());
  ASSERT_TRUE(awareness.set_local_state("{}", 8).ok());
  EXPECT_EQ(log.take(), (Lines{"change +7 local", "update +7 local"}));
  EXPECT_EQ(awareness.meta(7)->clock, 4u);
}

TEST(Awareness, ABadLocalStateChangesNothing) {
  Awareness awareness({.client_id = 7, .limits = {.states_bytes_max = 20}});
  Log log(awareness);
  EXPECT_EQ(awareness.set_local_state("[]", 5).error().code, ErrorCode::invalid);
  EXPECT_EQ(awareness.set_local_state("{\"a\":\"0123456789abcd\"}", 5).error().code,
            ErrorCode::limit);
  EXPECT_EQ(awareness.meta(7)->clock, 0u);
  EXPECT_EQ(awareness.local_state(), "{}");
  EXPECT_TRUE(log.lines.empty());
  // 20 bytes, and again: what is replaced does not count.
  EXPECT_TRUE(awareness.set_local_state("{\"a\":\"0123456789ab\"}", 5).ok());
  EXPECT_TRUE(awareness.set_local_state("{\"a\":\"0123456789ac\"}", 5).ok());
}

TEST(Awareness, SetsOneField) {
  Awareness awareness({.client_id = 7, .limits = {.value_depth_max = 2}});
  ASSERT_TRUE(awareness.set_local_state_field("b", "1", 0).ok());
  ASSERT_TRUE(awareness.set_local_state_field("2", "\"x\"", 0).ok());
  ASSERT_TRUE(awareness.set_local_state_field("b", " [ ]", 0).ok());
  EXPECT_EQ(awareness.local_state(), "{\"2\":\"x\",\"b\":[]}");
  EXPECT_EQ(awareness.set_local_state_field("b", "undefined", 0).error().code, ErrorCode::invalid);
  EXPECT_EQ(awareness.set_local_state_field("b\xff", "1", 0).error().code, ErrorCode::invalid);
  EXPECT_EQ(awareness.set_local_state_field("b", "[[]]", 0).error().code, ErrorCode::limit);
  ASSERT_TRUE(awareness.set_local_state("null", 0).ok());
  ASSERT_TRUE(awareness.set_local_state_field("b", "1", 0).ok());
  EXPECT_FALSE(awareness.local_state());
  Awareness flat({.client_id = 7, .limits = {.value_depth_max = 0}});
  EXPECT_EQ(flat.set_local_state_field("b", "1", 0).error().code, ErrorCode::limit);
}

TEST(Awareness, TakesWhatIsNewer) {
  Awareness awareness({.client_id = 7});
  Log log(awareness);
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 1, "{\"a\":1}"}}), "net", 5).ok());
  EXPECT_EQ(log.take(), (Lines{"change +1 net", "update +1 net"}));
  EXPECT_EQ(awareness.meta(1)->last_updated_ms, 5);
  // The same clock is old.
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 1, "{\"a\":2}"}}), "net", 6).ok());
  EXPECT_TRUE(log.take().empty());
  EXPECT_EQ(awareness.state(1), "{\"a\":1}");
  // Newer, but equal.
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 2, "{\"a\":1}"}}), "net", 7).ok());
  EXPECT_EQ(log.take(), (Lines{"update ~1 net"}));
  EXPECT_EQ(awareness.meta(1)->last_updated_ms, 7);
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 4, "{\"a\":2}"}}), "net", 8).ok());
  EXPECT_EQ(log.take(), (Lines{"change ~1 net", "update ~1 net"}));
  // That it has gone counts under the same clock, once.
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 4, "null"}}), "net", 9).ok());
  EXPECT_EQ(log.take(), (Lines{"change -1 net", "update -1 net"}));
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 4, "null"}}), "net", 9).ok());
  EXPECT_TRUE(log.take().empty());
  EXPECT_EQ(awareness.known_clients(), 2u);
  // It comes again.
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 5, "{}"}}), "net", 9).ok());
  EXPECT_EQ(log.take(), (Lines{"change ~1 net", "update ~1 net"}));
}

TEST(Awareness, AnUnknownClientOfClockZeroIsNotTaken) {
  Awareness awareness({.client_id = 7});
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 0, "{}"}, {2, 0, "null"}}), "net", 5).ok());
  EXPECT_EQ(awareness.known_clients(), 1u);
}

TEST(Awareness, ThatOurselvesHaveGoneIsAnsweredWithAHigherClock) {
  Awareness awareness({.client_id = 7});
  ASSERT_TRUE(awareness.set_local_state("{\"a\":1}", 0).ok());
  ASSERT_TRUE(awareness.apply_update(update_of({{7, 1, "null"}}), "net", 5).ok());
  EXPECT_EQ(awareness.local_state(), "{\"a\":1}");
  EXPECT_EQ(awareness.meta(7)->clock, 2u);
  ASSERT_TRUE(awareness.apply_update(update_of({{7, kAwarenessClockMax, "null"}}), "net", 5).ok());
  EXPECT_EQ(awareness.meta(7)->clock, kAwarenessClockMax + 1);
  EXPECT_EQ(awareness.encode_update({7}).value(),
            update_of({{7, kAwarenessClockMax + 1, "{\"a\":1}"}}));
}

TEST(Awareness, AnUpdateThatIsRefusedChangesNothing) {
  Awareness awareness({.client_id = 7, .limits = {.states_bytes_max = 9}});
  Log log(awareness);
  EXPECT_FALSE(awareness.apply_update(update_of({{1, 1, "{}"}, {2, 1, "["}}), "net", 5).ok());
  const auto full = awareness.apply_update(update_of({{1, 1, "{}"}, {2, 1, "{\"\":0}"}}), "", 5);
  EXPECT_EQ(full.error().code, ErrorCode::limit);
  EXPECT_EQ(awareness.known_clients(), 1u);
  EXPECT_TRUE(log.lines.empty());
  EXPECT_TRUE(awareness.apply_update(update_of({{2, 1, "{\"\":0}"}}), "", 5).ok());
}

TEST(Awareness, EncodesWhoIsKnown) {
  Awareness awareness({.client_id = 7});
  ASSERT_TRUE(
      awareness.apply_update(update_of({{1, 3, "{\"a\":1}"}, {2, 5, "null"}}), "net", 5).ok());
  EXPECT_EQ(awareness.encode_update({2, 1}).value(),
            update_of({{2, 5, "null"}, {1, 3, "{\"a\":1}"}}));
  const auto unknown = awareness.encode_update({1, 9});
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_EQ(unknown.error().message, "Client 9 is not known");

  const Clients clients = {1, 2, 7};
  EXPECT_EQ(awareness.encode_update(clients, {{2, "{}"}, {7, "{}"}, {7, "{\"b\": 1}"}}).value(),
            update_of({{1, 3, "null"}, {2, 5, "{}"}, {7, 0, "{\"b\":1}"}}));
  EXPECT_FALSE(awareness.encode_update(clients, {{2, "x"}}).ok());
  EXPECT_EQ(awareness.encode_update(Clients{9}, {}).error().code, ErrorCode::not_found);
}

TEST(Awareness, RemovesStates) {
  Awareness awareness({.client_id = 7});
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 3, "{}"}}), "net", 5).ok());
  Log log(awareness);
  awareness.remove_states({9, 1, 1, 7}, "gone", 6);
  EXPECT_EQ(log.take(), (Lines{"change -1 -7 gone", "update -1 -7 gone"}));
  EXPECT_EQ(awareness.meta(1)->clock, 3u);
  EXPECT_EQ(awareness.meta(7)->clock, 1u);
  EXPECT_TRUE(awareness.states().empty());
  awareness.remove_states({1}, "gone", 6);
  EXPECT_TRUE(log.lines.empty());
}

TEST(Awareness, StatesAreInTheOrderInWhichTheirClientsCame) {
  Awareness awareness({.client_id = 7});
  ASSERT_TRUE(awareness.apply_update(update_of({{2, 1, "{}"}, {1, 1, "{}"}}), "", 5).ok());
  ASSERT_TRUE(awareness.apply_update(update_of({{2, 2, "null"}}), "", 5).ok());
  ASSERT_TRUE(awareness.apply_update(update_of({{2, 3, "{}"}, {1, 2, "{}"}}), "", 5).ok());
  Clients order;
  for (const AwarenessEntry& entry : awareness.states()) order.push_back(entry.client);
  EXPECT_EQ(order, (Clients{7, 1, 2}));
}

TEST(Awareness, OldStatesAreRenewedOrRemoved) {
  Awareness awareness({.client_id = 7, .now_ms = 1000});
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 1, "{}"}}), "net", 1000).ok());
  Log log(awareness);
  awareness.check_outdated(15'999);
  EXPECT_TRUE(log.take().empty());
  awareness.check_outdated(16'000);
  EXPECT_EQ(log.take(), (Lines{"update ~7 local"}));
  EXPECT_EQ(awareness.meta(7)->clock, 1u);
  awareness.check_outdated(30'999);
  EXPECT_EQ(log.take(), (Lines{}));
  awareness.check_outdated(31'000);
  EXPECT_EQ(log.take(), (Lines{"update ~7 local", "change -1 timeout", "update -1 timeout"}));
  // One that has gone is not renewed; a clock that goes back removes nobody.
  ASSERT_TRUE(awareness.set_local_state("null", 31'000).ok());
  log.take();
  awareness.check_outdated(100'000);
  awareness.check_outdated(INT64_MIN);
  awareness.check_outdated(INT64_MAX);
  EXPECT_TRUE(log.take().empty());
}

TEST(Awareness, ForgetsThoseThatHaveGoneWhenThereAreTooMany) {
  Awareness awareness({.client_id = 7, .limits = {.clients_max = 4}});
  ASSERT_TRUE(awareness.set_local_state("null", 0).ok());
  ASSERT_TRUE(awareness.apply_update(update_of({{2, 1, "null"}}), "", 6).ok());
  ASSERT_TRUE(awareness.apply_update(update_of({{1, 1, "null"}}), "", 5).ok());
  ASSERT_TRUE(awareness.apply_update(update_of({{3, 1, "{}"}}), "", 4).ok());
  EXPECT_EQ(awareness.known_clients(), 4u);
  // Client 1 was heard of the longest ago of those that may be forgotten.
  ASSERT_TRUE(awareness.apply_update(update_of({{4, 1, "{}"}}), "", 7).ok());
  EXPECT_EQ(awareness.known_clients(), 4u);
  EXPECT_FALSE(awareness.meta(1));
  EXPECT_TRUE(awareness.meta(2) && awareness.meta(3) && awareness.meta(4) && awareness.meta(7));
  // One that the update names is kept: only client 2 could be forgotten.
  const auto full = awareness.apply_update(update_of({{2, 2, "{}"}, {5, 1, "{}"}}), "", 8);
  EXPECT_EQ(full.error().message, "There are too many clients");
  ASSERT_TRUE(awareness.apply_update(update_of({{5, 1, "{}"}}), "", 8).ok());
  EXPECT_FALSE(awareness.meta(2));
  EXPECT_EQ(awareness.apply_update(update_of({{6, 1, "{}"}}), "", 8).error().code,
            ErrorCode::limit);
  EXPECT_EQ(awareness.state(5), "{}");
}

TEST(Awareness, ObserversMayChangeStatesAndLeave) {
  Awareness awareness({.client_id = 7});
  Log log(awareness);
  Subscription once = 0;
  once = awareness.on_change([&](const AwarenessChange&, std::string_view) {
    awareness.unobserve(once);
    EXPECT_TRUE(awareness.set_local_state("{\"b\":1}", 0).ok());
  });
  ASSERT_TRUE(awareness.set_local_state("{\"a\":1}", 0).ok());
  EXPECT_EQ(log.take(),
            (Lines{"change ~7 local", "change ~7 local", "update ~7 local", "update ~7 local"}));
  EXPECT_EQ(awareness.local_state(), "{\"b\":1}");
  EXPECT_EQ(awareness.meta(7)->clock, 2u);
}

TEST(Awareness, TwoSpeakToEachOther) {
  Awareness ada({.client_id = 1});
  Awareness bob({.client_id = 2});
  const auto to_bob = ada.on_update([&](const AwarenessChange& change, std::string_view origin) {
    if (origin == "net") return;
    Clients clients = change.added;
    clients.insert(clients.end(), change.updated.begin(), change.updated.end());
    clients.insert(clients.end(), change.removed.begin(), change.removed.end());
    EXPECT_TRUE(bob.apply_update(ada.encode_update(clients).value(), "net", 0).ok());
  });
  ASSERT_TRUE(ada.set_local_state("{\"name\":\"Ada\"}", 0).ok());
  EXPECT_EQ(bob.state(1), "{\"name\":\"Ada\"}");
  ASSERT_TRUE(ada.set_local_state("null", 0).ok());
  EXPECT_FALSE(bob.state(1));
  ada.unobserve(to_bob);
  ASSERT_TRUE(ada.set_local_state("{}", 0).ok());
  EXPECT_FALSE(bob.state(1));
}

}  // namespace
}  // namespace pluv::ycrdt
