// A server whose rooms share a Yjs document, kept in an SQLite file. The handler "addTodo" edits it
// as a client would; the program itself adds a line to the room "lobby" when it starts.
#include <cstdio>
#include <stdexcept>
#include <string>

#include "pluv/pluv.h"
#include "pluv/ycrdt.h"

struct Todo {
  std::string text;
};
struct Count {
  std::uint32_t todos;
};

int main(int argc, char** argv) {
  const auto io = pluv::create_io(pluv::platform_native(pluv::NativeOptions{
      .crdt = pluv::yjs(),
      .persistence = pluv::sqlite({.path = argc > 1 ? argv[1] : "pluv.sqlite"})}));
  using Ctx = decltype(io)::Ctx;

  // The edit is kept and told to everybody, then the event that speaks of it is sent.
  const auto add_todo = io.procedure()
                            .input<Todo>(pluv::check(&Todo::text, pluv::max_length(200)))
                            .broadcast([](const Todo& in, Ctx& ctx) {
                              auto todos = ctx.doc().get_array("todos");
                              const pluv::Result<void> added = todos.push({in.text});
                              if (!added.ok()) throw std::runtime_error(added.error().message);
                              return pluv::emit<"todosCounted">(Count{todos.length()});
                            });

  const auto server = io.server(pluv::ServerOptions{
      .router = io.router(pluv::on<"addTodo">(add_todo)),
      .on_storage_updated = pluv::throttle(std::chrono::seconds(5), [](const auto& event) {
        std::printf("%s has %zu bytes\n", event.room.c_str(), event.encoded_state.bytes().size());
      })});
  auto listening = server.listen({.port = 3000});
  server.edit("lobby", [](pluv::ycrdt::Doc& doc) {
    (void)doc.get_text("log").insert(0, "The server has started.\n");
  });
  return listening.run();
}
