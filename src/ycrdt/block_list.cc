#include "ycrdt/block_list.h"

namespace pluv::ycrdt {

namespace {

// The last of `count` sorted clocks that is not above the wanted one. Precondition: the first is
// not. Without branches, since nothing could predict them.
template <class T, class ClockOf>
std::uint32_t last_not_above(const T* begin, std::size_t count, Clock wanted,
                             ClockOf clock_of) noexcept {
  const T* base = begin;
  for (std::size_t left = count; left > 1;) {
    const std::size_t half = left / 2;
    base = clock_of(base[half]) <= wanted ? base + half : base;
    left -= half;
  }
  return static_cast<std::uint32_t>(base - begin);
}

std::uint32_t last_not_above(const Table<Clock>& table, Clock wanted) noexcept {
  return last_not_above(table.begin(), table.size(), wanted, [](Clock clock) { return clock; });
}

std::uint32_t last_not_above(const BlockList::Entry* begin, std::size_t count,
                             Clock wanted) noexcept {
  return last_not_above(begin, count, wanted, [](const auto& entry) { return entry.clock; });
}

}  // namespace

BlockList::Cursor BlockList::find(Clock clock) const noexcept {
  const auto is_last_for = [&](std::uint32_t chunk) {  // no later chunk may hold the clock
    return chunk + 1 == firsts_.size() || clock < firsts_[chunk + 1];
  };
  const auto holds = [&](Cursor cursor) {
    const Table<Entry>& chunk = chunks_[cursor.chunk];
    if (chunk[cursor.at].clock > clock) return false;
    if (cursor.at + 1 < chunk.size()) return clock < chunk[cursor.at + 1].clock;
    return is_last_for(cursor.chunk);
  };
  // Who writes goes on where he was: in a long text the origins of more than half the runs.
  if (const Cursor end = last(); clock >= at(end).clock) return end;
  if (hit_.chunk < chunks_.size() && hit_.at < chunks_[hit_.chunk].size()) {
    if (holds(hit_)) return hit_;
    if (Cursor after = hit_; next(after) && holds(after)) {
      hit_ = after;
      return after;
    }
    // What is deleted comes in order, a few runs further each.
    constexpr std::uint32_t kFew = 16;
    const Table<Entry>& chunk = chunks_[hit_.chunk];
    if (hit_.at + kFew < chunk.size() && chunk[hit_.at].clock < clock &&
        clock < chunk[hit_.at + kFew].clock) {
      hit_.at += last_not_above(&chunk[hit_.at], kFew, clock);
      return hit_;
    }
  }
  if (hit_.chunk >= chunks_.size() || clock < firsts_[hit_.chunk] || !is_last_for(hit_.chunk)) {
    hit_.chunk = last_not_above(firsts_, clock);
  }
  const Table<Entry>& chunk = chunks_[hit_.chunk];
  hit_.at = last_not_above(chunk.begin(), chunk.size(), clock);
  return hit_;
}

std::size_t BlockList::count_from(Cursor cursor) const noexcept {
  std::size_t count = chunks_[cursor.chunk].size() - cursor.at;
  for (std::size_t chunk = cursor.chunk + 1; chunk < chunks_.size(); ++chunk) {
    count += chunks_[chunk].size();
  }
  return count;
}

void BlockList::add_chunk(Clock first) {
  chunks_.emplace_back();
  firsts_.push_back(first);
}

void BlockList::insert_after(Cursor cursor, Entry entry) {
  if (chunks_[cursor.chunk].size() == kChunkMax) {
    Table<Entry> upper;
    Table<Entry>& lower = chunks_[cursor.chunk];
    const std::size_t half = kChunkMax / 2;
    upper.reserve(kChunkMax);
    for (std::size_t i = half; i < lower.size(); ++i) upper.push_back(lower[i]);
    lower.truncate(half);
    firsts_.insert(cursor.chunk + 1, upper[0].clock);
    chunks_.insert(chunks_.begin() + cursor.chunk + 1, std::move(upper));
    if (cursor.at >= half)
      cursor = {cursor.chunk + 1, static_cast<std::uint32_t>(cursor.at - half)};
  }
  chunks_[cursor.chunk].insert(cursor.at + 1, entry);
  ++size_;
}

void BlockList::erase(Cursor& cursor) noexcept {
  const Cursor erased = cursor;
  const bool has_previous = previous(cursor);
  PLUV_ASSERT(has_previous);
  chunks_[erased.chunk].erase(erased.at);
  if (chunks_[erased.chunk].empty()) {
    chunks_.erase(chunks_.begin() + erased.chunk);
    firsts_.erase(erased.chunk);
  } else {
    firsts_[erased.chunk] = chunks_[erased.chunk][0].clock;
  }
  --size_;
}

std::size_t BlockList::capacity_bytes() const noexcept {
  std::size_t total = chunks_.capacity() * sizeof(Table<Entry>) + firsts_.capacity_bytes();
  for (const auto& chunk : chunks_) total += chunk.capacity_bytes();
  return total;
}

}  // namespace pluv::ycrdt
