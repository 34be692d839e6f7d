#include "ycrdt/read.h"

#include <algorithm>
#include <memory>

#include "base/sort.h"
#include "json/number.h"
#include "json/writer.h"
#include "ycrdt/any.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {

void append_text(std::string& out, const Store& store, BranchIndex branch) {
  for (ItemIndex at = store.branches[branch].start; at != kNone; at = store.items[at].right) {
    const Item& item = store.items[at];
    if (!item.deleted() && item.kind == ContentKind::string) out.append(item.bytes());
  }
}

bool DeltaReader::next() {
  text_.clear();
  embed_ = kNone;
  for (; at_ != kNone; at_ = store_.items[at_].right) {
    const Item& item = store_.items[at_];
    if (item.deleted()) continue;
    switch (item.kind) {
      case ContentKind::string:
        if (text_.empty()) shown_ = current_;
        text_.append(item.bytes());
        break;
      case ContentKind::type:
      case ContentKind::embed:
        if (!text_.empty()) return true;
        shown_ = current_;
        embed_ = at_;
        at_ = item.right;
        return true;
      case ContentKind::format:
        if (!text_.empty()) return true;
        current_.apply(store_.format_key(item), store_.format_value(item));
        break;
      default: break;
    }
  }
  return !text_.empty();
}

namespace {

// Indices first and ascending, then the others as they are.
std::uint64_t key_rank(std::string_view key) noexcept {
  return array_index(key).value_or(UINT32_MAX);
}

}  // namespace

std::vector<Attributes::Entry> in_key_order(const Store& store, const Attributes& attributes) {
  std::vector<Attributes::Entry> out;
  attributes.each([&](KeyIndex key, std::string_view value) { out.emplace_back(key, value); });
  stable_sort_by(out.begin(), out.end(), [&](const auto& a, const auto& b) {
    return key_rank(store.key(a.first)) < key_rank(store.key(b.first));
  });
  return out;
}

TypeKind guess_kind(const Store& store, BranchIndex branch) noexcept {
  const Branch& b = store.branches[branch];
  bool xml = false;
  for (ItemIndex at = b.start; at != kNone; at = store.items[at].right) {
    const Item& item = store.items[at];
    if (item.deleted()) continue;
    if (item.kind == ContentKind::string || item.kind == ContentKind::format ||
        item.kind == ContentKind::embed) {
      return TypeKind::text;
    }
    if (item.kind != ContentKind::type) return TypeKind::array;
    const TypeKind kind = store.branches[item.branch()].kind;
    xml = kind == TypeKind::xml_element || kind == TypeKind::xml_text || kind == TypeKind::xml_hook;
    if (!xml) return TypeKind::array;
  }
  if (xml) return TypeKind::xml_fragment;
  return b.first_member != kNone ? TypeKind::map : TypeKind::array;
}

namespace {

// JavaScript's String(value).
void append_js_string(std::string& out, const Any& value) {
  if (const auto* text = value.get<std::string>()) {
    out.append(*text);
  } else if (const auto* array = value.get<Any::Array>()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i != 0) out.push_back(',');
      const Any& element = (*array)[i];
      if (!element.is_null() && !element.is_undefined()) append_js_string(out, element);
    }
  } else if (value.get<Any::Object>() != nullptr) {
    out.append("[object Object]");
  } else if (value.is_undefined()) {
    out.append("undefined");
  } else if (const auto* bytes = value.get<Any::Bytes>()) {
    for (std::size_t i = 0; i < bytes->value.size(); ++i) {
      if (i != 0) out.push_back(',');
      json::append_number(out,
                          static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes->value[i])));
    }
  } else if (const auto* number = value.get<double>(); number != nullptr && *number != *number) {
    out.append("NaN");
  } else if (number != nullptr && *number - *number != 0) {
    out.append(*number > 0 ? "Infinity" : "-Infinity");
  } else {
    out.append(to_json(value));
  }
}

// Calls visit(encoded value) for each value of the item, from the first on.
template <class Visit>
void each_value(const Item& item, Visit visit) {
  ByteReader reader(item.bytes());
  bool shortest = true;
  for (std::uint32_t i = 0; i < item.length; ++i) {
    const char* const begin = reader.position();
    if (!skip_any(reader, item.size, shortest)) return;
    visit(std::string_view(begin, static_cast<std::size_t>(reader.position() - begin)));
  }
}

std::string_view last_value(const Item& item) {
  std::string_view last;
  each_value(item, [&](std::string_view value) { last = value; });
  return last;
}

// The members that are there, in JavaScript's order.
struct NamedItem {
  std::string_view name;
  ItemIndex item;
};
std::vector<NamedItem> visible_members(const Store& store, BranchIndex branch) {
  std::vector<NamedItem> out;
  for (std::uint32_t m = store.branches[branch].first_member; m != kNone;
       m = store.members[m].next) {
    const Member& member = store.members[m];
    if (!store.items[member.item].deleted()) {
      out.push_back({store.key(member.key), member.item});
    }
  }
  return out;
}

void order_like_javascript(std::vector<NamedItem>& members) {
  stable_sort_by(members.begin(), members.end(),
                 [](const auto& a, const auto& b) { return key_rank(a.name) < key_rank(b.name); });
}

bool is_xml(TypeKind kind) noexcept {
  return kind == TypeKind::xml_element || kind == TypeKind::xml_fragment ||
         kind == TypeKind::xml_text;
}

// Half a surrogate pair, which only an escape can say.
void write_half(json::Writer& writer, std::uint32_t unit) {
  constexpr char kHex[] = "0123456789abcdef";
  const char escaped[] = {'"',
                          '\\',
                          'u',
                          kHex[unit >> 12],
                          kHex[(unit >> 8) & 15],
                          kHex[(unit >> 4) & 15],
                          kHex[unit & 15],
                          '"'};
  writer.raw({escaped, sizeof escaped});
}

// What a character of four bytes has beyond U+FFFF, which two halves share.
std::uint32_t beyond_bmp(std::string_view character) noexcept {
  std::uint32_t point = static_cast<std::uint8_t>(character[0]) & 7u;
  for (const char c : character.substr(1)) {
    point = (point << 6) | (static_cast<std::uint8_t>(c) & 0x3fu);
  }
  return point - 0x10000;
}

// Each UTF-16 code unit as a string of its own, as yjs gives the content of a text item.
void write_units(json::Writer& writer, std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<std::uint8_t>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const std::string_view character = text.substr(at, size);
    at += size;
    if (size < 4) {
      writer.string(character);
      continue;
    }
    const std::uint32_t beyond = beyond_bmp(character);
    write_half(writer, 0xd800u + (beyond >> 10));
    write_half(writer, 0xdc00u + (beyond & 0x3ffu));
  }
}

// The last of them. Precondition: the text is not empty.
void write_last_unit(json::Writer& writer, std::string_view text) {
  std::size_t at = text.size() - 1;
  while ((static_cast<std::uint8_t>(text[at]) & 0xc0) == 0x80) --at;
  const std::string_view character = text.substr(at);
  if (character.size() < 4) {
    writer.string(character);
  } else {
    write_half(writer, 0xdc00u + (beyond_bmp(character) & 0x3ffu));
  }
}

// Writes types in types without recursion.
class JsonWalk {
 public:
  JsonWalk(std::string& out, const Store& store) : store_(store), writer_(out) {}

  void type(BranchIndex branch, TypeKind kind) {
    begin(branch, kind);
    while (!open_.empty()) step();
  }

 private:
  struct Open {
    bool map = false;
    ItemIndex at = kNone;            // of a list
    std::vector<NamedItem> members;  // of a map
    std::size_t next = 0;
  };

  void begin(BranchIndex branch, TypeKind kind) {
    if (kind == TypeKind::undefined) kind = guess_kind(store_, branch);
    if (kind == TypeKind::text || is_xml(kind)) {
      std::string text;
      if (kind == TypeKind::text) {
        append_text(text, store_, branch);
      } else {
        append_xml(text, store_, branch, kind);
      }
      writer_.string(text);
    } else if (kind == TypeKind::array) {
      writer_.begin_array();
      open_.push_back({false, store_.branches[branch].start, {}, 0});
    } else {
      writer_.begin_object();
      Open open{true, kNone, visible_members(store_, branch), 0};
      order_like_javascript(open.members);
      open_.push_back(std::move(open));
    }
  }

  void step() {
    Open& open = open_.back();
    if (open.map) {
      if (open.next == open.members.size()) {
        writer_.end_object();
        open_.pop_back();
        return;
      }
      const NamedItem member = open.members[open.next++];
      last_of(member.name, store_.items[member.item]);
      return;
    }
    if (open.at == kNone) {
      writer_.end_array();
      open_.pop_back();
      return;
    }
    const Item& item = store_.items[open.at];
    open.at = item.right;
    if (!item.deleted() && item.countable()) all_of(item);
  }

  void scalar(std::string_view encoded) {
    scratch_.clear();
    append_json(scratch_, encoded);
    writer_.raw(scratch_);
  }

  void all_of(const Item& item) {
    switch (item.kind) {
      case ContentKind::any:
      case ContentKind::json:
        each_value(item, [&](std::string_view value) { scalar(value); });
        break;
      case ContentKind::string: write_units(writer_, item.bytes()); break;
      default: single(item); break;
    }
  }

  void last_of(std::string_view name, const Item& item) {
    if (item.kind == ContentKind::any || item.kind == ContentKind::json) {
      const std::string_view value = last_value(item);
      if (decode_any(value).is_undefined()) return;
      writer_.key(name);
      scalar(value);
      return;
    }
    if (item.kind == ContentKind::format || item.kind == ContentKind::deleted) return;
    writer_.key(name);
    if (item.kind == ContentKind::string) {
      write_last_unit(writer_, item.bytes());  // what yjs takes for a map's value
    } else {
      single(item);
    }
  }

  void single(const Item& item) {
    switch (item.kind) {
      case ContentKind::type: begin(item.branch(), store_.branches[item.branch()].kind); break;
      case ContentKind::embed: scalar(item.bytes()); break;
      case ContentKind::binary: {
        std::string encoded;
        write_any(encoded, Any(Any::Bytes{std::string(item.bytes())}));
        scalar(encoded);
        break;
      }
      default:  // a subdocument: its content is elsewhere
        writer_.begin_object();
        writer_.end_object();
        break;
    }
  }

  const Store& store_;
  json::Writer writer_;
  std::vector<Open> open_;
  std::string scratch_;
};

// Writes elements in elements without recursion.
class XmlWalk {
 public:
  XmlWalk(std::string& out, const Store& store) : store_(store), out_(out) {}

  void type(BranchIndex branch, TypeKind kind) {
    begin(branch, kind);
    while (!open_.empty()) step();
  }

 private:
  struct Open {
    ItemIndex at = kNone;  // the next child
    std::string closing;
    std::unique_ptr<DeltaReader> delta;  // of an XML text, instead of at
    bool in_tag = false;                 // of an element: its attributes are being written
    std::vector<NamedItem> attributes;
    std::size_t next = 0;
  };

  void begin(BranchIndex branch, TypeKind kind) {
    switch (kind) {
      case TypeKind::xml_fragment:
        open_.push_back({store_.branches[branch].start, "", nullptr, false, {}, 0});
        break;
      case TypeKind::xml_element: element(branch); break;
      case TypeKind::xml_text:
        open_.push_back({kNone, "", std::make_unique<DeltaReader>(store_, branch), false, {}, 0});
        break;
      case TypeKind::text: append_text(out_, store_, branch); break;
      default: out_.append("[object Object]"); break;
    }
  }

  void element(BranchIndex branch) {
    std::string name(store_.key(store_.branches[branch].name));
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    out_.append("<").append(name);
    std::vector<NamedItem> attributes = visible_members(store_, branch);
    sort_by(attributes.begin(), attributes.end(),
            [](const auto& a, const auto& b) { return utf16_less(a.name, b.name); });
    open_.push_back({store_.branches[branch].start, "</" + name + ">", nullptr, true,
                     std::move(attributes), 0});
  }

  // The next attribute of an element, whose value may be an element itself.
  void tag_step(Open& open) {
    if (open.next != 0) out_.append("\"");
    if (open.next == open.attributes.size()) {
      out_.append(">");
      open.in_tag = false;
      return;
    }
    const NamedItem attribute = open.attributes[open.next++];
    out_.append(" ").append(attribute.name).append("=\"");
    value(store_.items[attribute.item]);
  }

  // The item's last element as String() shows it.
  void value(const Item& item) {
    switch (item.kind) {
      case ContentKind::any:
      case ContentKind::json: append_js_string(out_, decode_any(last_value(item))); break;
      case ContentKind::string:
        append_text_from(out_, item.bytes(), item.length - 1, item.length);
        break;
      case ContentKind::format: out_.append("undefined"); break;
      default: single(item); break;
    }
  }

  // An item of one element.
  void single(const Item& item) {
    switch (item.kind) {
      case ContentKind::type: begin(item.branch(), store_.branches[item.branch()].kind); break;
      case ContentKind::embed: append_js_string(out_, decode_any(item.bytes())); break;
      case ContentKind::binary:
        append_js_string(out_, Any(Any::Bytes{std::string(item.bytes())}));
        break;
      default: out_.append("[object Object]"); break;  // a subdocument
    }
  }

  // UTF-16 order differs from that of UTF-8 bytes above U+FFFF only.
  static bool utf16_less(std::string_view a, std::string_view b) noexcept {
    const auto [x, y] = std::mismatch(
        a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
        b.begin());
    if (y == b.end()) return false;
    if (x == a.end()) return true;
    const auto left = static_cast<std::uint8_t>(*x);
    const auto right = static_cast<std::uint8_t>(*y);
    const bool left_pair = left >= 0xf0;
    const bool right_pair = right >= 0xf0;
    if (left_pair != right_pair) return left_pair ? right >= 0xee : left < 0xee;
    return left < right;
  }

  // The next run or embed of an XML text. An embedded type opens within it.
  void text_step(Open& open) {
    out_.append(open.closing);
    open.closing.clear();
    DeltaReader& delta = *open.delta;
    if (!delta.next()) {
      open_.pop_back();
      return;
    }
    // Attributes are elements around the text; sorted, so that the result is unique.
    std::vector<std::pair<std::string_view, Any>> nodes;
    delta.attributes().each([&](KeyIndex key, std::string_view encoded) {
      nodes.emplace_back(store_.key(key), decode_any(encoded));
    });
    sort_by(nodes.begin(), nodes.end(),
            [](const auto& a, const auto& b) { return utf16_less(a.first, b.first); });
    for (auto& [name, attributes] : nodes) {
      out_.append("<").append(name);
      node_attributes(attributes);
      out_.append(">");
    }
    for (std::size_t i = nodes.size(); i > 0; --i) {
      open.closing.append("</").append(nodes[i - 1].first).append(">");
    }
    if (delta.embed() == kNone) {
      out_.append(delta.text());
      return;
    }
    single(store_.items[delta.embed()]);
  }

  void node_attributes(const Any& attributes) {
    std::vector<std::pair<std::string, Any>> sorted;
    if (const auto* object = attributes.get<Any::Object>()) {
      sorted = *object;
    } else if (const auto* array = attributes.get<Any::Array>()) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        sorted.emplace_back(std::to_string(i), (*array)[i]);
      }
    } else if (const auto* string = attributes.get<std::string>()) {
      // JavaScript's for-in over a string: its code units.
      std::string units;
      json::Writer writer(units);
      writer.begin_array();
      write_units(writer, *string);
      writer.end_array();
      std::string encoded;
      if (encode_json(encoded, units, 2).ok()) {
        const Any decoded = decode_any(encoded);
        const auto& characters = *decoded.get<Any::Array>();
        for (std::size_t i = 0; i < characters.size(); ++i) {
          sorted.emplace_back(std::to_string(i), characters[i]);
        }
      }
    }
    sort_by(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return utf16_less(a.first, b.first); });
    for (const auto& [key, member] : sorted) {
      out_.append(" ").append(key).append("=\"");
      append_js_string(out_, member);
      out_.append("\"");
    }
  }

  void step() {
    Open& open = open_.back();
    if (open.in_tag) {
      tag_step(open);
      return;
    }
    if (open.delta != nullptr) {
      text_step(open);
      return;
    }
    if (open.at == kNone) {
      out_.append(open.closing);
      open_.pop_back();
      return;
    }
    const Item& item = store_.items[open.at];
    open.at = item.right;
    if (item.deleted() || !item.countable()) return;
    if (item.kind == ContentKind::any || item.kind == ContentKind::json) {
      each_value(item,
                 [&](std::string_view encoded) { append_js_string(out_, decode_any(encoded)); });
    } else if (item.kind == ContentKind::string) {
      out_.append(item.bytes());
    } else {
      single(item);
    }
  }

  const Store& store_;
  std::string& out_;
  std::vector<Open> open_;
};

}  // namespace

void append_type_json(std::string& out, const Store& store, BranchIndex branch, TypeKind kind) {
  JsonWalk(out, store).type(branch, kind);
}

void append_xml(std::string& out, const Store& store, BranchIndex branch, TypeKind kind) {
  XmlWalk(out, store).type(branch, kind);
}

void append_delta_json(std::string& out, const Store& store, BranchIndex branch) {
  json::Writer writer(out);
  DeltaReader delta(store, branch);
  std::string scratch;
  writer.begin_array();
  while (delta.next()) {
    writer.begin_object();
    writer.key("insert");
    if (delta.embed() == kNone) {
      writer.string(delta.text());
    } else {
      const Item& item = store.items[delta.embed()];
      scratch.clear();
      if (item.kind == ContentKind::embed) {
        append_json(scratch, item.bytes());
      } else {
        append_type_json(scratch, store, item.branch(), store.branches[item.branch()].kind);
      }
      writer.raw(scratch);
    }
    if (!delta.attributes().empty()) {
      writer.key("attributes");
      writer.begin_object();
      for (const auto& [key, value] : in_key_order(store, delta.attributes())) {
        scratch.clear();
        append_json(scratch, value);
        writer.key(store.key(key));
        writer.raw(scratch);
      }
      writer.end_object();
    }
    writer.end_object();
  }
  writer.end_array();
}

}  // namespace pluv::ycrdt
