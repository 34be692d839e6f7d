#include "ycrdt/delete_set_coding.h"

namespace pluv::ycrdt {
namespace {

constexpr std::uint64_t kClockEnd = std::uint64_t{1} << 32;

void write_v2(std::string& out, const std::vector<DeleteRange>& ranges) {
  std::size_t clients = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    clients += i == 0 || ranges[i].client != ranges[i - 1].client ? 1 : 0;
  }
  write_var_uint(out, clients);
  for (std::size_t i = 0; i < ranges.size();) {
    std::size_t end = i;
    while (end < ranges.size() && ranges[end].client == ranges[i].client) ++end;
    write_var_uint(out, ranges[i].client);
    write_var_uint(out, end - i);
    Clock at = 0;
    for (; i < end; ++i) {
      write_var_uint(out, ranges[i].clock - at);
      write_var_uint(out, ranges[i].length - 1);
      at = ranges[i].clock + ranges[i].length;
    }
  }
}

}  // namespace

void write_delete_set(std::string& out, const DeleteSet& set, DeleteSetFormat format) {
  if (format == DeleteSetFormat::v1) {
    set.write(out);
  } else {
    write_v2(out, set.ranges());
  }
}

Result<DeleteSet> read_delete_set(ByteReader& reader, DeleteSetFormat format,
                                  const UpdateLimits& limits) {
  DeleteSet out;
  const std::uint64_t clients = reader.var_uint();
  if (clients > limits.clients_max) {
    return Error{ErrorCode::limit, "The delete set names too many clients"};
  }
  for (std::uint64_t i = 0; i < clients && !reader.failed(); ++i) {
    const ClientId client = reader.var_uint();
    const std::uint64_t ranges = reader.var_uint();
    std::uint64_t at = 0;  // of version 2: the end of the range before
    for (std::uint64_t j = 0; j < ranges && !reader.failed(); ++j) {
      const std::uint64_t clock = at + reader.var_uint();
      const std::uint64_t length =
          reader.var_uint() + (format == DeleteSetFormat::v2 ? std::uint64_t{1} : 0);
      if (reader.failed()) break;
      if (clock + length >= kClockEnd) {
        return Error{ErrorCode::limit, "A clock in the delete set is too large"};
      }
      if (format == DeleteSetFormat::v2) at = clock + length;
      out.add({client, static_cast<Clock>(clock), static_cast<std::uint32_t>(length)});
    }
  }
  if (reader.failed()) return Error{ErrorCode::invalid, "The delete set ends early"};
  return out;
}

}  // namespace pluv::ycrdt
