// The element run of a document as it lies in memory: 64 bytes, named by a 32-bit index. yjs has an
// object Item with an object Content; here one struct is both, and a collected run (yjs: GC) too.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "ycrdt/struct_ref.h"

namespace pluv::ycrdt {

// Indices into a store's tables. 0 is "none" everywhere: the tables begin with an unused entry.
using ItemIndex = std::uint32_t;
using ClientIndex = std::uint32_t;
using BranchIndex = std::uint32_t;
using KeyIndex = std::uint32_t;
using LeafIndex = std::uint32_t;
inline constexpr std::uint32_t kNone = 0;

// An element by the index of its client. client == kNone: no element.
struct Place {
  ClientIndex client = kNone;
  Clock clock = 0;

  bool operator==(const Place&) const = default;
};

struct Item {
  enum Flag : std::uint8_t {
    kDeleted = 1,
    kKeep = 2,    // an undo manager needs it: not collected
    kRedone = 4,  // undone and written again elsewhere
  };

  Clock clock = 0;
  std::uint32_t length = 0;
  ClientIndex client = kNone;
  ItemIndex left = kNone;
  ItemIndex right = kNone;
  Place origin;
  Place right_origin;
  BranchIndex parent = kNone;
  KeyIndex key = kNone;        // of a map's member
  std::uint32_t size = 0;      // of data in bytes; of kind type the BranchIndex, of kind doc the
                               // index of the subdocument
  const char* data = nullptr;  // string: UTF-8; binary: bytes; any, json, embed: encoded values;
                               // format: the KeyIndex (4 bytes), then the encoded value
  LeafIndex leaf = kNone;      // where positions are counted (position_index.h)
  std::uint16_t slack = 0;     // free bytes after data, see spare()
  ContentKind kind = ContentKind::gc;
  std::uint8_t flags = 0;

  [[nodiscard]] bool is_gc() const noexcept { return kind == ContentKind::gc; }
  [[nodiscard]] bool deleted() const noexcept { return (flags & kDeleted) != 0; }
  [[nodiscard]] Clock end() const noexcept { return clock + length; }
  [[nodiscard]] Place first() const noexcept { return {client, clock}; }
  [[nodiscard]] Place last() const noexcept { return {client, clock + length - 1}; }
  [[nodiscard]] bool countable() const noexcept {
    return kind != ContentKind::deleted && kind != ContentKind::format && kind != ContentKind::gc;
  }
  // What it adds to its list's length.
  [[nodiscard]] std::uint32_t visible() const noexcept {
    return !deleted() && countable() ? length : 0;
  }
  // Free bytes after data: eleven bits of them and how often they are doubled, so that the room of
  // long texts can be long, too. What that cannot say exactly is a little less.
  [[nodiscard]] std::size_t spare() const noexcept {
    return std::size_t{slack} % 2048 << (slack / 2048);
  }
  void set_spare(std::size_t bytes) noexcept {
    unsigned doublings = 0;
    while (bytes >> doublings > 2047 && doublings < 31) ++doublings;
    const std::size_t kept = bytes >> doublings > 2047 ? 2047 : bytes >> doublings;
    slack = static_cast<std::uint16_t>(doublings * 2048 + kept);
  }
  [[nodiscard]] std::string_view bytes() const noexcept { return {data, size}; }
  [[nodiscard]] BranchIndex branch() const noexcept { return size; }
};
static_assert(sizeof(void*) != 8 || sizeof(Item) == 64);

}  // namespace pluv::ycrdt
