// The text of a .d.ts from the description of a server's messages.
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/fact_text.h"
#include "io/type_names.h"
#include "json/writer.h"
#include "pluv/detail/api.h"

namespace pluv::detail {
namespace {

using json::Shape;
using json::ShapeId;
using json::ShapeKind;

// Names that the text itself needs, and those that mean something in TypeScript.
const std::vector<std::string_view> kReserved = {
    "Json",    "JsonObject", "Omit",      "Partial",   "Pick",       "Record",    "Server",
    "any",     "as",         "bigint",    "boolean",   "debugger",   "export",    "extends",
    "finally", "function",   "import",    "in",        "instanceof", "interface", "ioServer",
    "let",     "never",      "null",      "number",    "object",     "package",   "string",
    "super",   "symbol",     "type",      "undefined", "unknown",    "var",       "with",
    "yield",   "Array",      "implements"};

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string member_name(std::string_view name) {
  return is_identifier(name) ? std::string(name) : quoted(name);
}

// A comment of one line whatever the text is.
std::string comment(std::string text, std::string_view indent) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  for (std::size_t at = text.find("*/"); at != std::string::npos; at = text.find("*/", at + 3)) {
    text.insert(at + 1, "\\");
  }
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return std::string(indent) + "/** " + text + ". */\n";
}

class TypeScript {
 public:
  explicit TypeScript(const Api& api)
      : api_(api), names_(name_types(api.shapes, kReserved)), read_(api.shapes.size()) {
    for (const ApiProcedure& procedure : api.procedures) {
      if (procedure.input) mark_read(*procedure.input);
    }
  }

  std::string write() {
    for (ShapeId id = 0; id < api_.shapes.size(); ++id) declare(id);
    write_server();
    write_io_server();
    std::string head =
        "// Written by pluv from the types of a C++ server. Change those, not this file.\n\n";
    if (uses_json_) {
      head +=
          "export type Json = string | number | boolean | null | Json[] | JsonObject;\n"
          "export type JsonObject = { [member: string]: Json };\n\n";
    }
    return head + out_;
  }

 private:
  // An object that clients send: what is optional may be null there.
  void mark_read(ShapeId id) {
    if (read_[id]) return;
    read_[id] = true;
    for (const json::ShapeMember& member : api_.shapes[id].members) mark_read(member.shape);
    for (const ShapeId part : api_.shapes[id].parts) mark_read(part);
  }

  // The type's name, or what it is.
  std::string type(ShapeId id) {
    const Shape& shape = api_.shapes[id];
    switch (shape.kind) {
      case ShapeKind::any: uses_json_ = true; return "Json";
      case ShapeKind::boolean: return "boolean";
      case ShapeKind::integer:
      case ShapeKind::number: return "number";
      case ShapeKind::string: return "string";
      case ShapeKind::nullable: return type(shape.parts[0]) + " | null";
      case ShapeKind::list: return element_type(shape.parts[0]) + "[]";
      case ShapeKind::tuple: return tuple_type(shape);
      case ShapeKind::map: return "{ [key: string]: " + type(shape.parts[0]) + " }";
      case ShapeKind::choice: return names_[id];
      case ShapeKind::structure:
        return is_plain_empty(shape) ? "Record<string, never>" : names_[id];
      case ShapeKind::variant: return union_type(shape.parts);
      case ShapeKind::custom: return shape.typescript.empty() ? "unknown" : shape.typescript;
    }
    return "unknown";
  }
  std::string element_type(ShapeId id) {
    const ShapeKind kind = api_.shapes[id].kind;
    const bool simple =
        kind != ShapeKind::nullable && kind != ShapeKind::variant && kind != ShapeKind::custom;
    return simple ? type(id) : "(" + type(id) + ")";
  }
  std::string tuple_type(const Shape& shape) {
    constexpr std::size_t kWrittenOut = 16;  // longer ones are read as lists
    if (shape.size > kWrittenOut) return element_type(shape.parts[0]) + "[]";
    std::string out = "[";
    for (std::size_t i = 0; i < shape.size; ++i) {
      out += (i > 0 ? ", " : "") + type(shape.parts[0]);
    }
    return out + "]";
  }
  std::string union_type(const std::vector<ShapeId>& parts) {
    std::vector<std::string> types;
    for (const ShapeId part : parts) {
      if (std::string one = type(part); std::ranges::find(types, one) == types.end()) {
        types.push_back(std::move(one));
      }
    }
    std::string out;
    for (const std::string& one : types) out += (out.empty() ? "" : " | ") + one;
    return out;
  }
  // The data of an event, which is an object.
  std::string object_type(ShapeId id) {
    if (api_.shapes[id].kind != ShapeKind::any) return type(id);
    uses_json_ = true;
    return "JsonObject";
  }

  void declare(ShapeId id) {
    const Shape& shape = api_.shapes[id];
    if (names_[id].empty()) return;
    if (shape.kind == ShapeKind::choice) {
      std::string values;
      for (const std::string& value : shape.values) {
        values += (values.empty() ? "" : " | ") + quoted(value);
      }
      out_ += "export type " + names_[id] + " = " + (values.empty() ? "never" : values) + ";\n\n";
      return;
    }
    if (const std::string rules = rules_of(id, ""); !rules.empty()) out_ += comment(rules, "");
    if (shape.members.empty() && shape.tag_member.empty() && !shape.extra) {
      out_ += "export type " + names_[id] + " = Record<string, never>;\n\n";
      return;
    }
    out_ += "export interface " + names_[id] + " {\n";
    if (!shape.tag_member.empty()) {
      out_ += "  " + member_name(shape.tag_member) + ": " + quoted(shape.tag_value) + ";\n";
    }
    for (const json::ShapeMember& member : shape.members) declare_member(id, member);
    if (shape.extra) out_ += "  [member: string]: unknown;\n";
    out_ += "}\n\n";
  }
  void declare_member(ShapeId id, const json::ShapeMember& member) {
    if (const std::string rules = rules_of(id, member.name); !rules.empty()) {
      out_ += comment(rules, "  ");
    }
    out_ += "  " + member_name(member.name) + (member.optional ? "?: " : ": ") +
            type(member.shape) + (member.optional && read_[id] ? " | null" : "") + ";\n";
  }

  // What the checks of all inputs of that type say of a member. Checks belong to an event: where
  // they do not hold wherever the type is used, the event is named.
  std::string rules_of(ShapeId id, std::string_view member) {
    std::vector<std::pair<std::string, std::string>> found;  // event, rules
    bool everywhere = true;
    if (api_.user == id) found.emplace_back("user", fact_text(api_.user_facts.list, member));
    for (const ApiProcedure& procedure : api_.procedures) {
      if (procedure.input == id) {
        found.emplace_back(procedure.event, fact_text(procedure.facts.list, member));
      }
      for (const ApiOutput& output : procedure.outputs) everywhere &= output.shape != id;
    }
    for (const auto& [event, rules] : found) everywhere &= rules == found.front().second;
    std::string out;
    for (const auto& [event, rules] : found) {
      if (rules.empty()) continue;
      if (everywhere) return rules;
      out.append(out.empty() ? "`" : "; `").append(event).append("`: ").append(rules);
    }
    return out;
  }

  std::string input_type(const ApiProcedure& procedure) {
    if (!procedure.input) {
      if (!procedure.reads_input) return "Record<string, never>";
      uses_json_ = true;
      return "JsonObject";
    }
    std::string defaults;
    for (const json::ShapeMember& member : api_.shapes[*procedure.input].members) {
      const bool has_default = std::ranges::any_of(procedure.facts.list, [&](const auto& fact) {
        return fact.kind == json::FactKind::default_value && fact.member == member.name;
      });
      if (!has_default || member.optional) continue;
      defaults += (defaults.empty() ? "" : " | ") + quoted(member.name);
    }
    std::string whole = object_type(*procedure.input);
    if (defaults.empty()) return whole;
    return "Omit<" + whole + ", " + defaults + "> & Partial<Pick<" + whole + ", " + defaults + ">>";
  }

  void write_server() {
    out_ += "export interface Server {\n  user: ";
    out_ += api_.user ? type(*api_.user) + " | null;\n" : "null;\n";
    out_ += "  inputs: {\n";
    for (const ApiProcedure& procedure : api_.procedures) {
      out_ += "    " + member_name(procedure.event) + ": " + input_type(procedure) + ";\n";
    }
    out_ += "  };\n  outputs: {\n";
    std::vector<std::string> events;
    std::map<std::string, std::vector<ShapeId>> payloads;
    for (const ApiProcedure& procedure : api_.procedures) {
      for (const ApiOutput& output : procedure.outputs) {
        std::vector<ShapeId>& shapes = payloads[output.event];
        if (shapes.empty()) events.push_back(output.event);
        shapes.push_back(output.shape);
      }
    }
    for (const std::string& event : events) {
      const std::vector<ShapeId>& shapes = payloads[event];
      const std::string payload = shapes.size() == 1 ? object_type(shapes[0]) : union_type(shapes);
      out_ += "    " + member_name(event) + ": " + payload + ";\n";
    }
    out_ += "  };\n}\n\n";
  }

  // The structure from which @pluv/client takes its types.
  void write_io_server() {
    out_ +=
        "/** For @pluv/client: infer((i) => ({ io: i<typeof ioServer> })). There is no such "
        "value.\n"
        " */\n"
        "export declare const ioServer: {\n  readonly _defs: {\n    readonly authorize: ";
    if (api_.user) {
      const std::string user = type(*api_.user);
      out_ += "{\n      secret?: string;\n      user: { parse: (data: unknown) => " + user +
              "; _input: " + user + " };\n    };\n";
    } else {
      out_ += "null;\n";
    }
    out_ +=
        "    readonly crdt: {\n"
        "      doc: (value: any) => {\n"
        "        _initialStorage: (builder: any) => any;\n"
        "        getEmpty(): any;\n"
        "        getFactory(initialStorage?: (builder: any) => any): any;\n"
        "        getInitialized(initialStorage?: (builder: any) => any): any;\n"
        "        isEmpty(state: any): boolean;\n";
    // What tells the original's client that there are no documents.
    if (!api_.has_documents) out_ += "        resolveEncodedState(updates: any): string | null;\n";
    out_ += "      };\n      kind: \"yjs\";\n    };\n    readonly events: {\n";
    for (const ApiProcedure& procedure : api_.procedures) write_io_event(procedure);
    out_ += "    };\n  };\n};\n";
  }
  void write_io_event(const ApiProcedure& procedure) {
    const std::string outputs = [&] {
      std::vector<std::string> names;
      for (const ApiOutput& output : procedure.outputs) {
        if (std::string name = quoted(output.event);
            std::ranges::find(names, name) == names.end()) {
          names.push_back(std::move(name));
        }
      }
      std::string all;
      for (const std::string& name : names) all += (all.empty() ? "" : " | ") + name;
      return all;
    }();
    out_ += "      " + member_name(procedure.event) +
            ": {\n        config: {\n          resolver: (\n            data: Server[\"inputs\"][" +
            quoted(procedure.event) + "],\n          ) => " +
            (outputs.empty() ? "{}" : "Pick<Server[\"outputs\"], " + outputs + ">") +
            ";\n        };\n      };\n";
  }

  const Api& api_;
  std::vector<std::string> names_;
  std::vector<char> read_;  // by shape: whether clients send it
  std::string out_;
  bool uses_json_ = false;
};

}  // namespace

std::string write_typescript(const Api& api) { return TypeScript(api).write(); }

}  // namespace pluv::detail
