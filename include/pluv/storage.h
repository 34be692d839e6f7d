// Documents of rooms: what they are made of (yjs(), noop()), what listeners see of them, and saving
// them not too often.
//
//   auto io = pluv::create_io(pluv::platform_native(pluv::NativeOptions{.crdt = pluv::yjs()}));
//   auto server = io.server(pluv::ServerOptions{
//       .get_initial_storage = [&](const auto& event) { return db.find(event.room); },
//       .on_storage_destroyed = [&](const auto& event) {
//         db.save(event.room, event.encoded_state.bytes()); }});
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/base64.h"
#include "room/document.h"
#include "room/yjs_document.h"

namespace pluv {

// No shared document: rooms have presence and events only.
struct Noop {
  [[nodiscard]] std::shared_ptr<const room::StorageKind> kind() const { return nullptr; }
};
[[nodiscard]] constexpr Noop noop() noexcept { return {}; }

// Documents that yjs clients share. Handlers reach them by ctx.doc() as a ycrdt::Doc
// (pluv/ycrdt.h).
struct Yjs {
  ycrdt::UpdateLimits limits = {};  // of every update that comes

  [[nodiscard]] std::shared_ptr<const room::StorageKind> kind() const {
    return room::yjs_storage(limits);
  }
};
[[nodiscard]] inline Yjs yjs(ycrdt::UpdateLimits limits = {}) { return {limits}; }

// A room's document as an update of its kind, encoded when it is asked for: that costs the
// document's size, so a listener that does not need it should not ask. Answers the state of that
// moment. To be used on the room's loop: a coroutine takes it before it goes to blocking().
class EncodedState {
 public:
  EncodedState() = default;
  explicit EncodedState(std::shared_ptr<room::Document> document)
      : document_(std::move(document)) {}
  // One that was encoded elsewhere, in valid base64; empty: there is none.
  [[nodiscard]] static EncodedState from_base64(std::string text) {
    EncodedState out;
    if (!text.empty()) out.text_ = std::make_shared<const std::string>(std::move(text));
    return out;
  }

  // Whether the room has a document that anybody has ever written into.
  [[nodiscard]] bool exists() const {
    return text_ != nullptr || (document_ != nullptr && !document_->empty());
  }
  // Empty when there is none.
  [[nodiscard]] std::string bytes() const {
    if (text_ != nullptr) return base64_decode(*text_).value_or(std::string());
    return exists() ? document_->encode() : std::string();
  }
  // The same as the original hands it out.
  [[nodiscard]] std::string base64() const {
    return text_ != nullptr ? *text_ : base64_encode(bytes());
  }

 private:
  std::shared_ptr<room::Document> document_;
  std::shared_ptr<const std::string> text_;  // in place of it
};

// A listener of on_storage_updated that runs at most once in this time for each room: at once, and
// once more at the end of the time when something changed in it, or before the room is destroyed.
// Its event is the newest one. A coroutine's next run waits for the one before, and so does
// on_storage_destroyed, so that an older state is never saved over a newer one.
//
//   .on_storage_updated = pluv::throttle(5s, [&](const auto& event) { save(event); })
template <class Fn>
struct Throttled {
  std::chrono::milliseconds interval;
  Fn listener;
};
template <class Fn>
[[nodiscard]] Throttled<Fn> throttle(std::chrono::milliseconds interval, Fn listener) {
  return {interval, std::move(listener)};
}

}  // namespace pluv
