// What a client says and hears; client_life.cc has what it does of its own accord.
#include "tests/sim/client.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "tests/sim/world.h"
#include "ycrdt/updates.h"

namespace pluv::sim {
namespace {

constexpr std::string_view kMarker = "__$pluv";

std::string text_of(const json::Value& data, std::string_view key) {
  const json::Value* const value = data.find(key);
  const std::string* const text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string() : *text;
}

std::uint64_t number_of(const json::Value& data, std::string_view key) {
  const json::Value* const value = data.find(key);
  const double* const number = value == nullptr ? nullptr : value->as_number();
  return number == nullptr ? 0 : static_cast<std::uint64_t>(*number);
}

}  // namespace

Client::Client(World& world, Traits traits) : world_(world), traits_(std::move(traits)) {
  new_doc();
}

void Client::fail(const std::string& what) {
  world_.record.fail(world_.agenda.now_ms(), name() + ": " + what);
}

void Client::send(std::string_view type, const std::string& data) {
  if (!link_) return;
  const std::string text = "{\"type\":\"" + std::string(type) + "\",\"data\":" + data + "}";
  if (world_.record.told()) {
    world_.record.tell(world_.agenda.now_ms(), name() + " -> " + text.substr(0, 160));
  }
  world_.network.send_to_server(*link_, framed(text));
}

// Some messages come in two frames, with a pong between them.
std::string Client::framed(std::string_view text) {
  constexpr net::MaskKey kMask{1, 2, 3, 4};
  std::string bytes;
  if (!world_.random.once_in(8)) {
    net::append_frame(bytes, net::Opcode::text, text, kMask);
    return bytes;
  }
  const std::size_t first = world_.random.below(text.size());
  const auto append = [&](net::Opcode opcode, std::string_view part, bool fin) {
    net::append_frame_header(
        bytes, {.opcode = opcode, .payload_size = part.size(), .fin = fin, .mask = kMask});
    const std::size_t at = bytes.size();
    bytes += part;
    net::apply_mask(std::span(bytes).subspan(at), kMask);
  };
  append(net::Opcode::text, text.substr(0, first), false);
  net::append_frame(bytes, net::Opcode::pong, "still here", kMask);
  append(net::Opcode::continuation, text.substr(first), true);
  return bytes;
}

void Client::received(std::span<char> bytes) {
  const std::uint32_t connection = connection_;
  while (connection == connection_ && link_) {
    const net::FrameEvent event = frames_.next(bytes);
    switch (event.kind) {
      case net::EventKind::need_more: return;
      case net::EventKind::binary: fail("was sent a binary message"); return;
      case net::EventKind::error: fail("was sent a wrong frame"); return;
      case net::EventKind::pong: break;
      case net::EventKind::ping: {
        std::string pong;
        net::append_frame(pong, net::Opcode::pong, event.payload, net::MaskKey{1, 2, 3, 4});
        world_.network.send_to_server(*link_, std::move(pong));
        break;
      }
      case net::EventKind::close: drop(event.close_code); return;
      case net::EventKind::text: {
        const std::string text(event.payload);
        const auto message = json::Value::parse(text);
        if (!message.ok()) return fail("was sent no JSON: " + text.substr(0, 200));
        frame(*message, text);
        break;
      }
    }
  }
}

void Client::check_envelope(const json::Value& message, const std::string& type) {
  const json::Value* const data = message.find("data");
  if (data == nullptr || (data->as_object() == nullptr && !data->is_null())) {
    fail("was sent " + type + " without data");
  }
  if (text_of(message, "room") != traits_.room) fail("was sent a message of another room");
  // The user is the one of the session that the message comes from.
  const json::Value* const user = message.find("user");
  const json::Value* const from = message.find("connectionId");
  if (user == nullptr || from == nullptr) return fail("was sent " + type + " without its sender");
  if (from->is_null()) return;
  const std::string& speaks = world_.user_of(*from->as_string());
  const std::string told = user->is_null() ? std::string() : text_of(*user, "id");
  if (told != speaks) fail("was told that '" + told + "' sent " + type + ", not '" + speaks + "'");
}

void Client::frame(const json::Value& message, const std::string& text) {
  const std::string type = text_of(message, "type");
  check_envelope(message, type);
  if (world_.record.told()) {
    world_.record.tell(world_.agenda.now_ms(), name() + " <- " + text.substr(0, 160));
  }
  ++world_.record.counts.deliveries;
  const std::string from = text_of(message, "connectionId");
  static const json::Value kNothing;
  const json::Value* data = message.find("data");
  if (data == nullptr) data = &kNothing;
  if (type == "$registered") {
    session_ = text_of(*data, "sessionId");
    if (session_ != from) fail("was registered as two sessions");
    registered(*data);
  } else if (session_.empty() && type != "$error") {
    fail("was sent " + type + " before it was registered");
  } else if (type == "$storageReceived") {
    storage_received(*data);
  } else if (type == "$storageUpdated") {
    storage_updated(*data);
  } else if (type == "$pong") {
    pinged_ms_ = 0;
  } else if (type == "$error") {
    told_error(*data);
  } else if (type.starts_with('$')) {
    believe(type, from, *data);
  } else {
    event(type, from, *data);
  }
}

void Client::told_error(const json::Value& data) {
  const json::Value* const stack = data.find("stack");
  if (stack == nullptr || !stack->is_null()) fail("was shown the server's inside");
  const std::string message = text_of(data, "message");
  if (message.empty()) fail("was told of an error without a word");
  if (!message.starts_with("slow ")) return;
  if (slow_.empty() || message != "slow " + std::to_string(slow_.front().number) + " failed") {
    fail("was told of a call that it has not made, or not in turn: " + message);
    return;
  }
  slow_.erase(slow_.begin());
}

// --- Others.

void Client::believe(const std::string& type, const std::string& from, const json::Value& data) {
  if (type == "$othersReceived") {
    const json::Value* const others = data.find("others");
    if (others == nullptr || others->as_object() == nullptr) return fail("was told of no others");
    others_.clear();
    for (const auto& [id, one] : *others->as_object()) {
      if (id == session_) fail("is among its own others");
      if (gone_.contains(id)) fail("was told of one who had left: " + id);
      others_[id] = one.find("presence")->to_text();
      know_user(id);
    }
    forget_users();
    listed_ = true;
    return;
  }
  if (type == "$exit") {
    const std::string id = text_of(data, "sessionId");
    if (id == session_) fail("was told that it has left");
    if (!gone_.insert(id).second) fail("was told twice that somebody left");
    others_.erase(id);
    forget_users();
    return;
  }
  if (type == "$syncStateReceived") {
    std::set<std::string> here;
    for (const json::Value& id : *data.find("connectionIds")->as_array()) {
      here.insert(*id.as_string());
    }
    for (const auto& [id, presence] : others_) {
      if (!here.contains(id)) fail("was not told that " + id + " has left");
    }
    // The original knows a user by the first of its sessions that it saw.
    for (const auto& [user, first] : known_by_) {
      if (!here.contains(first)) fail("is told that " + user + " has left, who is still here");
    }
    return;
  }
  if (type != "$userJoined" && type != "$presenceUpdated") return fail("was sent " + type);
  if (from == session_ && type == "$userJoined") {
    send("$getOthers", "{}");
    return;
  }
  if (gone_.contains(from)) fail("was sent " + type + " of one who had left: a ghost");
  // A user has one presence, however many tabs; a new tab of one who is known brings none.
  const std::string& user = world_.user_of(from);
  const std::string presence = data.find("presence")->to_text();
  const auto same_user = [&](const std::string& id) {
    return !user.empty() && world_.user_of(id) == user;
  };
  if (type == "$presenceUpdated" && listed_ && from != session_ && !others_.contains(from)) {
    fail("heard where " + from + " is before it has joined");
  }
  if (from != session_) know_user(from);
  if (type == "$userJoined") {
    const auto tab = std::find_if(others_.begin(), others_.end(),
                                  [&](const auto& other) { return same_user(other.first); });
    others_[from] = tab == others_.end() ? presence : tab->second;
    check_size(presence);
    return;
  }
  check_size(presence);
  if (from != session_) others_[from] = presence;
  for (auto& [id, known] : others_) {
    if (same_user(id)) known = presence;
  }
}

void Client::check_size(const std::string& presence) {
  if (presence.size() > world_.plan.limits.presence_bytes_max) {
    fail("is told of a presence that is over the limit");
  }
}

void Client::know_user(const std::string& session) {
  const std::string& user = world_.user_of(session);
  if (!user.empty()) known_by_.try_emplace(user, session);
}

// Of whom no session is left.
void Client::forget_users() {
  std::erase_if(known_by_, [&](const auto& known) {
    return std::none_of(others_.begin(), others_.end(), [&](const auto& other) {
      return world_.user_of(other.first) == known.first;
    });
  });
}

// --- Events.

void Client::event(const std::string& type, const std::string& from, const json::Value& data) {
  if (type == "say") {
    const std::uint64_t number = number_of(data, "n");
    const auto before = heard_.find(from);
    // Each comes once, in order, and none is left out.
    if (before != heard_.end() && number != before->second + 1) {
      fail("heard event " + std::to_string(number) + " of " + from + " after " +
           std::to_string(before->second));
    }
    heard_[from] = number;
    if (from == session_ && !slow_.empty() && number > slow_.front().events_before) {
      fail("an event has overtaken the call before it");
    }
  } else if (type == "answered" || type == "slow_done") {
    if (number_of(data, "who") != traits_.index) fail("was given somebody else's answer");
    if (type == "answered") return;
    if (slow_.empty() || slow_.front().number != number_of(data, "k")) {
      fail("was answered a call that it has not made, or not in turn");
      return;
    }
    slow_.erase(slow_.begin());
  } else if (type == "wrote_this") {
    if (!text_of(data, "key").starts_with(name() + ' ')) fail("was told of somebody else's edit");
  } else if (type != "slow_all" && type != "wrote" && type != "told") {
    fail("heard an event that nobody sent: " + type);
  }
}

// --- The document.

void Client::new_doc() {
  doc_ = std::make_unique<ycrdt::Doc>(
      ycrdt::DocOptions{.client_id = world_.random.next() & 0xffff'ffff, .hash_seed = 1});
  observed_ = false;
  initialized_ = false;
  had_gaps_ = false;
  doc_->on_update([this](std::string_view update, const ycrdt::Transaction&) {
    if (editing_) edited_ = update;
  });
}

std::string Client::initial_state() {
  ycrdt::Doc doc({.client_id = world_.random.next() & 0xffff'ffff, .hash_seed = 1});
  (void)doc.get_text(kMarker).insert(0, "m");
  (void)doc.get_text("t").insert(0, "hello ");
  return doc.encode_state_as_update();
}

void Client::registered(const json::Value& data) {
  std::string update;
  const bool has_document = !data.find("state")->is_null();
  brought_offline_ = !has_document && !offline_.empty();
  if (has_document || offline_.empty()) {
    if (!traits_.empty_handed || initialized_) update = initial_state();
  } else {
    update = merged_offline();
  }
  std::string presence = "{\"c\":" + std::to_string(traits_.index);
  if (last_presence_ != 0) presence += ",\"last\":" + std::to_string(last_presence_);
  send("$initializeSession",
       "{\"presence\":" + presence + "},\"update\":\"" + base64_encode(update) + "\"}");
  constexpr std::uint32_t kMuch = 600;
  if (living_ && world_.random.once_in(world_.plan.burst_once_in)) say_much(kMuch);
}

void Client::storage_received(const json::Value& data) {
  const std::string change_kind = text_of(data, "changeKind");
  if (initialized_ && change_kind == "empty" && !doc_->state_vector().entries().empty()) {
    fail("is told to throw its document away");
  }
  if (answered_) ++world_.record.counts.resyncs;
  const std::string state = text_of(data, "state");
  if (traits_.storage_answer_ms_max == 0) return answer_storage(change_kind, state);
  ++answering_;
  world_.agenda.after(world_.random.between(0, traits_.storage_answer_ms_max),
                      [this, connection = connection_, page = page_, change_kind, state] {
                        if (connection != connection_ || page != page_) return;
                        --answering_;
                        if (link_) answer_storage(change_kind, state);
                      });
}

void Client::answer_storage(const std::string& change_kind, const std::string& state) {
  if (change_kind == "empty") {
    new_doc();
    for (const std::string& update : offline_) take(update);
  } else {
    const auto update = base64_decode(state);
    if (!update) return fail("was sent a document that is no base64");
    const bool made_of_its_own = change_kind == "initialized" && brought_offline_;
    if (!made_of_its_own) take(*update);
    for (const std::string& kept : offline_) take(kept);
    if (!made_of_its_own) keep(doc_->encode_state_as_update());
  }
  initialized_ = true;
  observed_ = true;
  answered_ = true;
  if (answering_ == 0) check_gaps();
  send("$updateStorage", "{\"origin\":\"$initialized\",\"update\":\"" +
                             base64_encode(doc_->encode_state_as_update()) + "\"}");
  // The room has no document when it refuses the one, and this client has when it hears of it.
  if (change_kind == "empty" && living_ && world_.random.once_in(4)) {
    send_nonsense();
    write();
  }
}

void Client::storage_updated(const json::Value& data) {
  if (!answered_) answers_late_ = true;
  const auto update = base64_decode(text_of(data, "state"));
  if (!update) return fail("was sent an update that is no base64");
  take(*update);
  // What comes before its first document comes too early for the original to make anything of it.
  if (initialized_) keep(*update);
  if (answered_ && answering_ == 0) check_gaps();
}

void Client::take(std::string_view update) {
  if (!doc_->apply_update(update).ok()) fail("was sent an update that cannot be read");
}

void Client::keep(std::string update) {
  if (!traits_.offline_store) return;
  offline_.push_back(std::move(update));
  constexpr std::size_t kUpdatesMax = 16;
  if (offline_.size() < kUpdatesMax) return;
  std::string merged = merged_offline();
  offline_.clear();
  offline_.push_back(std::move(merged));
}

std::string Client::merged_offline() const {
  const std::vector<std::string_view> updates(offline_.begin(), offline_.end());
  auto merged = ycrdt::merge_updates(updates);
  PLUV_ASSERT(merged.ok());
  return std::move(*merged);
}

void Client::check_gaps() {
  // One that has thrown away what came before its answer is sent it again, though not before what
  // is under way. And what it had when its connection ended may build upon what it was about to
  // read.
  if (answers_late_ || had_gaps_) return;
  // Where documents are lost by right, an edit may be back before what it builds upon is.
  if (world_.may_lose_documents()) return;
  if (doc_->has_pending()) fail("was sent a change without what that builds upon");
}

}  // namespace pluv::sim
