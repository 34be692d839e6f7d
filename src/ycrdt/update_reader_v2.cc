#include "ycrdt/update_reader_v2.h"

#include <algorithm>

#include "json/reader.h"
#include "ycrdt/any.h"
#include "ycrdt/update_reader.h"

namespace pluv::ycrdt {
namespace {

constexpr std::uint64_t kClockEnd = std::uint64_t{1} << 32;

constexpr std::uint8_t kHasOrigin = 0x80;
constexpr std::uint8_t kHasRightOrigin = 0x40;
constexpr std::uint8_t kHasKey = 0x20;
constexpr std::uint8_t kKindBits = 0x1f;

// A key can be repeated by its number, which yjs reads but does not write. So many bytes of keys
// may repetitions make of each byte of the update.
constexpr std::uint64_t kRepeatedKeyBytesMax = 64;

}  // namespace

UpdateReaderV2::UpdateReaderV2(std::string_view update, const UpdateLimits& limits)
    : size_(update.size()),
      rest_(update.substr(update.empty() ? 0 : 1)),
      limits_(limits),
      key_numbers_(rest_.var_bytes()),
      client_ids_(rest_.var_bytes()),
      left_clocks_(rest_.var_bytes()),
      right_clocks_(rest_.var_bytes()),
      infos_(rest_.var_bytes()),
      texts_(rest_.var_bytes()),
      parent_infos_(rest_.var_bytes()),
      types_(rest_.var_bytes()),
      lengths_(rest_.var_bytes()) {
  if (update.size() > limits.update_bytes_max) {
    fail("The update is too large", ErrorCode::limit);
    return;
  }
  // The flags are for features to come, which yjs ignores; a version 1 update has its number of
  // clients here.
  if (!update.empty() && update[0] != 0) {
    fail("Not a version 2 update (is it version 1?)");
    return;
  }
  section_count_ = rest_.var_uint();
  sections_left_ = section_count_;
  if (rest_.failed()) {
    fail("The update ends early (is it version 1?)");
  } else if (texts_.not_utf8()) {
    fail("A text is not UTF-8");
  } else if (texts_.failed()) {
    fail_early();
  } else if (section_count_ > limits.clients_max) {
    fail("The update names too many clients", ErrorCode::limit);
  }
}

bool UpdateReaderV2::fail(const char* problem, ErrorCode code) {
  if (problem_.ok()) problem_ = Error{code, problem};
  return false;
}

bool UpdateReaderV2::fail_value(bool too_deep, const char* otherwise) {
  return too_deep ? fail("A value is too deep", ErrorCode::limit) : fail(otherwise);
}

bool UpdateReaderV2::fail_early() { return fail("The update ends early"); }

bool UpdateReaderV2::next_section(Section& out) {
  if (failed() || sections_left_ == 0) return false;
  --sections_left_;
  structs_left_ = rest_.var_uint();
  client_ = client_ids_.read();
  clock_ = rest_.var_uint();
  if (rest_.failed() || client_ids_.failed()) return fail_early();
  if (clock_ >= kClockEnd) return fail("A clock is too large", ErrorCode::limit);
  out = {client_, static_cast<Clock>(clock_), structs_left_};
  return true;
}

bool UpdateReaderV2::next(StructRef& out) {
  Section section;
  while (structs_left_ == 0) {
    if (!next_section(section)) return false;
  }
  return next_in_section(out);
}

bool UpdateReaderV2::next_in_section(StructRef& out) {
  if (failed() || structs_left_ == 0) return false;
  --structs_left_;
  ++structs_read_;
  if (structs_read_ > limits_.structs_max ||
      (structs_read_ > size_ && structs_read_ - size_ > limits_.run_structs_max)) {
    return fail("The update has too many structs", ErrorCode::limit);
  }
  out.reset();
  out.client = client_;
  out.clock = static_cast<Clock>(clock_);
  const std::uint8_t info = infos_.read();
  if (infos_.failed()) return fail_early();
  const std::uint8_t kind = info & kKindBits;
  if (kind > static_cast<std::uint8_t>(ContentKind::skip)) return fail("Unknown kind of content");
  out.kind = static_cast<ContentKind>(kind);
  if (out.kind == ContentKind::skip) {
    const std::uint64_t length = rest_.var_uint();
    if (rest_.failed()) return fail_early();
    if (length >= kClockEnd) return fail("A length is too large", ErrorCode::limit);
    out.length = static_cast<std::uint32_t>(length);
  } else if (out.is_item() ? !read_item(out, info) : !read_length(out.length)) {
    return false;
  }
  if (out.length == 0) return fail("A struct without length");
  clock_ += out.length;
  if (clock_ >= kClockEnd) return fail("A clock is too large", ErrorCode::limit);
  return true;
}

bool UpdateReaderV2::read_item(StructRef& out, std::uint8_t info) {
  out.has_origin = (info & kHasOrigin) != 0;
  out.has_right_origin = (info & kHasRightOrigin) != 0;
  out.marked_key = (info & kHasKey) != 0;
  if (out.has_origin && !read_id(out.origin, left_clocks_, out)) return false;
  if (out.has_right_origin && !read_id(out.right_origin, right_clocks_, out)) return false;
  if (!out.has_origin && !out.has_right_origin) {
    out.has_parent_name = parent_infos_.read() == 1;
    if (parent_infos_.failed()) return fail_early();
    out.has_parent_id = !out.has_parent_name;
    if (out.has_parent_name ? !read_text(out.parent_name, parent_name_)
                            : !read_id(out.parent, left_clocks_, out)) {
      return false;
    }
    out.has_key = out.marked_key;
    if (out.has_key && !read_text(out.key, key_)) return false;
  }
  return read_content(out);
}

bool UpdateReaderV2::read_content(StructRef& out) {
  out.length = 1;
  switch (out.kind) {
    case ContentKind::deleted: return read_length(out.length);
    case ContentKind::json: return read_json_list(out);
    case ContentKind::binary:
      out.content = rest_.var_bytes();
      return !rest_.failed() || fail_early();
    case ContentKind::string: {
      std::size_t units = 0;
      out.content = texts_.read(units, content_);
      if (texts_.failed()) return fail_early();
      if (std::uint64_t{units} >= kClockEnd) return fail("A text is too long", ErrorCode::limit);
      out.length = static_cast<std::uint32_t>(units);
      return true;
    }
    case ContentKind::embed: return read_embedded(out);
    case ContentKind::format: return read_key(out) && read_embedded(out);
    case ContentKind::type: return read_type(out);
    case ContentKind::any: return read_values(out);
    case ContentKind::doc:
      return read_text(out.name, name_) && read_value(out.content, out.respell);
    case ContentKind::gc:
    case ContentKind::skip: break;
  }
  return fail("Unknown kind of content");
}

bool UpdateReaderV2::read_type(StructRef& out) {
  const std::uint64_t type = types_.read();
  if (types_.failed()) return fail_early();
  if (type > static_cast<std::uint64_t>(TypeKind::xml_text)) return fail("Unknown shared type");
  out.type = static_cast<TypeKind>(type);
  const bool named = out.type == TypeKind::xml_element || out.type == TypeKind::xml_hook;
  return !named || read_key(out);
}

bool UpdateReaderV2::read_value(std::string_view& out, bool& respell) {
  const char* const begin = rest_.position();
  bool shortest = true;
  const AnyFault fault = check_any(rest_, limits_.value_depth_max, shortest);
  if (fault != AnyFault::none) return fail_value(fault == AnyFault::too_deep, "A malformed value");
  out = std::string_view(begin, static_cast<std::size_t>(rest_.position() - begin));
  respell |= !shortest;
  return true;
}

// What version 1 will have to say as JSON, where bytes are an object and depth has a cap of its
// own.
bool UpdateReaderV2::read_embedded(StructRef& out) {
  out.kept_value = true;
  const std::size_t depth_max = std::min(limits_.value_depth_max, json::kDepthCap);
  ByteReader ahead = rest_;
  bool shortest = true;
  const bool shallow = check_any(ahead, depth_max - 1, shortest) != AnyFault::too_deep;
  if (!read_value(out.content, out.respell)) return false;
  if (shallow) return true;
  std::string text;
  append_json(text, out.content);
  json::Reader reader(text, depth_max);
  return (reader.skip_value() && reader.finish()) || fail_value(true, "");
}

bool UpdateReaderV2::read_values(StructRef& out) {
  if (!read_length(out.length)) return false;
  if (out.length > rest_.left()) return fail_early();
  const char* const begin = rest_.position();
  std::string_view value;
  for (std::uint32_t i = 0; i < out.length; ++i) {
    if (!read_value(value, out.respell)) return false;
  }
  out.content = std::string_view(begin, static_cast<std::size_t>(rest_.position() - begin));
  return true;
}

// Each text has a letter at least, so a long list needs many bytes.
bool UpdateReaderV2::read_json_list(StructRef& out) {
  if (!read_length(out.length)) return false;
  content_.clear();
  std::string_view text;
  for (std::uint32_t i = 0; i < out.length; ++i) {
    if (!read_text(text, name_)) return false;
    write_var_bytes(content_, text);
    if (text == "undefined" || is_plain_json(text)) continue;
    out.respell = true;
    json::Reader reader(text, limits_.value_depth_max);
    if (!reader.skip_value() || !reader.finish()) {
      return fail_value(reader.error().code == ErrorCode::limit, "A value is not JSON");
    }
  }
  out.content = content_;
  return true;
}

bool UpdateReaderV2::read_text(std::string_view& out, std::string& scratch) {
  std::size_t units = 0;
  out = texts_.read(units, scratch);
  return !texts_.failed() || fail_early();
}

bool UpdateReaderV2::read_key(StructRef& out) {
  const std::uint64_t number = key_numbers_.read();
  if (key_numbers_.failed()) return fail("A malformed number of a key");
  if (number < keys_.size()) {
    out.name = keys_[static_cast<std::size_t>(number)];
    repeated_key_bytes_ += out.name.size();
    return repeated_key_bytes_ <= kRepeatedKeyBytesMax * size_ ||
           fail("Keys are repeated too often", ErrorCode::limit);
  }
  if (!read_text(out.name, name_)) return false;
  if (out.name.data() == name_.data()) out.name = cut_keys_.emplace_back(name_);
  keys_.push_back(out.name);
  return true;
}

bool UpdateReaderV2::read_length(std::uint32_t& out) {
  const std::uint64_t length = lengths_.read();
  if (lengths_.failed()) return fail_early();
  if (length >= kClockEnd) return fail("A length is too large", ErrorCode::limit);
  out = static_cast<std::uint32_t>(length);
  return true;
}

bool UpdateReaderV2::read_id(Id& out, DifferenceRunReader& clocks, const StructRef& of) {
  out.client = client_ids_.read();
  const std::uint64_t clock = clocks.read();
  if (client_ids_.failed()) return fail_early();
  if (clocks.failed()) return fail("A malformed clock");
  if (clock >= kClockEnd) return fail("A clock is too large", ErrorCode::limit);
  out.clock = static_cast<Clock>(clock);
  if (out.client == of.client && out.clock >= of.clock) {
    return fail("A struct that depends on itself or a later one");
  }
  return true;
}

bool UpdateReaderV2::read_delete_set(DeleteSet& out) {
  if (failed()) return false;
  problem_ = out.read(rest_, DeleteSetFormat::v2, limits_);
  if (failed()) return false;
  return rest_.at_end() || fail("Bytes after the update's end");
}

}  // namespace pluv::ycrdt
