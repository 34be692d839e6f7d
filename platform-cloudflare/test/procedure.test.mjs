// Procedures, built in steps; routers, schemas, output events and limits as they are read.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readLimits } from "../dist/limits.js";
import { procedure, readOutputs, readRouter } from "../dist/procedure.js";
import { jsonDepth, minifyJson, rawMember } from "../dist/raw_json.js";
import { runSchema, SchemaError } from "../dist/schema.js";

const schema = (value) => value;
const one = () => ({});
const two = () => ({});

test("each step returns a new procedure", () => {
  const empty = procedure();
  const input = empty.input(schema);
  const broadcast = input.broadcast(one);
  const self = input.self(two);
  assert.deepEqual(empty.parts, {});
  assert.deepEqual(input.parts, { input: schema });
  assert.deepEqual(broadcast.parts, { input: schema, broadcast: one });
  assert.deepEqual(self.parts, { input: schema, self: two });
  assert.deepEqual(broadcast.self(two).sync(one).parts,
                   { input: schema, broadcast: one, self: two, sync: one });
  assert.throws(() => { "use strict"; broadcast.parts.self = one; }, TypeError);
});

test("a step is taken once, and input comes first", () => {
  for (const step of ["broadcast", "self", "sync"]) {
    assert.throws(() => procedure()[step](one)[step](two),
                  { name: "TypeError", message: `${step} was already defined for this procedure` });
    assert.throws(() => procedure()[step](one).input(schema),
                  { message: "input comes before the resolvers that take it" });
    for (const none of [undefined, null, {}, "fn"]) {
      assert.throws(() => procedure()[step](none), { message: `${step} takes a function` });
    }
  }
  assert.throws(() => procedure().input(schema).input(schema),
                { message: "input was already defined for this procedure" });
  for (const none of [undefined, null, {}, { parse: 1 }, "x"]) {
    assert.throws(() => procedure().input(none), { name: "TypeError", message: /^A schema is/ });
  }
});

test("a router takes built procedures and plain ones", () => {
  const router = readRouter({ built: procedure().broadcast(one), plain: { self: two } });
  assert.deepEqual([...router], [["built", { broadcast: one }], ["plain", { self: two }]]);
  assert.equal(readRouter(undefined).size, 0);
});

test("a router's names are 1 to 64 bytes without a dollar sign", () => {
  const named = (name) => readRouter({ [name]: { self: one } });
  for (const name of ["a", "é".repeat(32), "a".repeat(64), "with space", "__proto", "constructor"]) {
    assert.ok(named(name).has(name));
  }
  for (const name of ["", "$a", "a$", "a\0", "a".repeat(65), "é".repeat(33), "\ud800"]) {
    assert.throws(() => named(name), { name: "TypeError", message: /event's name/ });
  }
});

test("a router's procedures must do something", () => {
  for (const none of [{}, { input: schema }, procedure(), procedure().input(schema), null, 1, "x",
                      { broadcast: 1 }, { self: one, input: {} }]) {
    assert.throws(() => readRouter({ name: none }), TypeError);
  }
});

test("output events are read in their order", () => {
  assert.deepEqual(readOutputs(undefined), []);
  assert.deepEqual(readOutputs({}), []);
  assert.deepEqual(readOutputs({ b: { x: 1, y: undefined }, a: {} }),
                   [{ name: "b", data: '{"x":1}' }, { name: "a", data: "{}" }]);
  for (const none of [null, 1, "x", [], { a: 1 }, { a: null }, { a: [] }, { a: undefined },
                      { a: () => 1 }, { $a: {} }, { "": {} }, { a: new Date(0) }, { a: { n: 1n } }]) {
    assert.throws(() => readOutputs(none), TypeError);
  }
});

test("a schema is a function or has parse, called as its method", () => {
  assert.equal(runSchema((value) => value + 1, 1), 2);
  class Parser {
    #by = 2;
    parse(value) { return value * this.#by; }
  }
  assert.equal(runSchema(new Parser(), 4), 8);
  assert.equal(runSchema(Object.assign(() => 1, {}), 4), 1);
});

const messageOf = (thrown) => {
  try {
    runSchema(() => { throw thrown; }, 1);
  } catch (error) {
    assert.ok(error instanceof SchemaError);
    assert.equal(error.cause, thrown);
    return error.message;
  }
  return assert.fail("it was accepted");
};

test("a refusal's message is fit for a client", () => {
  assert.equal(messageOf(new Error("message: too long")), "message: too long");
  assert.equal(messageOf(new Error(" a\nb\u0000\tc\u2028 ")), "a b c");
  for (const silent of [new Error(""), "text", undefined, null, 1, {}]) {
    assert.equal(messageOf(silent), "The value is not valid");
  }
  const long = messageOf(new Error("é".repeat(1000)));
  assert.ok(long.length === 200 && long.endsWith("é..."));
  assert.ok(messageOf(new Error("x".repeat(196) + "😀".repeat(9))).isWellFormed());
});

test("of a schema library's error the first issues are told, each with its place", () => {
  const error = new Error("[a long dump]");
  error.issues = [
    { path: ["message"], message: "expected string, received number" },
    { path: [], message: "unknown member" }, { path: ["a", 0, "b"], message: "too short" },
    { path: ["z"], message: "not told" },
  ];
  assert.equal(messageOf(error),
               "message: expected string, received number; unknown member; a.0.b: too short");
  for (const issues of [[], "x", [1, null, {}], undefined]) {
    assert.equal(messageOf(Object.assign(new Error("why"), { issues })), "why");
  }
});

test("a schema that does not answer at once is an error of the application's", async () => {
  assert.throws(() => runSchema(async () => 1, 1), { name: "TypeError" });
  assert.throws(() => runSchema(async () => { throw new Error("unheard"); }, 1), { name: "TypeError" });
  await new Promise(setImmediate);
});

test("limits are whole numbers that exist", () => {
  assert.deepEqual(readLimits(undefined), {});
  const given = { presenceBytesMax: 1024, messagesPerSecondMax: 0 };
  assert.deepEqual(readLimits({ ...given, silenceMsMax: undefined }), given);
  for (const none of [{ presenceBytes: 1 }, { presenceBytesMax: "1" }, { toString: 1 }]) {
    assert.throws(() => readLimits(none), TypeError);
  }
  for (const value of [0, -1, 0.5, NaN, Infinity, 2 ** 31]) {
    assert.throws(() => readLimits({ presenceBytesMax: value }), RangeError);
  }
});

test("JSON loses its white space and nothing else", () => {
  assert.equal(minifyJson(' { "a b" : [ 1.0 ,\t"c \\" d\\\\" , { } ] ,\r\n"e":"\\u0020" } '),
               '{"a b":[1.0,"c \\" d\\\\",{}],"e":"\\u0020"}');
  assert.equal(minifyJson("{}"), "{}");
  assert.equal(minifyJson('{"\u00a0":"\u2028"}'), '{"\u00a0":"\u2028"}');
});

test("a member is found as it is spelled", () => {
  const text = ' {"x":{"user":1},"a":"user","user" : [1.0, {"b":"],}"}],"z":[{"user":2}] } ';
  assert.equal(rawMember(text, "user"), '[1.0,{"b":"],}"}]');
  assert.equal(rawMember(text, "z"), '[{"user":2}]');
  assert.equal(rawMember(text, "b"), undefined);
  assert.equal(rawMember("{}", "user"), undefined);
  assert.equal(rawMember('{"user":1,"\\u0075ser":"2"}', "user"), '"2"');
  assert.equal(rawMember('{"__proto__":{"user":1},"user":null}', "user"), "null");
});

test("depth counts containers, not characters of strings", () => {
  assert.equal(jsonDepth("1"), 0);
  assert.equal(jsonDepth('{"[[[":"{{{\\"["}'), 1);
  assert.equal(jsonDepth('[[],[[{}]]]'), 4);
});
