#include "io/schema_writer.h"

#include <algorithm>
#include <utility>

#include "io/type_names.h"

namespace pluv::detail {
namespace {

using json::Fact;
using json::FactKind;
using json::Shape;
using json::ShapeId;
using json::ShapeKind;
using json::Value;

Value object() { return Value(Value::Object{}); }
Value typed(std::string_view type) {
  Value out = object();
  out.set("type", type);
  return out;
}

Value parsed(const std::string& text) {
  Result<Value> value = Value::parse(text);
  return value.ok() ? std::move(value).value() : Value();
}

// Puts a keyword beside the others; one that is there already keeps its say.
void add_keyword(Value& schema, std::string_view keyword, Value value) {
  if (const Value* known = schema.find(keyword); known == nullptr) {
    schema.set(keyword, std::move(value));
    return;
  }
  Value* all = schema.find("allOf");
  if (all == nullptr) {
    schema.set("allOf", Value(Value::Array{}));
    all = schema.find("allOf");
  }
  Value other = object();
  other.set(keyword, std::move(value));
  all->as_array()->push_back(std::move(other));
}

// A regular expression for exactly this text.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\^$.*+?()[]{}|/").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string plain(const std::string& json_text) {
  const Value value = parsed(json_text);
  return value.as_string() != nullptr ? *value.as_string() : json_text;
}

void add_facts(Value& schema, const std::vector<Fact>& facts, std::string_view member);

// The facts about members of an object, under `properties`.
void add_member_facts(Value& schema, const std::vector<Fact>& facts) {
  std::vector<std::string> members;
  for (const Fact& fact : facts) {
    if (!fact.member.empty() && std::ranges::find(members, fact.member) == members.end()) {
      members.push_back(fact.member);
    }
  }
  if (members.empty()) return;
  if (schema.find("properties") == nullptr) schema.set("properties", object());
  for (const std::string& member : members) {
    Value* properties = schema.find("properties");
    if (properties->find(member) == nullptr) properties->set(member, object());
    add_facts(*properties->find(member), facts, member);
  }
}

// Keywords bind only values of their own kind, so null stays allowed where the type allows it; but
// not for enum, which has to name it.
void add_one_of(Value& schema, const Fact& fact) {
  Value::Array values;
  for (const std::string& value : fact.values) values.push_back(parsed(value));
  if (const Value* types = schema.find("type");
      schema.find("anyOf") != nullptr || (types != nullptr && types->as_array() != nullptr)) {
    values.emplace_back(nullptr);
  }
  add_keyword(schema, "enum", Value(std::move(values)));
}

void add_each(Value& schema, const Fact& fact, std::string_view keyword) {
  if (schema.find(keyword) == nullptr) schema.set(keyword, object());
  add_facts(*schema.find(keyword), fact.inner, "");
}

void add_fact(Value& schema, const Fact& fact) {
  const bool map = schema.find("additionalProperties") != nullptr;
  switch (fact.kind) {
    case FactKind::min_length: return add_keyword(schema, "minLength", parsed(fact.value));
    case FactKind::max_length: return add_keyword(schema, "maxLength", parsed(fact.value));
    case FactKind::pattern: return add_keyword(schema, "pattern", plain(fact.value));
    case FactKind::starts_with:
      return add_keyword(schema, "pattern", "^" + escaped(plain(fact.value)));
    case FactKind::ends_with:
      return add_keyword(schema, "pattern", escaped(plain(fact.value)) + "$");
    case FactKind::includes: return add_keyword(schema, "pattern", escaped(plain(fact.value)));
    case FactKind::one_of: return add_one_of(schema, fact);
    case FactKind::at_least: return add_keyword(schema, "minimum", parsed(fact.value));
    case FactKind::at_most: return add_keyword(schema, "maximum", parsed(fact.value));
    case FactKind::above: return add_keyword(schema, "exclusiveMinimum", parsed(fact.value));
    case FactKind::below: return add_keyword(schema, "exclusiveMaximum", parsed(fact.value));
    case FactKind::whole: return add_keyword(schema, "multipleOf", Value(1));
    case FactKind::multiple_of: return add_keyword(schema, "multipleOf", parsed(fact.value));
    case FactKind::min_items:
      return add_keyword(schema, map ? "minProperties" : "minItems", parsed(fact.value));
    case FactKind::max_items:
      return add_keyword(schema, map ? "maxProperties" : "maxItems", parsed(fact.value));
    case FactKind::each: return add_each(schema, fact, map ? "additionalProperties" : "items");
    case FactKind::fields: return add_member_facts(schema, fact.inner);
    case FactKind::default_value: return add_keyword(schema, "default", parsed(fact.value));
    case FactKind::predicate: return add_keyword(schema, "$comment", fact.value);
  }
}

void add_facts(Value& schema, const std::vector<Fact>& facts, std::string_view member) {
  for (const Fact& fact : facts) {
    if (fact.member == member) add_fact(schema, fact);
  }
}

Value integer(const Shape& shape) {
  Value out = typed("integer");
  if (shape.bits > 32) {  // whose bounds no double has
    if (!shape.is_signed) out.set("minimum", Value(0));
    return out;
  }
  const std::int64_t one = 1;
  const unsigned bits = shape.is_signed ? shape.bits - 1 : shape.bits;
  out.set("minimum", Value(shape.is_signed ? -(one << bits) : 0));
  out.set("maximum", Value((one << bits) - 1));
  return out;
}

Value or_null(Value schema) {
  if (Value* type = schema.find("type");
      type != nullptr && type->as_string() != nullptr && schema.find("enum") == nullptr) {
    *type = Value(Value::Array{*type, Value("null")});
    return schema;
  }
  Value out = object();
  out.set("anyOf", Value(Value::Array{std::move(schema), typed("null")}));
  return out;
}

}  // namespace

SchemaWriter::SchemaWriter(const Api& api, std::string_view definitions)
    : api_(api),
      prefix_(definitions),
      names_(name_types(api.shapes, {})),
      read_(api.shapes.size()) {
  for (const ApiProcedure& procedure : api.procedures) {
    if (procedure.input) mark_read(*procedure.input);
  }
}

void SchemaWriter::mark_read(ShapeId id) {
  if (read_[id]) return;
  read_[id] = true;
  for (const json::ShapeMember& member : api_.shapes[id].members) mark_read(member.shape);
  for (const ShapeId part : api_.shapes[id].parts) mark_read(part);
}

Value SchemaWriter::definitions() const {
  Value out = object();
  for (ShapeId id = 0; id < names_.size(); ++id) {
    if (!names_[id].empty()) out.set(names_[id], whole(id));
  }
  return out;
}

Value SchemaWriter::schema(ShapeId id) const {
  if (names_[id].empty()) return whole(id);
  Value out = object();
  out.set("$ref", prefix_ + names_[id]);
  return out;
}

Value SchemaWriter::whole(ShapeId id) const {
  const Shape& shape = api_.shapes[id];
  Value out = object();
  switch (shape.kind) {
    case ShapeKind::any: return out;
    case ShapeKind::boolean: return typed("boolean");
    case ShapeKind::integer: return integer(shape);
    case ShapeKind::number: return typed("number");
    case ShapeKind::string: return typed("string");
    case ShapeKind::nullable: return or_null(schema(shape.parts[0]));
    case ShapeKind::list:
    case ShapeKind::tuple:
      out = typed("array");
      out.set("items", schema(shape.parts[0]));
      if (shape.kind == ShapeKind::tuple) {
        out.set("minItems", Value(shape.size));
        out.set("maxItems", Value(shape.size));
      }
      return out;
    case ShapeKind::map:
      out = typed("object");
      out.set("additionalProperties", schema(shape.parts[0]));
      return out;
    case ShapeKind::choice: {
      out = typed("string");
      Value::Array values;
      for (const std::string& value : shape.values) values.emplace_back(value);
      out.set("enum", Value(std::move(values)));
      return out;
    }
    case ShapeKind::variant: {
      Value::Array alternatives;
      for (const ShapeId part : shape.parts) alternatives.push_back(schema(part));
      out.set("oneOf", Value(std::move(alternatives)));
      return out;
    }
    case ShapeKind::custom: return shape.json_schema.empty() ? out : parsed(shape.json_schema);
    case ShapeKind::structure: break;
  }
  if (is_plain_empty(shape)) {
    return typed("object");
  }
  out = typed("object");
  Value properties = object();
  Value::Array required;
  if (!shape.tag_member.empty()) {
    Value tag = object();
    tag.set("const", shape.tag_value);
    properties.set(shape.tag_member, std::move(tag));
    required.emplace_back(shape.tag_member);
  }
  for (const json::ShapeMember& member : shape.members) {
    Value value = schema(member.shape);
    if (member.optional && read_[id]) value = or_null(std::move(value));
    properties.set(member.name, std::move(value));
    if (!member.optional) required.emplace_back(member.name);
  }
  out.set("properties", std::move(properties));
  if (!required.empty()) out.set("required", Value(std::move(required)));
  if (shape.strict) out.set("additionalProperties", Value(false));
  return out;
}

// Written out, since a default takes the member from those that are required.
Value SchemaWriter::with_facts(ShapeId id, const json::SchemaFacts& facts) const {
  if (facts.list.empty() && !facts.strict) return schema(id);
  Value out = whole(id);
  if (facts.strict && out.find("additionalProperties") == nullptr) {
    out.set("additionalProperties", Value(false));
  }
  add_facts(out, facts.list, "");
  add_member_facts(out, facts.list);
  Value* required = out.find("required");
  if (required == nullptr) return out;
  std::erase_if(*required->as_array(), [&](const Value& name) {
    return std::ranges::any_of(facts.list, [&](const Fact& fact) {
      return fact.kind == FactKind::default_value && fact.member == *name.as_string();
    });
  });
  return out;
}

Value SchemaWriter::input(const ApiProcedure& procedure) const {
  if (!procedure.input) return typed("object");
  Value out = with_facts(*procedure.input, procedure.facts);
  return api_.shapes[*procedure.input].kind == ShapeKind::any ? typed("object") : out;
}

Value SchemaWriter::output(std::string_view event) const {
  Value::Array found;
  for (const ApiProcedure& procedure : api_.procedures) {
    for (const ApiOutput& output : procedure.outputs) {
      if (output.event != event) continue;
      const bool any = api_.shapes[output.shape].kind == ShapeKind::any;
      Value one = any ? typed("object") : schema(output.shape);
      if (std::ranges::find(found, one) == found.end()) found.push_back(std::move(one));
    }
  }
  if (found.size() == 1) return std::move(found[0]);
  Value out = object();
  out.set("anyOf", Value(std::move(found)));
  return out;
}

Value SchemaWriter::user() const {
  return api_.user ? or_null(with_facts(*api_.user, api_.user_facts)) : typed("null");
}

std::vector<std::string> output_events(const Api& api) {
  std::vector<std::string> events;
  for (const ApiProcedure& procedure : api.procedures) {
    for (const ApiOutput& output : procedure.outputs) {
      if (std::ranges::find(events, output.event) == events.end()) events.push_back(output.event);
    }
  }
  return events;
}

}  // namespace pluv::detail
