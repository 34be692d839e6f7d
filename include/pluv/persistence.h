// Where a server keeps the documents of its rooms. Without any, a document lives as long as its
// room has sessions, and the application saves it (on_storage_destroyed) and gives it back
// (get_initial_storage). With one, every edit is kept before anyone else sees it.
//
//   auto io = pluv::create_io(pluv::platform_native(pluv::NativeOptions{
//       .crdt = pluv::yjs(), .persistence = pluv::sqlite({.path = "pluv.sqlite"})}));
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/store.h"
#include "base/result.h"

namespace pluv {

using adapters::Durability;

// A value: how to open a store. Servers of one io that listen open one each.
class Persistence {
 public:
  using Log =
      std::function<void(std::string_view level, std::string_view event, std::string_view message)>;
  using Open = std::function<Result<std::shared_ptr<adapters::Store>>(Log log)>;

  Persistence() = default;  // none
  explicit Persistence(Open open) : open_(std::move(open)) {}

  [[nodiscard]] explicit operator bool() const noexcept { return open_ != nullptr; }

  // Null without any. An error says what and why.
  [[nodiscard]] Result<std::shared_ptr<adapters::Store>> open(Log log) const {
    return open_ ? open_(std::move(log)) : std::shared_ptr<adapters::Store>();
  }

 private:
  Open open_;
};

struct SqliteOptions {
  // Made when there is none; its folder must be there. `pluvd storage` finds a pluv.sqlite.
  std::string path;
  Durability durability = Durability::process;
  // How long replaced updates are kept, to restore from. 0: not at all; pluvd keeps them for a day.
  std::chrono::milliseconds history{0};
};
// All rooms in one SQLite file, which one server at a time may use. listen() throws when it cannot
// be opened.
[[nodiscard]] Persistence sqlite(SqliteOptions options);

// A store of the application's own (adapters/store.h says what it has to do).
[[nodiscard]] Persistence store(std::shared_ptr<adapters::Store> own);

}  // namespace pluv
