#include "ycrdt/decoded_update.h"

#include <algorithm>
#include <limits>

#include "ycrdt/update_reader.h"

namespace pluv::ycrdt {

Result<DecodedUpdate> DecodedUpdate::read(std::string_view update, const UpdateLimits& limits,
                                          ValueSpelling values) {
  if (update.size() > std::numeric_limits<std::uint32_t>::max()) {
    return Error{ErrorCode::limit, "The update is too large"};
  }
  DecodedUpdate out(update);
  UpdateReader reader(update, limits, values);
  StructRef ref;
  while (reader.next(ref)) {
    if (reader.began_client()) {
      const auto at = static_cast<std::uint32_t>(out.index_.size());
      out.in_order_ &= out.sections_.empty() || ref.client < out.sections_.back().client;
      out.sections_.push_back({ref.client, at, at, at, true, reader.client_spelling()});
    }
    const std::string_view bytes = reader.struct_bytes();
    out.index_.push_back({static_cast<std::uint32_t>(bytes.data() - update.data()),
                          static_cast<std::uint32_t>(bytes.size()), ref.clock, ref.length, ref.kind,
                          ref.respell});
    ++out.sections_.back().end;
    if (ref.has_parent_name && (out.roots_.empty() || out.roots_.back().client != ref.client ||
                                out.roots_.back().name != ref.parent_name)) {
      out.roots_.push_back({ref.client, ref.end(), ref.parent_name});
    } else if (ref.has_parent_name) {
      out.roots_.back().end = ref.end();
    }
  }
  if (reader.failed() || !reader.read_delete_set(out.deletes_)) return reader.error();
  const auto lower = [](const Section& a, const Section& b) { return a.client < b.client; };
  if (!std::is_sorted(out.sections_.begin(), out.sections_.end(), lower)) {
    std::stable_sort(out.sections_.begin(), out.sections_.end(), lower);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < out.sections_.size(); ++i) {
    const bool replaced =
        i + 1 < out.sections_.size() && out.sections_[i + 1].client == out.sections_[i].client;
    if (!replaced) out.sections_[kept++] = out.sections_[i];
  }
  out.sections_.resize(kept);
  return out;
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
