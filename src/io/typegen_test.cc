#include "pluv/typegen.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "json/value.h"
#include "pluv/pluv.h"

namespace typegen_chat {

enum class Color { red, green };
PLUV_ENUM(Color, red, green)

struct Message {
  std::string text;
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
struct Everything {
  bool flag;
  std::int32_t count;
  pluv::Nullable<std::string> note;
  std::vector<std::optional<int>> holes;
  std::array<double, 2> at;
  std::map<std::string, Message> messages;
  std::variant<Circle, Square> form;
  pluv::Json any;
  std::string data_type;
};
PLUV_FIELDS(Everything, PLUV_FIELD(flag), PLUV_FIELD(count), PLUV_FIELD(note), PLUV_FIELD(holes),
            PLUV_FIELD(at), PLUV_FIELD(messages), PLUV_FIELD(form), PLUV_FIELD(any),
            PLUV_FIELD_AS(data_type, "data-type"))
struct Nothing {};
struct Play {
  std::string song;
  int volume;
};
struct User {
  std::string id;
  std::string name;
};
// A name that TypeScript has already.
struct Record {
  std::string id;
};

}  // namespace typegen_chat

namespace typegen_game {
struct Message {
  int score;
};
}  // namespace typegen_game

namespace pluv {
namespace {

namespace chat = typegen_chat;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(TypeScript, NamesTheEventsOfARouter) {
  const auto io = create_io(platform_native());
  const auto router =
      io.router(on<"say">(io.procedure().input<chat::Message>().broadcast(
                    [](const chat::Message& in) { return emit<"said">(in); })),
                on<"wave">(io.procedure().self([] { return emit<"waved">(); })),
                on<"echo">(io.procedure().self([](const Json& in) { return emit<"echoed">(in); })));
  EXPECT_EQ(typescript(router),
            R"(// Written by pluv from the types of a C++ server. Change those, not this file.

export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [member: string]: Json };

export interface Message {
  text: string;
  color?: Color | null;
}

export type Color = "red" | "green";

export interface Server {
  user: null;
  inputs: {
    say: Message;
    wave: Record<string, never>;
    echo: JsonObject;
  };
  outputs: {
    said: Message;
    waved: Record<string, never>;
    echoed: JsonObject;
  };
}

/** For @pluv/client: infer((i) => ({ io: i<typeof ioServer> })). There is no such value.
 */
export declare const ioServer: {
  readonly _defs: {
    readonly authorize: null;
    readonly crdt: {
      doc: (value: any) => {
        _initialStorage: (builder: any) => any;
        getEmpty(): any;
        getFactory(initialStorage?: (builder: any) => any): any;
        getInitialized(initialStorage?: (builder: any) => any): any;
        isEmpty(state: any): boolean;
        resolveEncodedState(updates: any): string | null;
      };
      kind: "yjs";
    };
    readonly events: {
      say: {
        config: {
          resolver: (
            data: Server["inputs"]["say"],
          ) => Pick<Server["outputs"], "said">;
        };
      };
      wave: {
        config: {
          resolver: (
            data: Server["inputs"]["wave"],
          ) => Pick<Server["outputs"], "waved">;
        };
      };
      echo: {
        config: {
          resolver: (
            data: Server["inputs"]["echo"],
          ) => Pick<Server["outputs"], "echoed">;
        };
      };
    };
  };
};
)");
}

}  // namespace
}  // namespace pluv
