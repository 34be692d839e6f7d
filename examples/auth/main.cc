// Who may enter: a route that hands out tokens, and rooms that ask for them. A real server looks
// the user up in its session instead of believing the query.
//
//   PLUV_AUTH_SECRET=... ./example_auth
//   curl 'http://localhost:3000/api/pluv/authorize?room=lobby&id=1&name=Ada'
#include <cstdlib>
#include <string>

#include "pluv/pluv.h"

struct User {
  std::string id;  // every user type has one
  std::string name;
};
struct Say {
  std::string text;
};
struct Said {
  std::string text;
  std::string name;
};

// One room's own value: handlers of one room never run at the same time, so it needs no lock.
struct Lobby {
  int said = 0;
};

int main() {
  const auto io = pluv::create_io(pluv::platform_native(pluv::NativeOptions{
      .authorize = pluv::authorize<User>({.secret = std::getenv("PLUV_AUTH_SECRET")},
                                         pluv::check(&User::name, pluv::min_length(1))),
      .context = [](const pluv::RoomContext&) { return Lobby{}; },
  }));
  using Ctx = decltype(io)::Ctx;

  const auto say = io.procedure().input<Say>().broadcast([](const Say& in, Ctx& ctx) {
    ctx.context().said += 1;
    // The server's own room.broadcast has no user.
    const std::string name = ctx.user() != nullptr ? ctx.user()->name : "server";
    return pluv::emit<"said">(Said{in.text, name});
  });

  const auto server = io.server(pluv::ServerOptions{.router = io.router(pluv::on<"say">(say))});

  const auto authorize = [&io](const pluv::Request& request) {
    const auto room = request.query("room");
    const auto id = request.query("id");
    if (!room || !id) return pluv::Response::text(400, "room and id, please\n");
    const std::string name = request.query("name").value_or("Guest");
    return pluv::Response::text(
        200, io.create_token({.room = *room, .user = {.id = *id, .name = name}}));
  };
  return server.listen({.port = 3000, .routes = {pluv::get("/api/pluv/authorize", authorize)}})
      .run();
}
