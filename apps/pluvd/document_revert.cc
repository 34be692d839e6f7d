#include "apps/pluvd/document_revert.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "apps/pluvd/document_kinds.h"
#include "apps/pluvd/document_read.h"
#include "apps/pluvd/text_ends.h"
#include "ycrdt/utf16.h"

namespace pluv::apps {
namespace {

using ycrdt::Any;
using ycrdt::DeltaOp;
using ycrdt::Doc;
using ycrdt::SharedType;
using ycrdt::TypeKind;
using ycrdt::Value;

// Types in types; each costs a stack frame.
constexpr int kDepthMax = 200;

std::string name_of(const SharedType& type) {
  if (type.kind() == TypeKind::xml_element) return type.as_xml_element().node_name();
  if (type.kind() == TypeKind::xml_hook) return type.as_xml_hook().hook_name();
  return {};
}

const SharedType* type_in(const Value& value) { return std::get_if<SharedType>(&value); }

bool is_same_kind(const SharedType& a, const SharedType& b) {
  return a.kind() == b.kind() && name_of(a) == name_of(b);
}

// Values are equal when their marks are; so are pieces of text with their attributes.
class Marks {
 public:
  // False: too deep.
  [[nodiscard]] bool append(const Value& value, int depth) {
    if (const auto* any = std::get_if<Any>(&value)) {
      out_ += 'a';
      ycrdt::write_any(out_, *any);
      return true;
    }
    if (const auto* subdoc = std::get_if<ycrdt::Subdoc>(&value)) {
      out_ += 'd';
      text(subdoc->guid);
      ycrdt::write_any(out_, subdoc->options);
      return true;
    }
    return append(std::get<SharedType>(value), depth);
  }

  [[nodiscard]] bool append(const DeltaOp& op, int depth) {
    for (const auto& [name, attribute] : op.attributes) {
      out_ += 'f';
      text(name);
      ycrdt::write_any(out_, attribute);
    }
    return append(op.insert, depth);
  }

  [[nodiscard]] std::string take() { return std::exchange(out_, {}); }

 private:
  [[nodiscard]] bool append(const SharedType& type, int depth) {
    if (depth > kDepthMax) return false;
    const TypeKind kind = kind_of(type);
    out_ += 't';
    out_ += static_cast<char>('0' + static_cast<int>(kind));
    text(name_of(type));
    bool shallow = true;
    if (is_text(kind)) {
      for (const DeltaOp& op : type.as_text().to_delta()) shallow &= append(op, depth + 1);
    } else if (has_list(kind)) {
      for (const Value& value : type.as_array().to_array()) shallow &= append(value, depth + 1);
    }
    auto members = type.as_map().entries();
    std::ranges::sort(members, {}, &std::pair<std::string, Value>::first);
    for (const auto& [name, value] : members) {
      out_ += 'm';
      text(name);
      shallow &= append(value, depth + 1);
    }
    out_ += '.';
    return shallow;
  }

  void text(std::string_view text) {
    out_ += std::to_string(text.size());
    out_ += ':';
    out_ += text;
  }

  std::string out_;
};

std::uint32_t units_of(std::string_view text) {
  return static_cast<std::uint32_t>(ycrdt::utf16_length(text).value_or(0));
}

const std::string* text_of(const DeltaOp& op) {
  const auto* any = std::get_if<Any>(&op.insert);
  return any == nullptr ? nullptr : any->get<std::string>();
}

std::uint32_t length_of(const DeltaOp& op) {
  const std::string* const text = text_of(op);
  return text == nullptr ? 1 : units_of(*text);
}

ycrdt::Input input_of(const Value& value) {
  if (const auto* any = std::get_if<Any>(&value)) return *any;
  const auto& subdoc = std::get<ycrdt::Subdoc>(value);
  ycrdt::NewDoc made{.guid = subdoc.guid};
  if (const auto* options = subdoc.options.get<Any::Object>()) {
    for (const auto& [name, option] : *options) {
      if (name == "gc") made.gc = option != Any(false);
      if (name == "autoLoad") made.auto_load = option == Any(true);
      if (name == "meta") made.meta = option;
    }
  }
  return made;
}

// One document is edited until it holds what the other one does.
class Reverting {
 public:
  [[nodiscard]] Result<void> roots(Doc& now, Doc& then) {
    std::vector<std::string> names = now.root_names();
    for (std::string& name : then.root_names()) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    for (const std::string& name : names) root(now.get_root(name), then.get_root(name));
    if (failed_) return *failed_;
    return {};
  }

 private:
  void root(const SharedType& now, const SharedType& then) {
    const TypeKind was = kind_of(now);
    TypeKind kind = kind_of(then);
    // Which of them is empty cannot be told apart from an empty list.
    if (then.as_array().length() == 0 && then.as_map().size() == 0) kind = was;
    if (is_text(kind) != is_text(was) && now.as_array().length() > 0) {
      keep(now.as_array().erase(0, now.as_array().length()));
    }
    make(now, then, kind, 0);
  }

  void make(const SharedType& now, const SharedType& then, TypeKind kind, int depth) {
    if (failed_) return;
    if (depth > kDepthMax) {
      failed_ = Error{ErrorCode::limit, "The document is too deep"};
      return;
    }
    if (is_text(kind)) {
      text(now.as_text(), then.as_text(), depth);
    } else if (has_list(kind)) {
      list(now.as_array(), then.as_array(), depth);
    }
    map(now.as_map(), then.as_map(), depth);
  }

  // --- Texts.

  void text(ycrdt::Text now, const ycrdt::Text& then, int depth) {
    std::vector<DeltaOp> old_ops = now.to_delta();
    std::vector<DeltaOp> new_ops = then.to_delta();
    std::uint32_t at = drop_common_front(old_ops, new_ops, depth);
    drop_common_back(old_ops, new_ops, depth);
    std::uint32_t old_length = 0;
    for (const DeltaOp& op : old_ops) old_length += length_of(op);
    if (old_length > 0) keep(now.erase(at, old_length));
    for (const DeltaOp& op : new_ops) {
      if (failed_) return;
      insert(now, at, op, depth);
      at += length_of(op);
    }
  }

  void insert(ycrdt::Text& text, std::uint32_t at, const DeltaOp& op, int depth) {
    if (const std::string* const letters = text_of(op)) {
      keep(text.insert(at, *letters, op.attributes));
    } else if (const auto* any = std::get_if<Any>(&op.insert)) {
      keep(text.insert_embed(at, *any, op.attributes));
    } else if (const SharedType* const type = type_in(op.insert)) {
      fill(text.insert_type(at, {.kind = type->kind(), .name = name_of(*type)}, op.attributes),
           *type, depth);
    }
  }

  // Of both, whole pieces and then the letters that two pieces have in common. Answers how long
  // that was.
  std::uint32_t drop_common_front(std::vector<DeltaOp>& a, std::vector<DeltaOp>& b, int depth) {
    std::size_t same = 0;
    std::uint32_t length = 0;
    while (same < a.size() && same < b.size() && is_same(a[same], b[same], depth)) {
      length += length_of(a[same++]);
    }
    a.erase(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(same));
    b.erase(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(same));
    if (a.empty() || b.empty() || !are_alike_texts(a.front(), b.front())) return length;
    const std::string& left = *text_of(a.front());
    const std::string& right = *text_of(b.front());
    const std::size_t bytes = common_front(left, right);
    length += units_of(std::string_view(left).substr(0, bytes));
    cut_front(a, bytes);
    cut_front(b, bytes);
    return length;
  }

  void drop_common_back(std::vector<DeltaOp>& a, std::vector<DeltaOp>& b, int depth) {
    while (!a.empty() && !b.empty() && is_same(a.back(), b.back(), depth)) {
      a.pop_back();
      b.pop_back();
    }
    if (a.empty() || b.empty() || !are_alike_texts(a.back(), b.back())) return;
    const std::size_t bytes = common_back(*text_of(a.back()), *text_of(b.back()));
    cut_back(a, bytes);
    cut_back(b, bytes);
  }

  static bool are_alike_texts(const DeltaOp& a, const DeltaOp& b) {
    return text_of(a) != nullptr && text_of(b) != nullptr && a.attributes == b.attributes;
  }

  static void cut_front(std::vector<DeltaOp>& ops, std::size_t bytes) {
    std::string rest = text_of(ops.front())->substr(bytes);
    if (rest.empty()) {
      ops.erase(ops.begin());
    } else {
      ops.front().insert = Any(std::move(rest));
    }
  }

  static void cut_back(std::vector<DeltaOp>& ops, std::size_t bytes) {
    const std::string& text = *text_of(ops.back());
    std::string rest = text.substr(0, text.size() - bytes);
    if (rest.empty()) {
      ops.pop_back();
    } else {
      ops.back().insert = Any(std::move(rest));
    }
  }

  // --- Lists.

  void list(ycrdt::Array now, const ycrdt::Array& then, int depth) {
    const std::vector<Value> olds = now.to_array();
    const std::vector<Value> news = then.to_array();
    std::size_t front = 0;
    while (front < olds.size() && front < news.size() && is_same(olds[front], news[front], depth)) {
      ++front;
    }
    std::size_t back = 0;
    const std::size_t most = std::min(olds.size(), news.size()) - front;
    while (back < most &&
           is_same(olds[olds.size() - back - 1], news[news.size() - back - 1], depth)) {
      ++back;
    }
    const auto old_middle = std::span(olds).subspan(front, olds.size() - front - back);
    const auto new_middle = std::span(news).subspan(front, news.size() - front - back);
    if (are_alike(old_middle, new_middle)) {
      for (std::size_t i = 0; i < old_middle.size(); ++i) {
        make(*type_in(old_middle[i]), *type_in(new_middle[i]), type_in(old_middle[i])->kind(),
             depth + 1);
      }
      return;
    }
    if (!old_middle.empty()) {
      keep(now.erase(static_cast<std::uint32_t>(front),
                     static_cast<std::uint32_t>(old_middle.size())));
    }
    insert(now, front, new_middle, depth);
  }

  // Types of the same kinds side by side: what has changed lies in them.
  static bool are_alike(std::span<const Value> a, std::span<const Value> b) {
    return !a.empty() && std::ranges::equal(a, b, [](const Value& left, const Value& right) {
      const SharedType* const left_type = type_in(left);
      const SharedType* const right_type = type_in(right);
      return left_type != nullptr && right_type != nullptr && is_same_kind(*left_type, *right_type);
    });
  }

  void insert(ycrdt::Array& list, std::size_t at, std::span<const Value> values, int depth) {
    std::vector<ycrdt::Input> plain;  // together they become one run
    for (const Value& value : values) {
      if (failed_) return;
      const SharedType* const type = type_in(value);
      if (type == nullptr) {
        plain.push_back(input_of(value));
        continue;
      }
      at += insert_plain(list, at, plain);
      fill(list.insert_type(static_cast<std::uint32_t>(at++),
                            {.kind = type->kind(), .name = name_of(*type)}),
           *type, depth);
    }
    insert_plain(list, at, plain);
  }

  std::size_t insert_plain(ycrdt::Array& list, std::size_t at, std::vector<ycrdt::Input>& values) {
    const std::size_t count = values.size();
    if (count > 0) keep(list.insert(static_cast<std::uint32_t>(at), values));
    values.clear();
    return count;
  }

  // --- Maps, and the attributes of other types.

  void map(ycrdt::Map now, const ycrdt::Map& then, int depth) {
    for (const std::string& key : now.keys()) {
      if (!then.has(key)) keep(now.erase(key));
    }
    for (const auto& [key, value] : then.entries()) {
      if (failed_) return;
      const std::optional<Value> old = now.get(key);
      const SharedType* const type = type_in(value);
      const SharedType* const old_type = old ? type_in(*old) : nullptr;
      if (type != nullptr && old_type != nullptr && is_same_kind(*old_type, *type)) {
        make(*old_type, *type, type->kind(), depth + 1);
      } else if (old && is_same(*old, value, depth)) {
        continue;
      } else if (type != nullptr) {
        fill(now.set_type(key, {.kind = type->kind(), .name = name_of(*type)}), *type, depth);
      } else {
        keep(now.set(key, input_of(value)));
      }
    }
  }

  // --- Helpers.

  void fill(Result<SharedType> made, const SharedType& from, int depth) {
    if (!made.ok()) {
      if (!failed_) failed_ = made.error();
      return;
    }
    make(*made, from, from.kind(), depth + 1);
  }

  void keep(const Result<void>& done) {
    if (!done.ok() && !failed_) failed_ = done.error();
  }

  template <class Thing>
  bool is_same(const Thing& a, const Thing& b, int depth) {
    const bool shallow = marks_.append(a, depth);
    const std::string left = marks_.take();
    if (!marks_.append(b, depth) || !shallow) {
      failed_ = Error{ErrorCode::limit, "The document is too deep"};
    }
    return marks_.take() == left;
  }

  Marks marks_;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::string> revert_update(std::span<const std::string> now,
                                  std::span<const std::string> then, std::uint64_t writer) {
  const auto present = document_of(now);
  if (!present.ok()) return present.error();
  const auto past = document_of(then);
  if (!past.ok()) return past.error();
  Doc& doc = **present.value()->doc();
  doc.set_client_id(writer);
  std::string update;
  const auto observing =
      doc.on_update([&](std::string_view made, const ycrdt::Transaction&) { update = made; });
  Result<void> reverted;
  doc.transact([&] { reverted = Reverting().roots(doc, **past.value()->doc()); });
  doc.unobserve(observing);
  if (!reverted.ok()) return reverted.error();
  return update;
}

}  // namespace pluv::apps
