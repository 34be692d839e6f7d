#include "ycrdt/encode.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "base/sort.h"
#include "ycrdt/any.h"
#include "ycrdt/kept_updates.h"
#include "ycrdt/lib0.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {
namespace {

// Appends to a string by pointer: room is made once for an item, not at each of its bytes.
class Output {
 public:
  explicit Output(std::string& out) : out_(out), at_(out.data() + out.size()), end_(at_) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { out_.resize(size()); }

  // Room for so many bytes, which the calls below count on.
  [[gnu::always_inline]] void reserve(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]]
      grow(bytes);
  }
  void byte(std::uint8_t value) noexcept { *at_++ = static_cast<char>(value); }
  void var_uint(std::uint64_t value) noexcept {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(0x80 | (value & 0x7f)));
      value >>= 7;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  void bytes(std::string_view bytes) noexcept {
    if (bytes.empty()) return;
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  // For who writes a few bytes at a time himself, in the room that was made: where they go, and
  // where they ended. A local pointer stays in a register.
  [[nodiscard]] char* position() const noexcept { return at_; }
  void go_to(char* at) noexcept { at_ = at; }
  // These make room themselves.
  void append(std::string_view text) {
    reserve(text.size());
    bytes(text);
  }
  void append_var_bytes(std::string_view text) {
    reserve(kVarUintSizeMax + text.size());
    var_uint(text.size());
    bytes(text);
  }

 private:
  [[nodiscard]] std::size_t size() const noexcept {
    return static_cast<std::size_t>(at_ - out_.data());
  }
  [[gnu::noinline]] void grow(std::size_t bytes) {
    const std::size_t used = size();
    // A string fills what it grows by. Of what it has room for, so little at a time that it is
    // still in the cache when it is written.
    constexpr std::size_t kStep = 32 * 1024;
    const std::size_t needed = used + bytes;
    out_.resize(needed <= out_.capacity()
                    ? std::min(out_.capacity(), std::max(needed, out_.size() + kStep))
                    : std::max(needed, 2 * out_.size()));
    at_ = out_.data() + used;
    end_ = out_.data() + out_.size();
  }

  std::string& out_;
  char* at_;
  char* end_;
};

// Writes a clock as a varint and answers where it ends. Eight bytes are written. Without branches,
// since clocks of two and of three bytes take turns: the groups of seven bits are moved apart.
char* put_clock(char* at, Clock value) noexcept {
  const std::uint64_t v = value;
  std::uint64_t word = (v & 0x7f) | (v & 0x3f80) << 1 | (v & 0x1fc000) << 2 | (v & 0xfe00000) << 3 |
                       (v & 0xf0000000) << 4;
  const unsigned size = (static_cast<unsigned>(std::bit_width(value | 1)) * 9 + 64) / 64;
  word |= 0x8080808080808080u & ((std::uint64_t{1} << (8 * (size - 1))) - 1);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(at, &word, sizeof word);
  return at + size;
}

class Encoder {
 public:
  Encoder(const Store& store, std::string& out, ValueSpelling values)
      : store_(store), out_(out), values_(values) {}

  void client(ClientIndex index, Clock from);

 private:
  // Of everything before an item's content, without names, and of a number after that. Ids write
  // eight bytes beyond what they take.
  static constexpr std::size_t kHeadMax = 8 * kVarUintSizeMax;
  static_assert(2 + 2 * (8 + 5) + 8 + 2 * kVarUintSizeMax <= kHeadMax);

  void item(const Item& item, std::uint32_t offset);
  void content(const Item& item, std::uint32_t offset);
  void parent(const Item& item);
  [[nodiscard]] char* put_id(char* at, Place place);
  void spell(ClientIndex client);
  void values(const Item& item, std::uint32_t offset);
  void embedded(std::string_view encoded);
  void json(std::string_view encoded);

  const Store& store_;
  Output out_;
  ValueSpelling values_;
  std::string scratch_;
  // The id of a client as it is written; most neighbours of an item have the same one.
  ClientIndex spelled_ = kNone;
  std::uint8_t spelled_size_ = 0;
  char spelled_bytes_[8] = {};  // ids have at most 53 bits
};

void Encoder::client(ClientIndex index, Clock from) {
  const Client& client = store_.clients[index];
  BlockList::Cursor cursor = client.blocks.find(from);
  out_.reserve(kHeadMax);
  out_.var_uint(client.blocks.count_from(cursor));
  out_.var_uint(client.id);
  out_.var_uint(from);
  item(store_.items[client.blocks.at(cursor).item], from - client.blocks.at(cursor).clock);
  while (client.blocks.next(cursor)) item(store_.items[client.blocks.at(cursor).item], 0);
}

void Encoder::spell(ClientIndex client) {
  spelled_ = client;
  spelled_size_ = 0;
  std::uint64_t left = store_.clients[client].id;
  for (; left >= 0x80; left >>= 7) {
    spelled_bytes_[spelled_size_++] = static_cast<char>(0x80 | (left & 0x7f));
  }
  spelled_bytes_[spelled_size_++] = static_cast<char>(left);
}

// Writes more bytes than it answers for: to write all is faster than to see how many there are.
[[gnu::always_inline]] inline char* Encoder::put_id(char* at, Place place) {
  if (place.client != spelled_) [[unlikely]]
    spell(place.client);
  std::memcpy(at, spelled_bytes_, sizeof spelled_bytes_);
  return put_clock(at + spelled_size_, place.clock);
}

void Encoder::item(const Item& item, std::uint32_t offset) {
  out_.reserve(kHeadMax);
  if (item.is_gc()) {
    out_.byte(0);
    out_.var_uint(item.length - offset);
    return;
  }
  const bool has_origin = offset > 0 || item.origin.client != kNone;
  const bool has_right_origin = item.right_origin.client != kNone;
  char* at = out_.position();
  *at++ = static_cast<char>(static_cast<std::uint8_t>(item.kind) | (has_origin ? 0x80 : 0) |
                            (has_right_origin ? 0x40 : 0) | (item.key != kNone ? 0x20 : 0));
  if (has_origin) {
    at = put_id(at, offset > 0 ? Place{item.client, item.clock + offset - 1} : item.origin);
  }
  if (has_right_origin) at = put_id(at, item.right_origin);
  out_.go_to(at);
  if (!has_origin && !has_right_origin) {
    parent(item);
    out_.reserve(kHeadMax);
  }
  content(item, offset);
}

// What says where the item belongs.
void Encoder::parent(const Item& item) {
  const Branch& branch = store_.branches[item.parent];
  if (branch.item == kNone) {
    out_.byte(1);
    out_.append_var_bytes(store_.key(branch.name));
  } else {
    out_.byte(0);
    out_.go_to(put_id(out_.position(), store_.items[branch.item].first()));
  }
  if (item.key != kNone) out_.append_var_bytes(store_.key(item.key));
}

// The value of an embed or a format.
void Encoder::embedded(std::string_view encoded) {
  if (values_ == ValueSpelling::json) {
    json(encoded);
    return;
  }
  out_.reserve(kVarUintSizeMax + 1);
  out_.var_uint(encoded.size() + 1);
  out_.byte(static_cast<std::uint8_t>(kKeptValueMark));
  out_.append(encoded);
}

void Encoder::json(std::string_view encoded) {
  scratch_.clear();
  append_json(scratch_, encoded);
  out_.append_var_bytes(scratch_);
}

void Encoder::content(const Item& item, std::uint32_t offset) {
  switch (item.kind) {
    case ContentKind::deleted: out_.var_uint(item.length - offset); break;
    case ContentKind::string:
      if (offset == 0) {
        out_.append_var_bytes(item.bytes());
      } else {
        scratch_.clear();
        append_text_from(scratch_, item.bytes(), offset, item.length);
        out_.append_var_bytes(scratch_);
      }
      break;
    case ContentKind::binary: out_.append_var_bytes(item.bytes()); break;
    case ContentKind::embed: embedded(item.bytes()); break;
    case ContentKind::format:
      out_.append_var_bytes(store_.key(store_.format_key(item)));
      embedded(store_.format_value(item));
      break;
    case ContentKind::type: {
      const Branch& branch = store_.branches[item.branch()];
      out_.var_uint(static_cast<std::uint64_t>(branch.kind));
      if (branch.kind == TypeKind::xml_element || branch.kind == TypeKind::xml_hook) {
        out_.append_var_bytes(store_.key(branch.name));
      }
      break;
    }
    case ContentKind::json:
    case ContentKind::any: values(item, offset); break;
    case ContentKind::doc: {
      const Subdocument& subdocument = store_.subdocuments[item.size];
      out_.append_var_bytes(subdocument.guid);
      out_.append(subdocument.options);
      break;
    }
    case ContentKind::gc:
    case ContentKind::skip: break;
  }
}

void Encoder::values(const Item& item, std::uint32_t offset) {
  out_.var_uint(item.length - offset);
  ByteReader reader(item.bytes());
  bool shortest = true;
  for (std::uint32_t i = 0; i < item.length; ++i) {
    if (i == offset && item.kind == ContentKind::any) break;
    const char* const begin = reader.position();
    if (!skip_any(reader, item.size, shortest)) break;
    if (i < offset || item.kind == ContentKind::any) continue;
    const std::string_view value(begin, static_cast<std::size_t>(reader.position() - begin));
    if (decode_any(value).is_undefined()) {
      out_.append_var_bytes("undefined");
    } else {
      json(value);
    }
  }
  out_.append({reader.position(), reader.left()});
}

// The clients that have something from these clocks on, highest first.
struct From {
  ClientId id;
  ClientIndex client;
  Clock clock;
};

void write_clients(const Store& store, std::span<From> from, ValueSpelling values,
                   std::string& out) {
  sort_by(from.begin(), from.end(), [](const From& a, const From& b) { return a.id > b.id; });
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
  sort_by(clients.begin(), clients.end(),
          [&](ClientIndex a, ClientIndex b) { return store.clients[a].id > store.clients[b].id; });
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
  // About what a whole document takes. Pages that are not written to cost nothing.
  constexpr std::size_t kHeadBytes = 16;
  if (state.entries().empty()) {
    out.reserve(store.arena.capacity_bytes() + kHeadBytes * store.items.size());
  }
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

DeleteSet deletes_of(const Store& store, const Change& change) {
  DeleteSet out;
  for (const Change::Deleted& range : change.deleted) {
    out.add({store.clients[range.client].id, range.clock, range.length});
  }
  out.group_by_client();
  return out;
}

std::string encode_change(const Store& store, const Change& change, ValueSpelling values) {
  std::vector<From> many;
  From one{};  // what somebody types is of one client, and needs no list
  std::size_t count = 0;
  for (const Change::Grown& grown : change.clients) {
    const Client& client = store.clients[grown.client];
    if (client.end <= grown.before) continue;
    const From from{client.id, grown.client, grown.before};
    if (count++ == 0) {
      one = from;
      continue;
    }
    if (many.empty()) many.push_back(one);
    many.push_back(from);
  }
  if (count == 0 && change.deleted.empty()) return {};
  std::string out;
  write_clients(store, count > 1 ? std::span(many) : std::span(&one, count), values, out);
  if (change.deleted.empty()) {
    out.push_back('\0');
  } else {
    deletes_of(store, change).write(out);
  }
  return out;
}

}  // namespace pluv::ycrdt
