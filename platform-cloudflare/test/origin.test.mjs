// Origins against patterns, the cases of the native server.
import assert from "node:assert/strict";
import { test } from "node:test";

import { OriginList } from "../dist/origin.js";
import { isRoomName, requireRoomName } from "../dist/room_name.js";

const allows = (pattern, origin) => new OriginList([pattern].flat()).allows(origin);

test("an origin is its scheme, host and port", () => {
  for (const [pattern, origin, expected] of [
    ["https://example.com", "https://example.com", true],
    ["https://example.com", "https://EXAMPLE.com", true],
    ["HTTPS://Example.com", "https://example.com", true],
    ["https://example.com", "https://example.com:443", true],
    ["https://example.com:443", "https://example.com", true],
    ["https://example.com", "http://example.com", false],
    ["https://example.com", "https://example.com:8443", false],
    ["https://example.com", "https://a.example.com", false],
    ["https://example.com", "https://example.com.evil.com", false],
    ["https://example.com", "https://evilexample.com", false],
    ["https://example.com", "https://example.com/", false],
    ["https://example.com", "https://user@example.com", false],
    ["https://example.com", "https://example.com, https://evil.com", false],
    ["http://localhost:3000", "http://localhost:3000", true],
    ["http://localhost:3000", "http://localhost", false],
    ["http://[::1]:3000", "http://[::1]:3000", true],
    ["app://local", "app://local", true],
    ["app://local", "app://other", false],
  ]) assert.equal(allows(pattern, origin), expected, `${pattern} ${origin}`);
});

test("a star stands for one or more whole labels", () => {
  for (const [origin, expected] of [
    ["https://a.example.com", true], ["https://a.b.example.com", true],
    ["https://A.Example.COM", true], ["https://example.com", false],
    ["https://.example.com", false], ["https://evilexample.com", false],
    ["https://a.example.com.evil.com", false], ["https://a..example.com", false],
    ["http://a.example.com", false], ["https://a.example.com:8443", false],
    ["https://*.example.com", false],
  ]) assert.equal(allows("https://*.example.com", origin), expected, origin);
});

test("every origin and null have words of their own", () => {
  for (const origin of ["https://a.b", "null", "anything", ""]) assert.ok(allows("*", origin));
  assert.ok(allows("null", "null"));
  assert.ok(!allows("null", "https://null"));
  assert.ok(!allows("https://example.com", "null"));
  assert.ok(!allows([], "https://example.com"));
  assert.ok(allows(["https://a.com", "https://b.com"], "https://b.com"));
});

test("a pattern that is none is refused, with its text", () => {
  for (const pattern of ["", "example.com", "https://", "https://*", "https://*.", "https://a.*.com",
                         "https://a*.com", "https://example.com/", "https://example.com:0",
                         "https://example.com:65536", "https://example.com:", "https://*.[::1]",
                         "https://a b", "://a", "https://.a", "https://a.", 1, null]) {
    assert.throws(() => new OriginList([pattern]), { name: "TypeError", message: /is not an origin/ });
  }
});

test("a room's name is letters and digits, with dashes and underscores inside", () => {
  for (const name of ["a", "Z", "0", "a-b", "a_b", "a--b", "my-example-room", "a".repeat(256)]) {
    assert.ok(isRoomName(name), name);
    assert.equal(requireRoomName(name), name);
  }
  for (const name of ["", "-", "_a", "a_", "-a", "a-", "a b", "a.b", "a/b", "a\n", "\na", "é", "a\0",
                      "a".repeat(257), "\u0661"]) {
    assert.ok(!isRoomName(name), JSON.stringify(name));
    assert.throws(() => requireRoomName(name), { name: "RangeError", message: "Unsupported room name" });
  }
  for (const name of [undefined, null, 1, {}, ["a"]]) {
    assert.ok(!isRoomName(name));
    assert.throws(() => requireRoomName(name), TypeError);
  }
});
