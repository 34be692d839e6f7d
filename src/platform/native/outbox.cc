#include "platform/native/outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/free_memory.h"

namespace pluv::native {
namespace {

constexpr std::size_t kItemsKept = 4;       // of a connection that was written little last
constexpr std::size_t kItemsKeptBusy = 64;  // of one that was written much last
constexpr std::size_t kCompactItems = 64;   // below it dropped items are not worth moving others

}  // namespace

void Outbox::push(const BufferRef& buffer, const QueuedFrame& frame) {
  items_.push_back(Item{buffer, frame});
  bytes_ += frame.size;
  if (frame.counted) counted_ += frame.size;
  if (!blocked()) return;
  if (frame.kind == room::FrameKind::presence) {
    note_presence(items_.size() - 1);
  } else if (frame.kind == room::FrameKind::exit) {
    auto& newest = backlog_->newest_presence;
    if (const auto found = newest.find(frame.subject); found != newest.end()) {
      const auto place = static_cast<std::size_t>(found->second - first_);
      newest.erase(found);
      if (place >= first_unbegun()) drop(place);
    }
  }
  compact();
}

void Outbox::push_urgent(const BufferRef& buffer, std::uint32_t offset, std::uint32_t size) {
  std::size_t place = first_unbegun();
  while (place < items_.size() && items_[place].frame.kind == room::FrameKind::urgent) ++place;
  items_.insert(
      items_.begin() + static_cast<std::ptrdiff_t>(place),
      Item{buffer, QueuedFrame{.offset = offset, .size = size, .kind = room::FrameKind::urgent}});
  bytes_ += size;
  counted_ += size;
  if (!blocked()) return;
  for (auto& [subject, sequence] : backlog_->newest_presence) {
    if (sequence - first_ >= place) ++sequence;
  }
}

// The number in items_ of the first frame of which no byte was given to the socket.
std::size_t Outbox::first_unbegun() const noexcept {
  std::size_t place = head_;
  std::size_t begun = head_sent_ + pinned_;
  while (begun > 0 && place < items_.size()) {
    begun -= std::min<std::size_t>(begun, items_[place].frame.size);
    ++place;
  }
  while (place < items_.size() && items_[place].frame.continues) ++place;
  return place;
}

void Outbox::note_presence(std::size_t place) {
  auto& newest = backlog_->newest_presence;
  const auto [entry, added] = newest.try_emplace(items_[place].frame.subject, first_ + place);
  if (added) return;
  const auto older = static_cast<std::size_t>(entry->second - first_);
  entry->second = first_ + place;
  if (older >= first_unbegun()) {
    drop(older);
    ++conflated_;
  }
}

// A dropped item stays as an empty one, so that the others keep their sequence numbers.
void Outbox::drop(std::size_t place) {
  Item& item = items_[place];
  bytes_ -= item.frame.size;
  if (item.frame.counted) counted_ -= item.frame.size;
  item.buffer.reset();
  item.frame = QueuedFrame{};
  ++backlog_->dropped_items;
}

void Outbox::compact() {
  if (backlog_->dropped_items < kCompactItems || backlog_->dropped_items * 2 < items_.size())
    return;
  std::size_t kept = 0;
  auto& newest = backlog_->newest_presence;
  newest.clear();
  first_ += head_;
  for (std::size_t place = head_; place < items_.size(); ++place) {
    if (!items_[place].buffer) continue;
    if (kept != place) items_[kept] = std::move(items_[place]);
    if (items_[kept].frame.kind == room::FrameKind::presence) {
      newest[items_[kept].frame.subject] = first_ + kept;
    }
    ++kept;
  }
  items_.resize(kept);
  head_ = 0;
  backlog_->dropped_items = 0;
}

std::size_t Outbox::gather(std::span<iovec> out) const noexcept {
  std::size_t used = 0;
  std::size_t skip = head_sent_;
  for (std::size_t place = head_; place < items_.size(); ++place) {
    const Item& item = items_[place];
    if (!item.buffer) continue;
    char* at = const_cast<char*>(item.buffer->data()) + item.frame.offset + skip;
    const std::size_t size = item.frame.size - skip;
    skip = 0;
    if (used > 0 && static_cast<char*>(out[used - 1].iov_base) + out[used - 1].iov_len == at) {
      out[used - 1].iov_len += size;
      continue;
    }
    if (used == out.size()) break;
    out[used++] = iovec{at, size};
  }
  return used;
}

void Outbox::sent(std::size_t bytes) {
  PLUV_ASSERT(bytes <= bytes_);
  bytes_ -= bytes;
  pinned_ = 0;
  if (bytes_ == 0) {
    clear();
    return;
  }
  while (bytes > 0) {
    Item& item = items_[head_];
    if (!item.buffer) {
      --backlog_->dropped_items;
      ++head_;
      continue;
    }
    const std::size_t left = item.frame.size - head_sent_;
    if (bytes < left) {
      head_sent_ += bytes;
      break;
    }
    bytes -= left;
    head_sent_ = 0;
    if (item.frame.counted) counted_ -= item.frame.size;
    if (blocked() && item.frame.kind == room::FrameKind::presence) {
      const auto found = backlog_->newest_presence.find(item.frame.subject);
      if (found != backlog_->newest_presence.end() && found->second == first_ + head_) {
        backlog_->newest_presence.erase(found);
      }
    }
    item.buffer.reset();
    item.frame = QueuedFrame{};
    ++head_;
  }
  shed_sent_items();
}

void Outbox::shed_sent_items() {
  while (head_ < items_.size() && !items_[head_].buffer) {
    --backlog_->dropped_items;
    ++head_;
  }
  if (head_ < kCompactItems || head_ * 2 < items_.size()) return;
  items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
  first_ += head_;
  head_ = 0;
}

void Outbox::block() {
  if (blocked() || empty()) return;
  backlog_ = std::make_unique<Backlog>();
  for (std::size_t place = first_unbegun(); place < items_.size(); ++place) {
    if (items_[place].buffer && items_[place].frame.kind == room::FrameKind::presence) {
      note_presence(place);
    }
  }
}

void Outbox::drop_unbegun() {
  const std::size_t keep = first_unbegun();
  for (std::size_t place = keep; place < items_.size(); ++place) {
    bytes_ -= items_[place].frame.size;
    if (items_[place].frame.counted) counted_ -= items_[place].frame.size;
  }
  items_.resize(keep);
  if (bytes_ == 0) {
    clear();
  } else if (blocked()) {
    backlog_->newest_presence.clear();
    backlog_->dropped_items = static_cast<std::size_t>(
        std::count_if(items_.begin() + static_cast<std::ptrdiff_t>(head_), items_.end(),
                      [](const Item& item) { return !item.buffer; }));
  }
}

void Outbox::clear() noexcept {
  // A connection that is written to much keeps what it needs, until it is written to little again.
  const std::size_t kept = items_.size() > kItemsKept ? kItemsKeptBusy : kItemsKept;
  if (items_.capacity() > kept) {
    free_memory(items_);
  } else {
    items_.clear();
  }
  head_ = head_sent_ = pinned_ = bytes_ = counted_ = 0;
  first_ = 0;
  backlog_.reset();
}

std::size_t Outbox::counted_bytes() const noexcept {
  const bool in_flight = head_ < items_.size() &&
                         (head_sent_ > 0 || items_[head_].frame.continues) &&
                         items_[head_].frame.counted;
  return counted_ - (in_flight ? items_[head_].frame.size : 0);
}

}  // namespace pluv::native
