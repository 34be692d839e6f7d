#include "ycrdt/delete_set.h"

#include <algorithm>

#include "base/sort.h"

namespace pluv::ycrdt {
namespace {

constexpr auto highest_client_first = [](const DeleteRange& a, const DeleteRange& b) {
  return a.client > b.client;
};

}  // namespace

void DeleteSet::normalize() {
  const auto before = [](const DeleteRange& a, const DeleteRange& b) {
    return a.client != b.client ? a.client > b.client : a.clock < b.clock;
  };
  if (!std::is_sorted(ranges_.begin(), ranges_.end(), before)) {
    sort_by(ranges_.begin(), ranges_.end(), before);
  }
  if (ranges_.empty()) return;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < ranges_.size(); ++i) {
    DeleteRange& last = ranges_[kept];
    const DeleteRange& next = ranges_[i];
    if (last.client == next.client && last.clock + last.length >= next.clock) {
      last.length = std::max(last.length, next.clock + next.length - last.clock);
    } else {
      ranges_[++kept] = next;
    }
  }
  ranges_.resize(kept + 1);
}

bool DeleteSet::is_grouped() const noexcept {
  return std::is_sorted(ranges_.begin(), ranges_.end(), highest_client_first);
}

void DeleteSet::group_by_client() {
  if (!is_grouped()) stable_sort_by(ranges_.begin(), ranges_.end(), highest_client_first);
}

const DeleteRange* DeleteSet::first_of(ClientId client) const noexcept {
  const auto first = std::lower_bound(
      ranges_.begin(), ranges_.end(), client,
      [](const DeleteRange& range, ClientId wanted) { return range.client > wanted; });
  return first != ranges_.end() && first->client == client ? &*first : nullptr;
}

void DeleteSet::join(const DeleteSet& other) {
  // So many times as few as are here are put in one by one.
  constexpr std::size_t kFewer = 64;
  if (other.ranges_.size() <= ranges_.size() / kFewer) {
    for (const DeleteRange& range : other.ranges_) put(range);
    return;
  }
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  normalize();
}

// Where it belongs, as one with those that it touches.
void DeleteSet::put(DeleteRange range) {
  const auto behind = [](const DeleteRange& a, const DeleteRange& b) {
    return a.client != b.client ? a.client > b.client : a.clock < b.clock;
  };
  auto at = std::upper_bound(ranges_.begin(), ranges_.end(), range, behind);
  const auto touch = [](const DeleteRange& left, const DeleteRange& right) {
    return left.client == right.client && left.clock + left.length >= right.clock;
  };
  if (at != ranges_.begin() && touch(*std::prev(at), range)) {
    --at;
    at->length = std::max(at->length, range.clock + range.length - at->clock);
  } else {
    at = ranges_.insert(at, range);
  }
  auto end = std::next(at);
  for (; end != ranges_.end() && touch(*at, *end); ++end) {
    at->length = std::max(at->length, end->clock + end->length - at->clock);
  }
  ranges_.erase(std::next(at), end);
}

bool DeleteSet::contains(Id id) const noexcept {
  // The last range that begins at or before the id.
  const auto after = std::upper_bound(
      ranges_.begin(), ranges_.end(), id, [](const Id& wanted, const DeleteRange& range) {
        return range.client != wanted.client ? wanted.client > range.client
                                             : wanted.clock < range.clock;
      });
  if (after == ranges_.begin()) return false;
  const DeleteRange& range = *(after - 1);
  return range.client == id.client && id.clock - range.clock < range.length;
}

// Whether each range has a length and lies behind the one before it of its client.
bool DeleteSet::ascends() const noexcept {
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (ranges_[i].length == 0) return false;
    if (i == 0 || ranges_[i].client != ranges_[i - 1].client) continue;
    if (ranges_[i].clock < ranges_[i - 1].clock + ranges_[i - 1].length) return false;
  }
  return true;
}

void DeleteSet::write(std::string& out, DeleteSetFormat format) const {
  const bool v2 = format == DeleteSetFormat::v2;
  if (v2 && !ascends()) {
    DeleteSet apart = *this;
    std::erase_if(apart.ranges_, [](const DeleteRange& range) { return range.length == 0; });
    apart.normalize();
    apart.write(out, format);
    return;
  }
  std::size_t clients = 0;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    clients += i == 0 || ranges_[i].client != ranges_[i - 1].client ? 1 : 0;
  }
  write_var_uint(out, clients);
  for (std::size_t i = 0; i < ranges_.size();) {
    std::size_t end = i;
    while (end < ranges_.size() && ranges_[end].client == ranges_[i].client) ++end;
    write_var_uint(out, ranges_[i].client);
    write_var_uint(out, end - i);
    Clock from = 0;
    for (; i < end; ++i) {
      write_var_uint(out, ranges_[i].clock - from);
      write_var_uint(out, ranges_[i].length - (v2 ? 1 : 0));
      if (v2) from = ranges_[i].clock + ranges_[i].length;
    }
  }
}

Result<void> DeleteSet::read(ByteReader& reader, DeleteSetFormat format,
                             const UpdateLimits& limits) {
  constexpr std::uint64_t kClockEnd = std::uint64_t{1} << 32;
  const bool v2 = format == DeleteSetFormat::v2;
  const std::uint64_t clients = reader.var_uint();
  if (clients > limits.clients_max) {
    return Error{ErrorCode::limit, "The delete set names too many clients"};
  }
  for (std::uint64_t i = 0; i < clients && !reader.failed(); ++i) {
    const ClientId client = reader.var_uint();
    const std::uint64_t ranges = reader.var_uint();
    std::uint64_t from = 0;
    for (std::uint64_t j = 0; j < ranges && !reader.failed(); ++j) {
      const std::uint64_t clock = from + reader.var_uint();
      const std::uint64_t length = reader.var_uint() + (v2 ? 1 : 0);
      if (clock + length >= kClockEnd) return Error{ErrorCode::limit, "A clock is too large"};
      if (reader.failed()) break;
      if (v2) from = clock + length;
      add({client, static_cast<Clock>(clock), static_cast<std::uint32_t>(length)});
    }
  }
  if (reader.failed()) return Error{ErrorCode::invalid, "The delete set ends early"};
  if (!v2) return {};
  if (is_grouped()) {
    if (!ascends()) normalize();
    return {};
  }
  DeleteSet grouped = *this;
  grouped.group_by_client();
  if (!grouped.ascends()) normalize();
  return {};
}

}  // namespace pluv::ycrdt
