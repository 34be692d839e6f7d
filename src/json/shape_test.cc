#include "json/shape.h"

#include <gtest/gtest.h>

#include <map>

#include "json/schema.h"

namespace shapes_of_a_program {

enum class Color { red, green };
PLUV_ENUM(Color, red, green)

template <class T>
struct Page {
  std::vector<T> items;
};

struct Node {
  std::string label;
  std::vector<Node> children;
};

struct Message {
  std::string text;
  std::optional<int> volume;
  pluv::json::Nullable<Color> color;
  std::map<std::string, double> scores;
  std::array<bool, 2> flags;
};

struct Date {
  int days;
};

}  // namespace shapes_of_a_program

template <>
struct pluv::json::Codec<shapes_of_a_program::Date> {
  static constexpr std::string_view typescript = "string";
  static bool read(Reader&, shapes_of_a_program::Date&, Issue&) { return true; }
  static void write(Writer& writer, const shapes_of_a_program::Date&) { writer.string("2026"); }
};

namespace pluv::json {
namespace {

using shapes_of_a_program::Date;
using shapes_of_a_program::Message;
using shapes_of_a_program::Node;
using shapes_of_a_program::Page;

TEST(Shape, OfAStructHasItsMembersInOrder) {
  Shapes shapes;
  const Shape& shape = shapes[shapes.add<Message>()];
  EXPECT_EQ(shape.kind, ShapeKind::structure);
  EXPECT_EQ(shape.name, "shapes_of_a_program::Message");
  ASSERT_EQ(shape.members.size(), 5U);
  EXPECT_EQ(shape.members[1].name, "volume");
  EXPECT_TRUE(shape.members[1].optional);
  EXPECT_EQ(shapes[shape.members[1].shape].kind, ShapeKind::integer);
  const Shape& color = shapes[shape.members[2].shape];
  EXPECT_EQ(color.kind, ShapeKind::nullable);
  EXPECT_EQ(shapes[color.parts[0]].values, (std::vector<std::string>{"red", "green"}));
  EXPECT_EQ(shapes[shape.members[3].shape].kind, ShapeKind::map);
  EXPECT_EQ(shapes[shape.members[4].shape].size, 2U);
}

TEST(Shape, OfATypeThatRefersToItselfEnds) {
  Shapes shapes;
  const ShapeId id = shapes.add<Node>();
  const Shape& children = shapes[shapes[id].members[1].shape];
  EXPECT_EQ(children.kind, ShapeKind::list);
  EXPECT_EQ(children.parts[0], id);
  EXPECT_EQ(shapes.add<Node>(), id);
}

TEST(Shape, OfAProgramsOwnCodecIsWhatTheCodecSays) {
  Shapes shapes;
  const Shape& shape = shapes[shapes.add<Date>()];
  EXPECT_EQ(shape.kind, ShapeKind::custom);
  EXPECT_EQ(shape.typescript, "string");
}

TEST(Shape, NamesAreMadeOfIdentifiers) {
  Shapes shapes;
  using Names = std::vector<std::string>;
  EXPECT_EQ(name_parts(shapes[shapes.add<Page<Message>>()].name),
            (Names{"shapes_of_a_program", "PageMessage"}));
  struct Local {
    int value;
  };
  EXPECT_EQ(name_parts(shapes[shapes.add<Local>()].name).back(), "Local");
  EXPECT_EQ(name_parts("{anonymous}::X"), (Names{"X"}));
  EXPECT_EQ(name_parts("(anonymous namespace)::X"), (Names{"X"}));
  EXPECT_EQ(name_parts("main()::X"), (Names{"X"}));
  EXPECT_EQ(name_parts("a::Pair<int, std::vector<b::C> >"), (Names{"a", "PairIntVectorC"}));
}

TEST(Facts, SayWhatTheChecksAskFor) {
  const Schema<Page<Message>> schema{
      check(&Page<Message>::items, max_items(7),
            each(fields(check(&Message::text, min_length(1), one_of("a", "b")),
                        check(&Message::volume, minimum(0))))),
      refine([](const Page<Message>&) { return true; }, "must be fine"), strict};
  const SchemaFacts facts = schema.facts();
  EXPECT_TRUE(facts.strict);
  ASSERT_EQ(facts.list.size(), 3U);
  EXPECT_EQ(facts.list[0].kind, FactKind::max_items);
  EXPECT_EQ(facts.list[0].value, "7");
  EXPECT_EQ(facts.list[0].member, "items");
  ASSERT_EQ(facts.list[1].kind, FactKind::each);
  ASSERT_EQ(facts.list[1].inner.size(), 1U);
  const std::vector<Fact>& inner = facts.list[1].inner[0].inner;
  ASSERT_EQ(inner.size(), 3U);
  EXPECT_EQ(inner[0].member, "text");
  EXPECT_EQ(inner[1].values, (std::vector<std::string>{"\"a\"", "\"b\""}));
  EXPECT_EQ(inner[2].member, "volume");
  EXPECT_EQ(inner[2].kind, FactKind::at_least);
  EXPECT_EQ(facts.list[2].member, "");
  EXPECT_EQ(facts.list[2].value, "must be fine");
}

}  // namespace
}  // namespace pluv::json
