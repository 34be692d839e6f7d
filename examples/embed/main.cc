// Inside a host program: a game with a loop of its own calls poll() once a frame, so handlers run
// on the game's thread and may touch its state. A second port shows how connections that the host
// accepted itself are handed over.
//
//   ./example_embed
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "pluv/pluv.h"

struct Move {
  double x;
  double y;
};
struct Tick {
  int frame;
  double x;
  double y;
};

struct World {
  double x = 0;
  double y = 0;
};

// A listening socket of the host's own, or -1.
static int open_port(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 64) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

int main() {
  World world;
  const auto io = pluv::create_io(pluv::platform_native());
  const auto move = io.procedure().input<Move>().broadcast([&world](const Move& in) {
    world.x += in.x;
    world.y += in.y;
    return pluv::emit<"tick">(Tick{0, world.x, world.y});
  });
  const auto server = io.server(pluv::ServerOptions{.router = io.router(pluv::on<"move">(move))});
  auto listening = server.listen({.port = 3000, .manual = true});
  const auto arena = server.create_room("arena");

  const int own_port = open_port(3001);
  constexpr auto kFrame = std::chrono::milliseconds(16);
  for (int frame = 0;; ++frame) {
    const auto end = std::chrono::steady_clock::now() + kFrame;
    // ... the game moves on here ...
    if (frame % 60 == 0) arena.emit<"tick">({.frame = frame, .x = world.x, .y = world.y});

    if (const int client = ::accept(own_port, nullptr, nullptr); client >= 0) {
      if (const auto taken = listening.register_connection(client); !taken.ok()) {
        std::fprintf(stderr, "%s\n", taken.error().message.c_str());
      }
    }
    // The rest of the frame is the network's.
    while (std::chrono::steady_clock::now() < end) {
      listening.poll(std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now()));
    }
  }
}
