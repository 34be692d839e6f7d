// What a WebAssembly module exports: bytes in, bytes out. Part of every module; the rest of a
// module's C++ is the application's PLUV_CLOUDFLARE_MODULE. The host's half is
// platform-cloudflare/src/module.ts.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "platform/cloudflare/module_core.h"
#include "platform/cloudflare/room_module.h"
#include "platform/cloudflare/wire.h"

namespace {

// One instance is one room. Never destroyed: its memory goes as a whole.
struct Instance {
  std::string input;
  std::string_view output;
  std::string error;
  std::unique_ptr<pluv::cloudflare::RoomModule> room;
};

Instance& instance() {
  static Instance* const only = new Instance;
  return *only;
}

std::string_view input_of(std::size_t size) {
  return std::string_view(instance().input).substr(0, size);
}

std::size_t answer(std::string_view output) {
  instance().output = output;
  return output.size();
}

}  // namespace

#define PLUV_EXPORT(name) extern "C" __attribute__((export_name(name)))

PLUV_EXPORT("pluv_wire_version") std::uint32_t pluv_wire_version() {
  return pluv::cloudflare::kWireVersion;
}

// Where the host puts so many bytes; valid until the next call. What a large message took is given
// back by the next small one.
PLUV_EXPORT("pluv_input") char* pluv_input(std::size_t size) {
  constexpr std::size_t kKeptBytes = 64 * 1024;
  std::string& input = instance().input;
  if (input.size() > kKeptBytes && size <= kKeptBytes) std::string().swap(input);
  if (input.size() < size) input.resize(size);
  return input.data();
}

// Of the bytes that the last call has answered, whose size it returned.
PLUV_EXPORT("pluv_output") const char* pluv_output() { return instance().output.data(); }

// Once, first: input is the config. 0: done; else the size of an error message.
PLUV_EXPORT("pluv_make") std::size_t pluv_make(std::size_t size) {
  auto made = pluv::cloudflare::RoomModule::make(pluv::cloudflare::module_core(), input_of(size));
  if (!made.ok()) {
    instance().error = made.error().message;
    return answer(instance().error);
  }
  instance().room = std::move(*made);
  return 0;
}

PLUV_EXPORT("pluv_step") std::size_t pluv_step(std::size_t size) {
  return answer(instance().room->step(input_of(size)));
}

PLUV_EXPORT("pluv_document") std::size_t pluv_document(std::uint32_t handle) {
  return answer(instance().room->document(handle));
}
PLUV_EXPORT("pluv_release_document") void pluv_release_document(std::uint32_t handle) {
  instance().room->release_document(handle);
}
PLUV_EXPORT("pluv_message_bytes_max") std::size_t pluv_message_bytes_max(std::uint32_t index) {
  return instance().room->message_bytes_max(index);
}
PLUV_EXPORT("pluv_size") std::size_t pluv_size() { return instance().room->size(); }
PLUV_EXPORT("pluv_may_hibernate") std::uint32_t pluv_may_hibernate() {
  return instance().room->may_hibernate() ? 1 : 0;
}
