// What somebody who looks into a server's rooms from outside is shown: copies, made on the rooms'
// own loops. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pluv::native {

// A room in a list of all.
struct RoomLine {
  std::string room;
  std::uint32_t sessions = 0;
  std::uint32_t users = 0;
  std::uint64_t document_bytes = 0;  // encoded, at most; 0: it has none, or none is loaded yet
  // Of its clients, since the rooms were listed before (or the room was made).
  double messages_per_second = 0;
  bool idle = false;  // nobody is there: it only keeps its document for a while
};

struct SessionLook {
  std::string id;
  std::string user_id;        // empty: none
  std::string user_json;      // empty: null
  std::string presence_json;  // empty: null
  std::int64_t idle_ms = 0;   // since anything was heard of it
};

struct DocumentLook {
  std::uint64_t bytes = 0;  // encoded, at most
  // Changes with the document, and is another one when the room comes back. At most 2^53 - 1.
  std::uint64_t version = 0;
  // Updates that together are the document; when they were asked for.
  std::vector<std::string> updates;
};

struct RoomLook {
  std::vector<SessionLook> sessions;  // in order of joining, the first ones
  std::uint32_t sessions_total = 0;
  std::optional<DocumentLook> document;  // nullopt: none, or it is not loaded yet
};

struct RoomQuestion {
  std::size_t sessions_max = 0;
  // Whether the document's bytes are wanted, which costs a copy of them: unless it has this
  // version. nullopt: they are not.
  std::optional<std::uint64_t> document_unless;
};

}  // namespace pluv::native
