#include "ycrdt/updates.h"

#include <algorithm>
#include <memory>

#include "ycrdt/delete_set.h"
#include "ycrdt/kept_updates.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/update_walk.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {
namespace {

// One of the updates that are merged, at its next struct that is not a skip.
struct Source {
  Source(std::string_view update, const UpdateLimits& limits, ValueSpelling values)
      : reader(update, limits, values) {
    next();
  }

  void next() noexcept {
    do {
      has_struct = reader.next(current);
    } while (has_struct && current.kind == ContentKind::skip);
  }

  UpdateReader reader;
  StructRef current;
  bool has_struct = false;
};

// Higher clients first, then lower clocks.
bool comes_before(const Source* a, const Source* b) noexcept {
  return a->current.client != b->current.client ? a->current.client > b->current.client
                                                : a->current.clock < b->current.clock;
}

// yjs's comparison, which has no order between garbage and an item of the same clock: each comes
// before the other. What is taken then follows from how JavaScript engines sort.
int compare_like_yjs(const Source* a, const Source* b) noexcept {
  if (a->current.client != b->current.client) {
    return a->current.client > b->current.client ? -1 : 1;
  }
  if (a->current.clock != b->current.clock) return a->current.clock < b->current.clock ? -1 : 1;
  return a->current.is_item() == b->current.is_item() ? 0 : -1;
}

// V8's Array.prototype.sort for short arrays: the run at the beginning, the others inserted by
// binary search.
constexpr std::size_t kShortArray = 64;
void sort_like_v8(std::vector<Source*>& sources) {
  if (sources.size() < 2) return;
  std::size_t run = 2;
  const bool descending = compare_like_yjs(sources[1], sources[0]) < 0;
  while (run < sources.size() &&
         (compare_like_yjs(sources[run], sources[run - 1]) < 0) == descending) {
    ++run;
  }
  const auto at = [&](std::size_t i) { return sources.begin() + static_cast<std::ptrdiff_t>(i); };
  if (descending) std::reverse(sources.begin(), at(run));
  for (std::size_t next = run; next < sources.size(); ++next) {
    std::size_t left = 0;
    for (std::size_t right = next; left < right;) {
      const std::size_t middle = left + (right - left) / 2;
      if (compare_like_yjs(sources[next], sources[middle]) < 0) {
        right = middle;
      } else {
        left = middle + 1;
      }
    }
    std::rotate(at(left), at(next), at(next + 1));
  }
}

// The sources in order. The order in which equal places are taken is that of yjs's sorting: of few
// sources as V8 sorts them; of many the one in use stays in front of its equals, as a stable
// sorting would have it.
class SourceQueue {
 public:
  // The list is the queue's to order.
  explicit SourceQueue(std::vector<Source*>& sources)
      : sources_(sources), few_(sources.size() < kShortArray) {
    if (few_) {
      sort_like_v8(sources_);
      return;
    }
    for (Source* const source : sources_) {
      heap_.push_back({source, static_cast<std::int64_t>(heap_.size())});
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  [[nodiscard]] bool empty() const noexcept { return few_ ? sources_.empty() : heap_.empty(); }
  [[nodiscard]] Source& front() noexcept {
    return few_ ? *sources_.front() : *heap_.front().source;
  }
  // The first source has gone on, maybe to its end.
  void front_moved() {
    const bool ended = !front().has_struct;
    if (few_) {
      if (ended) sources_.erase(sources_.begin());
      sort_like_v8(sources_);
      return;
    }
    // Its old place was the first, wherever the new one is; so the heap is right below it.
    heap_.front().rank = --first_rank_;
    if (ended) {
      heap_.front() = heap_.back();
      heap_.pop_back();
    }
    sift_down();
  }

 private:
  struct Entry {
    Source* source = nullptr;
    std::int64_t rank = 0;  // among equals, the lowest first
  };
  static bool later(const Entry& a, const Entry& b) noexcept {
    if (comes_before(a.source, b.source)) return false;
    return comes_before(b.source, a.source) || a.rank > b.rank;
  }
  void sift_down() noexcept {
    for (std::size_t at = 0;;) {
      std::size_t child = 2 * at + 1;
      if (child >= heap_.size()) return;
      if (child + 1 < heap_.size() && later(heap_[child], heap_[child + 1])) ++child;
      if (!later(heap_[at], heap_[child])) return;
      std::swap(heap_[at], heap_[child]);
      at = child;
    }
  }

  std::vector<Source*>& sources_;
  std::vector<Entry> heap_;
  std::int64_t first_rank_ = 0;
  bool few_;
};

// Writes structs one step late, so that text may still grow.
class Output {
 public:
  Output(bool coalesce, ValueSpelling values) : writer_(values), coalesce_(coalesce) {}

  void write(const StructRef& ref, std::uint32_t offset) {
    if (!coalesce_) {
      writer_.add(ref, offset);
      return;
    }
    if (has_last_ && offset == 0 && continues(ref)) {
      if (last_.content.data() != text_.data()) text_.assign(last_.content);
      text_.append(ref.content);
      last_.content = text_;
      last_.length += ref.length;
      return;
    }
    flush();
    last_ = ref;
    last_offset_ = offset;
    has_last_ = true;
  }

  void finish(std::string& out) {
    flush();
    writer_.finish(out);
  }

 private:
  bool continues(const StructRef& ref) const noexcept {
    return last_.kind == ContentKind::string && ref.kind == ContentKind::string &&
           last_offset_ == 0 && last_.client == ref.client && last_.end() == ref.clock &&
           ref.has_origin && ref.origin == Id{last_.client, last_.end() - 1} &&
           last_.has_right_origin == ref.has_right_origin &&
           (!ref.has_right_origin || last_.right_origin == ref.right_origin);
  }
  void flush() {
    if (has_last_) writer_.add(last_, last_offset_);
    has_last_ = false;
  }

  StructsWriter writer_;
  StructRef last_;
  std::string text_;
  std::uint32_t last_offset_ = 0;
  bool has_last_ = false;
  bool coalesce_;
};

struct Pending {
  StructRef ref;
  std::uint32_t offset = 0;
};

// The same struct once more, or garbage within garbage: it makes no difference which one is taken.
bool is_repetition(const StructRef& kept, const StructRef& dropped) noexcept {
  if (kept.kind == ContentKind::gc && dropped.kind == ContentKind::gc) return true;
  return kept.client == dropped.client && kept.clock == dropped.clock &&
         kept.length == dropped.length && kept.kind == dropped.kind;
}

// What the union of the sources holds, in order, each clock once.
// Answers whether sources had the same clocks in different structs, so that another order of
// merging could give other bytes.
bool merge_structs(std::vector<Source*>& sources, Output& out) {
  bool contested = false;
  SourceQueue queue(sources);
  Pending last;
  bool has_last = false;
  const auto write_last = [&] { out.write(last.ref, last.offset); };
  while (!queue.empty()) {
    Source& source = queue.front();
    const ClientId client = source.current.client;
    bool usable = true;
    if (!has_last) {
      last = {source.current, 0};
      has_last = true;
      source.next();
    } else {
      bool skipped = false;
      while (source.has_struct && source.current.end() <= last.ref.end() &&
             source.current.client >= last.ref.client) {
        contested |= !is_repetition(last.ref, source.current);
        source.next();
        skipped = true;
      }
      usable = source.has_struct && source.current.client == client &&
               (!skipped || source.current.clock <= last.ref.end());
      if (usable && client != last.ref.client) {
        write_last();
        last = {source.current, 0};
        source.next();
      } else if (usable && last.ref.end() < source.current.clock) {
        // What follows the gap is taken below, so the last one is no skip when a turn begins.
        write_last();
        StructRef gap;
        gap.kind = ContentKind::skip;
        gap.client = client;
        gap.clock = last.ref.end();
        gap.length = source.current.clock - last.ref.end();
        last = {gap, 0};
      } else if (usable) {
        Pending next{source.current, 0};
        const std::uint32_t overlap = last.ref.end() - source.current.clock;
        contested |= overlap > 0 && !is_repetition(last.ref, source.current);
        if (!next.ref.is_item()) {
          next.ref.clock += overlap;
          next.ref.length -= overlap;
        } else {
          next.offset = overlap;
        }
        if (last.ref.kind == ContentKind::gc && next.ref.kind == ContentKind::gc) {
          last.ref.length += next.ref.length;  // the source follows at the next turn
        } else {
          write_last();
          last = next;
          source.next();
        }
      }
    }
    while (usable && source.has_struct && source.current.client == client &&
           source.current.clock == last.ref.end()) {
      write_last();
      last = {source.current, 0};
      source.next();
    }
    queue.front_moved();
  }
  if (has_last) write_last();
  return contested;
}

// What is read and what is written.
struct Spellings {
  ValueSpelling in = ValueSpelling::json;
  ValueSpelling out = ValueSpelling::json;
};
constexpr Spellings kKept{ValueSpelling::kept, ValueSpelling::kept};

// One update is answered as it is; then both spellings must be the same.
Result<std::string> merge(std::span<const std::string_view> updates, const MergeOptions& options,
                          Spellings values, bool& contested) {
  if (updates.size() == 1 && !options.coalesce_text) {
    UpdateReader reader(updates[0], options.limits, values.in);
    if (const auto checked = check(reader); !checked) return checked.error();
    return std::string(updates[0]);
  }
  std::vector<std::unique_ptr<Source>> owned;
  std::vector<Source*> sources;
  for (const std::string_view update : updates) {
    owned.push_back(std::make_unique<Source>(update, options.limits, values.in));
    if (owned.back()->reader.failed()) return owned.back()->reader.error();
    if (owned.back()->has_struct) sources.push_back(owned.back().get());
  }
  Output output(options.coalesce_text, values.out);
  contested = merge_structs(sources, output);
  DeleteSet deletes;
  for (const auto& source : owned) {
    if (source->reader.failed() || !source->reader.read_delete_set(deletes)) {
      return source->reader.error();
    }
  }
  std::string out;
  output.finish(out);
  deletes.normalize();
  deletes.write(out);
  return out;
}

Result<std::string> merge_in_turn(std::span<const std::string> updates, const UpdateLimits& limits,
                                  Spellings values) {
  constexpr std::size_t kWorkBytesMax = 4u * 1024 * 1024;
  const MergeOptions options{.coalesce_text = false, .limits = limits};
  std::vector<std::string_view> views(updates.begin(), updates.end());
  bool contested = false;
  Result<std::string> merged = merge(views, options, values, contested);
  if (!merged || !contested || views.size() * merged->size() > kWorkBytesMax) return merged;
  merged = updates[0];
  for (std::size_t i = 1; merged && i < updates.size(); ++i) {
    const std::string before = std::move(*merged);
    merged = merge(std::vector<std::string_view>{before, updates[i]}, options, values, contested);
  }
  return merged;
}

}  // namespace

Result<std::string> merge_updates(std::span<const std::string_view> updates,
                                  const MergeOptions& options) {
  bool contested = false;
  return merge(updates, options, {}, contested);
}

Result<std::string> merge_kept(std::span<const std::string_view> updates,
                               const MergeOptions& options) {
  bool contested = false;
  return merge(updates, options, kKept, contested);
}

Result<std::string> merge_updates_in_turn(std::span<const std::string> updates,
                                          const UpdateLimits& limits) {
  return merge_in_turn(updates, limits, {});
}

Result<std::string> merge_kept_in_turn(std::span<const std::string> updates,
                                       const UpdateLimits& limits) {
  return merge_in_turn(updates, limits, kKept);
}

Result<std::string> diff_update(std::string_view update, const StateVector& state,
                                const UpdateLimits& limits) {
  UpdateReader reader(update, limits);
  return diff(reader, UpdateWriterV1(), state);
}

Result<std::string> diff_kept(std::string_view update, const StateVector& state,
                              const UpdateLimits& limits, ValueSpelling out) {
  UpdateReader reader(update, limits, ValueSpelling::kept);
  return diff(reader, UpdateWriterV1(out), state);
}

Result<std::string> encode_state_vector_from_update(std::string_view update,
                                                    const UpdateLimits& limits) {
  UpdateReader reader(update, limits);
  return encode_complete_state(reader);
}

Result<UpdateMeta> parse_update_meta(std::string_view update, const UpdateLimits& limits) {
  UpdateReader reader(update, limits);
  return parse_meta(reader);
}

}  // namespace pluv::ycrdt
