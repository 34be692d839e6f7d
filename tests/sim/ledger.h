// What must be true of documents whatever happens, kept beside the run: what the disk was given and
// has. So nothing may be shown that is not kept, nothing that is kept may be missing when it is
// read again, and nothing may be read that was never written. Owned by the World.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/store.h"
#include "tests/sim/agenda.h"
#include "tests/sim/plan.h"
#include "tests/sim/record.h"
#include "ycrdt/doc.h"

namespace pluv::sim {

class Ledger {
 public:
  Ledger(const Plan& plan, const Agenda& agenda, Record& record)
      : plan_(plan), agenda_(agenda), record_(record) {}

  // Of the disk, when it happens there.
  void appended(const std::string& room, std::uint64_t number, const std::string& update);
  void compacted(const std::string& room, std::uint64_t last, const std::string& snapshot);
  // Whoever asked for that is told so now.
  void acknowledged(const std::string& room, const std::string& update);
  // By an operator, while nobody was there.
  void removed(const std::string& room);
  void synced();
  void torn(const std::string& room);
  // Whatever was not synced may be gone.
  void power_cut();
  void loaded(const std::string& room, const adapters::StoredDocument& document);

  // Somebody is sent this of the document: an update's bytes.
  void shown(const std::string& room, std::string_view update);
  // Somebody is told of the edit that has put this key into the map "written".
  void spoken_of(const std::string& room, const std::string& key);

  // Whether documents may have lost what somebody has seen: by a power cut, which may take the last
  // second, or by a disk that gives back other bytes than it was given.
  [[nodiscard]] bool lossy() const noexcept { return lossy_; }

 private:
  struct RoomLedger {
    std::unique_ptr<ycrdt::Doc> kept;
    bool changed = false;                      // kept has changed since this was cleared
    std::map<std::uint64_t, std::string> log;  // behind the snapshot
    std::string snapshot;
    std::uint64_t snapshot_of = 0;
    // Those that a power cut may bring back, the oldest first.
    std::vector<std::pair<std::uint64_t, std::string>> snapshots_before;
    std::uint64_t last = 0;
    std::uint64_t synced = 0;
    bool cut = false;   // the power was cut since it was last loaded
    bool torn = false;  // its newest record is not what was written
  };

  [[nodiscard]] RoomLedger& of(const std::string& room);
  void begin_kept(RoomLedger& ledger);
  void fail(const std::string& room, const std::string& what);

  const Plan& plan_;
  const Agenda& agenda_;
  Record& record_;
  std::map<std::string, RoomLedger> rooms_;
  bool lossy_ = false;
};

}  // namespace pluv::sim
