// Documents of the Yjs kind, on our own engine (ycrdt). A document stays bytes for as long as it is
// only relayed, saved and joined; the first edit of a handler, or an update that has to wait for
// others, makes its items.
#pragma once

#include <memory>

#include "room/document.h"
#include "ycrdt/limits.h"

namespace pluv::room {

// limits: of every update that comes.
[[nodiscard]] std::shared_ptr<const StorageKind> yjs_storage(ycrdt::UpdateLimits limits = {});

}  // namespace pluv::room
