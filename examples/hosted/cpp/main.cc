// A back end of a hosted pluvd, with this library's own words: hands out tokens, keeps documents
// and a log of what happened, and announces things in rooms. ../README.md says how to start it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "pluv/hosted.h"
#include "pluv/pluv.h"

struct User {
  std::string id;
};

std::string setting(const char* name, const char* otherwise = nullptr) {
  const char* const found = std::getenv(name);
  if (found != nullptr && *found != '\0') return found;
  if (otherwise == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return otherwise;
}

// Documents in files, and the log. Called from several threads.
class Records {
 public:
  explicit Records(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
  }

  std::string document(const std::string& room) const {
    std::ifstream file(folder_ / (room + ".base64"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void keep(const std::string& room, const std::string& base64) {
    const std::filesystem::path path = folder_ / (room + ".base64");
    const std::filesystem::path fresh = folder_ / (room + ".base64.new");
    write(fresh, base64, std::ios::trunc);
    std::filesystem::rename(fresh, path);  // never half a document
  }
  void note(std::string_view event, std::string_view room, const User* user) {
    std::string line;
    pluv::json::Writer writer(line);
    writer.begin_object();
    writer.key("event");
    writer.string(event);
    writer.key("room");
    writer.string(room);
    if (user != nullptr) {
      writer.key("user");
      writer.string(user->id);
    }
    writer.end_object();
    line.push_back('\n');
    const std::lock_guard lock(mutex_);
    write(folder_ / "events.log", line, std::ios::app);
  }

 private:
  // What throws here is answered with 500, and told again later.
  static void write(const std::filesystem::path& path, const std::string& text,
                    std::ios::openmode mode) {
    std::ofstream file(path, std::ios::binary | mode);
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path.string());
  }

  std::filesystem::path folder_;
  std::mutex mutex_;
};

int serve() {
  const auto io = pluv::create_io(pluv::platform_hosted(pluv::HostedOptions{
      .base_url = setting("PLUV_URL"),
      .base_path = "/webhook",
      .public_key = setting("PLUV_PUBLIC_KEY"),
      .secret_key = setting("PLUV_SECRET_KEY"),
      .webhook_secret = setting("PLUV_WEBHOOK_SECRET"),
      .authorize = pluv::authorize<User>(),
      .ca_file = setting("SSL_CERT_FILE", ""),
  }));

  Records records(setting("DATA", "hosted-data"));
  const auto server = io.server(pluv::ServerOptions{
      .get_initial_storage =
          [&](const auto& event) {
            records.note("initial-storage", event.room, nullptr);
            return records.document(event.room);
          },
      .on_room_destroyed =
          [&](const auto& event) { records.note("room-destroyed", event.room, nullptr); },
      .on_storage_destroyed =
          [&](const auto& event) {
            if (event.encoded_state.exists()) {
              records.keep(event.room, event.encoded_state.base64());
            }
            records.note("storage-destroyed", event.room, nullptr);
          },
      .on_user_connected =
          [&](const auto& event) { records.note("user-connected", event.room, event.user); },
      .on_user_disconnected =
          [&](const auto& event) { records.note("user-disconnected", event.room, event.user); },
  });

  // Who may enter which room is up to this back end. A real one asks its session who the user is,
  // instead of the query.
  const auto authorize = [&io](const pluv::Request& request) {
    const std::string room = request.query("room").value_or("");
    if (!pluv::is_room_id(room)) return pluv::Response::text(400, "room, please\n");
    auto wanted = pluv::HostedTokenOptions<User>{
        .room = room, .user = {.id = request.query("user").value_or("guest")}};
    if (request.query("as") == "reader") {
      wanted.permissions = std::vector<std::string>{"read", "presence"};
    }
    try {
      return pluv::Response::text(200, io.create_token(wanted));
    } catch (const std::runtime_error& error) {
      std::cerr << error.what() << "\n";
      return pluv::Response::text(502, "The rooms' server gave no token\n");
    }
  };
  // The admin API: an event from the server's side to everybody in the room.
  const auto announce = [&io](const pluv::Request& request) {
    const std::string room = request.query("room").value_or("");
    if (!pluv::is_room_id(room)) return pluv::Response::text(400, "room, please\n");
    std::string event = R"({"event":"announced","data":{"text":)";
    pluv::json::append_string(event, request.body());
    event += "}}";
    const pluv::AdminAnswer answer = io.admin("POST", "/rooms/" + room + "/events", event);
    if (answer.status / 100 == 2) return pluv::Response::text(200, "announced\n");
    return pluv::Response::text(
        502, "The rooms' server answered " + std::to_string(answer.status) + "\n");
  };

  auto listening = server.listen(
      {.port = static_cast<std::uint16_t>(std::stoi(setting("PORT", "9000"))),
       .routes = {pluv::blocking_get("/authorize", authorize), pluv::post("/announce", announce)},
       .threads = 1});
  std::cout << "listening on http://127.0.0.1:" << listening.port() << std::endl;
  return listening.run();
}

int main() {
  try {
    return serve();
  } catch (const std::exception& error) {
    std::cerr << "hosted example: " << error.what() << "\n";
    return 1;
  }
}
