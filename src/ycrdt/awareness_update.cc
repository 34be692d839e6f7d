#include "ycrdt/awareness_update.h"

#include "json/reader.h"
#include "ycrdt/any.h"
#include "ycrdt/lib0.h"

namespace pluv::ycrdt {

Result<std::string> respell_awareness_state(std::string_view json, const AwarenessLimits& limits) {
  if (json.size() > limits.state_bytes_max) {
    return Error{ErrorCode::limit, "A state is too large"};
  }
  const json::Kind kind = json::kind_of(json);
  if (kind != json::Kind::object && kind != json::Kind::null) {
    return Error{ErrorCode::invalid, "A state is neither a JSON object nor null"};
  }
  std::string encoded;
  if (auto read = encode_json(encoded, json, limits.value_depth_max); !read) return read.error();
  std::string out;
  append_json(out, encoded);
  return out;
}

Result<std::vector<AwarenessEntry>> decode_awareness_update(std::string_view update,
                                                            const AwarenessLimits& limits) {
  if (update.size() > limits.update_bytes_max) {
    return Error{ErrorCode::limit, "The awareness update is too large"};
  }
  const Error ends_early{ErrorCode::invalid, "The awareness update ends early"};
  ByteReader reader(update);
  const std::uint64_t count = reader.var_uint();
  if (reader.failed()) return ends_early;
  if (count > limits.clients_max) {
    return Error{ErrorCode::limit, "The awareness update names too many clients"};
  }
  std::vector<AwarenessEntry> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    const ClientId client = reader.var_uint();
    const std::uint64_t clock = reader.var_uint();
    const std::string_view state = reader.var_bytes();
    if (reader.failed()) return ends_early;
    if (clock > kAwarenessClockMax) return Error{ErrorCode::limit, "A clock is too large"};
    auto respelled = respell_awareness_state(state, limits);
    if (!respelled) return respelled.error();
    out.push_back({client, clock, std::move(*respelled)});
  }
  if (!reader.at_end()) {
    return Error{ErrorCode::invalid, "Bytes after the awareness update's end"};
  }
  return out;
}

std::string encode_awareness_update(std::span<const AwarenessEntry> entries) {
  std::string out;
  write_var_uint(out, entries.size());
  for (const AwarenessEntry& entry : entries) {
    write_var_uint(out, entry.client);
    write_var_uint(out, entry.clock);
    write_var_bytes(out, entry.state);
  }
  return out;
}

Result<std::string> modify_awareness_update(std::string_view update,
                                            const AwarenessModifier& modify,
                                            const AwarenessLimits& limits) {
  auto entries = decode_awareness_update(update, limits);
  if (!entries) return entries.error();
  for (AwarenessEntry& entry : *entries) {
    auto modified = respell_awareness_state(modify(entry.state), limits);
    if (!modified) return modified.error();
    entry.state = std::move(*modified);
  }
  return encode_awareness_update(*entries);
}

}  // namespace pluv::ycrdt
