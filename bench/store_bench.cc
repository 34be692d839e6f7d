// What the SQLite store costs: appends a second by durability and by how many wait at once, the
// load of a large document, and what such a load does to appends of other rooms.
//   store_bench FOLDER          prints a table; makes its files in the folder and removes them
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/sqlite_store.h"

namespace {

using pluv::Result;
using pluv::adapters::Durability;
using pluv::adapters::SqliteOptions;
using pluv::adapters::SqliteStore;
using pluv::adapters::StoredDocument;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kUpdateBytes = 100;
constexpr std::size_t kDocumentBytes = 30'000'000;
constexpr auto kMeasured = std::chrono::seconds(3);

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "store_bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
void check(const Result<T>& result) {
  if (!result.ok()) fail(result.error().message);
}

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

// A commit writes a page for each room in it: many rooms cost more than one.
std::string room_of(std::size_t number, std::size_t rooms) {
  return "room-" + std::to_string(number % rooms);
}

// Keeps so many appends waiting: each answer asks for the next one.
class Appender {
 public:
  struct Load {
    std::size_t outstanding = 1;
    std::size_t rooms = 1;
  };
  Appender(SqliteStore& store, Load load) : store_(store), load_(load) {}

  double per_second() {
    const auto begun = Clock::now();
    until_ = begun + kMeasured;
    waiting_ = load_.outstanding;
    for (std::size_t i = 0; i < load_.outstanding; ++i) next();
    finished_.get_future().wait();
    return static_cast<double>(appended_) / seconds_since(begun);
  }

 private:
  void next() {
    store_.append(room_of(++asked_, load_.rooms), update_,
                  [this](const Result<std::uint64_t>& answer) {
                    check(answer);
                    ++appended_;
                    if (Clock::now() < until_) return next();
                    if (--waiting_ == 0) finished_.set_value();
                  });
  }

  SqliteStore& store_;
  const Load load_;
  const std::string update_ = std::string(kUpdateBytes, 'u');
  Clock::time_point until_;
  std::atomic<std::size_t> asked_ = 0;
  std::atomic<std::size_t> appended_ = 0;
  std::atomic<std::size_t> waiting_ = 0;
  std::promise<void> finished_;
};

std::unique_ptr<SqliteStore> open(const std::string& folder, Durability durability) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(folder + "/store_bench.db" + suffix);
  }
  SqliteOptions options;
  options.path = folder + "/store_bench.db";
  options.durability = durability;
  auto opened = SqliteStore::open(options);
  check(opened);
  return std::move(opened).value();
}

void bench_appends(const std::string& folder) {
  const std::pair<const char*, Durability> durabilities[] = {
      {"none", Durability::none}, {"process", Durability::process}, {"strict", Durability::strict}};
  for (const auto& [name, durability] : durabilities) {
    for (const Appender::Load load : {Appender::Load{1, 1}, {64, 1}, {1, 100}, {64, 100}}) {
      const auto store = open(folder, durability);
      std::printf("append  %-8s %3zu rooms, %2zu outstanding %10.0f a second\n", name, load.rooms,
                  load.outstanding, Appender(*store, load).per_second());
      check(store->close());
    }
  }
}

double load_seconds(SqliteStore& store) {
  const auto begun = Clock::now();
  std::promise<void> loaded;
  store.load("large", [&](const Result<StoredDocument>& answer) {
    check(answer);
    loaded.set_value();
  });
  loaded.get_future().wait();
  return seconds_since(begun);
}

// The longest that an append to another room waited, in seconds.
double longest_append(SqliteStore& store, const std::function<bool()>& go_on) {
  double longest = 0;
  for (std::size_t i = 0; go_on(); ++i) {
    const auto begun = Clock::now();
    std::promise<void> done;
    store.append(room_of(i, 100), std::string(kUpdateBytes, 'u'),
                 [&](auto&&) { done.set_value(); });
    done.get_future().wait();
    longest = std::max(longest, seconds_since(begun));
  }
  return longest;
}

void bench_load(const std::string& folder) {
  const auto store = open(folder, Durability::process);
  std::promise<void> written;
  store->append("large", "u", [](auto&&) {});
  store->compact("large", 1, std::string(kDocumentBytes, 'd'), [&](const Result<void>& answer) {
    check(answer);
    written.set_value();
  });
  written.get_future().wait();
  double best = load_seconds(*store);
  for (int i = 0; i < 4; ++i) best = std::min(best, load_seconds(*store));
  std::printf("load    of %zu MB                      %10.1f ms\n", kDocumentBytes / 1'000'000,
              best * 1e3);

  const auto begun = Clock::now();
  const double alone = longest_append(*store, [&] { return seconds_since(begun) < 1; });
  std::atomic<bool> loading = true;
  std::thread loader([&] {
    for (int i = 0; i < 20; ++i) (void)load_seconds(*store);
    loading = false;
  });
  const double beside = longest_append(*store, [&] { return loading.load(); });
  loader.join();
  std::printf("append  longest, alone                 %10.1f ms\n", alone * 1e3);
  std::printf("append  longest, beside loads          %10.1f ms\n", beside * 1e3);
  check(store->close());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) fail("usage: store_bench FOLDER");
  const std::string folder = arguments[1];
  bench_appends(folder);
  bench_load(folder);
  std::filesystem::remove(folder + "/store_bench.db");
}
