// Our engine's side of bench/ycrdt: one row of the table in a process of its own, since memory and
// the state of the allocator would otherwise move from row to row. run.mjs prepares the folder of
// inputs, checks that all engines answer the same, and prints the table.
//   ycrdt_bench ROW FOLDER          prints the measured values, one run a line
//   ycrdt_bench ROW FOLDER FILE     writes the result into the file: an update or a state vector;
//                                   everything is done once, so that its instructions can be
//                                   counted
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/updates.h"

namespace {

using pluv::ycrdt::Doc;
using pluv::ycrdt::Text;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "ycrdt_bench: %s\n", what.c_str());
  std::exit(1);
}

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

double heap_mb() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / 1e6;
}

std::uint32_t read_u32(std::string_view& bytes) {
  std::uint32_t value = 0;
  if (bytes.size() < 4) fail("an input is cut off");
  std::memcpy(&value, bytes.data(), 4);
  bytes.remove_prefix(4);
  return value;
}

std::string_view read_bytes(std::string_view& bytes) {
  const std::uint32_t size = read_u32(bytes);
  if (bytes.size() < size) fail("an input is cut off");
  const std::string_view out = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return out;
}

struct Edit {
  std::uint32_t position = 0;
  std::uint32_t removed = 0;
  std::string_view inserted;
};

// A file of the inputs. What is read from it borrows from it.
class Input {
 public:
  Input(const std::string& folder, const std::string& name) {
    std::ifstream file(folder + "/" + name, std::ios::binary);
    if (!file) fail("cannot read " + folder + "/" + name);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::string_view> frames() const {
    std::vector<std::string_view> out;
    for (std::string_view rest = bytes_; !rest.empty();) out.push_back(read_bytes(rest));
    return out;
  }
  [[nodiscard]] std::vector<Edit> edits() const {
    std::vector<Edit> out;
    for (std::string_view rest = bytes_; !rest.empty();) {
      Edit edit;
      edit.position = read_u32(rest);
      edit.removed = read_u32(rest);
      edit.inserted = read_bytes(rest);
      out.push_back(edit);
    }
    return out;
  }

 private:
  std::string bytes_;
};

void must(const pluv::Result<void>& result) {
  if (!result) fail(result.error().message);
}
template <class T>
T must(pluv::Result<T> result) {
  if (!result) fail(result.error().message);
  return std::move(*result);
}

void edit(Text text, const std::vector<Edit>& edits) {
  for (const Edit& e : edits) {
    if (e.removed != 0) must(text.erase(e.position, e.removed));
    if (!e.inserted.empty()) must(text.insert(e.position, e.inserted));
  }
}

Doc new_doc(pluv::ycrdt::ClientId client) {
  pluv::ycrdt::DocOptions options;
  options.client_id = client;
  return Doc(options);
}

Doc loaded(std::string_view update) {
  Doc doc = new_doc(1);
  must(doc.apply_update(update));
  return doc;
}

struct Sample {
  double value = 0;
  std::string result;
};

// Whether nothing is done more than once for the clock's sake.
bool once = false;

// Times something that leaves everything as it was: as often as it takes for the clock to tell.
template <class Work>
Sample timed_often(Work work) {
  Sample out;
  const double begin = cpu_ms();
  int times = 0;
  double spent = 0;
  do {
    out.result = work();
    ++times;
    spent = cpu_ms() - begin;
  } while (spent < 5 && !once);
  out.value = spent / times;
  return out;
}

Sample load(const std::string& folder, const char* name) {
  const Input update(folder, name);
  const double begin = cpu_ms();
  const Doc doc = loaded(update.bytes());
  const double spent = cpu_ms() - begin;
  return {spent, doc.encode_state_as_update()};
}

Sample load_and_read(const std::string& folder, const char* name) {
  const Input update(folder, name);
  const double begin = cpu_ms();
  Doc doc = loaded(update.bytes());
  if (doc.get_text("text").to_string().empty()) fail("nothing was loaded");
  const double spent = cpu_ms() - begin;
  return {spent, doc.encode_state_as_update()};
}

Sample load_frames(const std::string& folder, const char* name) {
  const Input input(folder, name);
  const auto updates = input.frames();
  const double begin = cpu_ms();
  Doc doc = new_doc(1);
  for (const std::string_view update : updates) must(doc.apply_update(update));
  const double spent = cpu_ms() - begin;
  return {spent, doc.encode_state_as_update()};
}

Sample encode(const std::string& folder, const char* name) {
  const Doc doc = loaded(Input(folder, name).bytes());
  return timed_often([&] { return doc.encode_state_as_update(); });
}

Sample load_v2(const std::string& folder) {
  const Input update(folder, "b4.v2.bin");
  const double begin = cpu_ms();
  Doc doc = new_doc(1);
  must(doc.apply_update_v2(update.bytes()));
  const double spent = cpu_ms() - begin;
  return {spent, doc.encode_state_as_update()};
}

Sample encode_v2(const std::string& folder) {
  const Doc doc = loaded(Input(folder, "b4.bin").bytes());
  return timed_often([&] { return doc.encode_state_as_update_v2(); });
}

// One transaction an edit, and an observer that gets the update of each, as who sends them needs.
Sample type(const std::string& folder, const char* name, pluv::ycrdt::ClientId client) {
  const Input input(folder, name);
  const auto edits = input.edits();
  Doc doc = new_doc(client);
  std::size_t sent = 0;
  doc.on_update([&](std::string_view update, const auto&) { sent += update.size(); });
  const double begin = cpu_ms();
  edit(doc.get_text("text"), edits);
  const double spent = cpu_ms() - begin;
  return {spent, doc.encode_state_as_update()};
}

Sample apply_to_b4(const std::string& folder, const char* name) {
  const Input input(folder, name);
  const auto updates = input.frames();
  Doc doc = loaded(Input(folder, "b4.bin").bytes());
  const double begin = cpu_ms();
  for (const std::string_view update : updates) must(doc.apply_update(update));
  const double spent = cpu_ms() - begin;
  return {static_cast<double>(updates.size()) * 1e3 / spent, doc.encode_state_as_update()};
}

// The same documents kept as bytes, as a room does that only relays.
pluv::ycrdt::LazyDoc loaded_as_bytes(std::string_view update) {
  pluv::ycrdt::LazyDoc doc;
  must(doc.apply_update(update));
  return doc;
}

Sample relay_load(const std::string& folder, const char* name) {
  const Input update(folder, name);
  const double begin = cpu_ms();
  auto doc = loaded_as_bytes(update.bytes());
  const double spent = cpu_ms() - begin;
  return {spent, doc.encode_state_as_update()};
}

Sample relay_updates(const std::string& folder, const char* name) {
  const Input input(folder, name);
  const auto updates = input.frames();
  pluv::ycrdt::LazyDoc doc;
  const double begin = cpu_ms();
  for (const std::string_view update : updates) must(doc.apply_update(update));
  const double spent = cpu_ms() - begin;
  return {spent, doc.encode_state_as_update()};
}

Sample relay_to_b4(const std::string& folder, const char* name) {
  const Input input(folder, name);
  const auto updates = input.frames();
  auto doc = loaded_as_bytes(Input(folder, "b4.bin").bytes());
  const double begin = cpu_ms();
  for (const std::string_view update : updates) must(doc.apply_update(update));
  const double spent = cpu_ms() - begin;
  return {static_cast<double>(updates.size()) * 1e3 / spent, doc.encode_state_as_update()};
}

Sample relay_memory(const std::string& folder, const char* name, double (*used)()) {
  const double before = used();
  auto doc = loaded_as_bytes(Input(folder, name).bytes());
  return {used() - before, doc.encode_state_as_update()};
}

// Two users: the update of each one's transaction is applied by the other at once.
Sample two_users(const std::string& folder) {
  const Input start(folder, "b2.4.start.bin");
  const Input first(folder, "b2.4.first.edits");
  const Input second(folder, "b2.4.second.edits");
  const auto first_edits = first.edits();
  const auto second_edits = second.edits();
  Doc one = new_doc(11);
  Doc two = new_doc(12);
  must(one.apply_update(start.bytes()));
  must(two.apply_update(start.bytes()));
  one.on_update([&](std::string_view update, const auto& change) {
    if (change.local) must(two.apply_update(update));
  });
  two.on_update([&](std::string_view update, const auto& change) {
    if (change.local) must(one.apply_update(update));
  });
  const double begin = cpu_ms();
  one.transact([&] { edit(one.get_text("text"), first_edits); });
  two.transact([&] { edit(two.get_text("text"), second_edits); });
  const double spent = cpu_ms() - begin;
  if (one.get_text("text").to_string() != two.get_text("text").to_string()) fail("they differ");
  return {spent, one.encode_state_as_update()};
}

// What a loaded document takes: of the heap, or of the process.
Sample memory(const std::string& folder, const char* name, double (*used)()) {
  const double before = used();
  const Doc doc = loaded(Input(folder, name).bytes());
  return {used() - before, doc.encode_state_as_update()};
}

Sample diff(const std::string& folder) {
  const Doc doc = loaded(Input(folder, "b4.bin").bytes());
  const Input state(folder, "b4.state10.bin");
  return timed_often([&] {
    return doc.encode_state_as_update(must(pluv::ycrdt::decode_state_vector(state.bytes())));
  });
}

Sample diff_bytes(const std::string& folder) {
  const Input update(folder, "b4.bin");
  const Input state(folder, "b4.state10.bin");
  return timed_often([&] {
    return must(pluv::ycrdt::diff_update(update.bytes(),
                                         must(pluv::ycrdt::decode_state_vector(state.bytes()))));
  });
}

Sample state_vector_of_bytes(const std::string& folder) {
  const Input update(folder, "b4.bin");
  return timed_often(
      [&] { return must(pluv::ycrdt::encode_state_vector_from_update(update.bytes())); });
}

Sample merge(const std::string& folder, const char* base) {
  const Input input(folder, "b4.last1000.frames");
  auto updates = input.frames();
  std::string first;
  if (base != nullptr) {
    first = Input(folder, base).bytes();
    updates.insert(updates.begin(), first);
  }
  return timed_often([&] { return must(pluv::ycrdt::merge_updates(updates)); });
}

struct Row {
  const char* name;
  Sample (*run)(const std::string& folder);
};

constexpr Row kRows[] = {
    {"b4-load", [](const std::string& f) { return load(f, "b4.bin"); }},
    {"b4-load-read", [](const std::string& f) { return load_and_read(f, "b4.bin"); }},
    {"b4-updates", [](const std::string& f) { return load_frames(f, "b4.frames"); }},
    {"b4-typed", [](const std::string& f) { return type(f, "b4.edits", 1000001); }},
    {"b4-encode", [](const std::string& f) { return encode(f, "b4.bin"); }},
    {"b4-load-v2", load_v2},
    {"b4-encode-v2", encode_v2},
    {"b4-memory", [](const std::string& f) { return memory(f, "b4.bin", heap_mb); }},
    {"b4x100-load", [](const std::string& f) { return load(f, "b4x100.bin"); }},
    {"b4x100-encode", [](const std::string& f) { return encode(f, "b4x100.bin"); }},
    {"b4x100-memory", [](const std::string& f) { return memory(f, "b4x100.bin", resident_mb); }},
    {"append", [](const std::string& f) { return apply_to_b4(f, "append.frames"); }},
    {"random", [](const std::string& f) { return apply_to_b4(f, "random.frames"); }},
    {"relay-load", [](const std::string& f) { return relay_load(f, "b4.bin"); }},
    {"relay-updates", [](const std::string& f) { return relay_updates(f, "b4.frames"); }},
    {"relay-memory", [](const std::string& f) { return relay_memory(f, "b4.bin", heap_mb); }},
    {"relay-append", [](const std::string& f) { return relay_to_b4(f, "append.frames"); }},
    {"relay-random", [](const std::string& f) { return relay_to_b4(f, "random.frames"); }},
    {"relay-x100-load", [](const std::string& f) { return relay_load(f, "b4x100.bin"); }},
    {"relay-x100-memory",
     [](const std::string& f) { return relay_memory(f, "b4x100.bin", resident_mb); }},
    {"diff", diff},
    {"diff-bytes", diff_bytes},
    {"state-vector-bytes", state_vector_of_bytes},
    {"merge-1000", [](const std::string& f) { return merge(f, nullptr); }},
    {"merge-b4-1000", [](const std::string& f) { return merge(f, "b4.before1000.bin"); }},
    {"b1.1", [](const std::string& f) { return type(f, "b1.1.edits", 11); }},
    {"b1.4", [](const std::string& f) { return type(f, "b1.4.edits", 11); }},
    {"b2.4", two_users},
    {"b3.1", [](const std::string& f) { return load_frames(f, "b3.1.frames"); }},
    {"b3.4", [](const std::string& f) { return load_frames(f, "b3.4.frames"); }},
};

// The first run, then more for two seconds, seven at least; of what takes long, one is enough.
void measure(const Row& row, const std::string& folder) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto passed = [&] { return Clock::now() - begin; };
  std::printf("%.6f\n", row.run(folder).value);
  if (std::strstr(row.name, "memory") != nullptr || passed() > std::chrono::seconds(10)) return;
  for (int i = 0; i < 7 || (i < 25 && passed() < std::chrono::seconds(2)); ++i) {
    std::printf("%.6f\n", row.run(folder).value);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: ycrdt_bench ROW FOLDER [FILE]");
  for (const Row& row : kRows) {
    if (std::string_view(argv[1]) != row.name) continue;
    if (argc == 3) {
      measure(row, argv[2]);
    } else {
      once = true;
      const std::string result = row.run(argv[2]).result;
      std::ofstream file(argv[3], std::ios::binary);
      if (!file.write(result.data(), static_cast<std::streamsize>(result.size())).flush()) {
        fail(std::string("cannot write ") + argv[3]);
      }
    }
    return 0;
  }
  fail(std::string("no row ") + argv[1]);
}
