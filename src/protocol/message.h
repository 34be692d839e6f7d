// What a client may say to a room, independent of any version's spelling. A codec (v5.h) makes it
// from bytes; the room knows only this. Views borrow the decoded text.
#pragma once

#include <cstdint>
#include <string_view>

namespace pluv::protocol {

enum class MessageKind : std::uint8_t {
  initialize_session,
  get_others,
  ping,
  update_presence,
  update_storage,
  refresh_token,
  custom,            // an event of the application
  unknown_internal,  // begins with '$' and is none of the server's
};

struct ClientMessage {
  MessageKind kind = MessageKind::custom;
  std::string_view type;      // as written by the client, unescaped
  std::string_view data;      // the raw JSON object
  std::string_view presence;  // initialize_session, update_presence: raw JSON, empty when absent
  std::string_view update;    // initialize_session, update_storage: base64, empty when absent
  std::string_view origin;    // update_storage: empty when absent or null
  std::string_view token;     // refresh_token: empty when absent or null
};

}  // namespace pluv::protocol
