// JSON Schemas (draft 2020-12) of the types in a description, for write_json_schema and
// write_async_api: definitions under the types' names, references to them, and the rules of inputs
// as keywords. Refers to the Api it was made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "pluv/detail/api.h"

namespace pluv::detail {

class SchemaWriter {
 public:
  // References begin with `definitions`, such as "#/$defs/".
  SchemaWriter(const Api& api, std::string_view definitions);

  // Every named type's schema, by name.
  [[nodiscard]] json::Value definitions() const;
  // A schema for a value of the type, by reference where it has a name.
  [[nodiscard]] json::Value schema(json::ShapeId id) const;
  // The data of a procedure's event.
  [[nodiscard]] json::Value input(const ApiProcedure& procedure) const;
  // The data of the output event of that name, whichever procedure it comes from.
  [[nodiscard]] json::Value output(std::string_view event) const;
  [[nodiscard]] json::Value user() const;

 private:
  [[nodiscard]] json::Value whole(json::ShapeId id) const;
  [[nodiscard]] json::Value with_facts(json::ShapeId id, const json::SchemaFacts& facts) const;
  void mark_read(json::ShapeId id);

  const Api& api_;
  std::string prefix_;
  std::vector<std::string> names_;
  std::vector<char> read_;  // by shape: whether clients send it
};

// The names of all output events, each once, in order.
[[nodiscard]] std::vector<std::string> output_events(const Api& api);

}  // namespace pluv::detail
