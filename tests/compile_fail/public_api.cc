// The public API refuses mistakes at compile time, in words that help.
#include <string>
#include <vector>

#include "pluv/pluv.h"

struct User {
  std::string id;
};
struct NoId {
  std::string name;
};
struct Text {
  std::string message;
};
struct Number {
  double value;
};

inline void use() {
  using namespace std::chrono_literals;
  const auto io = pluv::create_io(pluv::platform_native(
      pluv::NativeOptions{.authorize = pluv::authorize<User>({.secret = "s"})}));
  const auto send = io.procedure().input<Text>().broadcast(
      [](const Text& in) { return pluv::emit<"receive">(in); });
  const auto own = io.procedure().self([] { return pluv::emit<"own">(pluv::Empty{}); });
  const auto router = io.router(pluv::on<"send">(send), pluv::on<"own">(own));
  const auto server = io.server(pluv::ServerOptions{.router = router});
  const auto room = server.create_room("room");
  room.broadcast<"send">({.message = "hi"});
  room.emit<"receive">({.message = "hi"});
  (void)io.create_token({.room = "room", .user = {"1"}, .max_age = 60s});

#ifdef CASE_broadcast_of_an_unknown_event
  // expect-error: the router has no event of this name
  room.broadcast<"sent">({});
#endif
#ifdef CASE_broadcast_of_another_type
  // expect-error: (Number|no matching member function)
  room.broadcast<"send">(Number{1});
#endif
#ifdef CASE_broadcast_with_a_wrong_member
  // expect-error: (value|could not convert|no matching)
  room.broadcast<"send">({.value = 1});
#endif
#ifdef CASE_broadcast_of_a_procedure_that_sends_nothing
  // expect-error: has no broadcast resolver
  room.broadcast<"own">();
#endif
#ifdef CASE_broadcast_without_its_input
  // expect-error: this event has an input
  room.broadcast<"send">();
#endif
#ifdef CASE_emit_of_an_unknown_event
  // expect-error: no procedure of the router has an output event of this name
  room.emit<"send">(Text{"hi"});
#endif
#ifdef CASE_emit_of_another_type
  // expect-error: this event is emitted with another payload type
  room.emit<"receive">(Number{1});
#endif
#ifdef CASE_dollar_in_an_output_name
  // expect-error: must not contain '\$'
  (void)pluv::emit<"$exit">(Text{});
#endif
#ifdef CASE_dollar_in_an_event_name
  // expect-error: must not contain '\$'
  (void)pluv::on<"send$">(send);
#endif
#ifdef CASE_empty_name
  // expect-error: must not be empty
  (void)pluv::on<"">(send);
#endif
#ifdef CASE_name_of_65_bytes
  // expect-error: at most 64 bytes
  (void)pluv::on<"a234567890123456789012345678901234567890123456789012345678901234x">(send);
#endif
#ifdef CASE_two_procedures_of_one_name
  // expect-error: two procedures for one event name
  (void)io.router(pluv::on<"send">(send), pluv::on<"send">(own));
#endif
#ifdef CASE_procedure_without_resolver
  // expect-error: has no resolver
  (void)pluv::on<"x">(io.procedure().input<Text>());
#endif
#ifdef CASE_procedure_of_another_io
  // expect-error: must come from the same io
  const auto other = pluv::create_io(pluv::platform_native());
  (void)other.router(pluv::on<"send">(send));
#endif
#ifdef CASE_second_broadcast
  // expect-error: broadcast was already defined
  (void)send.broadcast([](const Text& in) { return pluv::emit<"other">(in); });
#endif
#ifdef CASE_second_self
  // expect-error: self was already defined
  (void)own.self([] { return pluv::none; });
#endif
#ifdef CASE_second_sync
  // expect-error: sync was already defined
  (void)own.sync([] { return pluv::none; }).sync([] { return pluv::none; });
#endif
#ifdef CASE_second_input
  // expect-error: input was already defined
  (void)io.procedure().input<Text>().input<Text>();
#endif
#ifdef CASE_input_after_a_resolver
  // expect-error: input comes before the resolvers
  (void)own.input<Text>();
#endif
#ifdef CASE_input_that_is_no_object
  // expect-error: input must be a JSON object
  (void)io.procedure().input<std::string>();
#endif
#ifdef CASE_output_that_is_no_object
  // expect-error: payload must be a JSON object
  (void)pluv::emit<"out">(std::vector<int>{1});
#endif
#ifdef CASE_resolver_of_another_input
  // expect-error: a resolver takes
  (void)io.procedure().input<Text>().self([](const Number&) { return pluv::none; });
#endif
#ifdef CASE_resolver_that_changes_itself
  // expect-error: and is const
  (void)io.procedure().self([count = 0]() mutable { ++count; });
#endif
#ifdef CASE_resolver_that_returns_a_struct
  // expect-error: a resolver returns emit
  (void)io.procedure().self([] { return Text{}; });
#endif
#ifdef CASE_coroutine_with_the_plain_context
  // expect-error: a coroutine's context is
  using Ctx = decltype(io)::Ctx;
  (void)io.procedure().self([](Ctx&) -> pluv::task<void> { co_return; });
#endif
#ifdef CASE_user_without_id
  // expect-error: a user type needs a member `std::string id`
  (void)pluv::authorize<NoId>({.secret = "s"});
#endif
#ifdef CASE_age_without_unit
  // expect-error: (could not convert|no viable conversion|no matching|cannot convert)
  (void)io.create_token({.room = "room", .user = {"1"}, .max_age = 60});
#endif
#ifdef CASE_sleep_without_unit
  // expect-error: (could not convert|no viable conversion|no matching|cannot convert)
  (void)pluv::sleep_for(100);
#endif
#ifdef CASE_token_without_authorize
  // expect-error: create_token needs
  (void)pluv::create_io(pluv::platform_native()).create_token({.room = "room"});
#endif
#ifdef CASE_user_without_authorize
  // expect-error: ctx.user\(\) needs
  const auto open = pluv::create_io(pluv::platform_native());
  (void)open.procedure().self([](auto& ctx) { (void)ctx.user(); });
#endif
#ifdef CASE_context_without_one
  // expect-error: ctx.context\(\) needs
  (void)io.procedure().self([](auto& ctx) { (void)ctx.context(); });
#endif
#ifdef CASE_listener_that_returns_a_value
  // expect-error: a listener returns nothing or
  (void)io.server(pluv::ServerOptions{.on_user_connected = [](const auto&) { return 1; }});
#endif
}
