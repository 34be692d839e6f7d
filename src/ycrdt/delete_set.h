// Which elements are deleted: ranges of clocks for each client (yjs: DeleteSet). In updates it
// stands after the structs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ycrdt/ids.h"
#include "ycrdt/lib0.h"
#include "ycrdt/limits.h"

namespace pluv::ycrdt {

struct DeleteRange {
  ClientId client = 0;
  Clock clock = 0;
  std::uint32_t length = 0;

  bool operator==(const DeleteRange&) const = default;
};

// How it is written: clocks and lengths as they are, or what lies between ranges and lengths less
// one (yjs: DSEncoderV1, DSEncoderV2).
enum class DeleteSetFormat : std::uint8_t { v1, v2 };

// In any order until they are sorted.
class DeleteSet {
 public:
  void add(DeleteRange range) { ranges_.push_back(range); }
  void clear() noexcept { ranges_.clear(); }
  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  [[nodiscard]] const std::vector<DeleteRange>& ranges() const& noexcept { return ranges_; }
  [[nodiscard]] std::vector<DeleteRange>& ranges() & noexcept { return ranges_; }
  [[nodiscard]] std::vector<DeleteRange> ranges() && noexcept { return std::move(ranges_); }

  // Highest client first, lowest clock first, ranges that touch or overlap made one. yjs:
  // sortAndMergeDeleteSet.
  void normalize();
  // Groups the ranges by client, highest first, and keeps their order otherwise.
  void group_by_client();
  // Precondition of these: normalize() or join() was the last change.
  [[nodiscard]] bool contains(Id id) const noexcept;
  // The client's range with the lowest clock, or nullptr. Logarithmic; borrowed until a change.
  [[nodiscard]] const DeleteRange* first_of(ClientId client) const noexcept;
  // Adds another normalized set and stays normalized. Of few ranges each is put into its place,
  // which moves what stands behind it.
  void join(const DeleteSet& other);

  // Appends the set. Version 2 can say less: each client's ranges are made ascending and apart if
  // they are not, and those without length left out. Precondition: grouped or normalized.
  void write(std::string& out, DeleteSetFormat format = DeleteSetFormat::v1) const;
  // Adds what is read at the reader's place. Where version 2 names a client twice, so that its
  // ranges do not ascend, it is read as the set that it is, which is what version 2 can say. An
  // error: it is malformed or over a limit; some of it may be here then. Memory is proportional to
  // the bytes.
  [[nodiscard]] Result<void> read(ByteReader& reader, DeleteSetFormat format,
                                  const UpdateLimits& limits = {});

  bool operator==(const DeleteSet&) const = default;

 private:
  void put(DeleteRange range);
  [[nodiscard]] bool ascends() const noexcept;
  [[nodiscard]] bool is_grouped() const noexcept;

  std::vector<DeleteRange> ranges_;
};

}  // namespace pluv::ycrdt
