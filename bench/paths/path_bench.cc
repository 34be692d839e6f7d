// The server's hot paths, one in a process, so that their instructions can be counted
// (bench/instructions.mjs).
//   path_bench ROW [--times N]    does it, and prints nothing unless the result is wrong
//   path_bench --list             a line a row: its name, how often it is done, of what it is one,
//                                 to how many sessions that goes
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "path.h"

// What is counted, found by its name in the binary.
extern "C" [[gnu::noinline]] void path_bench_counted(pluv::bench::Path& path, std::size_t from,
                                                     std::size_t to) {
  for (std::size_t at = from; at < to; ++at) path.once(at);
}

namespace pluv::bench {

void expect(bool right, std::string_view what) {
  if (right) return;
  std::fprintf(stderr, "path_bench: %s\n", std::string(what).c_str());
  std::exit(1);
}

namespace {

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const auto& part : {wire_rows(), connection_rows(), room_rows(), storage_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

void list() {
  for (const Row& row : all_rows()) {
    std::printf("%s %zu %s %zu\n", std::string(row.name).c_str(), row.times,
                std::string(row.thing).c_str(), row.deliveries);
  }
}

void run(std::string_view name, std::optional<std::size_t> times_wanted) {
  for (const Row& row : all_rows()) {
    if (row.name != name) continue;
    const std::size_t all = row.warm_up_times + times_wanted.value_or(row.times);
    const std::unique_ptr<Path> path = row.make(all);
    for (std::size_t at = 0; at < row.warm_up_times; ++at) path->once(at);
    path_bench_counted(*path, row.warm_up_times, all);
    path->check(all);
    return;
  }
  expect(false, "no such row: " + std::string(name));
}

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  expect(read.ec == std::errc() && read.ptr == end, "--times wants a number");
  return number;
}

}  // namespace
}  // namespace pluv::bench

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "--list") {
    pluv::bench::list();
  } else if (arguments.size() == 1) {
    pluv::bench::run(arguments[0], std::nullopt);
  } else if (arguments.size() == 3 && arguments[1] == "--times") {
    pluv::bench::run(arguments[0], pluv::bench::number_of(arguments[2]));
  } else {
    pluv::bench::expect(false, "usage: path_bench ROW [--times N] | --list");
  }
}
