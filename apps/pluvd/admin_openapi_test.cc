#include "apps/pluvd/admin_openapi.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "apps/pluvd/admin_table.h"
#include "json/value.h"

namespace pluv::apps {
namespace {

using json::Value;

const Value& openapi() {
  static const Value value = [] {
    Result<Value> parsed = Value::parse(admin_openapi());
    EXPECT_TRUE(parsed.ok());
    return parsed.ok() ? *parsed : Value();
  }();
  return value;
}

const Value* at(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* found = &value;
  for (const std::string_view name : path) {
    if (found == nullptr) return nullptr;
    found = found->find(name);
  }
  return found;
}

// All that a "$ref" names.
void collect_references(const Value& value, std::set<std::string>& out) {
  if (const Value* reference = value.find("$ref")) out.insert(*reference->as_string());
  if (const auto* members = value.as_object()) {
    for (const Value::Member& member : *members) collect_references(member.value, out);
  }
  if (const auto* list = value.as_array()) {
    for (const Value& element : *list) collect_references(element, out);
  }
}

TEST(AdminOpenApi, HasEveryRouteOfTheTable) {
  EXPECT_EQ(*at(openapi(), {"openapi"})->as_string(), "3.1.0");
  EXPECT_EQ(*openapi().find("servers")->as_array()->front().find("url")->as_string(), "/api/v1");
  std::set<std::string> names;
  std::size_t operations = 0;
  for (const Value::Member& path : *openapi().find("paths")->as_object()) {
    operations += path.value.as_object()->size();
  }
  EXPECT_EQ(operations, admin_routes().size());
  for (const AdminRoute& route : admin_routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(c + ('a' - 'A'));
    const Value* operation = at(openapi(), {"paths", route.path, method});
    ASSERT_NE(operation, nullptr) << route.path;
    EXPECT_EQ(*operation->find("operationId")->as_string(), route.name);
    EXPECT_TRUE(names.emplace(route.name).second) << route.name;
    EXPECT_NE(at(*operation, {"responses", std::to_string(route.answer.status)}), nullptr);
    EXPECT_EQ(at(*operation, {"responses", "401"}) != nullptr, route.needs_key());
    EXPECT_EQ(operation->find("requestBody") != nullptr, !route.body.empty());
  }
}

TEST(AdminOpenApi, EveryReferenceIsThere) {
  std::set<std::string> references;
  collect_references(openapi(), references);
  EXPECT_GT(references.size(), 15U);
  constexpr std::string_view kPrefix = "#/components/schemas/";
  for (const std::string& reference : references) {
    ASSERT_TRUE(reference.starts_with(kPrefix)) << reference;
    EXPECT_NE(at(openapi(), {"components", "schemas", reference.substr(kPrefix.size())}), nullptr)
        << reference;
  }
}

TEST(AdminOpenApi, DescribesWhatIsReadAndWritten) {
  const Value* room = at(openapi(), {"components", "schemas", "NewRoom"});
  ASSERT_NE(room, nullptr);
  EXPECT_EQ(room->find("required")->to_text(), R"(["room"])");
  EXPECT_EQ(room->find("additionalProperties")->to_text(), "false");
  const Value* list = at(openapi(), {"components", "schemas", "RoomList", "properties"});
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->find("next")->find("type")->to_text(), R"(["string","null"])");
  EXPECT_EQ(at(*list, {"rooms", "items", "$ref"})->to_text(), R"("#/components/schemas/RoomLine")");
}

TEST(AdminOpenApi, SaysWhatEveryMemberIs) {
  for (const Value::Member& schema : *at(openapi(), {"components", "schemas"})->as_object()) {
    for (const Value::Member& member : *schema.value.find("properties")->as_object()) {
      const Value* description = member.value.find("description");
      ASSERT_NE(description, nullptr) << schema.key << "." << member.key;
      EXPECT_FALSE(description->as_string()->empty());
      const bool is_moment =
          member.key == "at" || member.key == "since" || member.key.ends_with("_at");
      EXPECT_EQ(member.value.find("format") != nullptr, is_moment)
          << schema.key << "." << member.key;
    }
  }
}

TEST(AdminOpenApi, PathsNameTheirParameters) {
  const Value* operation = at(openapi(), {"paths", "/rooms/{room}/users/{user}", "delete"});
  ASSERT_NE(operation, nullptr);
  const auto& parameters = *operation->find("parameters")->as_array();
  ASSERT_EQ(parameters.size(), 3U);
  EXPECT_EQ(parameters[0].find("name")->to_text(), R"("room")");
  EXPECT_EQ(parameters[1].find("name")->to_text(), R"("user")");
  EXPECT_EQ(parameters[2].find("name")->to_text(), R"("Idempotency-Key")");
}

}  // namespace
}  // namespace pluv::apps
