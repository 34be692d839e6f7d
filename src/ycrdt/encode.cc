#include "ycrdt/encode.h"

#include <algorithm>

#include "ycrdt/any.h"
#include "ycrdt/kept_updates.h"
#include "ycrdt/lib0.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {
namespace {

// A few bytes that are appended together.
class Head {
 public:
  void byte(std::uint8_t value) { bytes_[size_++] = static_cast<char>(value); }
  void var_uint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_[size_++] = static_cast<char>(0x80 | (value & 0x7f));
      value >>= 7;
    }
    bytes_[size_++] = static_cast<char>(value);
  }
  void append_to(std::string& out) const { out.append(bytes_, size_); }

 private:
  char bytes_[8 * kVarUintSizeMax];
  std::size_t size_ = 0;
};

class Encoder {
 public:
  Encoder(const Store& store, std::string& out, ValueSpelling values)
      : store_(store), out_(out), values_(values) {}

  void client(ClientIndex index, Clock from);

 private:
  void item(const Item& item, std::uint32_t offset);
  void content(Head& head, const Item& item, std::uint32_t offset);
  void parent(Head& head, const Item& item);
  void embedded(std::string_view encoded);
  void json(std::string_view encoded);

  const Store& store_;
  std::string& out_;
  ValueSpelling values_;
  std::string scratch_;
};

void Encoder::client(ClientIndex index, Clock from) {
  const Client& client = store_.clients[index];
  BlockList::Cursor cursor = client.blocks.find(from);
  std::size_t count = 0;
  for (BlockList::Cursor at = cursor;;) {
    ++count;
    if (!client.blocks.next(at)) break;
  }
  Head head;
  head.var_uint(count);
  head.var_uint(client.id);
  head.var_uint(from);
  head.append_to(out_);
  item(store_.items[client.blocks.at(cursor).item], from - client.blocks.at(cursor).clock);
  while (client.blocks.next(cursor)) item(store_.items[client.blocks.at(cursor).item], 0);
}

void Encoder::item(const Item& item, std::uint32_t offset) {
  Head head;
  if (item.is_gc()) {
    head.byte(0);
    head.var_uint(item.length - offset);
    head.append_to(out_);
    return;
  }
  const bool has_origin = offset > 0 || item.origin.client != kNone;
  const bool has_right_origin = item.right_origin.client != kNone;
  head.byte(static_cast<std::uint8_t>(static_cast<std::uint8_t>(item.kind) |
                                      (has_origin ? 0x80 : 0) | (has_right_origin ? 0x40 : 0) |
                                      (item.key != kNone ? 0x20 : 0)));
  if (has_origin) {
    const Place origin = offset > 0 ? Place{item.client, item.clock + offset - 1} : item.origin;
    head.var_uint(store_.clients[origin.client].id);
    head.var_uint(origin.clock);
  }
  if (has_right_origin) {
    head.var_uint(store_.clients[item.right_origin.client].id);
    head.var_uint(item.right_origin.clock);
  }
  if (!has_origin && !has_right_origin) {
    parent(head, item);
    head = Head();
  }
  content(head, item, offset);
}

// Appends the head so far, and what says where the item belongs.
void Encoder::parent(Head& head, const Item& item) {
  const Branch& branch = store_.branches[item.parent];
  if (branch.item == kNone) {
    head.byte(1);
    head.append_to(out_);
    write_var_bytes(out_, store_.key(branch.name));
  } else {
    const Item& owner = store_.items[branch.item];
    head.byte(0);
    head.var_uint(store_.clients[owner.client].id);
    head.var_uint(owner.clock);
    head.append_to(out_);
  }
  if (item.key != kNone) write_var_bytes(out_, store_.key(item.key));
}

// The value of an embed or a format.
void Encoder::embedded(std::string_view encoded) {
  if (values_ == ValueSpelling::json) {
    json(encoded);
    return;
  }
  write_var_uint(out_, encoded.size() + 1);
  out_.push_back(kKeptValueMark);
  out_.append(encoded);
}

void Encoder::json(std::string_view encoded) {
  scratch_.clear();
  append_json(scratch_, encoded);
  write_var_bytes(out_, scratch_);
}

void Encoder::content(Head& head, const Item& item, std::uint32_t offset) {
  switch (item.kind) {
    case ContentKind::deleted:
      head.var_uint(item.length - offset);
      head.append_to(out_);
      break;
    case ContentKind::string:
      if (offset == 0) {
        head.var_uint(item.size);
        head.append_to(out_);
        out_.append(item.data, item.size);
      } else {
        head.append_to(out_);
        scratch_.clear();
        append_text_from(scratch_, item.bytes(), offset, item.length);
        write_var_bytes(out_, scratch_);
      }
      break;
    case ContentKind::binary:
      head.var_uint(item.size);
      head.append_to(out_);
      out_.append(item.data, item.size);
      break;
    case ContentKind::embed:
      head.append_to(out_);
      embedded(item.bytes());
      break;
    case ContentKind::format:
      head.append_to(out_);
      write_var_bytes(out_, store_.key(store_.format_key(item)));
      embedded(store_.format_value(item));
      break;
    case ContentKind::type: {
      const Branch& branch = store_.branches[item.branch()];
      head.var_uint(static_cast<std::uint64_t>(branch.kind));
      head.append_to(out_);
      if (branch.kind == TypeKind::xml_element || branch.kind == TypeKind::xml_hook) {
        write_var_bytes(out_, store_.key(branch.name));
      }
      break;
    }
    case ContentKind::json:
    case ContentKind::any: {
      head.var_uint(item.length - offset);
      head.append_to(out_);
      ByteReader reader(item.bytes());
      bool shortest = true;
      for (std::uint32_t i = 0; i < item.length; ++i) {
        if (i == offset && item.kind == ContentKind::any) break;
        const char* const begin = reader.position();
        if (!skip_any(reader, item.size, shortest)) break;
        if (i < offset || item.kind == ContentKind::any) continue;
        const std::string_view value(begin, static_cast<std::size_t>(reader.position() - begin));
        if (decode_any(value).is_undefined()) {
          write_var_bytes(out_, "undefined");
        } else {
          json(value);
        }
      }
      out_.append(reader.position(), reader.left());
      break;
    }
    case ContentKind::doc: {
      const Subdocument& subdocument = store_.subdocuments[item.size];
      head.append_to(out_);
      write_var_bytes(out_, subdocument.guid);
      out_.append(subdocument.options);
      break;
    }
    case ContentKind::gc:
    case ContentKind::skip: break;
  }
}

// The clients that have something from these clocks on, highest first.
struct From {
  ClientId id;
  ClientIndex client;
  Clock clock;
};

void write_clients(const Store& store, std::vector<From>& from, ValueSpelling values,
                   std::string& out) {
  std::sort(from.begin(), from.end(), [](const From& a, const From& b) { return a.id > b.id; });
  write_var_uint(out, from.size());
  Encoder encoder(store, out, values);
  for (const From& client : from) encoder.client(client.client, client.clock);
}

// Of each client the higher clock.
StateVector newer(const StateVector& a, const StateVector& b) {
  std::vector<StateVector::Entry> entries;
  for (const auto& [client, clock] : a.entries()) {
    entries.emplace_back(client, std::max(clock, b.clock(client)));
  }
  for (const auto& [client, clock] : b.entries()) {
    if (a.clock(client) == 0) entries.emplace_back(client, clock);
  }
  return StateVector(std::move(entries));
}

// The delete set: clients highest first, as in DeleteSet::write.
void write_deletes(const Store& store, std::string& out) {
  std::vector<ClientIndex> clients;
  std::size_t bytes = 0;
  for (ClientIndex c = 1; c < store.clients.size(); ++c) {
    const DeletedRanges& ranges = store.deleted_ranges(c);
    if (ranges.count != 0) clients.push_back(c);
    bytes += ranges.bytes.size();
  }
  std::sort(clients.begin(), clients.end(), [&](ClientIndex a, ClientIndex b) {
    return store.clients[a].id > store.clients[b].id;
  });
  constexpr std::size_t kHeadMax = 18;  // of a client: two varints
  out.reserve(out.size() + bytes + (clients.size() + 1) * kHeadMax);
  write_var_uint(out, clients.size());
  for (const ClientIndex c : clients) {
    const DeletedRanges& ranges = store.deleted_ranges(c);
    write_var_uint(out, store.clients[c].id);
    write_var_uint(out, ranges.count);
    out += ranges.bytes;
  }
}

}  // namespace

StateVector state_vector(const Store& store) {
  std::vector<StateVector::Entry> entries;
  for (ClientIndex c = 1; c < store.clients.size(); ++c) {
    if (store.clients[c].end != 0) entries.emplace_back(store.clients[c].id, store.clients[c].end);
  }
  return StateVector(std::move(entries));
}

std::string encode_state_as_update(const Store& store, const Pending& pending,
                                   const StateVector& state, ValueSpelling values) {
  std::vector<From> from;
  for (ClientIndex c = 1; c < store.clients.size(); ++c) {
    const Client& client = store.clients[c];
    const Clock known = state.clock(client.id);
    if (client.end > known) from.push_back({client.id, c, known});
  }
  std::string out;
  write_clients(store, from, values, out);
  write_deletes(store, out);
  if (pending.empty()) return out;
  // As yjs does: one update of what is here and what waits.
  std::vector<std::string> owned = {std::move(out)};
  if (!pending.deletes.empty()) {
    std::string deletes(1, '\0');  // no structs
    pending.deletes.write(deletes);
    owned.push_back(std::move(deletes));
  }
  const UpdateLimits no_limits{.update_bytes_max = SIZE_MAX,
                               .clients_max = SIZE_MAX,
                               .structs_max = SIZE_MAX,
                               .value_depth_max = SIZE_MAX};
  if (!pending.updates().empty()) {
    const auto waiting = merge_kept_in_turn(pending.updates(), no_limits);
    PLUV_ASSERT(waiting.ok());  // our own writing
    // Not what is here, too: merged, another content of the same clocks could take its place.
    auto diff = diff_kept(*waiting, newer(state, state_vector(store)), no_limits, values);
    PLUV_ASSERT(diff.ok());
    owned.push_back(std::move(*diff));
  }
  const std::vector<std::string_view> views(owned.begin(), owned.end());
  const MergeOptions options{.coalesce_text = false, .limits = no_limits};
  auto merged =
      values == ValueSpelling::json ? merge_updates(views, options) : merge_kept(views, options);
  PLUV_ASSERT(merged.ok());
  return std::move(*merged);
}

std::string encode_change(const Store& store, const Change& change, ValueSpelling values) {
  std::vector<From> from;
  for (const Change::Grown& grown : change.clients) {
    const Client& client = store.clients[grown.client];
    if (client.end > grown.before) from.push_back({client.id, grown.client, grown.before});
  }
  if (from.empty() && change.deleted.empty()) return {};
  std::string out;
  write_clients(store, from, values, out);
  DeleteSet deletes;
  for (const Change::Deleted& range : change.deleted) {
    deletes.add({store.clients[range.client].id, range.clock, range.length});
  }
  deletes.group_by_client();
  deletes.write(out);
  return out;
}

}  // namespace pluv::ycrdt
