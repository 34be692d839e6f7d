// The JSON Schema of a server's messages.
#include <utility>

#include "io/schema_writer.h"

namespace pluv::detail {
namespace {

using json::Value;

// An object whose members are all there.
Value object_of(Value properties) {
  Value::Array names;
  for (const Value::Member& member : *properties.as_object()) names.emplace_back(member.key);
  Value out{Value::Object{}};
  out.set("type", "object");
  out.set("properties", std::move(properties));
  out.set("required", Value(std::move(names)));
  return out;
}

}  // namespace

std::string write_json_schema(const Api& api) {
  const SchemaWriter writer(api, "#/$defs/");
  Value inputs{Value::Object{}};
  for (const ApiProcedure& procedure : api.procedures) {
    inputs.set(procedure.event, writer.input(procedure));
  }
  Value outputs{Value::Object{}};
  for (const std::string& event : output_events(api)) outputs.set(event, writer.output(event));
  Value server{Value::Object{}};
  server.set("user", writer.user());
  server.set("inputs", object_of(std::move(inputs)));
  server.set("outputs", object_of(std::move(outputs)));
  Value out{Value::Object{}};
  out.set("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.set("title", "Server");
  const Value whole = object_of(std::move(server));
  for (const Value::Member& member : *whole.as_object()) out.set(member.key, member.value);
  out.set("$defs", writer.definitions());
  return out.to_text() + "\n";
}

}  // namespace pluv::detail
