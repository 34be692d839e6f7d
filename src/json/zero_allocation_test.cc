// Counts allocations of the whole test program, to show that hot paths make none.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "json/object.h"
#include "json/pattern.h"
#include "json/reader.h"
#include "json/writer.h"

namespace {
std::atomic<std::size_t> allocation_count{0};
}  // namespace

void* operator new(std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size); memory != nullptr) return memory;
  std::abort();
}
// std::stable_sort asks for its buffer so.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pluv::json {
namespace {

template <class F>
std::size_t allocations_of(F&& f) {
  const std::size_t before = allocation_count.load();
  f();
  return allocation_count.load() - before;
}

TEST(ZeroAllocation, TheCounterCounts) {
  EXPECT_GE(allocations_of([] {
              std::string text(100, 'x');
              EXPECT_EQ(text.size(), 100u);
            }),
            1u);
}

TEST(ZeroAllocation, ReadingAMessageAllocatesNothing) {
  const std::string text =
      R"({"type":"$updatePresence","data":{"presence":{"x":1.25,"y":[1,2,{"z":"a\nb"}]}}})";
  std::size_t found = 0;
  const std::size_t count = allocations_of([&] {
    Reader reader(text);
    std::string scratch;
    std::string_view key;
    std::string_view raw;
    reader.enter_object();
    while (reader.next_member(scratch, key)) found += reader.raw_value(raw) ? raw.size() : 0;
    found += reader.finish() ? 1000 : 0;
  });
  EXPECT_EQ(count, 0u);
  EXPECT_GT(found, 1000u);
}

TEST(ZeroAllocation, FailingToReadAllocatesNothing) {
  EXPECT_EQ(allocations_of([] {
              Reader reader("{\"a\":[1,2,}");
              reader.skip_value();
              EXPECT_EQ(reader.error().offset, 10u);
            }),
            0u);
}

TEST(ZeroAllocation, MergingAllocatesNothingOnceGrown) {
  const std::string base = R"({"cursor":{"x":1,"y":2},"n\u0061me":"Ada","color":"#fff"})";
  const std::string patch = R"({"cursor":{"x": 5, "y": 6},"\u006eame":"Grace","new":[ ]})";
  MergeScratch scratch;
  std::string out;
  ASSERT_TRUE(merge_objects(base, patch, out, scratch).ok());
  const std::string first = out;
  EXPECT_EQ(allocations_of([&] {
              for (int i = 0; i < 100; ++i)
                EXPECT_TRUE(merge_objects(base, patch, out, scratch).ok());
            }),
            0u);
  EXPECT_EQ(out, first);
}

TEST(ZeroAllocation, MergingManyMembersAllocatesNothingOnceGrown) {
  std::string base = "{";
  for (int i = 0; i < 100; ++i) base += "\"k" + std::to_string(i) + "\":1,";
  base += "\"k0\":2}";
  MergeScratch scratch;
  std::string out;
  ASSERT_TRUE(merge_objects(base, base, out, scratch).ok());
  EXPECT_EQ(allocations_of([&] { EXPECT_TRUE(merge_objects(base, base, out, scratch).ok()); }), 0u);
}

TEST(ZeroAllocation, WritingIntoAGrownStringAllocatesNothing) {
  std::string out;
  out.reserve(1000);
  EXPECT_EQ(allocations_of([&] {
              Writer writer(out);
              writer.begin_object();
              writer.key("text");
              writer.string("a \"quoted\" line\n");
              writer.key("number");
              writer.number(0.1);
              writer.end_object();
            }),
            0u);
}

TEST(ZeroAllocation, MatchingAPatternAllocatesNothing) {
  const Pattern pattern = Pattern::compile("^(a+)+$").value();
  const std::string text(1000, 'a');
  EXPECT_EQ(allocations_of([&] { EXPECT_TRUE(pattern.matches(text)); }), 0u);
}

}  // namespace
}  // namespace pluv::json
