#include "pluv/typegen.h"

#include <gtest/gtest.h>

#include <initializer_list>
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

// A server whose one event has that input, sent back as it came, and those checks.
template <class T, class... Checks>
auto server_of(Checks... checks) {
  const auto io = create_io(platform_native());
  return io.server(ServerOptions{
      .router = io.router(on<"go">(io.procedure().template input<T>(checks...).broadcast(
          [](const T&) { return emit<"gone">(); })))});
}

// The declaration of that name.
std::string declaration(const std::string& text, const std::string& name) {
  for (const char* const kind : {"interface ", "type "}) {
    const std::size_t begin = text.find(kind + name + " ");
    if (begin != std::string::npos) return text.substr(begin, text.find("\n\n", begin) - begin);
  }
  return "none";
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

TEST(TypeScript, WritesEveryKindOfTypeAsTheCodecTreatsIt) {
  EXPECT_EQ(declaration(server_of<chat::Everything>().typescript(), "Everything"),
            R"(interface Everything {
  flag: boolean;
  count: number;
  note: string | null;
  holes: (number | null)[];
  at: [number, number];
  messages: { [key: string]: Message };
  form: Circle | Square;
  any: Json;
  "data-type": string;
})");
  EXPECT_EQ(declaration(server_of<chat::Everything>().typescript(), "Circle"),
            "interface Circle {\n  type: \"circle\";\n  radius: number;\n}");
  EXPECT_EQ(declaration(server_of<chat::Nothing>().typescript(), "Nothing"),
            "type Nothing = Record<string, never>;");
}

TEST(TypeScript, TellsApartTypesOfOneName) {
  const auto io = create_io(platform_native());
  const auto router = io.router(on<"a">(io.procedure().input<chat::Message>().self(
      [](const chat::Message&) { return emit<"b">(typegen_game::Message{1}); })));
  const std::string text = typescript(router);
  EXPECT_EQ(declaration(text, "TypegenGameMessage"),
            "interface TypegenGameMessage {\n  score: number;\n}");
  EXPECT_TRUE(has(text, "    a: TypegenChatMessage;\n"));
  EXPECT_EQ(declaration(text, "Message"), "none");
}

TEST(TypeScript, GivesNoTypeANameThatTypeScriptHas) {
  EXPECT_TRUE(has(server_of<chat::Record>().typescript(), "go: TypegenChatRecord;"));
}

TEST(TypeScript, AnOptionalMemberMayBeNullOnlyWhereClientsSendIt) {
  const auto io = create_io(platform_native());
  const auto router = io.router(
      on<"a">(io.procedure().self([] { return emit<"b">(chat::Message{"x", chat::Color::red}); })));
  EXPECT_TRUE(has(typescript(router), "  color?: Color;\n"));
  EXPECT_TRUE(has(server_of<chat::Message>().typescript(), "  color?: Color | null;\n"));
}

TEST(TypeScript, SaysTheRulesAndWhatHasADefault) {
  const std::string text =
      server_of<chat::Play>(
          check(&chat::Play::song, min_length(1), pattern("^[^*]*/")),
          check(&chat::Play::volume, default_value(5), minimum(0),
                refine([](int volume) { return volume % 2 == 1; }, "expected an odd number")))
          .typescript();
  EXPECT_EQ(declaration(text, "Play"), R"(interface Play {
  /** At least 1 character, matches "^[^*]*\/". */
  song: string;
  /** Default 5, at least 0, an odd number. */
  volume: number;
})");
  EXPECT_TRUE(has(text, R"(go: Omit<Play, "volume"> & Partial<Pick<Play, "volume">>;)"));
}

TEST(TypeScript, NamesTheEventWhoseRulesDoNotHoldEverywhere) {
  const auto io = create_io(platform_native());
  const auto echo = [](const chat::Message& in) { return emit<"said">(in); };
  const auto router =
      io.router(on<"say">(io.procedure()
                              .input<chat::Message>(check(&chat::Message::text, max_length(10)))
                              .broadcast(echo)));
  EXPECT_TRUE(has(typescript(router), "  /** `say`: at most 10 characters. */\n  text: string;\n"));
}

TEST(TypeScript, OfAServerKnowsItsUserAndItsDocuments) {
  const auto io = create_io(platform_native(NativeOptions{
      .authorize =
          authorize<chat::User>({.secret = "secret"}, check(&chat::User::name, max_length(80))),
      .crdt = yjs()}));
  const std::string text = io.server().typescript();
  EXPECT_TRUE(has(text, "  /** At most 80 characters. */\n  name: string;\n"));
  EXPECT_TRUE(has(text, "  user: User | null;\n"));
  EXPECT_FALSE(has(text, "resolveEncodedState"));
  EXPECT_TRUE(has(create_io(platform_native()).server().typescript(), "resolveEncodedState"));
}

json::Value parsed(const std::string& text) {
  Result<json::Value> value = json::Value::parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? std::move(value).value() : json::Value();
}

// The value at a path of members.
std::string at(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* found = &value;
  for (const std::string_view step : path) {
    found = found->find(step);
    if (found == nullptr) return "none at " + std::string(step);
  }
  return found->to_text();
}

TEST(JsonSchema, HasTheRulesAsKeywords) {
  const json::Value schema = parsed(
      server_of<chat::Play>(check(&chat::Play::song, length(3), starts_with("a.")),
                            check(&chat::Play::volume, default_value(5), minimum(0), maximum(10)))
          .json_schema());
  EXPECT_EQ(at(schema, {"$schema"}), R"("https://json-schema.org/draft/2020-12/schema")");
  EXPECT_EQ(at(schema, {"properties", "inputs", "properties", "go"}),
            R"({"type":"object","properties":{"song":{"type":"string","minLength":3,"maxLength":3,)"
            R"("pattern":"^a\\."},"volume":{"type":"integer","minimum":-2147483648,)"
            R"("maximum":2147483647,"default":5,"allOf":[{"minimum":0},{"maximum":10}]}},)"
            R"("required":["song"]})");
  EXPECT_EQ(at(schema, {"properties", "outputs", "properties", "gone"}), R"({"type":"object"})");
}

TEST(JsonSchema, DefinesEveryNamedType) {
  const json::Value schema = parsed(server_of<chat::Everything>().json_schema());
  EXPECT_EQ(at(schema, {"properties", "inputs", "properties", "go"}),
            R"({"$ref":"#/$defs/Everything"})");
  EXPECT_EQ(
      at(schema, {"$defs", "Message"}),
      R"({"type":"object","properties":{"text":{"type":"string"},)"
      R"("color":{"anyOf":[{"$ref":"#/$defs/Color"},{"type":"null"}]}},"required":["text"]})");
  EXPECT_EQ(at(schema, {"$defs", "Everything", "properties", "note"}),
            R"({"type":["string","null"]})");
  EXPECT_EQ(at(schema, {"$defs", "Everything", "properties", "at"}),
            R"({"type":"array","items":{"type":"number"},"minItems":2,"maxItems":2})");
  EXPECT_EQ(at(schema, {"$defs", "Everything", "properties", "form"}),
            R"({"oneOf":[{"$ref":"#/$defs/Circle"},{"$ref":"#/$defs/Square"}]})");
  EXPECT_EQ(at(schema, {"$defs", "Circle", "properties", "type"}), R"({"const":"circle"})");
}

TEST(AsyncApi, HasAMessageForEveryEvent) {
  const json::Value document = parsed(server_of<chat::Play>().async_api());
  EXPECT_EQ(at(document, {"asyncapi"}), R"("3.0.0")");
  EXPECT_EQ(at(document, {"channels", "room", "address"}), R"("/api/pluv/room/{room}")");
  EXPECT_EQ(at(document, {"operations", "receive"}),
            R"({"action":"receive","channel":{"$ref":"#/channels/room"},)"
            R"("messages":[{"$ref":"#/channels/room/messages/input.go"}]})");
  EXPECT_EQ(at(document, {"components", "messages", "input.go", "payload"}),
            R"({"type":"object","properties":{"type":{"const":"go"},)"
            R"("data":{"$ref":"#/components/schemas/Play"}},"required":["type","data"]})");
  EXPECT_EQ(at(document, {"components", "messages", "output.gone", "name"}), R"("gone")");
}

}  // namespace
}  // namespace pluv
