// The steps of awareness, for ycrdt_driver.cc; lib/awareness_steps.mjs says which there are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "driver_step.h"
#include "ycrdt/awareness.h"

namespace pluv::ycrdt {

class AwarenessSteps {
 public:
  using Answer = std::function<void(std::string_view)>;
  using Keep = std::function<void(const Result<std::string>&)>;
  using Blob = std::function<const std::string*(std::uint64_t)>;

  AwarenessSteps(Answer answer, Keep keep) : answer_(std::move(answer)), keep_(std::move(keep)) {}

  void run(const Step& step, const Blob& blob) {
    const std::string& operation = step.string(3);
    if (operation == "new") {
      make(step);
      return;
    }
    const auto at = members_.find(step.number(2));
    if (at == members_.end()) {
      answer_(kSkipped);
      return;
    }
    Awareness& awareness = *at->second;
    if (operation == "set") {
      done(awareness.set_local_state(step.string(5), time(step)));
    } else if (operation == "field") {
      done(awareness.set_local_state_field(step.string(5), step.string(6), time(step)));
    } else if (operation == "remove") {
      awareness.remove_states(clients_of(step.list(5)), step.string(6), time(step));
    } else if (operation == "check") {
      awareness.check_outdated(time(step));
    } else if (operation == "encode") {
      encode(awareness, step);
    } else if (operation == "raw") {
      raw(step);
    } else if (operation == "show") {
      show(awareness, step);
    } else {
      const std::string* const update = blob(step.number(5));
      if (update == nullptr) {
        answer_(kSkipped);
      } else if (operation == "apply") {
        done(awareness.apply_update(std::string(*update), step.string(6), time(step)));
      } else {
        modify(std::string(*update));
      }
    }
  }

 private:
  static std::int64_t time(const Step& step) { return static_cast<std::int64_t>(step.number(4)); }
  static std::vector<ClientId> clients_of(const Any::Array& list) {
    std::vector<ClientId> out;
    for (const Any& client : list) out.push_back(static_cast<ClientId>(*client.get<double>()));
    return out;
  }
  static std::string show_list(const std::vector<ClientId>& clients) {
    std::string out;
    for (const ClientId client : clients) out += (out.empty() ? "" : ",") + std::to_string(client);
    return out;
  }

  void done(const Result<void>& result) {
    answer_(result ? "ok" : "error " + result.error().message);
  }

  void make(const Step& step) {
    auto& awareness = members_[step.number(2)];
    awareness = std::make_unique<Awareness>(AwarenessOptions{.client_id = step.number(5),
                                                             .now_ms = time(step),
                                                             .hash_seed = step.number(0),
                                                             .limits = {}});
    const auto tell = [this](const std::string& kind) {
      return [this, kind](const AwarenessChange& change, std::string_view origin) {
        answer_(kind + " added " + show_list(change.added) + " updated " +
                show_list(change.updated) + " removed " + show_list(change.removed) + " by " +
                std::string(origin));
      };
    };
    awareness->on_change(tell("change"));
    awareness->on_update(tell("update"));
  }

  // Of those among the clients that are known.
  void encode(const Awareness& awareness, const Step& step) {
    std::vector<ClientId> known;
    for (const ClientId client : clients_of(step.list(5))) {
      if (awareness.meta(client)) known.push_back(client);
    }
    if (!step.has(6)) {
      keep_(awareness.encode_update(known));
      return;
    }
    Awareness::StateList states;
    for (const Any& any : step.list(6)) {
      const Step pair(any);
      states.emplace_back(pair.number(0), pair.string(1));
    }
    keep_(awareness.encode_update(known, states));
  }

  void raw(const Step& step) {
    std::vector<AwarenessEntry> entries;
    for (const Any& any : step.list(5)) {
      const Step entry(any);
      entries.push_back({entry.number(0), entry.number(1), entry.string(2)});
    }
    keep_(encode_awareness_update(entries));
  }

  void modify(const std::string& update) {
    keep_(modify_awareness_update(update, [](std::string_view state) {
      return state == kAwarenessGone ? R"({"was":null})"
                                     : R"({"was": [)" + std::string(state) + "]}";
    }));
  }

  void show(const Awareness& awareness, const Step& step) {
    for (const AwarenessEntry& entry : awareness.states()) {
      answer_(std::to_string(entry.client) + " " + entry.state);
    }
    for (const ClientId client : clients_of(step.list(5))) {
      const auto meta = awareness.meta(client);
      answer_(meta ? std::to_string(meta->clock) + " " + std::to_string(meta->last_updated_ms)
                   : "unknown");
    }
    answer_(awareness.local_state().value_or("null"));
  }

  Answer answer_;
  Keep keep_;
  std::map<std::uint64_t, std::unique_ptr<Awareness>> members_;
};

}  // namespace pluv::ycrdt
