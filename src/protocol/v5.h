// The pluv wire protocol, version 5: JSON text frames, {"type","data"} from the client and
// {"connectionId","data","room","type","user"} to it. The decoder borrows from the text it is given
// and keeps scratch memory, so one lives with each room; the encoders append to a caller's buffer.
// Nothing here keeps state of a session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/reader.h"
#include "protocol/message.h"

namespace pluv::protocol::v5 {

// The connectionId of what the server itself says where the client demands a non-empty one.
inline constexpr std::string_view kServerConnectionId = "p_00000000-0000-4000-8000-000000000000";
// The origin of the update with which a client ends its first storage exchange.
inline constexpr std::string_view kInitializedOrigin = "$initialized";

class Decoder {
 public:
  // Views in the result live until the next call, or as long as text, whichever ends first.
  // Fails (ErrorCode::invalid) when text is no JSON object with a string "type" and an object
  // "data". Other members are never read. Allocates nothing unless a string has escapes.
  [[nodiscard]] Result<ClientMessage> decode(std::string_view text);

 private:
  // As clients write them: first the type, then the data, and nothing else. False: it is otherwise,
  // or wrong.
  [[nodiscard]] bool decode_in_order(std::string_view text, ClientMessage& message);
  // What is read of the data of this kind of message. False: something is wrong.
  [[nodiscard]] bool read_members(json::Reader& data, ClientMessage& message);

  std::string key_scratch_;
  std::string type_scratch_;
  std::string update_scratch_;
  std::string origin_scratch_;
};

// The session that caused a message. Both empty: the application's own server code (null on the
// wire).
struct Sender {
  std::string_view connection_id;
  std::string_view user_json;  // raw JSON object, empty for null
};

// A presence and when it changed. json empty: null.
struct Presence {
  std::string_view json;
  std::int64_t changed_unix_ms = 0;
};

// Writes one message to the client around data that the caller appends between the two calls:
//   Envelope envelope(out, sender); out += data; envelope.finish(room, type);
class Envelope {
 public:
  Envelope(std::string& out, const Sender& sender);
  // Neither a room id nor a name of the protocol's own has a character that JSON escapes.
  void finish(std::string_view room, std::string_view type);
  void finish_own(std::string_view room, std::string_view type);

 private:
  std::string& out_;
  std::string_view user_json_;
};

void append_event(std::string& out, const Sender& sender, std::string_view room,
                  std::string_view type, std::string_view data);
// state: base64 of the document, empty for null.
void append_registered(std::string& out, const Sender& self, std::string_view room,
                       const Presence& presence, std::string_view state);
void append_user_joined(std::string& out, const Sender& joiner, std::string_view room,
                        const Presence& presence);
void append_presence_updated(std::string& out, const Sender& sender, std::string_view room,
                             const Presence& presence);
// change_kind: "empty", "initialized" or "unchanged". Answers where in `out` the state begins.
std::size_t append_storage_received(std::string& out, const Sender& self, std::string_view room,
                                    std::string_view change_kind, std::string_view state);
// state: base64 of what was added to the document.
void append_storage_updated(std::string& out, const Sender& sender, std::string_view room,
                            std::string_view state);
void append_exit(std::string& out, const Sender& leaver, std::string_view room);
void append_pong(std::string& out, const Sender& self, std::string_view room);
// permissions: the text form, names with one space between them.
void append_token_refreshed(std::string& out, const Sender& self, std::string_view room,
                            std::string_view permissions);
void append_error(std::string& out, const Sender& receiver, std::string_view room,
                  std::string_view message);
// One member of $othersReceived's map: "id":{...}. The caller writes the commas.
void append_other(std::string& out, const Sender& other, std::string_view room,
                  const Presence& presence);

}  // namespace pluv::protocol::v5
