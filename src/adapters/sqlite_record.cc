#include "adapters/sqlite_record.h"

#include <zlib.h>

#include <array>
#include <cstddef>

namespace pluv::adapters {
namespace {

uLong add(uLong checksum, std::string_view bytes) noexcept {
  return crc32_z(checksum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

uLong add(uLong checksum, std::int64_t number) noexcept {
  std::array<char, 8> bytes;  // little-endian on every machine: a file may be copied to another
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
  return add(checksum, std::string_view(bytes.data(), bytes.size()));
}

}  // namespace

std::uint32_t record_checksum(std::string_view room, RecordPosition position, std::int64_t unix_ms,
                              std::string_view data) noexcept {
  // The name's length keeps a byte from moving between it and what follows.
  uLong checksum = add(0, static_cast<std::int64_t>(room.size()));
  checksum = add(checksum, room);
  checksum = add(checksum, position.number);
  checksum = add(checksum, position.version);
  checksum = add(checksum, unix_ms);
  // crc32_z answers the initial value for a null pointer.
  if (!data.empty()) checksum = add(checksum, data);
  return static_cast<std::uint32_t>(checksum);
}

}  // namespace pluv::adapters
