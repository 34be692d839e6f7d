// Reflection of structs of every size and sort, and PLUV_FIELDS winning over it.
#include "json/reflect.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <variant>

namespace reflect_types {

struct Outer {
  struct Inner {
    int deep_value = 0;
  };
  Inner inner;
};
PLUV_FIELDS(Outer::Inner, PLUV_FIELD_AS(deep_value, "deepValue"))

struct Partly {
  int shown = 1;
  int hidden = 2;
  int array[3] = {};
};
PLUV_FIELDS(Partly, PLUV_FIELD(shown))

class Private {
 public:
  explicit Private(int start) : value(start) {}
  int value;
};
PLUV_FIELDS(Private, PLUV_FIELD(value))

}  // namespace reflect_types

namespace pluv::json {
namespace {

struct None {};
struct One {
  std::string only;
};
struct OneOptional {
  std::optional<int> only;
};
struct OneStruct {
  One only;
};
struct OneVariant {
  std::variant<One> only;
};
struct Eight {
  bool flag;
  char letter;
  double number;
  std::string text_;
  std::vector<int> list;
  std::map<std::string, int> map;
  std::optional<One> maybe;
  std::array<int, 3> triple;
};
struct Initialised {
  [[maybe_unused]] static constexpr int kNotAField = 3;
  int count = 5;
  std::string label = "x";
  const char* pointer = nullptr;
  std::string_view view;
};
struct Recursive {
  std::string name;
  std::vector<Recursive> children;
  std::unique_ptr<Recursive> next;
};
template <class T>
struct Pair {
  T first;
  T second;
};
struct ThirtyTwo {
  int f01, f02, f03, f04, f05, f06, f07, f08, f09, f10, f11, f12, f13, f14, f15, f16;
  std::string f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32;
};

template <class T>
std::string names() {
  std::string joined;
  for (const std::string_view name : field_names<T>()) {
    if (!joined.empty()) joined += ' ';
    joined += name;
  }
  return joined;
}

TEST(Reflect, ListsTheFieldsOfStructsOfEverySort) {
  static_assert(field_count<None> == 0 && field_count<One> == 1 && field_count<Eight> == 8);
  EXPECT_EQ(names<None>(), "");
  EXPECT_EQ(names<One>(), "only");
  EXPECT_EQ(names<OneOptional>(), "only");
  EXPECT_EQ(names<OneStruct>(), "only");
  EXPECT_EQ(names<OneVariant>(), "only");
  EXPECT_EQ(names<Eight>(), "flag letter number text_ list map maybe triple");
  EXPECT_EQ(names<Initialised>(), "count label pointer view");
  EXPECT_EQ(names<Recursive>(), "name children next");
  EXPECT_EQ(names<Pair<One>>(), "first second");
  EXPECT_EQ(names<Pair<int>>(), "first second");
  struct Local {
    int alpha;
    Pair<std::string> beta2;
  };
  EXPECT_EQ(names<Local>(), "alpha beta2");
}

TEST(Reflect, ReachesThirtyTwoFields) {
  EXPECT_EQ(field_count<ThirtyTwo>, kReflectedFieldsMax);
  EXPECT_EQ(field_names<ThirtyTwo>().front(), "f01");
  EXPECT_EQ(field_names<ThirtyTwo>()[15], "f16");
  EXPECT_EQ(field_names<ThirtyTwo>().back(), "f32");
}

TEST(Reflect, GivesReferencesInOrder) {
  Eight value{};
  int at = 0;
  for_each_field(value, [&](std::string_view name, auto& field) {
    EXPECT_EQ(name, field_names<Eight>()[static_cast<std::size_t>(at)]);
    if constexpr (std::is_same_v<decltype(field), std::string&>) field = "set";
    if constexpr (std::is_same_v<decltype(field), std::vector<int>&>) field.push_back(at);
    ++at;
  });
  EXPECT_EQ(at, 8);
  EXPECT_EQ(value.text_, "set");
  EXPECT_EQ(value.list, std::vector<int>{4});
  const Eight& fixed = value;
  for_each_field(fixed, [](std::string_view, auto& field) {
    static_assert(std::is_const_v<std::remove_reference_t<decltype(field)>>);
  });
}

TEST(Reflect, FieldsSaidByHandWin) {
  using reflect_types::Outer;
  using reflect_types::Partly;
  using reflect_types::Private;
  EXPECT_EQ(names<Outer>(), "inner");
  EXPECT_EQ(names<Outer::Inner>(), "deepValue");
  EXPECT_EQ(names<Partly>(), "shown");
  EXPECT_EQ(names<Private>(), "value");
  Private value(1);
  for_each_field(value, [](std::string_view, int& field) { ++field; });
  EXPECT_EQ(value.value, 2);
}

}  // namespace
}  // namespace pluv::json
