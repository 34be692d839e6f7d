// A server with every kind of type that messages can have, for what typegen makes of them.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pluv/pluv.h"

// renamed.h gives this member another name.
#ifndef TYPEGEN_TEXT
#define TYPEGEN_TEXT text
#endif

namespace chat {

enum class Color { red, green };
PLUV_ENUM(Color, red, green)

struct Message {
  std::string TYPEGEN_TEXT;
  std::optional<Color> color;
};

struct Circle {
  static constexpr pluv::Tag pluv_tag{"circle"};
  double radius;
};
struct Square {
  static constexpr pluv::Tag pluv_tag{"square"};
  double side;
};

struct Tree {
  std::string label;
  std::vector<Tree> children;
};

// With a text of its own on the wire.
struct Date {
  int year = 0;
};

template <class T>
struct Page {
  std::vector<T> items;
  pluv::Nullable<std::string> next;
};

struct Everything {
  bool flag;
  std::int32_t count;
  double ratio;
  pluv::Nullable<std::string> note;
  std::vector<std::optional<int>> holes;
  std::array<double, 2> at;
  std::map<std::string, Message> by_name;
  std::variant<Circle, Square> form;
  std::vector<std::variant<Circle, Square>> forms;
  Tree tree;
  Date when;
  pluv::Json any;
  std::string content_type;
};
PLUV_FIELDS(Everything, PLUV_FIELD(flag), PLUV_FIELD(count), PLUV_FIELD(ratio), PLUV_FIELD(note),
            PLUV_FIELD(holes), PLUV_FIELD(at), PLUV_FIELD_AS(by_name, "byName"), PLUV_FIELD(form),
            PLUV_FIELD(forms), PLUV_FIELD(tree), PLUV_FIELD(when), PLUV_FIELD(any),
            PLUV_FIELD_AS(content_type, "content-type"))

struct Play {
  std::string song;
  int volume;
};

struct Open {
  std::string name;
  pluv::Extra rest;
};

struct Stopped {};

struct User {
  std::string id;
  std::string name;
};

}  // namespace chat

namespace game {

// Has the name of another struct.
struct Message {
  int score;
};

}  // namespace game

template <>
struct pluv::json::Codec<chat::Date> {
  static constexpr std::string_view typescript = "`${number}`";
  static constexpr std::string_view json_schema = R"({"type":"string","pattern":"^[0-9]+$"})";

  static bool read(Reader& reader, chat::Date& out, Issue& issue) {
    std::string text;
    if (!codec::read_text(reader, text, issue)) return false;
    out.year = std::atoi(text.c_str());
    return true;
  }
  static void write(Writer& writer, const chat::Date& date) {
    writer.string(std::to_string(date.year));
  }
};

namespace chat {

inline auto make_server() {
  using pluv::check, pluv::emit, pluv::on;
  const auto io = pluv::create_io(pluv::platform_native(pluv::NativeOptions{
      .authorize = pluv::authorize<User>({.secret = "describes types only"},
                                         check(&User::name, pluv::max_length(80))),
      .crdt = pluv::yjs()}));
  const auto say = io.procedure()
                       .input<Message>(check(&Message::TYPEGEN_TEXT, pluv::max_length(4096),
                                             pluv::pattern("[^*]*/")))
                       .broadcast([](const Message& in) { return emit<"said">(in); });
  const auto everything = io.procedure().input<Everything>().broadcast(
      [](const Everything& in) { return emit<"everything">(in); });
  const auto play = io.procedure()
                        .input<Play>(check(&Play::volume, pluv::default_value(5), pluv::minimum(0)))
                        .broadcast([](const Play& in) {
                          return pluv::events(emit<"played">(in), emit<"score">(game::Message{1}));
                        })
                        .self([] { return emit<"stopped">(Stopped{}); });
  const auto list = io.procedure().self([] { return emit<"page">(Page<Message>{{}, nullptr}); });
  const auto echo = io.procedure().self([](const pluv::Json& in) { return emit<"echoed">(in); });
  const auto open =
      io.procedure().input<Open>().self([](const Open& in) { return emit<"odd name">(in); });
  return io.server(pluv::ServerOptions{
      .router = io.router(on<"say">(say), on<"everything">(everything), on<"play">(play),
                          on<"list">(list), on<"echo">(echo), on<"open">(open))});
}

}  // namespace chat
