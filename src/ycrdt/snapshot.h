// Snapshots: what of a document was there at one moment, as clocks and deletes (yjs: Snapshot). A
// document that collects no garbage still has the content of all its snapshots: it can be restored
// as it was, lists and maps can be read as they were, and a text can tell who has changed what
// between two of them. Snapshots are small values; they hold no content.
//
//   Doc doc({.client_id = 1, .gc = false});
//   Snapshot before = take_snapshot(doc);                         // Y.snapshot(doc)
//   ...
//   text.to_delta({.snapshot = &after, .previous = &before});     // text.toDelta(after, before)
//   Result<Doc> old = create_doc_from_snapshot(doc, before, {.client_id = 2});
//
// Source: yjs, Snapshot.js.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ycrdt/any.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/doc.h"
#include "ycrdt/ids.h"
#include "ycrdt/limits.h"
#include "ycrdt/state_vector.h"

namespace pluv::ycrdt {

class Snapshot {
 public:
  Snapshot() = default;  // of the empty document (emptySnapshot)
  // Normalizes the deletes. yjs: createSnapshot.
  Snapshot(DeleteSet deletes, StateVector state);

  [[nodiscard]] const DeleteSet& deletes() const noexcept { return deletes_; }
  [[nodiscard]] const StateVector& state() const noexcept { return state_; }
  // Whether the element was there and not deleted. Logarithmic. yjs: isVisible.
  [[nodiscard]] bool contains(Id id) const noexcept {
    return id.clock < state_.clock(id.client) && !deletes_.contains(id);
  }

  bool operator==(const Snapshot&) const = default;  // equalSnapshots

 private:
  DeleteSet deletes_;  // normalized, no range is empty
  StateVector state_;
};

// Of the document as it is now. Linear in the deletes. yjs: snapshot.
[[nodiscard]] Snapshot take_snapshot(const Doc& doc);

// yjs: encodeSnapshot, encodeSnapshotV2.
[[nodiscard]] std::string encode_snapshot(const Snapshot& snapshot);
[[nodiscard]] std::string encode_snapshot_v2(const Snapshot& snapshot);
// An error: the bytes are malformed or over a limit. yjs: decodeSnapshot, decodeSnapshotV2.
[[nodiscard]] Result<Snapshot> decode_snapshot(std::string_view bytes,
                                               const UpdateLimits& limits = {});
[[nodiscard]] Result<Snapshot> decode_snapshot_v2(std::string_view bytes,
                                                  const UpdateLimits& limits = {});

// A new document that holds what the snapshot has of `from`. Takes time and memory for all of
// `from`. Errors: conflict (`from` collects garbage, so that content may be gone), not_found (it
// does not know all that the snapshot does), limit (of `options`). yjs: createDocFromSnapshot.
[[nodiscard]] Result<Doc> create_doc_from_snapshot(Doc& from, const Snapshot& snapshot,
                                                   DocOptions options);

// Whether all that the update holds, deletes too, is part of the snapshot. An error: the update is
// malformed or over a limit. yjs: snapshotContainsUpdate.
[[nodiscard]] Result<bool> snapshot_contains_update(const Snapshot& snapshot,
                                                    std::string_view update,
                                                    const UpdateLimits& limits = {});
[[nodiscard]] Result<bool> snapshot_contains_update_v2(const Snapshot& snapshot,
                                                       std::string_view update,
                                                       const UpdateLimits& limits = {});

// The same of the document as it is now, without a snapshot of it: costs the update's size, and the
// items that it deletes.
[[nodiscard]] Result<bool> doc_contains_update(const Doc& doc, std::string_view update,
                                               const UpdateLimits& limits = {});

// --- Text::to_delta between two snapshots.

enum class TextChange : std::uint8_t { removed, added };

struct DeltaBetween {
  // What is shown. nullptr: the document as it is now; of `previous` what was removed since is then
  // shown without saying so.
  const Snapshot* snapshot = nullptr;
  const Snapshot* previous = nullptr;  // what it is compared with; nullptr: with nothing
  // What the attribute "ychange" of a run of text says that was added since `previous`, or that was
  // removed and is shown nevertheless. id: its first element, which says who wrote it. Without one,
  // {"type": "added"} or {"type": "removed"}. Runs side by side become one when the value is an
  // object whose "user" is the client's id and whose "type" is that type. Called in a transaction;
  // it must not edit the document. yjs: computeYChange.
  std::function<Any(TextChange change, Id id)> ychange = {};
};

}  // namespace pluv::ycrdt
