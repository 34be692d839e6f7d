// Work on raw JSON objects without building a document: laying one over another (the patch of a
// presence) and dropping white space. Owns nothing but the scratch; allocates nothing once the
// scratch and the output have grown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pluv::json {

// Memory that merge_objects reuses from call to call; its content means nothing between calls.
// One a thread (or a room).
class MergeScratch {
 public:
  MergeScratch() = default;

 private:
  friend class Merger;
  struct Member {
    std::string_view key;      // unescaped: a view into the text, or into keys_ (see key_offset)
    std::string_view raw_key;  // with its quotation marks
    std::string_view value;
    std::size_t key_offset = 0;  // into keys_ when escaped
    bool escaped = false;
    bool dropped = false;
  };
  std::vector<Member> members_;
  std::vector<std::uint32_t> order_;
  std::string keys_;
  std::string key_;
};

// out = Object.assign({}, base, patch), on top-level members: base's order is kept, patched members
// keep their place, new ones follow in the patch's order. Within one object the last of equal keys
// wins and stands in the first one's place; keys are compared unescaped and written as first
// spelled. Values are copied without white space. (JavaScript would move keys that look like array
// indices to the front; here they stay.)
// Both texts are validated: an error leaves `out` in no particular state. `out` is overwritten and
// must not alias the inputs. O(n log n) in the number of members.
[[nodiscard]] Result<void> merge_objects(std::string_view base, std::string_view patch,
                                         std::string& out, MergeScratch& scratch);
// The same with a scratch of its own, for rare callers.
[[nodiscard]] Result<void> merge_objects(std::string_view base, std::string_view patch,
                                         std::string& out);

// Appends raw, which must be valid JSON, without the white space outside its strings.
void append_minified(std::string_view raw, std::string& out);

}  // namespace pluv::json
