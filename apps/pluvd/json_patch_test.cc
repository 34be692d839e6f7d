// The cases of RFC 6902's appendix, on a root type of a document, and what documents add to them.
#include "apps/pluvd/json_patch.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "apps/pluvd/document_read.h"
#include "apps/pluvd/document_write.h"

namespace pluv::apps {
namespace {

using ycrdt::Any;
using ycrdt::Doc;

json::Value parsed(std::string_view text) {
  Result<json::Value> value = json::Value::parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : json::Value();
}

// What somebody reads who gets the document now.
std::string shown(const Doc& doc) {
  const std::vector<std::string> updates = {doc.encode_state_as_update()};
  const Result<std::string> json = whole_json(updates);
  return json.ok() ? *json : json.error().message;
}

struct Outcome {
  std::string json;
  std::string error;
  ErrorCode code = ErrorCode::internal;
};

Outcome patched(Doc& doc, std::string_view patch) {
  const auto operations = parse_patch(patch);
  if (!operations.ok()) return {"", operations.error().message, operations.error().code};
  const Result<void> applied = apply_patch(doc, *operations);
  EXPECT_EQ(doc.check(), "");
  if (!applied.ok()) return {"", applied.error().message, applied.error().code};
  return {shown(doc), "", {}};
}

Outcome patched(std::string_view json, std::string_view patch) {
  Doc doc({.client_id = 1});
  EXPECT_TRUE(write_roots(doc, parsed(json)).ok());
  return patched(doc, patch);
}

struct Case {
  const char* name;
  const char* before;
  const char* patch;
  const char* after;  // empty: it is refused
  ErrorCode code = ErrorCode::internal;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class Patch : public testing::TestWithParam<Case> {};

TEST_P(Patch, DoesWhatTheStandardSays) {
  const Case& one = GetParam();
  const Outcome outcome = patched(one.before, one.patch);
  if (std::string_view(one.after).empty()) {
    EXPECT_EQ(outcome.json, "");
    EXPECT_EQ(outcome.code, one.code) << outcome.error;
  } else {
    EXPECT_EQ(outcome.error, "");
    EXPECT_TRUE(same_json(parsed(outcome.json), parsed(one.after))) << outcome.json;
  }
}

constexpr Case kAppendix[] = {
    {"A1", R"({"d":{"foo":"bar"}})", R"([{"op":"add","path":"/d/baz","value":"qux"}])",
     R"({"d":{"baz":"qux","foo":"bar"}})"},
    {"A2", R"({"d":{"foo":["bar","baz"]}})", R"([{"op":"add","path":"/d/foo/1","value":"qux"}])",
     R"({"d":{"foo":["bar","qux","baz"]}})"},
    {"A3", R"({"d":{"baz":"qux","foo":"bar"}})", R"([{"op":"remove","path":"/d/baz"}])",
     R"({"d":{"foo":"bar"}})"},
    {"A4", R"({"d":{"foo":["bar","qux","baz"]}})", R"([{"op":"remove","path":"/d/foo/1"}])",
     R"({"d":{"foo":["bar","baz"]}})"},
    {"A5", R"({"d":{"baz":"qux","foo":"bar"}})",
     R"([{"op":"replace","path":"/d/baz","value":"boo"}])", R"({"d":{"baz":"boo","foo":"bar"}})"},
    {"A6", R"({"d":{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}})",
     R"([{"op":"move","from":"/d/foo/waldo","path":"/d/qux/thud"}])",
     R"({"d":{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}})"},
    {"A7", R"({"d":{"foo":["all","grass","cows","eat"]}})",
     R"([{"op":"move","from":"/d/foo/1","path":"/d/foo/3"}])",
     R"({"d":{"foo":["all","cows","eat","grass"]}})"},
    {"A8", R"({"d":{"baz":"qux","foo":["a",2,"c"]}})",
     R"([{"op":"test","path":"/d/baz","value":"qux"},{"op":"test","path":"/d/foo/1","value":2}])",
     R"({"d":{"baz":"qux","foo":["a",2,"c"]}})"},
    {"A9", R"({"d":{"baz":"qux"}})", R"([{"op":"test","path":"/d/baz","value":"bar"}])", "",
     ErrorCode::conflict},
    {"A10", R"({"d":{"foo":"bar"}})",
     R"([{"op":"add","path":"/d/child","value":{"grandchild":{}}}])",
     R"({"d":{"foo":"bar","child":{"grandchild":{}}}})"},
    {"A11", R"({"d":{"foo":"bar"}})", R"([{"op":"add","path":"/d/baz","value":"qux","xyz":123}])",
     R"({"d":{"foo":"bar","baz":"qux"}})"},
    {"A12", R"({"d":{"foo":"bar"}})", R"([{"op":"add","path":"/d/baz/bat","value":"qux"}])", "",
     ErrorCode::not_found},
    // A13 has two members "op", of which JSON says nothing; the last one counts here.
    {"A13", R"({"d":{"foo":"bar"}})",
     R"([{"op":"add","path":"/d/baz","value":"qux","op":"remove"}])", "", ErrorCode::not_found},
    {"A14", R"({"d":{"/":9,"~1":10}})", R"([{"op":"test","path":"/d/~01","value":10}])",
     R"({"d":{"/":9,"~1":10}})"},
    {"A15", R"({"d":{"/":9,"~1":10}})", R"([{"op":"test","path":"/d/~01","value":"10"}])", "",
     ErrorCode::conflict},
    {"A16", R"({"d":{"foo":["bar"]}})", R"([{"op":"add","path":"/d/foo/-","value":["abc","def"]}])",
     R"({"d":{"foo":["bar",["abc","def"]]}})"},
};
INSTANTIATE_TEST_SUITE_P(Appendix, Patch, testing::ValuesIn(kAppendix),
                         [](const auto& one) { return std::string(one.param.name); });

constexpr Case kMore[] = {
    {"ReplaceOfNothing", R"({"d":{"a":1}})", R"([{"op":"replace","path":"/d/b","value":1}])", "",
     ErrorCode::not_found},
    {"RemoveOfNothing", R"({"d":{"a":1}})", R"([{"op":"remove","path":"/d/b"}])", "",
     ErrorCode::not_found},
    {"AddBehindTheEnd", R"({"d":[1]})", R"([{"op":"add","path":"/d/2","value":1}])", "",
     ErrorCode::not_found},
    {"AddAtTheEnd", R"({"d":[1]})", R"([{"op":"add","path":"/d/1","value":2}])", R"({"d":[1,2]})"},
    {"TheEndIsNoElement", R"({"d":[1]})", R"([{"op":"remove","path":"/d/-"}])", "",
     ErrorCode::not_found},
    {"LeadingZeros", R"({"d":[1,2]})", R"([{"op":"remove","path":"/d/01"}])", "",
     ErrorCode::not_found},
    {"IndexBelowZero", R"({"d":[1,2]})", R"([{"op":"remove","path":"/d/-1"}])", "",
     ErrorCode::not_found},
    {"IndexOver32Bits", R"({"d":[1,2]})", R"([{"op":"remove","path":"/d/4294967296"}])", "",
     ErrorCode::not_found},
    {"AddReplacesAMember", R"({"d":{"a":1}})", R"([{"op":"add","path":"/d/a","value":[2]}])",
     R"({"d":{"a":[2]}})"},
    {"NullIsAValue", R"({"d":{"a":1}})", R"([{"op":"add","path":"/d/b","value":null}])",
     R"({"d":{"a":1,"b":null}})"},
    {"EmptyKeys", R"({"d":{"":{"":1}}})", R"([{"op":"replace","path":"/d//","value":2}])",
     R"({"d":{"":{"":2}}})"},
    {"CopyIsAnother", R"({"d":{"a":{"b":1}}})",
     R"([{"op":"copy","from":"/d/a","path":"/d/c"},{"op":"add","path":"/d/c/b","value":2}])",
     R"({"d":{"a":{"b":1},"c":{"b":2}}})"},
    {"MoveOntoItself", R"({"d":{"a":1}})", R"([{"op":"move","from":"/d/a","path":"/d/a"}])",
     R"({"d":{"a":1}})"},
    {"MoveIntoItself", R"({"d":{"a":{"b":1}}})", R"([{"op":"move","from":"/d/a","path":"/d/a/b"}])",
     "", ErrorCode::forbidden},
    {"MoveOfNothing", R"({"d":{"a":1}})", R"([{"op":"move","from":"/d/b","path":"/d/c"}])", "",
     ErrorCode::not_found},
    {"TheDocument", R"({"d":{"a":1}})", R"([{"op":"test","path":"","value":{"d":{"a":1}}}])",
     R"({"d":{"a":1}})"},
    {"ReplaceTheDocument", R"({"d":{"a":1}})",
     R"([{"op":"replace","path":"","value":{"d":{"b":1},"t":"x"}}])", R"({"d":{"b":1},"t":"x"})"},
    {"RemoveTheDocument", R"({"d":{"a":1}})", R"([{"op":"remove","path":""}])", "",
     ErrorCode::forbidden},
    {"NewMap", R"({"d":{"a":1}})", R"([{"op":"add","path":"/m","value":{"x":[1]}}])",
     R"({"d":{"a":1},"m":{"x":[1]}})"},
    {"NewText", R"({"d":{"a":1}})", R"([{"op":"add","path":"/t","value":"x"}])",
     R"({"d":{"a":1},"t":"x"})"},
    {"NewList", R"({"d":{"a":1}})", R"([{"op":"add","path":"/l","value":[1]}])",
     R"({"d":{"a":1},"l":[1]})"},
    {"NoRootIsANumber", R"({"d":{"a":1}})", R"([{"op":"add","path":"/n","value":1}])", "",
     ErrorCode::conflict},
    {"InARootThatIsNotThere", R"({"d":{"a":1}})", R"([{"op":"add","path":"/m/x","value":1}])", "",
     ErrorCode::not_found},
    {"RootsKeepTheirKind", R"({"d":{"a":1}})", R"([{"op":"replace","path":"/d","value":"x"}])", "",
     ErrorCode::conflict},
    {"ReplaceOfAMissingRoot", R"({"d":{"a":1}})", R"([{"op":"replace","path":"/x","value":"x"}])",
     "", ErrorCode::not_found},
    {"InATextThereIsNothing", R"({"t":"abc"})", R"([{"op":"add","path":"/t/0","value":"x"}])", "",
     ErrorCode::not_found},
    {"CopyTheDocumentIntoItself", R"({"d":{"a":1}})", R"([{"op":"copy","from":"","path":"/d/b"}])",
     R"({"d":{"a":1,"b":{"d":{"a":1}}}})"},
    {"ARootIsFilledAgain", R"({"d":{"a":1}})",
     R"([{"op":"remove","path":"/d"},{"op":"add","path":"/d/x","value":1}])", R"({"d":{"x":1}})"},
    {"MoveOfARoot", R"({"d":{"a":1},"t":"text"})", R"([{"op":"move","from":"/t","path":"/d/t"}])",
     R"({"d":{"a":1,"t":"text"},"t":[]})"},
    {"NoPrototype", R"({"d":{"a":1}})", R"([{"op":"add","path":"/d/__proto__","value":{"x":1}}])",
     R"({"d":{"a":1,"__proto__":{"x":1}}})"},
};
INSTANTIATE_TEST_SUITE_P(More, Patch, testing::ValuesIn(kMore),
                         [](const auto& one) { return std::string(one.param.name); });

// Objects that somebody put into a map as they are.
TEST(JsonPatch, ReachesIntoPlainValues) {
  Doc doc({.client_id = 1});
  const std::string plain = R"({"list":[{"a":1},2],"text":"x"})";
  ASSERT_TRUE(doc.get_map("m").set("plain", any_of(parsed(plain))).ok());
  ASSERT_TRUE(doc.get_array("l").push({any_of(parsed(plain))}).ok());
  for (const std::string at : {"/m/plain", "/l/0"}) {
    const Outcome outcome =
        patched(doc, R"([{"op":"test","path":")" + at + R"(/list/0","value":{"a":1}},)" +
                         R"({"op":"add","path":")" + at + R"(/list/0/b","value":{"c":[]}},)" +
                         R"({"op":"replace","path":")" + at + R"(/list/1","value":3},)" +
                         R"({"op":"add","path":")" + at + R"(/list/-","value":4},)" +
                         R"({"op":"remove","path":")" + at + R"(/text"}])");
    EXPECT_EQ(outcome.error, "");
  }
  EXPECT_EQ(shown(doc), R"({"m":{"plain":{"list":[{"a":1,"b":{"c":[]}},3,4]}},)"
                        R"("l":[{"list":[{"a":1,"b":{"c":[]}},3,4]}]})");
  EXPECT_EQ(patched(doc, R"([{"op":"remove","path":"/m/plain/list/9"}])").code,
            ErrorCode::not_found);
  EXPECT_EQ(patched(doc, R"([{"op":"add","path":"/m/plain/list/1/x","value":1}])").code,
            ErrorCode::not_found);
}

TEST(JsonPatch, EditsTextsInPlace) {
  Doc doc({.client_id = 1});
  const auto made = doc.get_map("m").set_type("t", {.kind = ycrdt::TypeKind::text});
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(made->as_text().insert(0, "one two three", {{"bold", Any(true)}}).ok());
  EXPECT_EQ(patched(doc, R"([{"op":"replace","path":"/m/t","value":"one 2 three"}])").error, "");
  EXPECT_TRUE(made->valid());
  EXPECT_EQ(made->as_text().delta_json(),
            R"([{"insert":"one 2 three","attributes":{"bold":true}}])");
  EXPECT_EQ(patched(doc, R"([{"op":"test","path":"/m/t","value":"one 2 three"}])").error, "");
}

TEST(JsonPatch, ReadsXmlAsText) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_xml_fragment("x").insert_element(0, "p").ok());
  EXPECT_EQ(patched(doc, R"([{"op":"test","path":"/x","value":"<p></p>"}])").error, "");
  EXPECT_EQ(patched(doc, R"([{"op":"add","path":"/x/0","value":"y"}])").code, ErrorCode::not_found);
}

TEST(JsonPatch, SaysWhichOperationFailed) {
  const Outcome outcome =
      patched(R"({"d":[1]})",
              R"([{"op":"add","path":"/d/-","value":2},{"op":"test","path":"/d/0","value":2}])");
  EXPECT_EQ(outcome.error, "Operation 1: the value is another one");
}

TEST(JsonPatch, WhatIsNoPatch) {
  for (const char* text :
       {"", "{}", "[1]", R"([{"path":"/a"}])", R"([{"op":"add","path":"/a"}])",
        R"([{"op":"add","path":"a","value":1}])", R"([{"op":"add","path":"/~2","value":1}])",
        R"([{"op":"add","path":"/~","value":1}])", R"([{"op":"spin","path":"/a"}])",
        R"([{"op":"move","path":"/a"}])", R"([{"op":1,"path":"/a"}])",
        R"([{"op":"remove","path":1}])", "[{\"op\":\"remove\",\"path\":\"/\xff\"}]"}) {
    const auto operations = parse_patch(text);
    ASSERT_FALSE(operations.ok()) << text;
    EXPECT_EQ(operations.error().code, ErrorCode::invalid) << text;
  }
}

TEST(JsonPatch, HasSoManyOperationsAtMost) {
  const auto patch_of = [](std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) text += R"({"op":"remove","path":"/a"},)";
    text.back() = ']';
    return text;
  };
  EXPECT_TRUE(parse_patch(patch_of(kPatchOperationsMax)).ok());
  EXPECT_EQ(parse_patch(patch_of(kPatchOperationsMax + 1)).error().code, ErrorCode::limit);
}

TEST(JsonPatch, CopiesOfCopiesEnd) {
  std::string patch = R"([{"op":"add","path":"/d/a","value":")" + std::string(1000, 'x') + "\"}";
  for (int i = 0; i < 40; ++i)
    patch += R"(,{"op":"copy","from":"/d","path":"/d/b)" + std::to_string(i) + "\"}";
  const Outcome outcome = patched(R"({"d":{"z":1}})", patch + "]");
  EXPECT_EQ(outcome.code, ErrorCode::limit) << outcome.error;
}

// Of few bytes each, and of much memory.
TEST(JsonPatch, CopiesOfManySmallValuesEndSooner) {
  std::string many = R"([{"op":"add","path":"/d/a","value":[[])";
  for (int i = 1; i < 1'000; ++i) many += ",[]";
  many += "]}";
  const auto copies = [&](int count) {
    std::string patch = many;
    for (int i = 0; i < count; ++i) {
      patch += R"(,{"op":"copy","from":"/d","path":"/d/b)" + std::to_string(i) + "\"}";
    }
    return patched(R"({"d":{"z":1}})", patch + "]");
  };
  EXPECT_EQ(copies(4).error, "");
  EXPECT_EQ(copies(12).code, ErrorCode::limit);
  std::string moves = many;
  for (int i = 0; i < 300; ++i) {
    moves += i % 2 == 0 ? R"(,{"op":"move","from":"/d","path":"/e"})"
                        : R"(,{"op":"move","from":"/e","path":"/d"})";
  }
  EXPECT_EQ(patched(R"({"d":{"z":1}})", moves + "]").error, "");
  for (int i = 0; i < 300; ++i) moves += R"(,{"op":"move","from":"/d/a","path":"/d/a"})";
  EXPECT_EQ(patched(R"({"d":{"z":1}})", moves + "]").code, ErrorCode::limit);
}

TEST(JsonPatch, LargePlainValuesAreEditedSoOftenAtMost) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_map("m")
                  .set("p", any_of(parsed(R"({"a":")" + std::string(1'000'000, 'x') + R"("})")))
                  .ok());
  const auto patch_of = [](int count) {
    std::string patch = "[";
    for (int i = 0; i < count; ++i) patch += R"({"op":"add","path":"/m/p/b","value":1},)";
    patch.back() = ']';
    return patch;
  };
  EXPECT_EQ(patched(doc, patch_of(60)).error, "");
  EXPECT_EQ(patched(doc, patch_of(80)).code, ErrorCode::limit);
}

}  // namespace
}  // namespace pluv::apps
