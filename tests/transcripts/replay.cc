#include "replay.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/base64.h"
#include "json/value.h"
#include "scripted_room.h"
#include "ycrdt/updates.h"

namespace pluv::transcripts {
namespace {

using json::Value;

std::string text_member(const Value& value, std::string_view key) {
  const Value* member = value.find(key);
  return member != nullptr && member->as_string() != nullptr ? *member->as_string() : std::string();
}

// What the replay knows about a session of the recording, under our id for it.
struct KnownSession {
  Value user;      // null without authorization
  Value presence;  // null until $initializeSession
  std::int64_t changed_unix_ms = 0;

  [[nodiscard]] Value timer() const {
    return presence.is_null() ? Value() : Value(changed_unix_ms);
  }
};
using KnownSessions = std::map<std::string, KnownSession>;

struct Expectation {
  Value message;         // as recorded, our ids; the rules change it to what we expect
  std::string receiver;  // our id
  std::string document;  // $storageUpdated: what the receiver had before, as an update
  bool dropped = false;
};

// One deliberate difference. apply answers whether it had something to change.
struct Difference {
  const char* name;
  const char* why;
  bool (*apply)(const KnownSessions& sessions, Expectation& expected);
};

bool replace(Value& object, std::string_view key, const Value& value) {
  Value* member = object.find(key);
  if (member == nullptr || *member == value) return false;
  *member = value;
  return true;
}

bool has_type(const Expectation& expected, std::string_view type) {
  return text_member(expected.message, "type") == type;
}

const KnownSession* find_known(const KnownSessions& sessions, const std::string& id) {
  const auto found = sessions.find(id);
  return found == sessions.end() ? nullptr : &found->second;
}

bool user_of_sender(const KnownSessions& sessions, Expectation& expected) {
  const KnownSession* sender = find_known(sessions, text_member(expected.message, "connectionId"));
  return sender != nullptr && replace(expected.message, "user", sender->user);
}

bool others_once_without_asker(const KnownSessions&, Expectation& expected) {
  if (!has_type(expected, "$othersReceived")) return false;
  const Value* others = expected.message.find("data")->find("others");
  return expected.dropped = others->find(expected.receiver) != nullptr;
}

bool presence_for_late_joiners(const KnownSessions& sessions, Expectation& expected) {
  if (!has_type(expected, "$othersReceived")) return false;
  bool changed = false;
  for (Value::Member& other : *expected.message.find("data")->find("others")->as_object()) {
    const KnownSession* known = find_known(sessions, other.key);
    if (known != nullptr && other.value.find("presence")->is_null()) {
      changed |= replace(other.value, "presence", known->presence);
    }
  }
  return changed;
}

bool set_timer(Value& data, const KnownSession* known) {
  Value* timers = data.find("timers");
  return timers != nullptr && known != nullptr && replace(*timers, "presence", known->timer());
}

bool timers_are_current(const KnownSessions& sessions, Expectation& expected) {
  Value& data = *expected.message.find("data");
  bool changed = false;
  if (has_type(expected, "$othersReceived")) {
    for (Value::Member& other : *data.find("others")->as_object()) {
      changed |= set_timer(other.value, find_known(sessions, other.key));
    }
    return changed;
  }
  // At registration the session's own presence is not known yet.
  if (has_type(expected, "$registered")) return false;
  return set_timer(data, find_known(sessions, text_member(expected.message, "connectionId")));
}

bool no_stack_traces(const KnownSessions&, Expectation& expected) {
  return has_type(expected, "$error") && replace(*expected.message.find("data"), "stack", Value());
}

bool schema_words(const KnownSessions&, Expectation& expected) {
  return has_type(expected, "$error") &&
         replace(*expected.message.find("data"), "message", "message: expected a string");
}

bool registered_without_document(const KnownSessions&, Expectation& expected) {
  if (!has_type(expected, "$registered")) return false;
  Value& data = *expected.message.find("data");
  return !data.find("state")->is_null() && replace(data, "state", "AAA=");
}

bool storage_updated_with_what_is_new(const KnownSessions&, Expectation& expected) {
  if (!has_type(expected, "$storageUpdated")) return false;
  if (expected.receiver == text_member(expected.message, "connectionId")) {
    return expected.dropped = true;
  }
  Value& data = *expected.message.find("data");
  const auto whole = base64_decode(text_member(data, "state"));
  const auto known =
      ycrdt::decode_state_vector(ycrdt::encode_state_vector_from_update(expected.document).value());
  const std::string added = ycrdt::diff_update(*whole, *known).value();
  if (added == ycrdt::kEmptyUpdate) return expected.dropped = true;
  return replace(data, "state", base64_encode(added));
}

constexpr Difference kDifferences[] = {
    {"registered_without_document", "clients only test whether there is one",
     registered_without_document},
    {"storage_updated_with_what_is_new",
     "the original sends the whole document, to its sender and without news, too",
     storage_updated_with_what_is_new},
    {"others_once_without_asker", "the original answers $getOthers twice, once with the asker",
     others_once_without_asker},
    {"user_of_sender", "the original puts the receiver's user into broadcasts", user_of_sender},
    {"presence_for_late_joiners", "the original loses the initial presence",
     presence_for_late_joiners},
    {"timers_are_current", "the original's timer is one change behind", timers_are_current},
    {"no_stack_traces", "a stack trace is nobody's business", no_stack_traces},
    {"schema_words", "each schema library has its own words", schema_words},
};
constexpr const char* kJoinOrder = "user_joined_first";

// Members in the order of their names: JSON objects have none.
Value sorted(const Value& value) {
  if (const Value::Array* array = value.as_array()) {
    Value::Array copy;
    for (const Value& element : *array) copy.push_back(sorted(element));
    return copy;
  }
  if (const Value::Object* object = value.as_object()) {
    Value::Object copy;
    for (const Value::Member& member : *object) copy.push_back({member.key, sorted(member.value)});
    std::sort(copy.begin(), copy.end(),
              [](const Value::Member& a, const Value::Member& b) { return a.key < b.key; });
    return copy;
  }
  return value;
}

class Replay {
 public:
  explicit Replay(const std::vector<std::string>& lines) : lines_(lines) {}

  ReplayReport run() {
    for (at_ = 0; at_ < lines_.size(); ++at_) line(lines_[at_]);
    end_step("(end)");
    return std::move(report_);
  }

 private:
  void line(const std::string& raw) {
    const auto parsed = Value::parse(raw);
    if (!parsed.ok()) {
      report_.failures.push_back("not JSON: " + raw);
      return;
    }
    const std::string client = text_member(*parsed, "client");
    const std::string dir = text_member(*parsed, "dir");
    const std::string kind = text_member(*parsed, "kind");
    if (dir == "--") {
      end_step(text_member(*parsed, "what"));
      return;
    }
    room_.advance_to(static_cast<std::int64_t>(*parsed->find("ms")->as_number()));
    if (dir == "->" && kind == "connect") connect(client);
    if (kind == "close" && room_.is_open(client)) room_.drop(client);
    if (kind != "text") return;
    if (dir == "->") {
      from_client(client, raw_member(raw, "message"));
    } else {
      expect(client, raw_member(raw, "message"));
    }
  }

  // The recording tells a session's id and user in the $registered that follows.
  void connect(const std::string& client) {
    for (std::size_t next = at_; next < lines_.size(); ++next) {
      const auto parsed = Value::parse(lines_[next]);
      if (!parsed.ok() || text_member(*parsed, "client") != client) continue;
      const Value* message = parsed->find("message");
      if (message == nullptr || text_member(*message, "type") != "$registered") continue;
      const Value& user = *message->find("user");
      JoinAs as;
      if (!user.is_null()) as = {text_member(user, "id"), user.to_text()};
      room_.open(client, as);
      const std::string ours(room_.id_of(client).text());
      our_ids_[text_member(*message, "connectionId")] = ours;
      sessions_[ours].user = user;
      return;
    }
    report_.failures.push_back("no $registered follows for " + client);
  }

  void from_client(const std::string& client, const std::string& message) {
    room_.say(client, message);
    const auto parsed = Value::parse(message);
    const std::string type = text_member(*parsed, "type");
    if (type != "$initializeSession" && type != "$updatePresence") return;
    KnownSession& known = sessions_[std::string(room_.id_of(client).text())];
    for (const Value::Member& field : *parsed->find("data")->find("presence")->as_object()) {
      known.presence.set(field.key, field.value);
    }
    known.changed_unix_ms = room_.now().unix_ms;
  }

  void expect(const std::string& client, std::string message) {
    for (const auto& [theirs, ours] : our_ids_) {
      for (std::size_t at = message.find(theirs); at != std::string::npos;
           at = message.find(theirs, at + ours.size())) {
        message.replace(at, theirs.size(), ours);
      }
    }
    Expectation one;
    one.message = *Value::parse(message);
    one.receiver = std::string(room_.id_of(client).text());
    const std::string type = text_member(one.message, "type");
    if (type == "$storageReceived" || type == "$storageUpdated") {
      const std::string state = text_member(*one.message.find("data"), "state");
      one.document = std::exchange(documents_[client], *base64_decode(state));
    }
    expected_[client].push_back(std::move(one));
  }

  void end_step(const std::string& next) {
    for (const std::string client : {"A", "B"}) compare(client);
    expected_.clear();
    step_ = next;
  }

  void compare(const std::string& client) {
    std::vector<std::string> expected;
    std::vector<std::string> types;
    for (Expectation& one : expected_[client]) {
      for (const Difference& difference : kDifferences) {
        if (!one.dropped && difference.apply(sessions_, one)) {
          ++report_.differences_used[difference.name];
        }
      }
      if (one.dropped) continue;
      expected.push_back(sorted(one.message).to_text());
      types.push_back(text_member(one.message, "type"));
      // The original races these two; ours keeps one order.
      const std::size_t last = types.size() - 1;
      if (last > 0 && types[last] == "$userJoined" && types[last - 1] == "$storageReceived") {
        std::swap(expected[last], expected[last - 1]);
        std::swap(types[last], types[last - 1]);
        ++report_.differences_used[kJoinOrder];
      }
    }
    std::vector<std::string> actual;
    for (const std::string& frame : room_.take(client)) {
      actual.push_back(sorted(*Value::parse(frame)).to_text());
    }
    report_.messages_compared += static_cast<int>(actual.size());
    if (actual == expected) return;
    std::string failure = "step \"" + step_ + "\", client " + client + "\n  expected:\n";
    for (const std::string& one : expected) failure += "    " + one + "\n";
    failure += "  actual:\n";
    for (const std::string& one : actual) failure += "    " + one + "\n";
    report_.failures.push_back(std::move(failure));
  }

  const std::vector<std::string>& lines_;
  std::size_t at_ = 0;
  std::string step_;
  ScriptedRoom room_{chat_definition()};
  KnownSessions sessions_;
  std::map<std::string, std::string> our_ids_;    // by the recording's
  std::map<std::string, std::string> documents_;  // whole, as each client was sent them last
  std::map<std::string, std::vector<Expectation>> expected_;
  ReplayReport report_;
};

}  // namespace

std::vector<std::string> difference_names() {
  std::vector<std::string> names{kJoinOrder};
  for (const Difference& difference : kDifferences) names.emplace_back(difference.name);
  return names;
}

ReplayReport replay(const std::vector<std::string>& lines) { return Replay(lines).run(); }

}  // namespace pluv::transcripts
