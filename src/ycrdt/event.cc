#include "ycrdt/event.h"

#include <algorithm>

#include "ycrdt/any.h"
#include "ycrdt/attributes.h"
#include "ycrdt/doc_state.h"
#include "ycrdt/list_edit.h"
#include "ycrdt/read.h"
#include "ycrdt/update_writer.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {

std::uint32_t Event::old_part(const Item& item) const noexcept {
  const Clock before = doc_->store.before(transaction_->change, item.client);
  return before <= item.clock ? 0 : std::min(before - item.clock, item.length);
}

bool Event::deletes(const Item& item) const noexcept {
  const auto& ranges = transaction_->change.deleted;
  const auto* const after = std::upper_bound(ranges.begin(), ranges.end(), item.first(),
                                             [](const Place& place, const Change::Deleted& range) {
                                               return place.client != range.client
                                                          ? place.client < range.client
                                                          : place.clock < range.clock;
                                             });
  if (after == ranges.begin()) return false;
  const Change::Deleted& range = *(after - 1);
  return range.client == item.client && item.clock - range.clock < range.length;
}

std::vector<Event::PathStep> Event::path() const {
  Store& store = doc_->store;
  std::vector<PathStep> out;
  for (BranchIndex branch = target_; branch != current_target_;) {
    const ItemIndex owner = store.branches[branch].item;
    if (owner == kNone) break;
    const Item& item = store.items[owner];
    if (item.key != kNone) {
      out.emplace_back(std::string(store.key(item.key)));
    } else {
      out.emplace_back(store.position_of(owner));
    }
    branch = item.parent;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string> Event::touched_keys() const {
  std::vector<std::string> out;
  out.reserve(changed_keys_.size());
  for (const KeyIndex key : changed_keys_) out.emplace_back(doc_->store.key(key));
  return out;
}

std::vector<Event::KeyChange> Event::keys() const {
  const Store& store = doc_->store;
  std::vector<KeyChange> out;
  for (const KeyIndex key : changed_keys_) {
    const ItemIndex index = store.member_item(target_, key);
    if (index == kNone) continue;
    const Item& item = store.items[index];
    KeyChange change;
    change.key = store.key(key);
    ItemIndex old = kNone;
    if (adds(item)) {
      old = item.left;
      while (old != kNone && adds(store.items[old])) old = store.items[old].left;
      const bool replaced = old != kNone && deletes(store.items[old]);
      if (deletes(item)) {
        if (!replaced) continue;
        change.action = KeyChange::Action::remove;
      } else {
        change.action = replaced ? KeyChange::Action::update : KeyChange::Action::add;
        if (!replaced) old = kNone;
      }
    } else {
      if (!deletes(item)) continue;
      change.action = KeyChange::Action::remove;
      old = index;
    }
    if (old != kNone) {
      const Item& before = store.items[old];
      change.old_value = value_at(*doc_, before, before.length - 1);
    }
    out.push_back(std::move(change));
  }
  return out;
}

std::vector<Event::ListOp> Event::list_delta() const {
  const Store& store = doc_->store;
  std::vector<ListOp> out;
  if (!list_changed_) return out;
  const auto last = [&](DeltaOp::Kind kind) -> ListOp& {
    if (out.empty() || out.back().kind != kind) out.push_back({kind, {}, 0});
    return out.back();
  };
  for (ItemIndex at = store.branches[target_].start; at != kNone; at = store.items[at].right) {
    const Item& item = store.items[at];
    const std::uint32_t old = old_part(item);
    if (item.deleted()) {
      if (old != 0 && deletes(item)) last(DeltaOp::Kind::remove).length += old;
      continue;
    }
    if (old != 0) last(DeltaOp::Kind::retain).length += old;
    if (old == item.length) continue;
    ListOp& insert = last(DeltaOp::Kind::insert);
    if (!item.countable()) continue;
    for (std::uint32_t i = old; i < item.length; ++i) {
      insert.values.push_back(value_at(*doc_, item, i));
    }
  }
  if (!out.empty() && out.back().kind == DeltaOp::Kind::retain) out.pop_back();
  return out;
}

namespace {

// Gathers the steps of a text's change. Attribute values borrow from the store.
class TextDelta {
 public:
  enum class Action : std::uint8_t { none, insert, retain, remove };

  explicit TextDelta(const Store& store) : store_(store) {}

  void begin(Action action) {
    if (action_ == action) return;
    end_op();
    action_ = action;
  }
  [[nodiscard]] Action action() const noexcept { return action_; }
  void end_op() {
    DeltaOp op;
    bool some = false;
    if (action_ == Action::remove) {
      op = DeltaOp::remove_length(length_);
      some = length_ != 0;
    } else if (action_ == Action::insert && !text_.empty()) {
      op.insert = Any(std::move(text_));
      add_attributes(op, current);
      some = true;
    } else if (action_ == Action::retain) {
      op = DeltaOp::retain_length(length_);
      add_attributes(op, changed);
      some = length_ != 0;
    }
    if (some) ops_.push_back(std::move(op));
    text_.clear();
    length_ = 0;
    action_ = Action::none;
  }
  void text(std::string_view text) { text_.append(text); }
  void length(std::uint32_t by) { length_ += by; }
  void embed(Value value) {
    end_op();
    DeltaOp op;
    op.insert = std::move(value);
    add_attributes(op, current);
    ops_.push_back(std::move(op));
  }

  [[nodiscard]] std::vector<DeltaOp> finish() {
    end_op();
    while (!ops_.empty() && ops_.back().kind == DeltaOp::Kind::retain &&
           ops_.back().attributes.empty()) {
      ops_.pop_back();
    }
    return std::move(ops_);
  }

  Attributes current;  // what holds here now
  Attributes before;   // what held here before, as far as formats were met
  Attributes changed;  // what a retained text has gained or lost

 private:
  void add_attributes(DeltaOp& op, const Attributes& attributes) const {
    for (const auto& [key, value] : in_key_order(store_, attributes)) {
      op.attributes.emplace_back(store_.key(key), decode_any(value));
    }
  }

  const Store& store_;
  std::vector<DeltaOp> ops_;
  Action action_ = Action::none;
  std::string text_;
  std::uint32_t length_ = 0;
};

}  // namespace

const std::vector<DeltaOp>& Event::text_delta() {
  using Action = TextDelta::Action;
  if (text_delta_) return *text_delta_;
  const Editing editing(*doc_);
  Store& store = doc_->store;
  TextDelta delta(store);
  const auto drop = [&](ItemIndex format) {
    store.delete_item(doc_->transaction().change, format);
  };
  for (ItemIndex at = store.branches[target_].start; at != kNone; at = store.items[at].right) {
    const Item& item = store.items[at];
    const std::uint32_t old = old_part(item);
    const bool removed = deletes(item);
    switch (item.kind) {
      case ContentKind::string:
      case ContentKind::type:
      case ContentKind::embed:
        if (old != 0 && (removed || !item.deleted())) {
          delta.begin(removed ? Action::remove : Action::retain);
          delta.length(old);
        }
        // What is new counts even when another observer has deleted it since.
        if (old == item.length || removed) break;
        if (item.kind == ContentKind::string) {
          delta.begin(Action::insert);
          std::string text;
          append_text_from(text, item.bytes(), old, item.length);
          delta.text(text);
        } else {
          delta.embed(value_at(*doc_, item, 0));
        }
        break;
      case ContentKind::format: {
        const KeyIndex key = store.format_key(item);
        const std::string_view value = store.format_value(item);
        const std::string_view now = delta.current.value_or_null(key);
        if (old == 0) {
          if (!removed) {
            if (!equal_attribute(now, value)) {
              if (delta.action() == Action::retain) delta.end_op();
              if (equal_attribute(value, delta.before.value_or_null(key))) {
                delta.changed.erase(key);
              } else {
                delta.changed.set(key, value);
              }
            } else if (value != kEncodedNull) {
              drop(at);
            }
          }
        } else if (removed) {
          delta.before.set(key, value);
          if (!equal_attribute(now, value)) {
            if (delta.action() == Action::retain) delta.end_op();
            delta.changed.set(key, now);
          }
        } else if (!item.deleted()) {
          delta.before.set(key, value);
          if (const std::string_view* const changed = delta.changed.find(key)) {
            if (!equal_attribute(*changed, value)) {
              if (delta.action() == Action::retain) delta.end_op();
              if (value == kEncodedNull) {
                delta.changed.erase(key);
              } else {
                delta.changed.set(key, value);
              }
            } else if (*changed != kEncodedNull) {
              drop(at);
            }
          }
        }
        if (!store.items[at].deleted()) {
          if (delta.action() == Action::insert) delta.end_op();
          delta.current.apply(key, value);
        }
        break;
      }
      default: break;
    }
  }
  return text_delta_.emplace(delta.finish());
}

}  // namespace pluv::ycrdt
