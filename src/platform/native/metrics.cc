#include "platform/native/metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <memory>
#include <string_view>

#include "platform/native/loop_metrics.h"
#include "platform/native/process_memory.h"

namespace pluv::native {
namespace {

constexpr std::uint16_t kFirstCloseCode = 1000;
constexpr std::size_t kStandardCloseCodes = 16;
constexpr std::size_t kUnauthorizedSlot = kStandardCloseCodes;
constexpr std::size_t kEvictedSlot = kStandardCloseCodes + 1;
constexpr std::size_t kOtherSlot = kStandardCloseCodes + 2;

// Writes the text form: a family's head, then its samples.
class Text {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP ").append(name).append(" ").append(help);
    out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  // labels: 'a="b"' or empty; values have no character that needs escaping.
  void sample(std::string_view suffix, std::string_view labels, std::string_view value) {
    out_.append(name_).append(suffix);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_.append(" ").append(value).append("\n");
  }
  void sample(std::string_view labels, std::uint64_t value) {
    sample("", labels, std::to_string(value));
  }
  void single(std::string_view name, std::string_view type, std::string_view help,
              std::uint64_t value) {
    family(name, type, help);
    sample("", value);
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::string_view name_;
};

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + std::string(value) + "\"";
}

std::string seconds_text(std::uint64_t microseconds) {
  std::string fraction = std::to_string(microseconds % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return std::to_string(microseconds / 1'000'000) + "." + fraction;
}

void append_step_histogram(Text& text, const MetricsSnapshot& snapshot) {
  text.family("pluv_step_seconds", "histogram", "Time of one room step.");
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < snapshot.step_us.size(); ++i) {
    count += snapshot.step_us[i];
    const std::string bound =
        i < kStepBucketsUs.size() ? seconds_text(kStepBucketsUs[i]) : std::string("+Inf");
    text.sample("_bucket", label("le", bound), std::to_string(count));
  }
  text.sample("_sum", "", seconds_text(snapshot.step_us_sum));
  text.sample("_count", "", std::to_string(count));
}

std::uint64_t open_descriptors() {
  // Linux 6.2 and later say how many there are; listing 10,000 takes 6 ms of a loop's time.
  struct stat status{};
  if (::stat("/proc/self/fd", &status) == 0 && status.st_size > 0) {
    return static_cast<std::uint64_t>(status.st_size);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(folder.get())) count += entry->d_name[0] != '.' ? 1 : 0;
  return count - std::min<std::uint64_t>(count, 1);  // the folder itself is open
}

void append_process(Text& text) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto microseconds = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(time.tv_usec);
  };
  text.family("process_cpu_seconds_total", "counter", "User and system CPU time.");
  text.sample("", "", seconds_text(microseconds(usage.ru_utime) + microseconds(usage.ru_stime)));
  text.single("process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
  text.single("process_open_fds", "gauge", "Open file descriptors.", open_descriptors());
}

void append_labelled(Text& text, const MetricsSnapshot& snapshot) {
  text.family("pluv_closes_total", "counter", "Close frames sent, by code.");
  for (const auto& [code, count] : snapshot.closes_total) {
    text.sample(label("code", std::to_string(code)), count);
  }
  text.family("pluv_refused_total", "counter",
              "What clients asked for and did not get, by reason.");
  for (std::size_t i = 0; i < snapshot.refused_total.size(); ++i) {
    const char* name = room::refusal_reason_name(static_cast<room::RefusalReason>(i));
    text.sample(label("reason", name), snapshot.refused_total[i]);
  }
  text.family("pluv_connections_refused_total", "counter", "Connections not let in, by reason.");
  for (const auto& [reason, count] : snapshot.connections_refused_total) {
    text.sample(label("reason", reason), count);
  }
}

void append_store(Text& text, const MetricsSnapshot& snapshot) {
  text.family("pluv_store_calls_total", "counter", "What rooms asked of their store, done.");
  for (std::size_t i = 0; i < kStoreCallNames.size(); ++i) {
    text.sample(label("call", kStoreCallNames[i]), snapshot.store_done_total[i]);
  }
  text.family("pluv_store_failures_total", "counter", "The same, failed.");
  for (std::size_t i = 0; i < kStoreCallNames.size(); ++i) {
    text.sample(label("call", kStoreCallNames[i]), snapshot.store_failed_total[i]);
  }
  text.single("pluv_store_bytes_total", "counter", "Bytes of updates appended.",
              snapshot.store_bytes_total);
}

}  // namespace

const char* connection_refusal_name(ConnectionRefusal refusal) noexcept {
  switch (refusal) {
    case ConnectionRefusal::bad_request: return "bad_request";
    case ConnectionRefusal::bad_room: return "bad_room";
    case ConnectionRefusal::origin: return "origin";
    case ConnectionRefusal::unauthorized: return "unauthorized";
    case ConnectionRefusal::unavailable: return "unavailable";
    case ConnectionRefusal::connections_max: return "connections_max";
    case ConnectionRefusal::address_max: return "address_max";
    case ConnectionRefusal::user_max: return "user_max";
    case ConnectionRefusal::memory: return "memory";
    case ConnectionRefusal::draining: return "draining";
    case ConnectionRefusal::handshake_timeout: return "handshake_timeout";
    case ConnectionRefusal::tls_failed: return "tls_failed";
  }
  return "";
}

std::size_t close_code_slot(std::uint16_t code) noexcept {
  if (code == 3000) return kUnauthorizedSlot;
  if (code == 4001) return kEvictedSlot;
  if (code >= kFirstCloseCode && code < kFirstCloseCode + kStandardCloseCodes) {
    return static_cast<std::size_t>(code - kFirstCloseCode);
  }
  return kOtherSlot;
}

std::uint16_t close_code_of(std::size_t slot) noexcept {
  if (slot < kStandardCloseCodes) return static_cast<std::uint16_t>(kFirstCloseCode + slot);
  return slot == kUnauthorizedSlot ? 3000 : slot == kEvictedSlot ? 4001 : 0;
}

// Below four microseconds each has a bucket of its own.
std::size_t turn_bucket_of(std::uint64_t microseconds) noexcept {
  if (microseconds < 4) return static_cast<std::size_t>(microseconds);
  const auto exponent = static_cast<std::size_t>(std::bit_width(microseconds)) - 1;
  const auto quarter = static_cast<std::size_t>(microseconds >> (exponent - 2)) & 3;
  return std::min(4 * (exponent - 1) + quarter, kTurnBuckets - 1);
}

std::uint64_t turn_bucket_us(std::size_t bucket) noexcept {
  if (bucket < 4) return bucket;
  const std::size_t exponent = bucket / 4 + 1;
  return ((std::uint64_t{5} + bucket % 4) << (exponent - 2)) - 1;
}

void LoopMetrics::count_turn(std::uint64_t microseconds) noexcept {
  turns[turn_bucket_of(microseconds)].add(1);
}

void LoopMetrics::count_step(std::uint64_t microseconds) noexcept {
  step_us_sum.add(microseconds);
  const auto bucket = std::lower_bound(kStepBucketsUs.begin(), kStepBucketsUs.end(), microseconds);
  step_us[static_cast<std::size_t>(bucket - kStepBucketsUs.begin())].add(1);
}

void LoopMetrics::add_to(MetricsSnapshot& snapshot) const {
  snapshot.sessions += sessions.get();
  snapshot.accepted_total += accepted.get();
  snapshot.messages_in_total += messages_in.get();
  snapshot.messages_out_total += messages_out.get();
  snapshot.bytes_in_total += bytes_in.get();
  snapshot.bytes_out_total += bytes_out.get();
  snapshot.sends_total += sends.get();
  snapshot.queued_bytes += queued_bytes.get();
  snapshot.queued_bytes_max = std::max(snapshot.queued_bytes_max, queued_bytes_max.get());
  snapshot.conflated_total += conflated.get();
  snapshot.memory_closes_total += memory_closes.get();
  for (std::size_t i = 0; i < store_calls.size(); ++i) {
    snapshot.store_done_total[i] += store_calls[i].done.get();
    snapshot.store_failed_total[i] += store_calls[i].failed.get();
  }
  snapshot.store_bytes_total += store_bytes.get();
  snapshot.step_us_sum += step_us_sum.get();
  for (std::size_t i = 0; i < turns.size(); ++i) snapshot.turns[i] += turns[i].get();
  for (std::size_t i = 0; i < step_us.size(); ++i) snapshot.step_us[i] += step_us[i].get();
  for (std::size_t i = 0; i < refused.size(); ++i) snapshot.refused_total[i] += refused[i].get();
  for (std::size_t i = 0; i < closes.size(); ++i) {
    if (closes[i].get() > 0) snapshot.closes_total[close_code_of(i)] += closes[i].get();
  }
  for (std::size_t i = 0; i < connections_refused.size(); ++i) {
    const char* name = connection_refusal_name(static_cast<ConnectionRefusal>(i));
    snapshot.connections_refused_total[name] += connections_refused[i].get();
  }
}

std::string prometheus_text(const MetricsSnapshot& snapshot) {
  Text text;
  text.single("pluv_connections", "gauge", "Open sockets, upgraded or not.", snapshot.connections);
  text.single("pluv_sessions", "gauge", "Live sessions.", snapshot.sessions);
  text.single("pluv_rooms", "gauge", "Rooms in memory.", snapshot.rooms);
  text.single("pluv_accepted_total", "counter", "Connections accepted.", snapshot.accepted_total);
  text.single("pluv_messages_received_total", "counter", "Messages of clients.",
              snapshot.messages_in_total);
  text.single("pluv_messages_sent_total", "counter", "Messages to clients, one a receiver.",
              snapshot.messages_out_total);
  text.single("pluv_bytes_received_total", "counter", "Bytes read from sockets.",
              snapshot.bytes_in_total);
  text.single("pluv_bytes_sent_total", "counter", "Bytes written to sockets.",
              snapshot.bytes_out_total);
  text.single("pluv_sends_total", "counter", "System calls that wrote.", snapshot.sends_total);
  text.single("pluv_queue_bytes", "gauge", "Bytes waiting for slow receivers.",
              snapshot.queued_bytes);
  text.single("pluv_queue_bytes_longest", "gauge", "Bytes waiting for the slowest receiver.",
              snapshot.queued_bytes_max);
  text.single("pluv_conflated_total", "counter", "Presences replaced by newer ones under backlog.",
              snapshot.conflated_total);
  text.single("pluv_memory_ceiling_bytes", "gauge", "What max-memory says; 0: no ceiling.",
              snapshot.memory_ceiling_bytes);
  text.single("pluv_memory_pressure", "gauge", "0: none, 1: high, 2: full, 3: over the ceiling.",
              snapshot.memory_pressure);
  text.single("pluv_memory_closes_total", "counter", "Sessions closed to stay under the ceiling.",
              snapshot.memory_closes_total);
  append_labelled(text, snapshot);
  append_store(text, snapshot);
  append_step_histogram(text, snapshot);
  text.single("pluv_draining", "gauge", "1 while the server drains.", snapshot.draining ? 1 : 0);
  append_process(text);
  return text.take();
}

}  // namespace pluv::native
