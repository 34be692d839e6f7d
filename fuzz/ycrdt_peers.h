// Several documents that edit at the same time and exchange updates as an input says: early, late,
// twice, merged, cut, or not yet. What each says is kept, so that in the end all can hear all.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "fuzz/ycrdt_runs.h"
#include "fuzz/ycrdt_script.h"
#include "ycrdt/doc.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {

// All that a reader of the document can see, in an order that does not depend on who came first.
[[nodiscard]] inline std::string describe(Doc& doc) {
  std::string out;
  std::vector<SharedType> left;
  for (const std::string_view root : kRootNames) left.push_back(doc.get_root(root));
  const auto describe_value = [&](const Value& value) {
    if (const auto* any = std::get_if<Any>(&value)) {
      write_any(out, *any);
    } else if (const auto* subdocument = std::get_if<Subdoc>(&value)) {
      out.append("doc ").append(subdocument->guid);
      write_any(out, subdocument->options);
    } else {
      out.append("type");
      left.push_back(std::get<SharedType>(value));
    }
    out.push_back('\n');
  };
  for (std::size_t i = 0; i < left.size(); ++i) {
    const SharedType type = left[i];
    out.append("--- ").append(std::to_string(static_cast<int>(type.kind()))).push_back('\n');
    if (type.kind() == TypeKind::text || type.kind() == TypeKind::xml_text) {
      for (DeltaOp& op : type.as_text().to_delta()) {
        std::sort(op.attributes.begin(), op.attributes.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [name, value] : op.attributes) {
          out.append(name).push_back('=');
          write_any(out, value);
        }
        describe_value(op.insert);
      }
    } else {
      for (const Value& value : type.as_array().to_array()) describe_value(value);
    }
    std::vector<std::string> keys = type.as_map().keys();
    std::sort(keys.begin(), keys.end());
    for (const std::string& key : keys) {
      out.append(key).push_back(':');
      describe_value(*type.as_map().get(key));
    }
  }
  return out;
}

inline void expect_sound(const Doc& doc) { PLUV_ASSERT(doc.check().empty()); }

class Peers {
 public:
  static constexpr std::size_t kPeers = 3;

  explicit Peers(Script& script) : script_(&script) {
    static constexpr std::array<ClientId, kPeers> kClients = {7, kClientIdMax, 300};
    // The first one is as a document is by default.
    const std::uint8_t choice = script.byte();
    for (std::size_t i = 0; i < kPeers; ++i) {
      options_[i].client_id = kClients[i];
      options_[i].hash_seed = i;
      options_[i].gc = i == 0 || (choice >> i & 1) == 0;
      options_[i].clean_formatting = i == 0 || (choice >> (i + 2) & 1) == 0;
      open(i);
    }
  }

  [[nodiscard]] Doc& doc(std::size_t i) noexcept { return *peers_[i].doc; }
  [[nodiscard]] const DocOptions& options(std::size_t i) const noexcept { return options_[i]; }
  // What was said so far, each edit and each answer to others' edits.
  [[nodiscard]] const std::vector<std::string>& messages() const noexcept { return messages_; }

  void step() {
    const std::uint8_t operation = script_->byte();
    const std::size_t to = operation % kPeers;
    const std::size_t from = (to + 1 + operation / kPeers % (kPeers - 1)) % kPeers;
    switch (operation / 16) {
      case 0: hear(to, pick_message()); break;
      case 1: hear(to, merged()); break;
      case 2: hear(to, doc(from).encode_state_as_update(doc(to).state_vector())); break;
      case 3: hear(to, doc(from).encode_state_as_update(pick_state())); break;
      case 4: hear(to, diffed(merged(), doc(to).state_vector())); break;
      case 5: hear(to, doc(from).encode_state_as_update()); break;
      case 6: {
        const std::string both[] = {doc(0).encode_state_as_update(),
                                    doc(from).encode_state_as_update()};
        hear(to, merge({both[0], both[1]}));
        break;
      }
      case 7: reopen(to); break;
      case 8:
      case 9:
        doc(to).transact([&] {
          for (std::uint32_t left = script_->below(8); left != 0; --left) edit(to);
        });
        break;
      default: edit(to); break;
    }
    expect_sound(doc(to));
    if (states_.size() < 64) states_.push_back(doc(to).state_vector());
  }

  // Everybody hears everything, what is said about it as well.
  void hear_all() {
    for (bool news = true; news;) {
      news = false;
      for (std::size_t i = 0; i < kPeers; ++i) {
        for (; peers_[i].heard < messages_.size(); ++peers_[i].heard) {
          hear(i, std::string(messages_[peers_[i].heard]));
          news = true;
        }
      }
    }
    for (std::size_t i = 0; i < kPeers; ++i) {
      expect_sound(doc(i));
      PLUV_ASSERT(!doc(i).has_pending());
    }
  }

  [[nodiscard]] std::string merge(const std::vector<std::string_view>& updates) {
    const auto out = merge_updates(updates, {.coalesce_text = script_->one_in(2), .limits = {}});
    PLUV_ASSERT(out.ok());
    return *out;
  }

 private:
  struct Peer {
    std::unique_ptr<Doc> doc;
    std::unique_ptr<Editor> editor;
    std::size_t heard = 0;  // of the messages
  };

  void open(std::size_t i) {
    peers_[i].doc = std::make_unique<Doc>(options_[i]);
    peers_[i].editor = std::make_unique<Editor>(*peers_[i].doc);
    doc(i).on_update(
        [this](std::string_view update, const Transaction&) { messages_.emplace_back(update); });
  }

  // As after a restart: the same writer goes on with what it has stored.
  void reopen(std::size_t i) {
    const std::string state = doc(i).encode_state_as_update();
    DocOptions only_reads = options_[i];
    only_reads.clean_formatting = false;
    Doc copy(only_reads);
    name_roots(copy);
    PLUV_ASSERT(copy.apply_update(state).ok());
    expect_sound(copy);
    PLUV_ASSERT(describe(copy) == describe(doc(i)));
    const std::string again = copy.encode_state_as_update();
    PLUV_ASSERT(deletes_of(again) == deletes_of(state));
    if (only_reads.gc) PLUV_ASSERT(runs_of(again) == runs_of(state));
    open(i);
    hear(i, state);
  }

  void edit(std::size_t i) { peers_[i].editor->edit(*script_); }

  void hear(std::size_t i, std::string_view update) {
    PLUV_ASSERT(doc(i).apply_update(update).ok());
  }

  std::string pick_message() {
    return messages_.empty() ? std::string(kEmptyUpdate)
                             : messages_[script_->below(messages_.size())];
  }
  // Of some messages that follow each other.
  std::string merged() {
    if (messages_.empty()) return std::string(kEmptyUpdate);
    const std::size_t begin = script_->below(messages_.size());
    const std::size_t end = std::min<std::size_t>(begin + script_->byte() % 8, messages_.size());
    std::vector<std::string_view> updates(messages_.begin() + static_cast<std::ptrdiff_t>(begin),
                                          messages_.begin() + static_cast<std::ptrdiff_t>(end));
    if (script_->one_in(2)) std::reverse(updates.begin(), updates.end());
    return merge(updates);
  }
  static std::string diffed(std::string_view update, const StateVector& state) {
    const auto out = diff_update(update, state);
    PLUV_ASSERT(out.ok());
    return *out;
  }
  StateVector pick_state() {
    return states_.empty() ? StateVector() : states_[script_->below(states_.size())];
  }

  Script* script_;
  std::array<DocOptions, kPeers> options_;
  std::array<Peer, kPeers> peers_;
  std::vector<std::string> messages_;
  std::vector<StateVector> states_;  // that somebody had at some time
};

}  // namespace pluv::ycrdt
