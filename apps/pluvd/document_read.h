// Documents as people and programs outside read them: decoded from copies of their bytes, off the
// loops, so that a document that a room keeps as bytes stays bytes there. Pure functions; they take
// as long as the document is large.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "ycrdt/lazy_doc.h"

namespace pluv::apps {

// A document's JSON may have so many bytes to be shown.
inline constexpr std::size_t kShownJsonBytesMax = std::size_t{1024} * 1024;

// The document that these updates make, without limits of an update, since it was accepted once.
// An error: they make none.
[[nodiscard]] Result<std::shared_ptr<ycrdt::LazyDoc>> document_of(
    std::span<const std::string> updates);

// All root types as one JSON object; nullopt when that is too large to be shown.
[[nodiscard]] Result<std::optional<std::string>> shown_json(std::span<const std::string> updates);

// The same whatever its size.
[[nodiscard]] Result<std::string> whole_json(std::span<const std::string> updates);

// The document as one update.
[[nodiscard]] Result<std::string> one_update(std::span<const std::string> updates);

}  // namespace pluv::apps
