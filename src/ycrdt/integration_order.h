// The order in which the structs of an update take their places: that of yjs's integrateStructs.
// The highest client first; what a struct depends on before it; and with a struct that has to wait,
// everything after it of the same client. The order decides in which order the keys of maps appear.
// What taking a place means is the target's business.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/sort.h"
#include "ycrdt/decoded_update.h"
#include "ycrdt/update_writer.h"

namespace pluv::ycrdt {

// What waits is tried again when more than this clock is known of the client. As coarse as in yjs:
// mostly the clock that was known, so that anything new of the client is a reason.
struct MissingClock {
  ClientId client = 0;
  Clock clock = 0;
  Clock needed = 0;  // what really has to be there, as far as that is known
};

// Target:
//   Clock state(ClientId)                            what comes next of the client
//   bool place(const StructRef&, std::uint32_t off)  takes what follows its first `off` elements;
//                                                    afterwards state() is its end
//   bool meet_again(const StructRef&)                is shown what is known already
// Either answers false to give up.
template <class Target>
class IntegrationOrder {
 public:
  IntegrationOrder(DecodedUpdate& update, Target& target) : update_(update), target_(target) {}

  // False: the target gave up.
  [[nodiscard]] bool run() {
    std::optional<StructRef> head = next();
    while (head) {
      if (head->kind == ContentKind::skip) {
        head = next();
        continue;
      }
      const Clock known = target_.state(head->client);
      if (known < head->clock) {
        missing_.push_back({head->client, head->clock - 1, head->clock - 1});
        stack_.push_back(*head);
        put_aside();
      } else if (const std::optional<Id> needed = lacks(*head)) {
        stack_.push_back(*head);
        DecodedUpdate::Section* const of = update_.find(needed->client);
        if (of != nullptr && of->next != of->end) {
          head = update_.at(*of, of->next++);
          continue;
        }
        missing_.push_back({needed->client, target_.state(needed->client), needed->clock});
        put_aside();
      } else if (known >= head->end() ? !target_.meet_again(*head)
                                      : !target_.place(*head, known - head->clock)) {
        return false;
      }
      head = next();
    }
    return true;
  }

  // Whether nothing has to wait; else for which clients, and all of it as an update.
  [[nodiscard]] bool complete() const noexcept { return rest_.empty(); }
  [[nodiscard]] const std::vector<MissingClock>& missing() const noexcept { return missing_; }
  [[nodiscard]] std::string take_rest() {
    sort_by(rest_.begin(), rest_.end(),
            [](const auto& a, const auto& b) { return a.client > b.client; });
    StructsWriter writer(ValueSpelling::kept);
    for (const DecodedUpdate::Section& run : rest_) {
      for (std::uint32_t i = run.next; i < run.end; ++i) writer.add(update_.at(run, i), 0);
    }
    std::string out;
    writer.finish(out);
    out.push_back('\0');  // no deletes
    return out;
  }

 private:
  [[nodiscard]] std::optional<StructRef> next() {
    if (!stack_.empty()) {
      const StructRef out = stack_.back();
      stack_.pop_back();
      return out;
    }
    auto& sections = update_.sections();
    while (current_ > 0 && sections[current_ - 1].next == sections[current_ - 1].end) --current_;
    if (current_ == 0) return std::nullopt;
    DecodedUpdate::Section& section = sections[current_ - 1];
    return update_.at(section, section.next++);
  }

  // What must be here before the struct can be placed.
  [[nodiscard]] std::optional<Id> lacks(const StructRef& ref) {
    if (!ref.is_item()) return std::nullopt;
    const auto is_missing = [&](bool has, Id id) {
      return has && id.client != ref.client && id.clock >= target_.state(id.client);
    };
    if (is_missing(ref.has_origin, ref.origin)) return ref.origin;
    if (is_missing(ref.has_right_origin, ref.right_origin)) return ref.right_origin;
    if (is_missing(ref.has_parent_id, ref.parent)) return ref.parent;
    return std::nullopt;
  }

  // Everything on the stack, and what follows it from the same clients, waits for another update.
  void put_aside() {
    for (const StructRef& ref : stack_) {
      DecodedUpdate::Section* const of = update_.find(ref.client);
      if (!of->open) continue;
      rest_.push_back({of->client, of->begin, of->next - 1, of->end, false, of->spelling});
      of->open = false;
      of->next = of->end;
    }
    stack_.clear();
  }

  DecodedUpdate& update_;
  Target& target_;
  std::size_t current_ = update_.sections().size();
  std::vector<StructRef> stack_;
  std::vector<DecodedUpdate::Section> rest_;
  std::vector<MissingClock> missing_;  // with repetitions
};

}  // namespace pluv::ycrdt
