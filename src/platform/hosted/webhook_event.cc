#include "platform/hosted/webhook_event.h"

#include <utility>

#include "base/ids.h"
#include "json/reader.h"
#include "json/stable.h"
#include "json/writer.h"

namespace pluv::hosted {
namespace {

Error invalid(std::string_view what) {
  return {ErrorCode::invalid, "Invalid webhook: " + std::string(what)};
}

// The raw values of the members of these names; empty where there are none.
template <std::size_t kCount>
Result<void> find_members(std::string_view object, const std::string_view (&names)[kCount],
                          std::string_view (&values)[kCount]) {
  json::Reader reader(object);
  std::string scratch;
  std::string_view name;
  if (reader.enter_object()) {
    while (reader.next_member(scratch, name)) {
      std::string_view value;
      if (!reader.raw_value(value)) break;
      for (std::size_t i = 0; i < kCount; ++i) {
        if (names[i] == name) values[i] = value;
      }
    }
  }
  if (!reader.finish()) return reader.error().to_error();
  return {};
}

// nullopt when raw is no JSON string.
std::optional<std::string> text_of(std::string_view raw) {
  json::Reader reader(raw);
  std::string scratch;
  std::string_view text;
  if (!reader.read_string(text, scratch)) return std::nullopt;
  return std::string(text);
}

struct Data {
  std::string room;
  bool has_storage = false;
  std::optional<std::string> storage;
  std::string user_json;  // empty: none
  std::string user_id;
};

Result<void> read_user(std::string_view raw, Data& data) {
  if (json::kind_of(raw) != json::Kind::object) return invalid("a user must be an object");
  constexpr std::string_view kNames[] = {"id"};
  std::string_view id[1];
  if (Result<void> found = find_members(raw, kNames, id); !found.ok()) return found;
  std::optional<std::string> text = text_of(id[0]);
  if (!text) return invalid("a user's id must be a text");
  data.user_json = raw;
  data.user_id = std::move(*text);
  return {};
}

Result<Data> read_data(std::string_view raw) {
  constexpr std::string_view kNames[] = {"room", "storage", "user"};
  std::string_view values[3];
  if (json::kind_of(raw) != json::Kind::object) return invalid("data must be an object");
  if (Result<void> found = find_members(raw, kNames, values); !found.ok()) return found.error();
  Data data;
  std::optional<std::string> room = text_of(values[0]);
  if (!room || !is_room_id(*room)) return invalid("room must be a room's id");
  data.room = std::move(*room);
  data.storage = text_of(values[1]);
  data.has_storage = data.storage.has_value() || values[1] == "null";
  if (!values[2].empty()) {
    if (Result<void> read = read_user(values[2], data); !read.ok()) return read.error();
  }
  return data;
}

Result<WebhookEvent> make_event(std::string_view name, Data data) {
  if (name == "initial-storage") return WebhookEvent(InitialStorage{std::move(data.room)});
  if (name == "room-destroyed") return WebhookEvent(RoomDestroyed{std::move(data.room)});
  const bool connected = name == "user-connected";
  if (!connected && name != "user-disconnected" && name != "storage-destroyed") {
    return invalid("unknown event");
  }
  if (!data.has_storage) return invalid("storage must be a text or null");
  if (name == "storage-destroyed") {
    return WebhookEvent(StorageDestroyed{std::move(data.room), std::move(data.storage)});
  }
  if (data.user_json.empty()) return invalid("a user must be an object");
  if (connected) {
    return WebhookEvent(UserConnected{std::move(data.room), std::move(data.storage),
                                      std::move(data.user_json), std::move(data.user_id)});
  }
  return WebhookEvent(UserDisconnected{std::move(data.room), std::move(data.storage),
                                       std::move(data.user_json), std::move(data.user_id)});
}

void write_storage(json::Writer& writer, const std::optional<std::string>& storage) {
  writer.key("storage");
  if (storage) {
    writer.string(*storage);
  } else {
    writer.null();
  }
}

}  // namespace

std::string_view name_of(const WebhookEvent& event) noexcept {
  constexpr std::string_view kNames[] = {"initial-storage", "room-destroyed", "storage-destroyed",
                                         "user-connected", "user-disconnected"};
  static_assert(std::size(kNames) == std::variant_size_v<WebhookEvent>);
  return kNames[event.index()];
}

const std::string& room_of(const WebhookEvent& event) noexcept {
  return std::visit([](const auto& one) -> const std::string& { return one.room; }, event);
}

Result<WebhookEvent> read_webhook(std::string_view json) {
  if (json::kind_of(json) != json::Kind::object) return invalid("the payload must be an object");
  constexpr std::string_view kNames[] = {"event", "data"};
  std::string_view values[2];
  if (Result<void> found = find_members(json, kNames, values); !found.ok()) return found.error();
  const std::optional<std::string> name = text_of(values[0]);
  if (!name) return invalid("event must be a text");
  Result<Data> data = read_data(values[1]);
  if (!data.ok()) return std::move(data).error();
  return make_event(*name, std::move(data).value());
}

Result<std::string> write_webhook(const WebhookEvent& event) {
  std::string out;
  json::Writer writer(out);
  // By hand in the order of names, so that a document of megabytes is copied once.
  writer.begin_object();
  writer.key("data");
  writer.begin_object();
  writer.key("room");
  writer.string(room_of(event));
  const Result<void> written = std::visit(
      [&](const auto& one) -> Result<void> {
        if constexpr (requires { one.storage; }) write_storage(writer, one.storage);
        if constexpr (requires { one.user_json; }) {
          Data checked;
          if (Result<void> read = read_user(one.user_json, checked); !read.ok()) return read;
          const Result<std::string> user = json::stable_json(one.user_json);
          if (!user.ok()) return user.error();
          writer.key("user");
          writer.raw(*user);
        }
        return {};
      },
      event);
  if (!written.ok()) return written.error();
  writer.end_object();
  writer.key("event");
  writer.string(name_of(event));
  writer.end_object();
  return out;
}

}  // namespace pluv::hosted
