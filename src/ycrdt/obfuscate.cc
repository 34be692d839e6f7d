// Updates without what they say. Source: yjs, updates.js, createObfuscator.
#include <string>
#include <unordered_map>

#include "base/assert.h"
#include "ycrdt/any.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/update_reader_v2.h"
#include "ycrdt/update_walk.h"
#include "ycrdt/updates_v2.h"

namespace pluv::ycrdt {
namespace {

// Changes one struct after the other; each one's contents become its number among the items. What a
// struct borrows then is good until the next one.
class Obfuscator {
 public:
  explicit Obfuscator(const ObfuscateOptions& options) : options_(options) {}

  void operator()(StructRef& ref) {
    if (!ref.is_item()) return;
    digits_ = std::to_string(number_);
    change_content(ref);
    if (ref.has_key && !ref.key.empty()) ref.key = known_as(keys_, ref.key, digits_);
    ++number_;
  }

 private:
  using Names = std::unordered_map<std::string, std::string>;

  // What stands for the name: `now`, if it is new.
  static std::string_view known_as(Names& names, std::string_view name, std::string_view now) {
    return names.try_emplace(std::string(name), now).first->second;
  }

  void change_content(StructRef& ref) {
    content_.clear();
    switch (ref.kind) {
      case ContentKind::type:
        if (options_.yxml && ref.type == TypeKind::xml_element) {
          ref.name = known_as(nodes_, ref.name, "node-" + digits_);
        } else if (options_.yxml && ref.type == TypeKind::xml_hook) {
          ref.name = known_as(nodes_, ref.name, "hook-" + digits_);
        }
        return;
      case ContentKind::doc:
        if (!options_.subdocs) return;
        ref.name = digits_;
        write_any(content_, Any(Any::Object()));
        break;
      case ContentKind::format:
        if (!options_.formatting) return;
        ref.name = known_as(format_names_, ref.name, digits_);
        content_ = format_value(ref);
        ref.kept_value = true;
        break;
      case ContentKind::embed:
        write_any(content_, Any(Any::Object()));
        ref.kept_value = true;
        break;
      case ContentKind::any:
        for (std::uint32_t i = 0; i < ref.length; ++i) write_any(content_, Any(number_));
        break;
      case ContentKind::json:
        for (std::uint32_t i = 0; i < ref.length; ++i) write_var_bytes(content_, digits_);
        break;
      case ContentKind::binary: content_.push_back(static_cast<char>(number_ & 0xff)); break;
      case ContentKind::string: content_.assign(ref.length, digits_.back()); break;
      case ContentKind::deleted:
      case ContentKind::gc:
      case ContentKind::skip: return;
    }
    ref.content = content_;
    ref.respell = false;
  }

  // Encoded. Equal scalars stay equal, as in a JavaScript Map: -0 is 0. Objects and lists are all
  // different. Null, which ends a format, stays.
  std::string format_value(const StructRef& ref) {
    std::string value;
    if (ref.kept_value) {
      respell_any(value, ref.content);
    } else {
      const bool ok = encode_json(value, ref.content, ref.content.size() + 1).ok();
      PLUV_ASSERT(ok);  // the reader has checked it
    }
    if (is_encoded_null(value)) return value;
    const Any decoded = decode_any(value);
    const bool container = decoded.get<Any::Object>() != nullptr ||
                           decoded.get<Any::Array>() != nullptr ||
                           decoded.get<Any::Bytes>() != nullptr;
    std::string numbered;
    write_any(numbered, Any(Any::Object{{"i", Any(number_)}}));
    if (container) return numbered;
    if (const double* number = decoded.get<double>(); number != nullptr && *number == 0) {
      value.clear();
      write_any(value, Any(0));
    }
    return std::string(known_as(format_values_, value, numbered));
  }

  ObfuscateOptions options_;
  std::uint64_t number_ = 0;
  std::string digits_;   // of the number
  std::string content_;  // of the last struct
  Names keys_;
  Names nodes_;
  Names format_names_;
  Names format_values_;
};

}  // namespace

Result<std::string> obfuscate_update(std::string_view update, const ObfuscateOptions& options) {
  UpdateReader reader(update, options.limits);
  return convert(reader, UpdateWriterV1(), Obfuscator(options));
}

Result<std::string> obfuscate_update_v2(std::string_view update, const ObfuscateOptions& options) {
  UpdateReaderV2 reader(update, options.limits);
  return convert(reader, LazyWriterV2(), Obfuscator(options));
}

}  // namespace pluv::ycrdt
