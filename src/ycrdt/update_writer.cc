#include "ycrdt/update_writer.h"

#include <algorithm>

#include "base/assert.h"
#include "ycrdt/any.h"
#include "ycrdt/lib0.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {
namespace {

void write_id(std::string& out, Id id) {
  write_var_uint(out, id.client);
  write_var_uint(out, id.clock);
}

void write_json(std::string& out, std::string_view text) {
  std::string scratch;
  write_var_bytes(out, respell_json(text, scratch));
}

// Of an embed or a format.
void write_value(std::string& out, const StructRef& ref, ValueSpelling values) {
  if (!ref.kept_value) {
    write_json(out, ref.content);
    return;
  }
  std::string spelled;
  if (values == ValueSpelling::json) {
    std::string respelled;
    if (ref.respell) respell_any(respelled, ref.content);
    append_json(spelled, ref.respell ? std::string_view(respelled) : ref.content);
    write_var_bytes(out, spelled);
    return;
  }
  spelled.push_back(kKeptValueMark);
  if (ref.respell) {
    respell_any(spelled, ref.content);
  } else {
    spelled.append(ref.content);
  }
  write_var_bytes(out, spelled);
}

void write_text_from(std::string& out, std::string_view text, std::uint32_t offset,
                     std::uint32_t length) {
  std::string rest;
  append_text_from(rest, text, offset, length);
  write_var_bytes(out, rest);
}

void write_json_list_from(std::string& out, const StructRef& ref, std::uint32_t offset) {
  ByteReader reader(ref.content);
  for (std::uint32_t i = 0; i < offset; ++i) reader.var_bytes();
  while (!reader.at_end()) write_json(out, reader.var_bytes());
}

void write_content(std::string& out, const StructRef& ref, std::uint32_t offset,
                   ValueSpelling values) {
  switch (ref.kind) {
    case ContentKind::gc:
    case ContentKind::skip:
    case ContentKind::deleted: write_var_uint(out, ref.length - offset); break;
    case ContentKind::json:
      write_var_uint(out, ref.length - offset);
      write_json_list_from(out, ref, offset);
      break;
    case ContentKind::binary: write_var_bytes(out, ref.content); break;
    case ContentKind::string:
      if (offset == 0) {
        write_var_bytes(out, ref.content);
      } else {
        write_text_from(out, ref.content, offset, ref.length);
      }
      break;
    case ContentKind::embed: write_value(out, ref, values); break;
    case ContentKind::format:
      write_var_bytes(out, ref.name);
      write_value(out, ref, values);
      break;
    case ContentKind::type:
      write_var_uint(out, static_cast<std::uint64_t>(ref.type));
      if (ref.type == TypeKind::xml_element || ref.type == TypeKind::xml_hook) {
        write_var_bytes(out, ref.name);
      }
      break;
    case ContentKind::any:
      write_var_uint(out, ref.length - offset);
      append_values_from(out, ref, offset);
      break;
    case ContentKind::doc:
      write_var_bytes(out, ref.name);
      respell_subdocument_options(out, ref.content);
      break;
  }
}

}  // namespace

std::string_view respell_json(std::string_view text, std::string& scratch) {
  if (text == "undefined" || is_plain_json(text)) return text;
  std::string encoded;
  scratch.clear();
  // The reader found it to be JSON, so no depth is too deep here.
  const bool ok = encode_json(encoded, text, text.size() + 1).ok();
  PLUV_ASSERT(ok);
  append_json(scratch, encoded);
  return scratch;
}

void append_values_from(std::string& out, const StructRef& ref, std::uint32_t offset) {
  ByteReader reader(ref.content);
  bool shortest = true;
  // Checked when it was read: no depth is too deep here.
  const std::size_t depth_max = ref.content.size();
  for (std::uint32_t i = 0; i < offset; ++i) {
    if (!skip_any(reader, depth_max, shortest)) return;
  }
  if (!ref.respell) {
    out.append(reader.position(), reader.left());
    return;
  }
  while (!reader.at_end()) {
    const char* const begin = reader.position();
    if (!skip_any(reader, depth_max, shortest)) return;
    respell_any(out, {begin, static_cast<std::size_t>(reader.position() - begin)});
  }
}

void append_text_from(std::string& out, std::string_view text, std::uint32_t offset,
                      std::uint32_t length) {
  if (text.size() == length) {  // ASCII
    out.append(text.substr(offset));
    return;
  }
  const Utf16Position at = utf16_position(text, offset);
  if (at.inside_pair) out.append(kReplacement);
  out.append(text.substr(at.byte + (at.inside_pair ? 4 : 0)));
}

void respell_subdocument_options(std::string& out, std::string_view encoded) {
  const Any options = decode_any(encoded);
  Any::Object kept;
  if (const auto* object = options.get<Any::Object>()) {
    const auto find = [&](std::string_view name) -> const Any* {
      for (const auto& [key, value] : *object) {
        if (key == name) return &value;
      }
      return nullptr;
    };
    const auto truthy = [](const Any& value) {
      if (const bool* boolean = value.get<bool>()) return *boolean;
      // NaN is false, too, and equals nothing.
      if (const double* number = value.get<double>()) return *number < 0 || *number > 0;
      if (const auto* big = value.get<Any::BigInt>()) return big->value != 0;
      if (const auto* text = value.get<std::string>()) return !text->empty();
      return !value.is_null() && !value.is_undefined();
    };
    // A document collects garbage unless it is told not to.
    const Any* const gc = find("gc");
    if (gc != nullptr && !gc->is_undefined() && !truthy(*gc)) kept.emplace_back("gc", false);
    if (const Any* load = find("autoLoad"); load != nullptr && truthy(*load)) {
      kept.emplace_back("autoLoad", true);
    }
    const Any* const meta = find("meta");
    if (meta != nullptr && !meta->is_null() && !meta->is_undefined()) {
      kept.emplace_back("meta", *meta);
    }
  }
  write_any(out, Any(std::move(kept)));
}

bool loads_by_itself(std::string_view options) {
  const Any decoded = decode_any(options);
  const auto* const object = decoded.get<Any::Object>();
  return object != nullptr && std::any_of(object->begin(), object->end(), [](const auto& member) {
           return member.first == "autoLoad";
         });
}

void write_struct(std::string& out, const StructRef& ref, std::uint32_t offset,
                  ValueSpelling values) {
  if (!ref.is_item()) {
    out.push_back(static_cast<char>(ref.kind));
    write_content(out, ref, offset, values);
    return;
  }
  const bool has_origin = ref.has_origin || offset > 0;
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(ref.kind) | (has_origin ? 0x80 : 0) |
                                  (ref.has_right_origin ? 0x40 : 0) | (ref.has_key ? 0x20 : 0)));
  if (has_origin) {
    write_id(out, offset > 0 ? Id{ref.client, ref.clock + offset - 1} : ref.origin);
  }
  if (ref.has_right_origin) write_id(out, ref.right_origin);
  if (!has_origin && !ref.has_right_origin) {
    if (ref.has_parent_name) {
      out.push_back(1);
      write_var_bytes(out, ref.parent_name);
    } else {
      out.push_back(0);
      write_id(out, ref.parent);
    }
    if (ref.has_key) write_var_bytes(out, ref.key);
  }
  write_content(out, ref, offset, values);
}

void StructsWriter::end_client() {
  if (structs_ == 0) return;
  write_var_uint(done_, structs_);
  done_.append(client_);
  client_.clear();
  ++clients_;
  structs_ = 0;
}

void StructsWriter::add(const StructRef& ref, std::uint32_t offset) {
  if (structs_ != 0 && ref.client != last_) end_client();
  if (structs_ == 0) {
    last_ = ref.client;
    write_var_uint(client_, ref.client);
    write_var_uint(client_, ref.clock + offset);
  }
  write_struct(client_, ref, offset, values_);
  ++structs_;
}

void StructsWriter::finish(std::string& out) {
  end_client();
  write_var_uint(out, clients_);
  out.append(done_);
  done_.clear();
  clients_ = 0;
}

}  // namespace pluv::ycrdt
