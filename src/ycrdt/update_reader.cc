#include "ycrdt/update_reader.h"

#include <limits>

#include "base/utf8.h"
#include "json/reader.h"
#include "ycrdt/any.h"
#include "ycrdt/update_walk.h"
#include "ycrdt/utf16.h"

namespace pluv::ycrdt {
namespace {

constexpr std::uint64_t kClockEnd = std::uint64_t{1} << 32;

constexpr std::uint8_t kHasOrigin = 0x80;
constexpr std::uint8_t kHasRightOrigin = 0x40;
constexpr std::uint8_t kHasKey = 0x20;
constexpr std::uint8_t kKindBits = 0x1f;

// Whether a name follows the type.
bool is_named(TypeKind type) noexcept {
  return type == TypeKind::xml_element || type == TypeKind::xml_hook;
}

}  // namespace

bool is_plain_json(std::string_view text) noexcept {
  if (text == "null" || text == "true" || text == "false") return true;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    for (const char c : text.substr(1, text.size() - 2)) {
      if (c == '"' || c == '\\' || static_cast<std::uint8_t>(c) < 0x20) return false;
    }
    return true;
  }
  if (text.empty() || text.size() > 15 || (text[0] == '0' && text.size() > 1)) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

UpdateReader::UpdateReader(std::string_view update, const UpdateLimits& limits,
                           ValueSpelling values) noexcept
    : reader_(update), limits_(limits), values_(values) {
  if (update.size() > limits.update_bytes_max) {
    fail("The update is too large", ErrorCode::limit);
    return;
  }
  clients_left_ = reader_.var_uint();
  if (reader_.failed()) {
    fail("The update ends early");
  } else if (clients_left_ > limits.clients_max) {
    fail("The update names too many clients", ErrorCode::limit);
  }
}

bool UpdateReader::fail(const char* problem, ErrorCode code) noexcept {
  if (problem_ == nullptr) {
    problem_ = problem;
    code_ = code;
  }
  return false;
}

bool UpdateReader::fail_value(bool too_deep, const char* otherwise) noexcept {
  return too_deep ? fail("A value is too deep", ErrorCode::limit) : fail(otherwise);
}

Error UpdateReader::error() const {
  return Error{code_, problem_ == nullptr ? "Nothing is wrong" : problem_};
}

bool UpdateReader::next(StructRef& out) noexcept {
  began_client_ = false;
  if (failed()) return false;
  while (structs_left_ == 0) {
    if (clients_left_ == 0) return false;
    --clients_left_;
    structs_left_ = reader_.var_uint();
    const char* const client_begin = reader_.position();
    client_ = reader_.var_uint();
    client_spelling_ =
        Spelling({client_begin, static_cast<std::size_t>(reader_.position() - client_begin)});
    clock_ = reader_.var_uint();
    if (reader_.failed()) return fail("The update ends early");
    if (clock_ >= kClockEnd) return fail("A clock is too large", ErrorCode::limit);
    began_client_ = true;
  }
  --structs_left_;
  if (++structs_read_ > limits_.structs_max) {
    return fail("The update has too many structs", ErrorCode::limit);
  }
  out.reset();
  out.client = client_;
  out.clock = static_cast<Clock>(clock_);
  struct_begin_ = reader_.position();
  const std::uint8_t info = reader_.byte();
  if (reader_.failed()) return fail("The update ends early");
  const std::uint8_t kind = info & kKindBits;
  if (kind > static_cast<std::uint8_t>(ContentKind::skip)) return fail("Unknown kind of content");
  out.kind = static_cast<ContentKind>(kind);
  if (out.is_item() ? !read_item(out, info) : !read_length(out.length)) return false;
  if (out.length == 0) return fail("A struct without length");
  clock_ += out.length;
  if (clock_ >= kClockEnd) return fail("A clock is too large", ErrorCode::limit);
  return true;
}

[[gnu::always_inline]] inline bool UpdateReader::read_id(ByteReader& reader, Id& out,
                                                         const StructRef& of) noexcept {
  // Mostly the neighbour was written by the same client.
  out.client = reader.skip(client_spelling_) ? client_ : reader.var_uint();
  const std::uint64_t clock = reader.var_uint();
  if (reader.failed()) return fail("The update ends early");
  if (clock >= kClockEnd) return fail("A clock is too large", ErrorCode::limit);
  out.clock = static_cast<Clock>(clock);
  if (out.client == of.client && clock >= of.clock) {
    return fail("A struct that depends on itself or a later one");
  }
  return true;
}

bool UpdateReader::read_item(StructRef& out, std::uint8_t info) noexcept {
  out.has_origin = (info & kHasOrigin) != 0;
  out.has_right_origin = (info & kHasRightOrigin) != 0;
  if (out.has_origin || out.has_right_origin) {
    ByteReader reader = reader_;  // in registers
    const bool read = (!out.has_origin || read_id(reader, out.origin, out)) &&
                      (!out.has_right_origin || read_id(reader, out.right_origin, out));
    reader_ = reader;
    if (!read) return false;
  } else if (!read_parent(out, info)) {
    return false;
  }
  out.marked_key = (info & kHasKey) != 0;
  return read_content(out);
}

bool UpdateReader::read_parent(StructRef& out, std::uint8_t info) noexcept {
  out.has_parent_name = reader_.var_uint() == 1;
  out.has_parent_id = !out.has_parent_name;
  if (out.has_parent_name ? !read_text(out.parent_name) : !read_id(reader_, out.parent, out)) {
    return false;
  }
  out.has_key = (info & kHasKey) != 0;
  return !out.has_key || read_text(out.key);
}

bool UpdateReader::read_content(StructRef& out) noexcept {
  out.length = 1;
  switch (out.kind) {
    case ContentKind::deleted: return read_length(out.length);
    case ContentKind::json: return read_json_list(out);
    case ContentKind::binary:
      out.content = reader_.var_bytes();
      return !reader_.failed() || fail("The update ends early");
    case ContentKind::string: {
      out.content = reader_.var_bytes();
      if (reader_.failed()) return fail("The update ends early");
      const auto units = utf16_length(out.content);
      if (!units) return fail("A text is not UTF-8");
      if (std::uint64_t{*units} >= kClockEnd) return fail("A text is too long", ErrorCode::limit);
      out.length = static_cast<std::uint32_t>(*units);
      return true;
    }
    case ContentKind::embed: return read_embedded(out);
    case ContentKind::format: return read_text(out.name) && read_embedded(out);
    case ContentKind::type: return read_type(out);
    case ContentKind::any: return read_values(out);
    case ContentKind::doc: {
      if (!read_text(out.name)) return false;
      const char* const begin = reader_.position();
      bool shortest = true;
      if (!skip_value(shortest)) return false;
      out.content = std::string_view(begin, static_cast<std::size_t>(reader_.position() - begin));
      out.respell = !shortest;
      return true;
    }
    case ContentKind::gc:
    case ContentKind::skip: break;
  }
  return fail("Unknown kind of content");
}

bool UpdateReader::read_type(StructRef& out) noexcept {
  const std::uint64_t type = reader_.var_uint();
  if (reader_.failed()) return fail("The update ends early");
  if (type > static_cast<std::uint64_t>(TypeKind::xml_text)) return fail("Unknown shared type");
  out.type = static_cast<TypeKind>(type);
  return !is_named(out.type) || read_text(out.name);
}

bool UpdateReader::skip_value(bool& shortest) noexcept {
  const AnyFault fault = check_any(reader_, limits_.value_depth_max, shortest);
  return fault == AnyFault::none || fail_value(fault == AnyFault::too_deep, "A malformed value");
}

bool UpdateReader::read_values(StructRef& out) noexcept {
  if (!read_length(out.length)) return false;
  if (out.length > reader_.left()) return fail("The update ends early");
  const char* const begin = reader_.position();
  bool shortest = true;
  for (std::uint32_t i = 0; i < out.length; ++i) {
    if (!skip_value(shortest)) return false;
  }
  out.content = std::string_view(begin, static_cast<std::size_t>(reader_.position() - begin));
  out.respell = !shortest;
  return true;
}

bool UpdateReader::read_json_list(StructRef& out) noexcept {
  if (!read_length(out.length)) return false;
  if (out.length > reader_.left()) return fail("The update ends early");
  const char* const begin = reader_.position();
  for (std::uint32_t i = 0; i < out.length; ++i) {
    const std::string_view text = reader_.var_bytes();
    if (reader_.failed()) return fail("The update ends early");
    if (text == "undefined" || is_plain_json(text)) {
      if (!is_utf8(text)) return fail("A text is not UTF-8");
      continue;
    }
    out.respell = true;
    json::Reader reader(text, limits_.value_depth_max);
    if (!reader.skip_value() || !reader.finish()) {
      return fail_value(reader.error().code == ErrorCode::limit, "A value is not JSON");
    }
  }
  out.content = std::string_view(begin, static_cast<std::size_t>(reader_.position() - begin));
  return true;
}

bool UpdateReader::read_embedded(StructRef& out) noexcept {
  out.content = reader_.var_bytes();
  if (reader_.failed()) return fail("The update ends early");
  if (values_ == ValueSpelling::kept && out.content.starts_with(kKeptValueMark)) {
    out.content.remove_prefix(1);
    out.kept_value = true;
    ByteReader value(out.content);
    bool shortest = true;
    const AnyFault fault = check_any(value, limits_.value_depth_max, shortest);
    out.respell = !shortest;
    return (fault == AnyFault::none && value.at_end()) ||
           fail_value(fault == AnyFault::too_deep, "A malformed value");
  }
  if (!is_utf8(out.content)) return fail("A text is not UTF-8");
  if (is_plain_json(out.content)) return true;
  out.respell = true;
  json::Reader reader(out.content, limits_.value_depth_max);
  return (reader.skip_value() && reader.finish()) ||
         fail_value(reader.error().code == ErrorCode::limit, "A value is not JSON");
}

bool UpdateReader::read_text(std::string_view& out) noexcept {
  out = reader_.var_bytes();
  if (reader_.failed()) return fail("The update ends early");
  return is_utf8(out) || fail("A text is not UTF-8");
}

bool UpdateReader::read_length(std::uint32_t& out) noexcept {
  const std::uint64_t length = reader_.var_uint();
  if (reader_.failed()) return fail("The update ends early");
  if (length >= kClockEnd) return fail("A length is too large", ErrorCode::limit);
  out = static_cast<std::uint32_t>(length);
  return true;
}

bool UpdateReader::read_delete_set(DeleteSet& out) {
  if (failed()) return false;
  const std::uint64_t clients = reader_.var_uint();
  if (clients > limits_.clients_max) {
    return fail("The delete set names too many clients", ErrorCode::limit);
  }
  for (std::uint64_t i = 0; i < clients && !reader_.failed(); ++i) {
    const ClientId client = reader_.var_uint();
    const std::uint64_t ranges = reader_.var_uint();
    for (std::uint64_t j = 0; j < ranges && !reader_.failed(); ++j) {
      const std::uint64_t clock = reader_.var_uint();
      const std::uint64_t length = reader_.var_uint();
      if (clock + length >= kClockEnd) return fail("A clock is too large", ErrorCode::limit);
      out.add({client, static_cast<Clock>(clock), static_cast<std::uint32_t>(length)});
    }
  }
  if (reader_.failed()) return fail("The update ends early");
  // Version 2 updates read as version 1 look empty but for this.
  if (!reader_.at_end()) return fail("Bytes after the update's end (is it a version 2 update?)");
  return true;
}

void reread_struct(StructRef& out, std::string_view bytes, std::size_t size,
                   const Spelling& client) noexcept {
  ByteReader reader(bytes);
  const std::uint8_t info = reader.byte();
  if (!out.is_item()) return;
  const auto read_id = [&] {
    Id id;
    id.client = reader.skip(client) ? out.client : reader.var_uint();
    id.clock = static_cast<Clock>(reader.var_uint());
    return id;
  };
  const auto rest = [&] {
    return reader.bytes(static_cast<std::size_t>(bytes.data() + size - reader.position()));
  };
  out.has_origin = (info & kHasOrigin) != 0;
  out.has_right_origin = (info & kHasRightOrigin) != 0;
  if (out.has_origin) out.origin = read_id();
  if (out.has_right_origin) out.right_origin = read_id();
  if (!out.has_origin && !out.has_right_origin) {
    out.has_parent_name = reader.var_uint() == 1;
    out.has_parent_id = !out.has_parent_name;
    if (out.has_parent_name) {
      out.parent_name = reader.var_bytes();
    } else {
      out.parent = read_id();
    }
    out.has_key = (info & kHasKey) != 0;
    if (out.has_key) out.key = reader.var_bytes();
  }
  const auto read_embedded = [&] {
    out.content = reader.var_bytes();
    out.kept_value = out.content.starts_with(kKeptValueMark);
    if (out.kept_value) out.content.remove_prefix(1);
  };
  switch (out.kind) {
    case ContentKind::binary:
    case ContentKind::string: out.content = reader.var_bytes(); break;
    case ContentKind::embed: read_embedded(); break;
    case ContentKind::format:
      out.name = reader.var_bytes();
      read_embedded();
      break;
    case ContentKind::type:
      out.type = static_cast<TypeKind>(reader.var_uint());
      if (is_named(out.type)) out.name = reader.var_bytes();
      break;
    case ContentKind::doc:
      out.name = reader.var_bytes();
      out.content = rest();
      break;
    case ContentKind::json:
    case ContentKind::any:
      (void)reader.var_uint();
      out.content = rest();
      break;
    case ContentKind::deleted:
    case ContentKind::gc:
    case ContentKind::skip: break;
  }
}

Result<void> check_update(std::string_view update, const UpdateLimits& limits) {
  UpdateReader reader(update, limits);
  return check(reader);
}

}  // namespace pluv::ycrdt
