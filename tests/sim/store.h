// The store of a simulated machine, as a server sees it: answers come late, fail, or never, and
// what was asked for one room is carried out in order. Survives the server's processes; belongs to
// one of them at a time, as a file's lock has it. Tells the Ledger what the disk has.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "adapters/store.h"
#include "tests/sim/agenda.h"
#include "tests/sim/disk.h"
#include "tests/sim/ledger.h"
#include "tests/sim/plan.h"
#include "tests/sim/random.h"
#include "tests/sim/record.h"

namespace pluv::sim {

class SimStore {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  SimStore(const Plan& plan, Agenda& agenda, Random& random, Record& record, Ledger& ledger,
           std::unique_ptr<Disk> disk);

  void load(const std::string& room, Done<adapters::StoredDocument> done);
  void append(const std::string& room, std::string update, Done<std::uint64_t> done);
  void compact(const std::string& room, std::uint64_t last, std::string snapshot, Done<void> done);

  // Deletes the document of a room of which no server knows, when nothing else is wrong.
  void remove(const std::string& room);
  // For the next so many milliseconds.
  void trouble(std::int64_t ms);
  void end_trouble();
  // Full, whatever else it was.
  void fill_up(std::int64_t ms);
  // No more troubles; what is answered from now on is answered in time.
  void calm();
  // The process ends: what it asked for and was not carried out is not carried out, and nothing is
  // answered any more. power: the machine does.
  void process_ended(bool power);
  void closed_in_good_order();

  [[nodiscard]] Disk& disk() noexcept { return *disk_; }

 private:
  enum class Trouble : std::uint8_t { none, failing, flaky, full, stuck };

  // Carries it out in its turn; carry_out answers how long the answer then takes.
  void enqueue(std::function<void()> carry_out);
  [[nodiscard]] bool fails();
  template <class T>
  void answer(Done<T> done, Result<T> result);
  void begin_trouble(Trouble kind, std::int64_t ms);
  void sync_now();
  void sync_when_due();

  const Plan& plan_;
  Agenda& agenda_;
  Random& random_;
  Record& record_;
  Ledger& ledger_;
  std::unique_ptr<Disk> disk_;
  Trouble trouble_ = Trouble::none;
  std::int64_t trouble_until_ms_ = 0;
  std::int64_t last_due_ms_ = 0;
  std::uint64_t epoch_ = 0;  // of the process that has it
  bool dirty_ = false;
  bool sync_planned_ = false;
  bool calm_ = false;
};

}  // namespace pluv::sim
