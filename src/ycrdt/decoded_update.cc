#include "ycrdt/decoded_update.h"

#include <algorithm>
#include <limits>

#include "base/sort.h"
#include "base/uninitialized.h"
#include "ycrdt/update_reader.h"

namespace pluv::ycrdt {
namespace {

// Of an update that was read, for the next one.
constexpr std::size_t kKeptBytesMax = 4096;
constexpr std::size_t kKeptRangesMax = 256;

}  // namespace

Result<DecodedUpdate> DecodedUpdate::read(std::string_view update, const UpdateLimits& limits,
                                          ValueSpelling values) {
  DecodedUpdate out;
  if (auto done = out.read_again(update, limits, values); !done) return std::move(done).error();
  return out;
}

Result<void> DecodedUpdate::read_again(std::string_view update, const UpdateLimits& limits,
                                       ValueSpelling values) {
  if (update.size() > std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::limit, "The update is too large"};
  }
  update_ = update;
  index_.clear();
  sections_.clear();
  roots_.clear();
  deletes_.clear();
  in_order_ = true;
  UpdateReader reader(update, limits, values);
  PLUV_UNINITIALIZED StructRef ref;
  while (reader.next(ref)) {
    if (reader.began_client()) {
      const auto at = static_cast<std::uint32_t>(index_.size());
      in_order_ &= sections_.empty() || ref.client < sections_.back().client;
      sections_.push_back({ref.client, at, at, at, true, reader.client_spelling()});
    }
    const std::string_view bytes = reader.struct_bytes();
    index_.push_back({static_cast<std::uint32_t>(bytes.data() - update.data()),
                      static_cast<std::uint32_t>(bytes.size()), ref.clock, ref.length, ref.kind,
                      ref.respell});
    ++sections_.back().end;
    if (ref.has_parent_name && (roots_.empty() || roots_.back().client != ref.client ||
                                roots_.back().name != ref.parent_name)) {
      roots_.push_back({ref.client, ref.end(), ref.parent_name});
    } else if (ref.has_parent_name) {
      roots_.back().end = ref.end();
    }
  }
  if (reader.failed() || !reader.read_delete_set(deletes_)) return reader.error();
  const auto lower = [](const Section& a, const Section& b) { return a.client < b.client; };
  if (!std::is_sorted(sections_.begin(), sections_.end(), lower)) {
    stable_sort_by(sections_.begin(), sections_.end(), lower);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const bool replaced =
        i + 1 < sections_.size() && sections_[i + 1].client == sections_[i].client;
    if (!replaced) sections_[kept++] = sections_[i];
  }
  sections_.resize(kept);
  return {};
}

void DecodedUpdate::forget() noexcept {
  if (index_.capacity_bytes() > kKeptBytesMax || deletes_.ranges().capacity() > kKeptRangesMax) {
    *this = DecodedUpdate();
  }
}

DecodedUpdate::Section* DecodedUpdate::find(ClientId client) noexcept {
  const auto found =
      std::lower_bound(sections_.begin(), sections_.end(), client,
                       [](const Section& s, ClientId wanted) { return s.client < wanted; });
  return found != sections_.end() && found->client == client ? &*found : nullptr;
}

void DecodedUpdate::pass(std::size_t structs) noexcept {
  for (Section& section : sections_) {
    section.next = std::clamp(static_cast<std::uint32_t>(structs), section.begin, section.end);
  }
}

StructRef DecodedUpdate::at(const Section& section, std::uint32_t number) const noexcept {
  const Entry& entry = index_[number];
  StructRef out;
  out.client = section.client;
  out.clock = entry.clock;
  out.length = entry.length;
  out.kind = entry.kind;
  out.respell = entry.respell;
  reread_struct(out, update_.substr(entry.offset), entry.size, section.spelling);
  return out;
}

Clock DecodedUpdate::start_of(ClientId client, Clock clock) noexcept {
  const Section* const section = find(client);
  if (section == nullptr) return 0;
  const Entry* const begin = index_.begin() + section->begin;
  const Entry* const end = index_.begin() + section->end;
  const Entry* const after = std::upper_bound(
      begin, end, clock, [](Clock wanted, const Entry& entry) { return wanted < entry.clock; });
  return after == begin ? 0 : std::prev(after)->clock;
}

}  // namespace pluv::ycrdt
