// The hosted platform refuses at compile time what only whoever runs the rooms could do.
#include <string>

#include "pluv/hosted.h"
#include "pluv/pluv.h"

struct User {
  std::string id;
};

inline void use() {
  const auto io = pluv::create_io(
      pluv::platform_hosted(pluv::HostedOptions{.base_url = "https://rooms.example.com",
                                                .public_key = "pk",
                                                .secret_key = "sk",
                                                .authorize = pluv::authorize<User>()}));
  const auto server = io.server(pluv::ServerOptions{
      .get_initial_storage = [](const auto&) { return std::string(); },
      .on_room_destroyed = [](const auto&) {},
      .on_storage_destroyed = [](const auto&) {},
      .on_user_connected = [](const auto& event) { (void)event.user->id; },
      .on_user_disconnected = [](const auto&) {},
  });
  (void)server.webhook({.signature = "", .body = ""});

  const auto native = pluv::create_io(pluv::platform_native());
  const auto own = native.procedure().self([] { return pluv::emit<"own">(pluv::Empty{}); });
  const auto router = native.router(pluv::on<"own">(own));

#ifdef CASE_a_router_with_procedures
  // expect-error: platform_hosted has no router
  (void)io.server(pluv::ServerOptions{.router = router});
#endif
#ifdef CASE_on_room_message
  // expect-error: platform_hosted has no on_room_message
  (void)io.server(pluv::ServerOptions{.on_room_message = [](const auto&) {}});
#endif
#ifdef CASE_on_storage_updated
  // expect-error: platform_hosted has no on_storage_updated
  (void)io.server(pluv::ServerOptions{.on_storage_updated = [](const auto&) {}});
#endif
#ifdef CASE_on_room_deleted
  // expect-error: platform_hosted has no on_room_deleted
  (void)io.server(pluv::ServerOptions{.on_room_deleted = [](const auto&) {}});
#endif
#ifdef CASE_without_authorize
  // expect-error: platform_hosted needs HostedOptions
  (void)pluv::create_io(pluv::platform_hosted(pluv::HostedOptions{.base_url = "https://a"}));
#endif
#ifdef CASE_a_listener_that_returns_something
  // expect-error: a listener returns nothing or pluv::task<void>
  (void)io.server(pluv::ServerOptions{.on_room_destroyed = [](const auto&) { return 1; }});
#endif
#ifdef CASE_initial_storage_of_another_type
  // expect-error: get_initial_storage returns
  (void)io.server(pluv::ServerOptions{.get_initial_storage = [](const auto&) { return 1; }});
#endif
#ifdef CASE_a_token_of_a_bare_number
  // expect-error: (could not convert|no viable conversion|cannot convert|no matching)
  (void)io.create_token({.room = "r", .user = {"1"}, .max_age = 60});
#endif
  (void)router;
}
