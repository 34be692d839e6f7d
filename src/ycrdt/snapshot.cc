#include "ycrdt/snapshot.h"

#include <algorithm>

#include "ycrdt/doc_state.h"
#include "ycrdt/encode.h"
#include "ycrdt/lib0.h"
#include "ycrdt/snapshot_read.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/update_reader_v2.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {
namespace {

constexpr UpdateLimits kNoLimits{.update_bytes_max = SIZE_MAX,
                                 .clients_max = SIZE_MAX,
                                 .structs_max = SIZE_MAX,
                                 .value_depth_max = SIZE_MAX};

std::string encode(const Snapshot& snapshot, DeleteSetFormat format) {
  std::string out;
  snapshot.deletes().write(out, format);
  out += encode_state_vector(snapshot.state());
  return out;
}

Result<Snapshot> decode(std::string_view bytes, DeleteSetFormat format,
                        const UpdateLimits& limits) {
  if (bytes.size() > limits.update_bytes_max) {
    return Error{ErrorCode::limit, "The snapshot is too large"};
  }
  ByteReader reader(bytes);
  DeleteSet deletes;
  if (auto read = deletes.read(reader, format, limits); !read) return std::move(read).error();
  Result<StateVector> state = decode_state_vector(reader.bytes(reader.left()), limits);
  if (!state) return std::move(state).error();
  return Snapshot(std::move(deletes), std::move(*state));
}

// The structs of the store's update that begin before these clocks, and these deletes, as an
// update. Precondition: runs are split at the clocks.
std::string cut(const Store& store, const Snapshot& snapshot) {
  const std::string whole =
      encode_state_as_update(store, Pending(), StateVector(), ValueSpelling::kept);
  UpdateReader reader(whole, kNoLimits, ValueSpelling::kept);
  StructsWriter structs(ValueSpelling::kept);
  for (StructRef ref; reader.next(ref);) {
    if (ref.clock < snapshot.state().clock(ref.client)) structs.add(ref, 0);
  }
  std::string out;
  structs.finish(out);
  snapshot.deletes().write(out);
  return out;
}

}  // namespace

Snapshot::Snapshot(DeleteSet deletes, StateVector state)
    : deletes_(std::move(deletes)), state_(std::move(state)) {
  std::erase_if(deletes_.ranges(), [](const DeleteRange& range) { return range.length == 0; });
  deletes_.normalize();
}

Snapshot take_snapshot(const Doc& doc) {
  const Store& store = doc.state().store;
  DeleteSet deletes;
  for (ClientIndex c = 1; c < store.clients.size(); ++c) {
    const DeletedRanges& ranges = store.deleted_ranges(c);
    ByteReader reader(ranges.bytes);
    for (std::size_t i = 0; i < ranges.count; ++i) {
      const auto clock = static_cast<Clock>(reader.var_uint());
      const auto length = static_cast<std::uint32_t>(reader.var_uint());
      deletes.add({store.clients[c].id, clock, length});
    }
  }
  return {std::move(deletes), state_vector(store)};
}

std::string encode_snapshot(const Snapshot& snapshot) {
  return encode(snapshot, DeleteSetFormat::v1);
}
std::string encode_snapshot_v2(const Snapshot& snapshot) {
  return encode(snapshot, DeleteSetFormat::v2);
}
Result<Snapshot> decode_snapshot(std::string_view bytes, const UpdateLimits& limits) {
  return decode(bytes, DeleteSetFormat::v1, limits);
}
Result<Snapshot> decode_snapshot_v2(std::string_view bytes, const UpdateLimits& limits) {
  return decode(bytes, DeleteSetFormat::v2, limits);
}

Result<Doc> create_doc_from_snapshot(Doc& from, const Snapshot& snapshot, DocOptions options) {
  DocState& state = from.state();
  if (state.options.gc) {
    return Error{ErrorCode::conflict,
                 "The document collects garbage, so what a snapshot has may be gone"};
  }
  const auto& clocks = snapshot.state().entries();
  if (std::any_of(clocks.begin(), clocks.end(), [&](const StateVector::Entry& entry) {
        return entry.second > state.store.state(entry.first);
      })) {
    return Error{ErrorCode::not_found, "The document does not know all that the snapshot does"};
  }
  std::string update;
  {
    const Editing editing(state);
    split_at_clocks(state, snapshot);
    update = cut(state.store, snapshot);
  }
  Doc out(std::move(options));
  {
    DocState& restored = out.state();
    const Editing editing(restored, "snapshot");
    Transaction& transaction = restored.transaction();
    auto applied =
        apply_update(restored.store, restored.pending, transaction.change, restored.decoded, update,
                     restored.options.limits, ValueSpelling::kept);
    if (!applied) return std::move(applied).error();
    transaction.local = false;
  }
  return out;
}

namespace {

// clock_of(client): up to where its structs are known; has_deletes(set): whether all of it is.
template <class Reader, class ClockOf, class HasDeletes>
Result<bool> contains(Reader&& reader, const ClockOf& clock_of, const HasDeletes& has_deletes) {
  bool known = true;
  for (StructRef ref; reader.next(ref);) known = known && ref.end() <= clock_of(ref.client);
  DeleteSet deletes;
  if (reader.failed() || !reader.read_delete_set(deletes)) return reader.error();
  return known && has_deletes(deletes);
}

template <class Reader>
Result<bool> contains(const Snapshot& snapshot, Reader&& reader) {
  return contains(
      reader, [&](ClientId client) { return snapshot.state().clock(client); },
      [&](DeleteSet& deletes) {
        for (const DeleteRange& range : snapshot.deletes().ranges()) deletes.add(range);
        deletes.normalize();
        return deletes == snapshot.deletes();
      });
}

bool is_deleted(const Store& store, const DeleteRange& range) {
  if (range.length == 0) return true;
  const std::uint64_t end = std::uint64_t{range.clock} + range.length;
  if (end > store.state(range.client)) return false;
  const ClientIndex client = store.find_client(range.client);
  for (Clock at = range.clock; at < end;) {
    const Item& item = store.items[store.find({client, at})];
    if (!item.deleted()) return false;
    at = item.clock + item.length;
  }
  return true;
}

}  // namespace

Result<bool> snapshot_contains_update(const Snapshot& snapshot, std::string_view update,
                                      const UpdateLimits& limits) {
  return contains(snapshot, UpdateReader(update, limits));
}

Result<bool> snapshot_contains_update_v2(const Snapshot& snapshot, std::string_view update,
                                         const UpdateLimits& limits) {
  return contains(snapshot, UpdateReaderV2(update, limits));
}

Result<bool> doc_contains_update(const Doc& doc, std::string_view update,
                                 const UpdateLimits& limits) {
  const Store& store = doc.state().store;
  return contains(
      UpdateReader(update, limits), [&](ClientId client) { return store.state(client); },
      [&](DeleteSet& deletes) {
        deletes.normalize();  // so that nothing is looked at twice
        return std::ranges::all_of(
            deletes.ranges(), [&](const DeleteRange& range) { return is_deleted(store, range); });
      });
}

}  // namespace pluv::ycrdt
