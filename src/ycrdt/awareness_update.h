// Updates of awareness as bytes: for each client its id, a clock and its state as JSON. Source:
// npm y-protocols 1.0.6, awareness.js. Memory is proportional to the bytes, never to numbers that
// they declare.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/ids.h"
#include "ycrdt/limits.h"

namespace pluv::ycrdt {

// What stands for the state of a client that has gone.
inline constexpr std::string_view kAwarenessGone = "null";

struct AwarenessEntry {
  ClientId client = 0;
  std::uint64_t clock = 0;
  // A JSON object as JSON.stringify spells it, or kAwarenessGone.
  std::string state = std::string(kAwarenessGone);

  bool operator==(const AwarenessEntry&) const = default;
};

// The entries in their order; a client may be there more than once. Errors: invalid (bytes that are
// cut off or go on after the end, states that are neither an object nor null), limit.
[[nodiscard]] Result<std::vector<AwarenessEntry>> decode_awareness_update(
    std::string_view update, const AwarenessLimits& limits = {});

// Writes the entries as they are.
[[nodiscard]] std::string encode_awareness_update(std::span<const AwarenessEntry> entries);

// Answers what takes a state's place, each a JSON object or null.
using AwarenessModifier = std::function<std::string(std::string_view state)>;
// The update with modify(state) for each state, the clocks as they were. For a server that does not
// let clients claim to be somebody else. Errors: as decode_awareness_update, and what modify
// answers is checked likewise. yjs: modifyAwarenessUpdate.
[[nodiscard]] Result<std::string> modify_awareness_update(std::string_view update,
                                                          const AwarenessModifier& modify,
                                                          const AwarenessLimits& limits = {});

// A JSON text, an object or null, as JSON.stringify spells it. Errors: invalid (anything else),
// limit (too long or too deep).
[[nodiscard]] Result<std::string> respell_awareness_state(std::string_view json,
                                                          const AwarenessLimits& limits = {});

}  // namespace pluv::ycrdt
