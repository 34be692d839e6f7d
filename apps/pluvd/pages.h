// The pages of web/ over HTTP: the demo, the inspector, and the files in /assets that both load.
// Which files there are is said by a table that the caller owns; a path is looked up in it as it
// is, so that no path reaches anything else. Immutable; answers from any loop.
#pragma once

#include <span>
#include <string_view>

#include "apps/pluvd/web_files.h"
#include "net/http.h"

namespace pluv::apps {

struct ServedPages {
  bool demo = false;
  bool inspector = false;
};

class Pages {
 public:
  // files: by path, as web_files() is; borrowed for as long as this lives. Empty: what is served
  // then tells how to build them.
  Pages(std::span<const WebFile> files, ServedPages served) noexcept;

  // Whether path (encoded) belongs to a page that is served; else get() must not be called for it.
  [[nodiscard]] bool covers(std::string_view path) const noexcept;
  // 200, 304 for an If-None-Match with the file's ETag, or 404 for a file that there is not.
  [[nodiscard]] net::Response get(const net::Request& request) const;

 private:
  [[nodiscard]] const WebFile* find(std::string_view path) const noexcept;

  const std::span<const WebFile> files_;
  const ServedPages served_;
};

}  // namespace pluv::apps
