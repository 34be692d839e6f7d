// Clients with documents of their own in a TestRoom: each plays the part of the original's client,
// from the first storage exchange on, and notices what would break that one.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.h"
#include "json/value.h"
#include "room/room_testing.h"
#include "room/yjs_document.h"
#include "ycrdt/doc.h"
#include "ycrdt/updates.h"

namespace pluv::room {

inline Definition yjs_definition(bool has_store = false) {
  Definition definition;
  definition.storage = yjs_storage();
  definition.has_store = has_store;
  return definition;
}

// The document of a client that has typed this into the text "t".
inline std::string typed(std::string_view text, ycrdt::ClientId client = 7) {
  ycrdt::Doc doc({.client_id = client});
  EXPECT_TRUE(doc.get_text("t").insert(0, text).ok());
  return doc.encode_state_as_update();
}

inline std::string text_of(std::string_view update) {
  ycrdt::Doc doc({.client_id = 1});
  EXPECT_TRUE(doc.apply_update(update).ok());
  return doc.get_text("t").to_string();
}

class StorageClient {
 public:
  StorageClient(TestRoom& room, ycrdt::ClientId client)
      : room_(&room), doc_({.client_id = client}) {}

  // Joins with what it has, up to the point where its storage exchange begins.
  void join(std::string_view user_id = {}, std::string_view permissions = "*") {
    index_ = room_->join(
        user_id, user_id.empty() ? "" : R"({"id":")" + std::string(user_id) + "\"}", permissions);
    const std::string update = own().empty() ? "" : base64_encode(own());
    room_->send(index_, R"({"type":"$initializeSession","data":{"presence":{},"update":")" +
                            update + "\"}}");
  }
  // Answers $storageReceived with its whole document, as the original's client does.
  void answer() {
    read();
    send_update("\"$initialized\"", doc_.encode_state_as_update());
  }
  void join_fully(std::string_view user_id = {}, std::string_view permissions = "*") {
    join(user_id, permissions);
    answer();
    read();
  }
  void type(std::uint32_t position, std::string_view text) {
    const std::string before = doc_.encode_state_vector();
    EXPECT_TRUE(doc_.get_text("t").insert(position, text).ok());
    const auto state = ycrdt::decode_state_vector(before);
    send_update("null", doc_.encode_state_as_update(*state));
  }
  void send_update(std::string_view origin, std::string_view update) {
    room_->send(index_, R"({"type":"$updateStorage","data":{"origin":)" + std::string(origin) +
                            R"(,"update":")" + base64_encode(update) + "\"}}");
  }
  // Applies what came since the last time; keeps the types of the storage messages and errors.
  void read() {
    for (const std::string& text : room_->take(index_)) {
      const auto message = json::Value::parse(text);
      ASSERT_TRUE(message.ok()) << text;
      const std::string type = *message->find("type")->as_string();
      const json::Value& data = *message->find("data");
      if (type == "$storageReceived") {
        change_kind = *data.find("changeKind")->as_string();
        apply(*data.find("state")->as_string());
        ++received;
      } else if (type == "$storageUpdated") {
        const std::string state = *data.find("state")->as_string();
        updates.push_back(*base64_decode(state));
        apply(state);
      } else if (type == "$error") {
        errors.push_back(*data.find("message")->as_string());
      } else if (type == "$registered") {
        const json::Value* state = data.find("state");
        registered_state = state->is_null() ? "" : *state->as_string();
      }
    }
  }
  void leave() { room_->leave(index_); }

  [[nodiscard]] std::string text() { return doc_.get_text("t").to_string(); }
  [[nodiscard]] std::string own() {
    const std::string state = doc_.encode_state_as_update();
    return state == ycrdt::kEmptyUpdate ? std::string() : state;
  }
  [[nodiscard]] ycrdt::Doc& doc() { return doc_; }
  [[nodiscard]] SessionIndex index() const { return index_; }

  std::string change_kind;           // of the last $storageReceived
  int received = 0;                  // $storageReceived
  std::vector<std::string> updates;  // of $storageUpdated
  std::vector<std::string> errors;
  std::string registered_state;

 private:
  void apply(const std::string& base64) {
    const auto update = base64_decode(base64);
    ASSERT_TRUE(update.has_value());
    ASSERT_TRUE(doc_.apply_update(*update).ok());
  }

  TestRoom* room_;
  ycrdt::Doc doc_;
  SessionIndex index_{};
};

}  // namespace pluv::room
