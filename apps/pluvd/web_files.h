// The built pages of web/ (the demo, the inspector, what both load), which lie in the program.
// Immutable; nothing of it is there when it was built without them (CMake says so).
#pragma once

#include <span>
#include <string_view>

namespace pluv::apps {

struct WebFile {
  std::string_view path;  // "/demo/index.html", "/assets/index-1a2b.js"
  std::string_view content_type;
  std::string_view etag;   // quoted
  std::string_view bytes;  // as it was built
  std::string_view gzip;   // empty: not smaller
};

// By path.
[[nodiscard]] std::span<const WebFile> web_files();

}  // namespace pluv::apps
