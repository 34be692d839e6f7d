// What memory bytes from outside can take, whatever numbers they declare: at once never more than
// 64 KiB and 256 times their size, 512 times where they are of version 2, by every way that reads
// them (docs/ycrdt.md says which limit holds what). Each kind of attack comes in several sizes.
#include <gtest/gtest.h>

#include <functional>
#include <span>

#include "base/memory_count_testing.h"
#include "ycrdt/awareness.h"
#include "ycrdt/doc.h"
#include "ycrdt/fixtures_testing.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/lib0.h"
#include "ycrdt/relative_position.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"
#include "ycrdt/updates_v2.h"

namespace pluv::ycrdt {
namespace {

constexpr std::size_t kBaseBytes = 64 * 1024;
constexpr std::size_t kBytesEach = 256;
constexpr std::size_t kBytesEachVersion2 = 512;  // its keys may be repeated to 64 times the bytes

// Peak and total of the work, which may refuse the bytes.
void expect_bounded(const char* what, std::size_t size, const std::function<void()>& work,
                    std::size_t bytes_each = kBytesEach) {
  const MemoryCounter counter;
  work();
  const MemoryCount count = counter.count();
  EXPECT_LE(count.peak_bytes, kBaseBytes + bytes_each * size) << what << " of " << size;
  // What is taken and given back again is time: it may not grow faster either.
  EXPECT_LE(count.total_bytes, 4 * (kBaseBytes + bytes_each * size)) << what << " of " << size;
}

void read_version1(std::string_view bytes) {
  const std::string_view twice[] = {bytes, bytes};
  const std::size_t size = bytes.size();
  expect_bounded("check", size, [&] { (void)check_update(bytes); });
  expect_bounded("state vector", size, [&] { (void)encode_state_vector_from_update(bytes); });
  expect_bounded("meta", size, [&] { (void)parse_update_meta(bytes); });
  expect_bounded("diff", size, [&] { (void)diff_update(bytes, StateVector({{7, 1}})); });
  expect_bounded("convert", size, [&] { (void)convert_update_v1_to_v2(bytes); });
  expect_bounded("obfuscate", size, [&] { (void)obfuscate_update(bytes); });
  expect_bounded("merge", 2 * size, [&] { (void)merge_updates(twice); });
  expect_bounded("merge text", 2 * size,
                 [&] { (void)merge_updates(twice, {.coalesce_text = true, .limits = {}}); });
  expect_bounded("snapshot", size, [&] { (void)snapshot_contains_update({}, bytes); });
  expect_bounded("apply", size, [&] {
    Doc doc({.client_id = 1});
    (void)doc.apply_update(bytes);
    EXPECT_EQ(doc.check(), "");
  });
  expect_bounded("lazy", size, [&] {
    LazyDoc lazy;
    (void)lazy.apply_update(bytes);
    (void)lazy.encode_state_as_update();
    (void)lazy.doc();
    (void)lazy.unload();
  });
}

void read_version2(std::string_view bytes, const UpdateLimits& limits) {
  const std::string_view twice[] = {bytes, bytes};
  const auto expect = [](const char* what, std::size_t size, const std::function<void()>& work) {
    expect_bounded(what, size, work, kBytesEachVersion2);
  };
  const std::size_t size = bytes.size();
  expect("check", size, [&] { (void)check_update_v2(bytes, limits); });
  expect("meta", size, [&] { (void)parse_update_meta_v2(bytes, limits); });
  expect("diff", size, [&] { (void)diff_update_v2(bytes, {}, limits); });
  expect("convert", size, [&] { (void)convert_update_v2_to_v1(bytes, limits); });
  expect("obfuscate", size, [&] { (void)obfuscate_update_v2(bytes, {.limits = limits}); });
  expect("merge", 2 * size, [&] { (void)merge_updates_v2(twice, {.limits = limits}); });
  expect("apply", size, [&] {
    Doc doc({.client_id = 1, .limits = limits});
    (void)doc.apply_update_v2(bytes);
    EXPECT_EQ(doc.check(), "");
  });
}

std::string number(std::uint64_t value) {
  std::string out;
  write_var_uint(out, value);
  return out;
}

// An update of one client from clock 0 on with `count` structs as made by the function.
std::string structs(std::uint64_t count, const std::function<std::string(std::uint64_t)>& make) {
  std::string out = "\1" + number(count) + "\7" + std::string(1, '\0');
  for (std::uint64_t i = 0; i < count; ++i) out += make(i);
  return out + std::string(1, '\0');
}

const std::string kLetterInRoot("\4\1\1t\1x", 6);

TEST(HostileMemory, NumbersThatAreDeclaredTakeNothing) {
  for (const std::uint64_t huge : {std::uint64_t{1} << 20, (std::uint64_t{1} << 31) - 1,
                                   (std::uint64_t{1} << 32) - 2, (std::uint64_t{1} << 53) - 1}) {
    const std::string n = number(huge);
    const std::string zero(1, '\0');
    read_version1(n);                                                 // clients
    read_version1("\1" + n);                                          // structs
    read_version1("\1\1" + n + zero + kLetterInRoot + zero);          // a client's id
    read_version1("\1\1\7" + n + kLetterInRoot + zero);               // a clock
    read_version1("\1\1\7" + zero + zero + n + zero);                 // garbage
    read_version1("\1\1\7" + zero + "\x0a" + n + zero);               // a skip
    read_version1("\1\1\7" + zero + "\1\1\1t" + n + zero);            // a deleted run
    read_version1("\1\1\7" + zero + "\4\1\1t" + n + "x" + zero);      // a text
    read_version1("\1\1\7" + zero + "\x08\1\1t" + n + "\x7e");        // values
    read_version1("\1\1\7" + zero + "\2\1\1t" + n + "\4null");        // JSON values
    read_version1("\1\1\7" + zero + "\x08\1\1t\1u" + n + "\x7e");     // in an array
    read_version1("\1\1\7" + zero + "\x08\1\1t\1v" + n + "\1k\x7e");  // in an object
    read_version1("\1\1\7" + zero + "\3\1\1t" + n + "bytes");         // bytes
    read_version1("\1\1\7" + zero + "\x84\x08" + n + "\1x" + zero);   // an origin
    read_version1(zero + n);                                          // clients of deletes
    read_version1(zero + "\1\7" + n);                                 // ranges
    read_version1(zero + "\1\7\1" + n + "\1");                        // where a range begins
    read_version1(zero + "\1\7\1" + zero + n);                        // how long it is
  }
}

TEST(HostileMemory, FilesOfAttacksAreWithinTheBound) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test_data_folder() / "hostile")) {
    SCOPED_TRACE(entry.path().filename());
    for (const std::string& update : read_test_updates("hostile" / entry.path().filename())) {
      if (update.size() > 20'000) continue;
      read_version1(update);
      ++files;
    }
  }
  EXPECT_GE(files, 25u);
}

TEST(HostileMemory, ManySmallThingsAreWithinTheBound) {
  for (const std::uint64_t count : {100u, 1'000u, 10'000u}) {
    SCOPED_TRACE(count);
    // The smallest struct of each kind.
    read_version1(structs(count, [](std::uint64_t) { return std::string("\0\1", 2); }));
    read_version1(structs(count, [](std::uint64_t) { return kLetterInRoot; }));
    read_version1(structs(count, [](std::uint64_t i) {
      return i == 0 ? kLetterInRoot : "\x84\7" + number(i - 1) + "\1x";
    }));
    // Each with a type in it, in the one before: deep.
    read_version1(structs(count, [](std::uint64_t i) {
      return i == 0 ? std::string("\7\1\1t\0", 5)
                    : std::string("\7\0\7", 3) + number(i - 1) + std::string(1, '\0');
    }));
    // A key of a map for each, and a root for each.
    read_version1(structs(count, [](std::uint64_t i) {
      const std::string name = std::to_string(i);
      return "\x24\1\1m" + number(name.size()) + name + "\1x";
    }));
    read_version1(structs(count, [](std::uint64_t i) {
      const std::string name = std::to_string(i);
      return "\4\1" + number(name.size()) + name + "\1x";
    }));
    // Long texts that deletes split between each two letters, halves of surrogate pairs too.
    std::string deletes = "\1\7" + number(count);
    for (std::uint64_t i = 0; i < count; ++i) deletes += number(2 * i) + "\1";
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) text += "\xF0\x9F\x98\x80";
    const std::string long_text = std::string("\1\1\7\0\4\1\1t", 8) + number(text.size()) + text;
    read_version1(long_text + deletes);
    // Deletes of what never comes, one after the other and far apart.
    read_version1(std::string(1, '\0') + deletes);
  }
}

TEST(HostileMemory, ManyClientsAreWithinTheBound) {
  for (const std::uint64_t count : {100u, 1'000u, 10'000u}) {
    SCOPED_TRACE(count);
    std::string here = number(count);
    std::string away = number(count);
    std::string deletes = std::string(1, '\0') + number(count);
    for (std::uint64_t client = count; client > 0; --client) {
      here += "\1" + number(client) + std::string(1, '\0') + kLetterInRoot;
      away += "\1" + number(client) + "\5" + std::string("\0\1", 2);  // waits for five before it
      deletes += number(client) + std::string("\1\0\1", 3);
    }
    read_version1(here + std::string(1, '\0'));
    read_version1(away + std::string(1, '\0'));
    read_version1(deletes);
    std::string state = number(count);
    for (std::uint64_t client = count; client > 0; --client) state += number(client) + "\1";
    expect_bounded("state vector", state.size(), [&] { (void)decode_state_vector(state); });
    const std::string snapshot = deletes.substr(1) + state;
    expect_bounded("snapshot", snapshot.size(),
                   [&] { EXPECT_TRUE(decode_snapshot(snapshot).ok()); });
  }
}

TEST(HostileMemory, WhatWaitsIsWithinTheBoundHoweverOftenItIsLookedAt) {
  Doc doc({.client_id = 1});
  LazyDoc lazy;
  std::size_t size = 0;
  expect_bounded("pending", 60'000, [&] {
    // Each waits for the one before, and the first for one that never comes.
    for (std::uint64_t i = 1'000; i > 0; --i) {
      const std::string update =
          "\1\1\7" + number(i) + "\x84\7" + number(i - 1) + "\1x" + std::string(1, '\0');
      size += update.size();
      (void)doc.apply_update(update);
      (void)lazy.apply_update(update);
    }
  });
  EXPECT_LE(size, 60'000u);
  EXPECT_TRUE(doc.has_pending());
}

// A letter of the client, without origins.
std::string letter_of(ClientId client) {
  return "\1\1" + number(client) + std::string(1, '\0') + kLetterInRoot + std::string(1, '\0');
}

// All that waits is read at each try, so small updates that it waits for must not try it each time.
TEST(HostileMemory, SmallUpdatesDoNotCostWhatWaits) {
  constexpr std::uint64_t kWaiting = 20'000;
  // Letters of as many clients, each between one that comes and one that never does.
  std::string waits = number(kWaiting);
  for (std::uint64_t i = kWaiting; i > 0; --i) {
    waits += "\1" + number(1'000'000 + i) + std::string("\0\xc4", 2) + number(100 + i) +
             std::string("\0\x9\5\1x", 5);
  }
  waits += std::string(1, '\0');
  Doc doc({.client_id = 1});
  expect_bounded("what waits", waits.size(), [&] { ASSERT_TRUE(doc.apply_update(waits).ok()); });
  std::size_t size = 0;
  expect_bounded("small updates", waits.size() / 2, [&] {
    for (std::uint64_t i = 1; i <= 1'000; ++i) {
      const std::string letter = letter_of(100 + i);
      size += letter.size();
      ASSERT_TRUE(doc.apply_update(letter).ok());
    }
  });
  EXPECT_LE(size, waits.size() / 2);
  EXPECT_TRUE(doc.has_pending());
  EXPECT_EQ(doc.get_text("t").length(), 1'000u);
}

TEST(HostileMemory, SmallUpdatesDoNotCostTheDeletesThatWait) {
  constexpr std::uint64_t kWaiting = 50'000;
  std::string waits = std::string("\0\1\x9", 3) + number(kWaiting);
  for (std::uint64_t i = 0; i < kWaiting; ++i) waits += number(10 + 2 * i) + "\1";
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.apply_update(waits).ok());
  expect_bounded("small updates", 20'000, [&] {
    for (std::uint64_t i = 1; i <= 1'000; ++i) {
      std::string update = letter_of(100 + i);
      update.pop_back();
      update += "\1\x9\1" + number(200'000 + 2 * i) + "\1";  // and one more that waits
      ASSERT_TRUE(doc.apply_update(update).ok());
    }
  });
  // They are still there when it is their turn.
  const std::string long_text =
      std::string("\1\1\x9\0\4\1\1t\x14", 9) + std::string(20, 'y') + std::string(1, '\0');
  ASSERT_TRUE(doc.apply_update(long_text).ok());
  EXPECT_EQ(doc.get_text("t").length(), 1'000u + 15u);
  EXPECT_EQ(doc.check(), "");
}

// --- Version 2: a run of equal structs takes no bytes.

// Streams, each after its size, and the rest.
std::string version2(std::span<const std::string> streams, const std::string& rest) {
  std::string out(1, '\0');
  for (const std::string& stream : streams) write_var_bytes(out, stream);
  return out + rest;
}

TEST(HostileMemory, RunsOfVersion2AreWithinTheirLimit) {
  const UpdateLimits limits{.run_structs_max = 200};
  const std::string forever("\x41\xff\xff\xff\xff\x7f", 6);  // 1, so often
  const std::string zero(1, '\0');
  for (const std::uint64_t count : {100u, 250u, 1'000'000u, 2'000'000'000u}) {
    SCOPED_TRACE(count);
    // Garbage; texts of one letter; empty maps.
    const std::string garbage[] = {"", "\7", "", "", zero, zero, "", "", forever};
    read_version2(version2(garbage, "\1" + number(count) + zero + zero), limits);
    const std::string letters[] = {"",      "\7",    "", "",     "\x44\xff\xff\xff\xff\x7f",
                                   "\1t\1", forever, "", forever};
    read_version2(version2(letters, "\1" + number(count) + zero + zero), limits);
    const std::string maps[] = {"",      "\7",    "",      "",     "\x47\xff\xff\xff\xff\x7f",
                                "\1t\1", forever, forever, forever};
    read_version2(version2(maps, "\1" + number(count) + zero + zero), limits);
  }
}

// With the limit as it is, too: that much and no more.
TEST(HostileMemory, TheDefaultLimitOfRunsIsWhatABombTakesAtMost) {
  const UpdateLimits limits;
  const std::string zero(1, '\0');
  const std::string garbage[] = {
      "", "\7", "", "", zero, zero, "", "", std::string("\x41\xff\xff\xff\xff\x7f", 6)};
  for (const std::uint64_t count : {std::uint64_t{262'144}, std::uint64_t{2'000'000'000}}) {
    const std::string bomb = version2(garbage, "\1" + number(count) + zero + zero);
    const MemoryCounter counter;
    Doc doc({.client_id = 1});
    EXPECT_EQ(doc.apply_update_v2(bomb).ok(), count <= limits.run_structs_max);
    EXPECT_LE(counter.count().peak_bytes, kBaseBytes + 160 * limits.run_structs_max) << count;
  }
}

TEST(HostileMemory, KeysThatAreRepeatedInVersion2AreWithinTheBound) {
  for (const std::size_t length : {100u, 10'000u, 100'000u}) {
    SCOPED_TRACE(length);
    std::string texts;
    write_var_bytes(texts, std::string(length, 'k'));
    write_var_int(texts, static_cast<std::int64_t>(length));
    const std::string streams[] = {std::string("\1\xff\x7f", 3),
                                   "\x47\x7f",
                                   std::string("\0\3\x7f", 3),
                                   "",
                                   "\x86",
                                   texts,
                                   "",
                                   "",
                                   ""};
    for (const std::size_t count : {10u, 60u, 1'000u}) {
      const std::string rest =
          "\1" + number(count) + "\1" + std::string(count, '\x7e') + std::string(1, '\0');
      read_version2(version2(streams, rest), {});
    }
  }
}

// --- What is no update.

TEST(HostileMemory, AwarenessAndPositionsAreWithinTheBound) {
  const auto read = [](std::string_view bytes) {
    expect_bounded("decode", bytes.size(), [&] { (void)decode_awareness_update(bytes); });
    expect_bounded("apply", bytes.size(), [&] {
      Awareness awareness({.client_id = 1});
      (void)awareness.apply_update(bytes, "", 0);
      (void)awareness.states();
    });
    expect_bounded("position", bytes.size(), [&] { (void)decode_relative_position(bytes); });
  };
  for (const std::uint64_t huge : {std::uint64_t{1} << 20, (std::uint64_t{1} << 53) - 1}) {
    const std::string n = number(huge);
    read(n);
    read("\1" + n + "\1\2{}");
    read("\1\7" + n + "\2{}");
    read("\1\7\1" + n + "{}");
  }
  for (const std::uint64_t count : {100u, 1'000u, 10'000u}) {
    std::string many = number(count);
    for (std::uint64_t i = 0; i < count; ++i) many += number(i + 2) + "\1\2{}";
    read(many);
    std::string deep;
    for (std::uint64_t i = 0; i < count; ++i) deep += R"({"a":)";
    std::string state;
    write_var_bytes(state, deep);
    read("\1\7\1" + state);
    const std::string wide = "{\"a\":[" + std::string(2 * count, '0') + "]}";
    std::string values = "{\"a\":[0";
    for (std::uint64_t i = 0; i < count; ++i) values += ",0";
    state.clear();
    write_var_bytes(state, values + "]}");
    read("\1\7\1" + state);
  }
}

}  // namespace
}  // namespace pluv::ycrdt
