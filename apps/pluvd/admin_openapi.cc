#include "apps/pluvd/admin_openapi.h"

#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "apps/pluvd/admin_descriptions.h"
#include "apps/pluvd/admin_table.h"
#include "apps/pluvd/admin_types.h"
#include "base/assert.h"
#include "base/ids.h"
#include "io/schema_writer.h"
#include "json/value.h"
#include "net/http.h"

#ifndef PLUV_VERSION
#error "the build says which version this is"
#endif

namespace pluv::apps {
namespace {

using json::Value;

Value object() { return Value(Value::Object{}); }

Value typed(std::string_view type) {
  Value out = object();
  out.set("type", type);
  return out;
}

// What may go wrong with any request that has a key.
constexpr std::array kOfEveryRoute = {400, 401, 429, 500, 503};
constexpr std::array kOfBodies = {411, 413, 415};

class OpenApiWriter {
 public:
  OpenApiWriter() {
    problem_ = api_.shapes.add<admin_api::Problem>();
    for (const AdminRoute& route : admin_routes()) {
      for (const AdminContent& content : route.body) {
        if (content.shape == nullptr) continue;
        // What is read may be null where it may be missing.
        api_.procedures.push_back(
            {.event = std::string(route.name), .input = content.shape(api_.shapes)});
      }
      for (const AdminContent& content : route.answer.content) {
        if (content.shape != nullptr) content.shape(api_.shapes);
      }
    }
  }

  [[nodiscard]] Value document() {
    const detail::SchemaWriter schemas(api_, "#/components/schemas/");
    schemas_ = &schemas;
    Value out = object();
    out.set("openapi", "3.1.0");
    Value info = object();
    info.set("title", "pluvd admin API");
    info.set("version", PLUV_VERSION);
    out.set("info", std::move(info));
    Value server = object();
    server.set("url", kAdminPath);
    out.set("servers", Value(Value::Array{std::move(server)}));
    Value key = object();
    key.set("key", Value(Value::Array{}));
    out.set("security", Value(Value::Array{std::move(key)}));
    Value paths = object();
    for (const AdminRoute& route : admin_routes()) {
      Value* path = paths.find(route.path);
      if (path == nullptr) {
        paths.set(route.path, object());
        path = paths.find(route.path);
      }
      path->set(lower(route.method), operation(route));
    }
    out.set("paths", std::move(paths));
    out.set("components", components());
    return out;
  }

 private:
  static std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
  }

  Value components() const {
    Value scheme = object();
    scheme.set("type", "http");
    scheme.set("scheme", "bearer");
    scheme.set("description", "A secret key of the project");
    Value schemes = object();
    schemes.set("key", std::move(scheme));
    Value out = object();
    out.set("securitySchemes", std::move(schemes));
    Value schemas = schemas_->definitions();
    for (const AdminDescription& one : admin_descriptions()) describe(schemas, one);
    out.set("schemas", std::move(schemas));
    return out;
  }

  static void describe(Value& schemas, const AdminDescription& one) {
    Value* const schema = schemas.find(one.type);
    Value* const properties = schema == nullptr ? nullptr : schema->find("properties");
    Value* const property = properties == nullptr ? nullptr : properties->find(one.member);
    PLUV_ASSERT(property != nullptr);
    property->set("description", one.text);
    if (one.format == AdminFormat::moment) property->set("format", "date-time");
    if (one.format == AdminFormat::base64) property->set("contentEncoding", "base64");
  }

  static Value schema_of(AdminValue value) {
    switch (value) {
      case AdminValue::room: {
        Value out = typed("string");
        out.set("pattern", "^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$");
        out.set("maxLength", Value(kRoomIdSizeMax));
        return out;
      }
      case AdminValue::id: {
        Value out = typed("string");
        out.set("minLength", Value(1));
        return out;
      }
      case AdminValue::text: return typed("string");
      case AdminValue::number: {
        Value out = typed("integer");
        out.set("minimum", Value(0));
        return out;
      }
      case AdminValue::limit: {
        Value out = typed("integer");
        out.set("minimum", Value(1));
        out.set("maximum", Value(kAdminLimitMax));
        out.set("default", Value(kAdminLimitDefault));
        return out;
      }
      case AdminValue::flag: return typed("boolean");
      case AdminValue::format: {
        Value out = typed("string");
        out.set("enum", Value(Value::Array{Value("json"), Value("update")}));
        return out;
      }
      case AdminValue::base64: {
        Value out = typed("string");
        out.set("contentEncoding", "base64");
        return out;
      }
    }
    return object();
  }

  static Value parameter(const AdminParameter& one, std::string_view place) {
    Value out = object();
    out.set("name", one.name);
    out.set("in", place);
    out.set("description", one.summary);
    if (place == "path") out.set("required", Value(true));
    out.set("schema", schema_of(one.value));
    return out;
  }

  static Value parameters(const AdminRoute& route) {
    Value::Array out;
    std::string_view path = route.path;
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{')) {
      const std::size_t end = path.find('}');
      out.push_back(parameter(admin_path_parameter(path.substr(at + 1, end - at - 1)), "path"));
      path.remove_prefix(end + 1);
    }
    for (const AdminParameter& one : route.query) out.push_back(parameter(one, "query"));
    if (route.is_idempotent()) {
      out.push_back(parameter({"Idempotency-Key", AdminValue::id,
                               "The same request under the same key is carried out once"},
                              "header"));
    }
    return Value(std::move(out));
  }

  Value media(std::span<const AdminContent> all) {
    Value out = object();
    for (const AdminContent& content : all) {
      Value one = object();
      if (content.shape != nullptr) {
        one.set("schema", schemas_->schema(content.shape(api_.shapes)));
      } else if (content.media_type == "application/json") {
        one.set("schema", typed("object"));
      } else if (content.media_type == "application/json-patch+json") {
        one.set("schema", typed("array"));
      }
      out.set(content.media_type, std::move(one));
    }
    return out;
  }

  void add_problems(Value& answers, std::span<const int> statuses) {
    for (const int status : statuses) {
      Value schema = object();
      schema.set("schema", schemas_->schema(problem_));
      Value content = object();
      content.set("application/problem+json", std::move(schema));
      Value answer = object();
      answer.set("description", net::status_reason(status));
      answer.set("content", std::move(content));
      answers.set(std::to_string(status), std::move(answer));
    }
  }

  Value operation(const AdminRoute& route) {
    Value out = object();
    out.set("operationId", route.name);
    out.set("summary", route.summary);
    if (!route.needs_key()) out.set("security", Value(Value::Array{}));
    if (Value all = parameters(route); !all.as_array()->empty()) {
      out.set("parameters", std::move(all));
    }
    if (!route.body.empty()) {
      Value body = object();
      body.set("required", Value(true));
      body.set("content", media(route.body));
      out.set("requestBody", std::move(body));
    }
    Value answers = object();
    Value answer = object();
    answer.set("description", route.answer.summary);
    if (!route.answer.content.empty()) answer.set("content", media(route.answer.content));
    answers.set(std::to_string(route.answer.status), std::move(answer));
    if (route.needs_key()) add_problems(answers, kOfEveryRoute);
    if (!route.body.empty()) add_problems(answers, kOfBodies);
    if (route.is_idempotent()) add_problems(answers, std::array{409, 422});
    add_problems(answers, route.problems);
    for (const AdminParameter& one : route.query) {
      if (one.value == AdminValue::format) add_problems(answers, std::array{406});
    }
    out.set("responses", std::move(answers));
    return out;
  }

  detail::Api api_;
  json::ShapeId problem_ = 0;
  const detail::SchemaWriter* schemas_ = nullptr;  // in document()
};

}  // namespace

std::string admin_openapi() { return OpenApiWriter().document().to_text(); }

}  // namespace pluv::apps
