// Holds answers to an OpenAPI document: whether it has the operation, the status and the media type,
// and whether the body is what the schema says. Knows as much of JSON Schema as is used there.
import assert from "node:assert/strict";

const TYPES = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => value !== null && typeof value === "object" && !Array.isArray(value),
};
const KNOWN = new Set(["$ref", "type", "properties", "required", "additionalProperties", "items",
                       "enum", "anyOf", "minimum", "maximum", "description", "format",
                       "contentEncoding"]);
const FORMATS = {
  "date-time": (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value),
};

export class OpenApi {
  constructor(document) {
    this.document = document;
    this.seen = new Set();  // "GET /rooms 200"
  }

  // What is wrong with the value: a list of sentences.
  problems(schema, value, at = "body") {
    for (const key of Object.keys(schema)) assert.ok(KNOWN.has(key), `schema keyword ${key}`);
    if (schema.$ref) {
      const name = schema.$ref.replace("#/components/schemas/", "");
      return this.problems(this.document.components.schemas[name], value, at);
    }
    if (schema.anyOf) {
      const all = schema.anyOf.map((one) => this.problems(one, value, at));
      return all.some((one) => one.length === 0) ? [] : all.flat();
    }
    const out = [];
    const types = schema.type === undefined ? [] : [schema.type].flat();
    if (types.length > 0 && !types.some((type) => TYPES[type](value))) {
      return [`${at}: expected ${types}, got ${JSON.stringify(value)}`];
    }
    if (schema.enum && !schema.enum.includes(value)) out.push(`${at}: not one of ${schema.enum}`);
    if (schema.format && value !== null && !FORMATS[schema.format](value)) {
      out.push(`${at}: ${value} is no ${schema.format}`);
    }
    if (value < schema.minimum || value > schema.maximum) out.push(`${at}: ${value} is out of range`);
    if (TYPES.array(value) && schema.items) {
      value.forEach((one, i) => out.push(...this.problems(schema.items, one, `${at}[${i}]`)));
    }
    if (TYPES.object(value)) {
      for (const name of schema.required ?? []) {
        if (!(name in value)) out.push(`${at}.${name} is missing`);
      }
      for (const [name, member] of Object.entries(value)) {
        const known = schema.properties?.[name];
        if (known) out.push(...this.problems(known, member, `${at}.${name}`));
        else if (schema.properties) out.push(`${at}.${name} is not described`);
      }
    }
    return out;
  }

  // target: the path behind the server's, with its query.
  check({ method, target, status, type, body }) {
    const path = target.split("?")[0];
    const [pattern, operations] = this.#find(path);
    const operation = operations?.[method.toLowerCase()];
    assert.ok(operation, `${method} ${target} is not described`);
    const answer = operation.responses[status];
    if (!answer) assert.fail(`${method} ${pattern} does not answer ${status}: ${JSON.stringify(body)}`);
    this.seen.add(`${method} ${pattern} ${status}`);
    if (!answer.content) {
      assert.equal(body, "", `${method} ${pattern} ${status} has no body`);
      return;
    }
    const media = answer.content[type];
    assert.ok(media, `${method} ${pattern} ${status}: ${type} is not described`);
    if (!media.schema) return;
    assert.deepEqual(this.problems(media.schema, body), [], `${method} ${pattern} ${status}`);
  }

  // What was never answered as it should be.
  unseen() {
    const out = [];
    for (const [path, operations] of Object.entries(this.document.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        const good = Object.keys(responses).find((status) => status < "300");
        const name = `${method.toUpperCase()} ${path} ${good}`;
        if (!this.seen.has(name)) out.push(name);
      }
    }
    return out;
  }

  // Segments that are spelled out count more than parameters.
  #find(path) {
    const segments = path.split("/");
    const all = Object.entries(this.document.paths).filter(([pattern]) => {
      const expected = pattern.split("/");
      return expected.length === segments.length &&
             expected.every((one, i) => one.startsWith("{") || one === segments[i]);
    });
    const literal = ([pattern]) => pattern.split("/").filter((one) => !one.startsWith("{")).length;
    return all.sort((a, b) => literal(b) - literal(a))[0] ?? [];
  }
}
