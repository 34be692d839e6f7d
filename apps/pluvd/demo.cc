#include "apps/pluvd/demo.h"

#include "apps/pluvd/demo_events.h"

namespace pluv::apps {

void add_demo_procedures(room::Definition& definition) {
  // Of a server that never listens: its handlers use neither their user nor their room.
  const auto io = create_io(platform_native());
  const auto server = io.server(ServerOptions{.router = demo::demo_router(io)});
  for (const room::Procedure& procedure : server.core().definition().procedures) {
    definition.procedures.push_back(procedure);
  }
}

}  // namespace pluv::apps
