#include "apps/pluvd/web_files.h"

namespace pluv::apps {

std::span<const WebFile> web_files() { return {}; }

}  // namespace pluv::apps
