// Edits of documents, as the bytes of an input say: every operation of every shared type, at places
// that are there, that are deleted, and that do not exist. An edit may be refused; that it leaves
// the document sound is for the caller to check. Ends when its bytes do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "ycrdt/doc.h"
#include "ycrdt/types.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {

class Script {
 public:
  explicit Script(std::string_view bytes) noexcept : left_(bytes) {}

  [[nodiscard]] bool ended() const noexcept { return left_.empty(); }
  // 0 at the end.
  std::uint8_t byte() noexcept {
    if (left_.empty()) return 0;
    const auto out = static_cast<std::uint8_t>(left_[0]);
    left_.remove_prefix(1);
    return out;
  }
  // Below the end, or 0.
  std::uint32_t below(std::size_t end) noexcept {
    const std::uint8_t choice = byte();
    return end == 0 ? 0 : static_cast<std::uint32_t>(choice % end);
  }
  bool one_in(std::uint32_t n) noexcept { return byte() % n == 0; }

  // No surrogate pairs: who splits one, even for a moment, makes U+FFFD of it, as in yjs, and then
  // documents differ that have heard the same.
  std::string_view text() noexcept {
    static constexpr std::array<std::string_view, 9> kTexts = {
        "a",
        "b",
        "xyz",
        "some longer text that makes a list of many elements",
        "\n",
        "\xC3\xA9",
        "\xE4\xB8\xAD",
        "",
        "\xEF\xBF\xBD"};
    return kTexts[below(kTexts.size())];
  }
  std::string_view key() noexcept {
    static constexpr std::array<std::string_view, 6> kKeys = {"k", "b", "7", "10", "\xC3\xA9", ""};
    return kKeys[below(kKeys.size())];
  }
  Any value() {
    switch (byte() % 16) {
      case 0: return Any();
      case 1: return Any(nullptr);
      case 2: return Any(true);
      case 3: return Any(7);
      case 4: return Any(-0.0);
      case 5: return Any(0.1);
      case 6: return Any(std::numeric_limits<double>::quiet_NaN());
      case 7: return Any(std::numeric_limits<double>::infinity());
      case 8: return Any(Any::BigInt{std::numeric_limits<std::int64_t>::max()});
      case 9: return Any(text());
      case 10: return Any(Any::Bytes{std::string("\0\xFF", 2)});
      case 11: return Any(Any::Array{Any(1), Any(text()), Any()});
      case 12: return Any(Any::Object{{"b", Any(1)}, {"10", Any()}, {"7", Any(Any::Array{})}});
      case 13: return Any(Any::Object{{"b", Any(1)}, {"b", Any(Any::Bytes{"x"})}});
      case 14: return Any(Any::Array{});
      default: return Any(Any::Object{});
    }
  }
  // One that is the same after it was JSON, as which embeds and attributes reach others.
  Any json_value() {
    switch (byte() % 8) {
      case 0: return Any(nullptr);
      case 1: return Any(false);
      case 2: return Any(7);
      case 3: return Any(0.1);
      case 4: return Any(text());
      case 5: return Any(Any::Array{Any(1), Any(text())});
      case 6: return Any(Any::Object{{"b", Any(1)}, {"7", Any(Any::Array{})}});
      default: return Any(Any::Object{});
    }
  }
  Text::AttributeList attributes() {
    Text::AttributeList out;
    for (std::uint32_t left = 1 + below(2); left != 0; --left) {
      static constexpr std::array<std::string_view, 3> kNames = {"b", "i", "1"};
      const std::string_view name = kNames[below(kNames.size())];
      switch (byte() % 5) {
        case 0:
        case 1: out.emplace_back(name, Any(true)); break;
        case 2: out.emplace_back(name, Any(nullptr)); break;
        case 3: out.emplace_back(name, Any("x")); break;
        default: out.emplace_back(name, json_value()); break;
      }
    }
    return out;
  }
  NewType new_type() {
    static constexpr std::array<TypeKind, 7> kKinds = {
        TypeKind::array,        TypeKind::map,      TypeKind::text,    TypeKind::xml_element,
        TypeKind::xml_fragment, TypeKind::xml_hook, TypeKind::xml_text};
    return {kKinds[below(kKinds.size())], std::string(key())};
  }
  Input input() {
    switch (byte() % 8) {
      case 0: return new_type();
      case 1: return NewDoc{std::string(key()), one_in(2), one_in(2), value()};
      default: return value();
    }
  }

 private:
  std::string_view left_;
};

inline constexpr std::array<std::string_view, 4> kRootNames = {"text", "map", "array", "xml"};

// Gives each root its type.
inline void name_roots(Doc& doc) {
  (void)doc.get_text(kRootNames[0]);
  (void)doc.get_map(kRootNames[1]);
  (void)doc.get_array(kRootNames[2]);
  (void)doc.get_xml_fragment(kRootNames[3]);
}

// The types that lie in a type.
[[nodiscard]] inline std::vector<SharedType> types_in(const SharedType& type) {
  std::vector<SharedType> out;
  const auto add = [&](const Value& value) {
    if (const auto* inner = std::get_if<SharedType>(&value)) out.push_back(*inner);
  };
  if (type.kind() == TypeKind::text || type.kind() == TypeKind::xml_text) {
    for (const DeltaOp& op : type.as_text().to_delta()) add(op.insert);
  } else {
    for (const Value& value : type.as_array().to_array()) add(value);
  }
  for (const std::string& key : type.as_map().keys()) add(*type.as_map().get(key));
  return out;
}

// Edits a document. Remembers places, so that it comes back to those that are deleted meanwhile.
class Editor {
 public:
  explicit Editor(Doc& doc) : doc_(&doc) { name_roots(doc); }

  void edit(Script& script) {
    SharedType type = pick(script);
    TypeKind kind = type.kind();
    // A type may be read and written as one of another kind.
    if (script.one_in(16)) kind = script.new_type().kind;
    switch (kind) {
      case TypeKind::text:
      case TypeKind::xml_text: edit_text(type.as_text(), script); break;
      case TypeKind::array:
      case TypeKind::xml_fragment: edit_list(type.as_xml_fragment(), script); break;
      case TypeKind::xml_element:
        if (script.one_in(2)) {
          edit_list(type.as_xml_fragment(), script);
        } else {
          edit_members(type, script);
        }
        break;
      default: edit_members(type, script); break;
    }
  }

 private:
  SharedType pick(Script& script) {
    const std::uint8_t choice = script.byte();
    if (choice >= 192 && !places_.empty()) return places_[choice % places_.size()];
    SharedType type = doc_->get_root(kRootNames[choice % kRootNames.size()]);
    for (int depth = 0; depth < 4 && choice % 8 >= 4; ++depth) {
      const auto inner = types_in(type);
      if (inner.empty()) break;
      type = inner[script.below(inner.size())];
      if (script.one_in(2)) break;
    }
    return type;
  }

  template <class Type>
  void remember(const Result<Type>& type) {
    if (!type.ok()) return;
    constexpr std::size_t kPlacesMax = 8;
    if (places_.size() < kPlacesMax) {
      places_.push_back(*type);
    } else {
      places_[next_place_++ % kPlacesMax] = *type;
    }
  }

  // Mostly an index that is there; at times one beyond the end.
  static std::uint32_t index_in(std::uint32_t length, Script& script) {
    const std::uint8_t choice = script.byte();
    if (choice == 255) return length + 1;
    return choice >= 224 ? length : choice * (length + 1) / 224;
  }

  void edit_text(Text text, Script& script) {
    const std::uint8_t operation = script.byte() % 12;
    const std::uint32_t index = index_in(text.length(), script);
    switch (operation) {
      case 0:
      case 1:
      case 2: (void)text.insert(index, script.text()); break;
      case 3: (void)text.insert(index, script.text(), script.attributes()); break;
      case 4:
      case 5: (void)text.erase(index, script.byte() % 16); break;
      case 6:
      case 7: (void)text.format(index, script.byte() % 16, script.attributes()); break;
      case 8: (void)text.insert_embed(index, script.json_value(), script.attributes()); break;
      case 9: remember(text.insert_type(index, script.new_type(), script.attributes())); break;
      case 10: (void)text.apply_delta(delta(script)); break;
      default: edit_attributes(text, script); break;
    }
  }

  static std::vector<DeltaOp> delta(Script& script) {
    std::vector<DeltaOp> out;
    for (std::uint32_t left = 1 + script.below(4); left != 0; --left) {
      switch (script.byte() % 4) {
        case 0: out.push_back(DeltaOp::insert_text(script.text(), script.attributes())); break;
        case 1: out.push_back(DeltaOp::retain_length(script.byte() % 16)); break;
        case 2:
          out.push_back(DeltaOp::retain_length(script.byte() % 16, script.attributes()));
          break;
        default: out.push_back(DeltaOp::remove_length(script.byte() % 16)); break;
      }
    }
    return out;
  }

  static void edit_attributes(Text text, Script& script) {
    if (script.one_in(3)) {
      (void)text.remove_attribute(script.key());
    } else {
      const std::string_view key = script.key();
      (void)text.set_attribute(key, script.value());
    }
  }

  void edit_list(XmlFragment list, Script& script) {
    const std::uint8_t operation = script.byte() % 10;
    const std::uint32_t index = index_in(list.length(), script);
    switch (operation) {
      case 0:
      case 1:
      case 2: {
        std::vector<Input> values;
        for (std::uint32_t left = script.below(4); left != 0; --left) {
          values.push_back(script.input());
        }
        (void)list.insert(index, values);
        break;
      }
      case 3: (void)list.push({script.value()}); break;
      case 4: remember(list.insert_type(index, script.new_type())); break;
      case 5: remember(list.insert_element(index, script.key())); break;
      case 6: remember(list.insert_text(index)); break;
      default: (void)list.erase(index, script.byte() % 8); break;
    }
  }

  void edit_members(const SharedType& type, Script& script) {
    Map map = type.as_map();
    const std::uint8_t operation = script.byte() % 8;
    const std::string_view key = script.key();
    switch (operation) {
      case 0:
      case 1:
      case 2: (void)map.set(key, script.input()); break;
      case 3:
      case 4: remember(map.set_type(key, script.new_type())); break;
      case 5:
      case 6: (void)map.erase(key); break;
      default: (void)map.clear(); break;
    }
  }

  Doc* doc_;
  std::vector<SharedType> places_;
  std::size_t next_place_ = 0;
};

}  // namespace pluv::ycrdt
