#include "ycrdt/snapshot_read.h"

#include <deque>

#include "json/writer.h"
#include "ycrdt/attributes.h"
#include "ycrdt/list_edit.h"
#include "ycrdt/read.h"

namespace pluv::ycrdt {

void split_at_clocks(DocState& doc, const Snapshot& snapshot) {
  Store& store = doc.store;
  Change& change = doc.transaction().change;
  for (const auto& [id, clock] : snapshot.state().entries()) {
    const ClientIndex client = store.find_client(id);
    if (client != kNone && clock < store.clients[client].end) {
      (void)store.clean_start(change, {client, clock});
    }
  }
}

void split_at_borders(DocState& doc, const Snapshot& snapshot) {
  split_at_clocks(doc, snapshot);
  Store& store = doc.store;
  Change& change = doc.transaction().change;
  for (const DeleteRange& range : snapshot.deletes().ranges()) {
    const ClientIndex client = store.find_client(range.client);
    if (client == kNone) continue;
    const Clock end = store.clients[client].end;
    for (const Clock border : {range.clock, range.clock + range.length}) {
      if (border < end) (void)store.clean_start(change, {client, border});
    }
  }
}

namespace {

Id id_of(const Store& store, const Item& item, std::uint32_t element) {
  return {store.clients[item.client].id, item.clock + element};
}

// The element of the item, or of one to its left, that the snapshot knows as the last one: the
// member's value then, or what was deleted.
std::optional<Value> member_at(DocState& doc, ItemIndex at, const Snapshot& snapshot) {
  const Store& store = doc.store;
  for (; at != kNone; at = store.items[at].left) {
    const Item& item = store.items[at];
    const Clock known = snapshot.state().clock(store.clients[item.client].id);
    if (known <= item.clock) continue;
    const std::uint32_t element = std::min(item.length, known - item.clock) - 1;
    if (!snapshot.contains(id_of(store, item, element))) return std::nullopt;
    return value_at(doc, item, element);
  }
  return std::nullopt;
}

}  // namespace

std::vector<Value> list_values_at(DocState& doc, BranchIndex branch, const Snapshot& snapshot) {
  std::vector<Value> out;
  const Store& store = doc.store;
  for (ItemIndex at = store.branches[branch].start; at != kNone; at = store.items[at].right) {
    const Item& item = store.items[at];
    if (!item.countable()) continue;
    const bool values = item.kind == ContentKind::any || item.kind == ContentKind::json;
    ByteReader reader(values ? item.bytes() : std::string_view());
    for (std::uint32_t i = 0; i < item.length; ++i) {
      Value value = values ? Value(read_any(reader)) : value_at(doc, item, i);
      if (snapshot.contains(id_of(store, item, i))) out.push_back(std::move(value));
    }
  }
  return out;
}

std::optional<Value> map_get_at(DocState& doc, BranchIndex branch, std::string_view key,
                                const Snapshot& snapshot) {
  const KeyIndex name = doc.store.find_key(key);
  if (name == kNone) return std::nullopt;
  return member_at(doc, doc.store.member_item(branch, name), snapshot);
}

std::vector<std::pair<std::string, Value>> map_entries_at(DocState& doc, BranchIndex branch,
                                                          const Snapshot& snapshot) {
  std::vector<std::pair<std::string, Value>> out;
  const Store& store = doc.store;
  for (std::uint32_t m = store.branches[branch].first_member; m != kNone;
       m = store.members[m].next) {
    if (std::optional<Value> value = member_at(doc, store.members[m].item, snapshot)) {
      out.emplace_back(store.key(store.members[m].key), std::move(*value));
    }
  }
  return out;
}

namespace {

class DeltaWalk {
 public:
  DeltaWalk(DocState& doc, const DeltaBetween& between)
      : doc_(doc),
        store_(doc.store),
        between_(between),
        ychange_(doc.store.intern_key("ychange")) {}

  std::vector<DeltaOp> run(BranchIndex branch) {
    for (ItemIndex at = store_.branches[branch].start; at != kNone; at = store_.items[at].right) {
      item(store_.items[at]);
    }
    end_text();
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_shown(const Item& item) const {
    return between_.snapshot == nullptr ? !item.deleted()
                                        : between_.snapshot->contains(id_of(store_, item, 0));
  }
  [[nodiscard]] bool was_there(const Item& item) const {
    return between_.previous != nullptr && between_.previous->contains(id_of(store_, item, 0));
  }

  void item(const Item& item) {
    const bool shown = is_shown(item);
    const bool was = was_there(item);
    if (!shown && !was) return;
    switch (item.kind) {
      case ContentKind::string:
        if (!shown && between_.snapshot != nullptr) {
          mark(TextChange::removed, item);
        } else if (!was && between_.previous != nullptr) {
          mark(TextChange::added, item);
        } else if (const auto* mark = current_.find(ychange_);
                   mark != nullptr && !decode_any(*mark).is_undefined()) {
          end_text();
          current_.erase(ychange_);
        }
        text_.append(item.bytes());
        break;
      case ContentKind::type:
      case ContentKind::embed:
        end_text();
        out_.push_back({DeltaOp::Kind::insert, value_at(doc_, item, 0), 0, attributes()});
        break;
      case ContentKind::format:
        if (!shown) break;
        end_text();
        current_.apply(store_.format_key(item), store_.format_value(item));
        break;
      default: break;
    }
  }

  // Begins a run that was changed, unless it is said already of the one before.
  void mark(TextChange change, const Item& item) {
    const std::string_view type = change == TextChange::added ? "added" : "removed";
    const Id id = id_of(store_, item, 0);
    if (says(type, id.client)) return;
    end_text();
    Any value =
        between_.ychange ? between_.ychange(change, id) : Any(Any::Object{{"type", Any(type)}});
    write_any(marks_.emplace_back(), value);
    current_.set(ychange_, marks_.back());
  }

  [[nodiscard]] bool says(std::string_view type, ClientId client) const {
    const std::string_view* const mark = current_.find(ychange_);
    if (mark == nullptr) return false;
    const Any value = decode_any(*mark);
    const auto* const object = value.get<Any::Object>();
    if (object == nullptr) return false;
    bool same_user = false;
    bool same_type = false;
    for (const auto& [name, member] : *object) {
      if (name == "user") same_user = member == Any(client);
      if (name == "type") same_type = member == Any(type);
    }
    return same_user && same_type;
  }

  void end_text() {
    if (text_.empty()) return;
    out_.push_back({DeltaOp::Kind::insert, Any(std::move(text_)), 0, attributes()});
    text_.clear();
  }

  [[nodiscard]] DeltaOp::AttributeList attributes() const {
    DeltaOp::AttributeList out;
    for (const auto& [key, value] : in_key_order(store_, current_)) {
      out.emplace_back(store_.key(key), decode_any(value));
    }
    return out;
  }

  DocState& doc_;
  Store& store_;
  const DeltaBetween& between_;
  KeyIndex ychange_;
  Attributes current_;
  std::deque<std::string> marks_;  // which current_ borrows from
  std::string text_;
  std::vector<DeltaOp> out_;
};

}  // namespace

std::vector<DeltaOp> delta_between(DocState& doc, BranchIndex branch, const DeltaBetween& between) {
  return DeltaWalk(doc, between).run(branch);
}

namespace {

// Whether there is something left to be read: also of a type that was deleted, until it is
// collected.
bool is_readable(const SharedType& type) noexcept {
  return type.doc() != nullptr && type.branch() != kNone &&
         type.doc()->store.branches[type.branch()].alive;
}

}  // namespace

std::vector<DeltaOp> Text::to_delta(const DeltaBetween& between) const {
  if (between.snapshot == nullptr && between.previous == nullptr) return to_delta();
  if (doc_ == nullptr || branch_ == kNone) return {};
  // Of the whole document, and of a type that is collected as well, as in yjs: it shows where a
  // border runs through a surrogate pair.
  const Editing editing(*doc_, "cleanup");
  for (const Snapshot* snapshot : {between.snapshot, between.previous}) {
    if (snapshot != nullptr) split_at_borders(*doc_, *snapshot);
  }
  return is_readable(*this) ? delta_between(*doc_, branch_, between) : std::vector<DeltaOp>();
}

std::string Text::delta_json(const DeltaBetween& between) const {
  const std::vector<DeltaOp> delta = to_delta(between);
  if (!is_readable(*this)) return "null";
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const DeltaOp& op : delta) {
    writer.begin_object();
    writer.key("insert");
    if (const auto* type = std::get_if<SharedType>(&op.insert)) {
      std::string content;
      append_type_json(content, doc_->store, type->branch(), type->kind());
      writer.raw(content);
    } else {
      writer.raw(to_json(std::get<Any>(op.insert)));
    }
    if (!op.attributes.empty()) {
      writer.key("attributes");
      writer.raw(to_json(Any(Any::Object(op.attributes))));
    }
    writer.end_object();
  }
  writer.end_array();
  return out;
}

std::vector<Value> Array::to_array(const Snapshot& snapshot) const {
  return is_readable(*this) ? list_values_at(*doc_, branch_, snapshot) : std::vector<Value>();
}

std::optional<Value> Map::get(std::string_view key, const Snapshot& snapshot) const {
  return is_readable(*this) ? map_get_at(*doc_, branch_, key, snapshot) : std::nullopt;
}

std::vector<std::pair<std::string, Value>> Map::entries(const Snapshot& snapshot) const {
  if (!is_readable(*this)) return {};
  return map_entries_at(*doc_, branch_, snapshot);
}

std::vector<std::pair<std::string, Value>> XmlElement::attributes(const Snapshot& snapshot) const {
  return as_map().entries(snapshot);
}

}  // namespace pluv::ycrdt
