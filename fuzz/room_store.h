// The store of a room's document as a fuzzer plays it: it takes what it is asked for, in order, and
// answers when and how an input says: at once, late, twice, with an error, with bytes that are no
// document or one that is too large. Knows all that was ever kept. One owner.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/base64.h"
#include "room/room.h"
#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/updates.h"

namespace pluv::fuzz {

class RoomStore {
 public:
  // Whether the effect was one for a store; then it is noted.
  bool take(room::Effect& effect) {
    if (auto* load = std::get_if<room::LoadDocument>(&effect)) {
      loaded_ = false;
      asked_.push_back({load->ticket, true, {}});
    } else if (auto* append = std::get_if<room::AppendUpdate>(&effect)) {
      // A document that could not be loaded is not an empty one.
      PLUV_ASSERT(loaded_);
      asked_.push_back({append->ticket, false, std::move(append->update)});
    } else if (auto* compact = std::get_if<room::CompactDocument>(&effect)) {
      PLUV_ASSERT(loaded_ && compact->last <= number_);
      asked_.push_back({compact->ticket, false, std::move(compact->snapshot)});
    } else {
      return false;
    }
    return true;
  }

  // Answers the oldest question; step: of the room.
  template <class Step>
  void answer(std::uint8_t how, Step step) {
    if (asked_.empty()) return;
    Asked asked = std::move(asked_.front());
    asked_.pop_front();
    const int times = how / 16 % 8 == 7 ? 2 : 1;  // the second one comes late
    for (int i = 0; i < times; ++i) {
      asked.load ? answer_load(asked.ticket, how, step) : answer_save(asked, how, step);
    }
  }
  // What get_initial_storage gave; the store has nothing.
  template <class Step>
  void answer_initial(room::Ticket ticket, std::uint8_t how, Step step) {
    Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document{};
    if (how % 4 == 0) loaded = Error{ErrorCode::unavailable, "The database is away"};
    if (how % 4 == 1) loaded->updates.push_back("AAA!");
    if (how % 4 == 2) loaded->updates.push_back(base64_encode(document_of_letters(3)));
    loaded_ = how % 4 > 1;
    step(room::DocumentLoaded{ticket, &loaded});
  }
  [[nodiscard]] bool idle() const noexcept { return asked_.empty(); }

  // All of the update is kept.
  [[nodiscard]] bool has(std::string_view update) {
    const auto news = saved_.apply_update(update);
    return news.ok() && news->empty();
  }
  // The root map "m" has the key in what is kept.
  [[nodiscard]] bool has_key(std::string_view key) {
    ycrdt::Doc probe({.client_id = 1, .clean_formatting = false});
    PLUV_ASSERT(probe.apply_update(saved_.encode_state_as_update()).ok());
    return probe.get_map("m").get(key).has_value();
  }
  // Something of what was ever kept is deleted.
  [[nodiscard]] bool has_deletes() {
    ycrdt::Doc probe({.client_id = 1, .clean_formatting = false});
    PLUV_ASSERT(probe.apply_update(saved_.encode_state_as_update()).ok());
    return !ycrdt::take_snapshot(probe).deletes().empty();
  }
  [[nodiscard]] ycrdt::StateVector state() const { return saved_.state_vector(); }

 private:
  struct Asked {
    room::Ticket ticket{};
    bool load = false;
    std::string update;
  };

  static std::string document_of_letters(std::size_t count) {
    ycrdt::Doc doc({.client_id = 9});
    PLUV_ASSERT(doc.get_text("t").insert(0, std::string(count, 'l')).ok());
    return doc.encode_state_as_update();
  }

  template <class Step>
  void answer_load(room::Ticket ticket, std::uint8_t how, Step step) {
    Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document{};
    const std::string kept = saved_.encode_state_as_update();
    if (kept != ycrdt::kEmptyUpdate) loaded->updates.push_back(kept);
    loaded->has_snapshot = !loaded->updates.empty();
    loaded->last = number_;
    bool good = !loaded->updates.empty();
    switch (how % 8) {
      case 0:
        loaded = Error{ErrorCode::unavailable, "The disk is gone"};
        good = false;
        break;
      case 1:
        loaded->updates.push_back("\x07garbage");
        good = false;
        break;
      case 2:
        loaded->updates.push_back(document_of_letters(9'000));
        good = false;
        break;
      default: break;
    }
    loaded_ |= good;
    step(room::DocumentLoaded{ticket, &loaded});
  }

  template <class Step>
  void answer_save(const Asked& asked, std::uint8_t how, Step step) {
    Result<std::uint64_t> number = ++number_;
    if (how % 4 == 0) {
      number = Error{ErrorCode::unavailable, "The disk is full"};
    } else {
      PLUV_ASSERT(saved_.apply_update(asked.update).ok());
    }
    step(room::Persisted{asked.ticket, &number});
  }

  std::deque<Asked> asked_;
  ycrdt::LazyDoc saved_;
  std::uint64_t number_ = 0;
  bool loaded_ = false;  // the room has been told what there is
};

}  // namespace pluv::fuzz
