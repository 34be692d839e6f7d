// What a room needs of its shared document, whatever algorithm is behind it: updates in, updates
// out, no sockets, no clock. A StorageKind makes documents of one algorithm (yjs_document.h). Owned
// by a room, used on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pluv::room {

class Document {
 public:
  virtual ~Document() = default;

  // Applies an update: all of it, or nothing and an error that says why. What it adds, as an
  // update: what others have to be told; empty when all of it was known, or has to wait for updates
  // that have not come (see waiting_bytes).
  [[nodiscard]] virtual Result<std::string> apply(std::string_view update) = 0;
  // The same with what was once a document's or a log's: no limits of a client's update count, for
  // this may be many of them in one.
  [[nodiscard]] virtual Result<void> load(std::string_view update) = 0;
  // How many bytes of the update are no part of the document yet, at most. Costs the update's size.
  [[nodiscard]] virtual Result<std::size_t> new_bytes(std::string_view update) const = 0;
  // Whether the document has all of the update. Costs the update's size, and once after it was
  // loaded, or rested, may cost the document's. An error: it is malformed or over a limit.
  [[nodiscard]] virtual Result<bool> contains(std::string_view update) = 0;
  // The algorithm's own document, for a handler to change until end_edit(), which answers what that
  // added. An error: the document cannot be made of its bytes.
  [[nodiscard]] virtual Result<void*> begin_edit() = 0;
  [[nodiscard]] virtual std::string end_edit() = 0;
  // Of what waits for updates that have not come. 0: nothing does.
  [[nodiscard]] virtual std::size_t waiting_bytes() const = 0;
  // Nobody has ever written into it.
  [[nodiscard]] virtual bool empty() const = 0;
  // The whole document as an update, with what waits: to be kept.
  [[nodiscard]] virtual std::string encode() = 0;
  // The same without what waits: to be sent. Whoever has a part of somebody's edits only sends it
  // back with all of its own.
  [[nodiscard]] virtual std::string encode_to_send() = 0;
  // Updates that together are the whole document. Of one that is still bytes a copy of them, where
  // encode() may have to join them first; else its encoding.
  [[nodiscard]] virtual std::vector<std::string> copy() const = 0;
  // What somebody who was sent the document when it had this state lacks now, without what waits.
  [[nodiscard]] virtual std::string state() const = 0;
  [[nodiscard]] virtual std::string encode_since(std::string_view state) = 0;
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
  // Nobody is in its room: what only edits need may go until the next one. Costs the document's
  // size. What begin_edit() has answered ends with it.
  virtual void rest() = 0;
};

class StorageKind {
 public:
  virtual ~StorageKind() = default;
  // writer: a number that no other writer of the document uses (the caller's randomness).
  [[nodiscard]] virtual std::unique_ptr<Document> make(std::uint64_t writer) const = 0;
  // One update with all that these hold. An error: one of them is none.
  [[nodiscard]] virtual Result<std::string> merge(std::span<const std::string> updates) const = 0;
};

}  // namespace pluv::room
