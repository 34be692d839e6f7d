// JSON Patch (RFC 6902) on a Yjs document: its JSON is an object whose members are the root types,
// and what a patch does to it become edits of those (document_write.h says which). Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "ycrdt/doc.h"

namespace pluv::apps {

inline constexpr std::size_t kPatchOperationsMax = 1'000;

enum class PatchVerb : std::uint8_t { add, remove, replace, move, copy, test };

struct PatchOperation {
  PatchVerb verb = PatchVerb::add;
  std::vector<std::string> path;  // the reference tokens, unescaped (RFC 6901)
  std::vector<std::string> from;  // of move and copy
  json::Value value;              // of add, replace and test
};

// Members that an operation does not define are ignored, as RFC 6902 has it. Errors: invalid, which
// says what is wrong with which operation; limit.
[[nodiscard]] Result<std::vector<PatchOperation>> parse_patch(std::string_view text);

// Carries out all of them, on a copy: after an error the document is something in between. Errors:
// conflict (a test failed), not_found (a place that is not there), forbidden (a place where this
// cannot be), limit (too much work, or too deep).
[[nodiscard]] Result<void> apply_patch(ycrdt::Doc& doc, const std::vector<PatchOperation>& patch);

}  // namespace pluv::apps
