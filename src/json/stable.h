// One spelling for each JSON value, so that two programs can sign the same value without agreeing
// on how it was sent: what npm's fast-json-stable-stringify makes of JSON.parse(text). Pure
// functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/reader.h"

namespace pluv::json {

// The members of each object in the order of their names' UTF-16 code units, of equal names the
// last; numbers as JavaScript prints them (too large ones become null); strings as JSON.stringify
// writes them; no white space. What has this form already is answered byte for byte. Takes time and
// memory in proportion to the text, times the depth where members must change places. Errors
// invalid, or limit when containers are nested deeper than depth_max.
[[nodiscard]] Result<std::string> stable_json(std::string_view text,
                                              std::size_t depth_max = kDepthMax);

}  // namespace pluv::json
