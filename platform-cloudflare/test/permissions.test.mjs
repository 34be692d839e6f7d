// What tokens allow: the package and the native server read every claim in the same way.
import assert from "node:assert/strict";
import { test } from "node:test";

import { joseToken, nativeRead, ourRead, refusal } from "./tokens.mjs";

const all = (names) => {
  const set = new Set(names);
  if (set.has("*")) return "*";
  if (set.has("write")) set.add("read");
  return [...set].sort().join(" ");
};

// What both say that it allows in the room, or why they refuse it.
async function allowed(permissions, room, claimed = room) {
  const token = await joseToken({ room: claimed, claims: { permissions } });
  const native = nativeRead(token, { room });
  const refused = await refusal(token, { room });
  if (refused !== undefined || native.refused !== undefined) {
    assert.equal(refused, native.refused, JSON.stringify(permissions));
    return `refused: ${refused}`;
  }
  const ours = all((await ourRead(token, { room })).permissions.split(" "));
  assert.equal(ours, JSON.parse(native.line).permissions ?? "*", JSON.stringify(permissions));
  return ours;
}

const none = "refused: the token has no permissions for this room";
const other = "refused: the token is for another room";
const unread = "refused: the token's permissions do not allow to read";

test("a token without the claim allows everything", async () => {
  assert.equal(await allowed(undefined, "a"), "*");
});

test("a list holds for the room of the token", async () => {
  assert.equal(await allowed(["read", "event:wave", "read"], "a"), "event:wave read");
  assert.equal(await allowed(["write"], "a"), "read write");
  assert.equal(await allowed(["*"], "a"), "*");
  assert.equal(await allowed(["read"], "a", "b"), other);
  assert.equal(await allowed(["read"], "a-1", "a-*"), other);
});

test("without read no room is opened", async () => {
  for (const permissions of [[], ["presence", "event:*"], { a: [] }, { "*": ["*"], a: ["x"] }]) {
    assert.equal(await allowed(permissions, "a"), unread);
  }
});

test("of several patterns the one that fits best counts", async () => {
  const claim = { "*": ["read"], "des*": ["read", "x"], "design-*": ["write"],
                  "design-1": ["read", "presence"] };
  for (const [room, wanted] of [["other", "read"], ["desk", "read x"], ["design-2", "read write"],
                                ["design-1", "presence read"], ["design-12", "read write"]]) {
    assert.equal(await allowed(claim, room, "*"), wanted, room);
  }
  assert.equal(await allowed({}, "a"), none);
  assert.equal(await allowed({ b: ["read"], "aa*": ["read"] }, "a"), none);
  assert.equal(await allowed({ "*": ["read"] }, "design-1", "design-*"), "read");
  assert.equal(await allowed({ "*": ["read"] }, "other", "design-*"), other);
  assert.equal(await allowed({ "*": ["read"] }, "a", "a/*"), other);
});

test("claims of another form are refused for the same reasons", async () => {
  const names = (count) => ["read", ...Array(count - 1).fill("x")];
  const patterns = (count) =>
    Object.fromEntries([["a", ["read"]],
                        ...Array.from({ length: count - 1 }, (_, n) => [`b${n}`, []])]);
  for (const permissions of [
    null, true, 1, "read", [1], [null], [["read"]], [{}], [""], ["read "], ["read write"],
    ["event:"], ["event:a*"], ["rea*"], ["ré"], ["x".repeat(65)], [`event:${"x".repeat(65)}`],
    { a: "read" }, { a: null }, { a: ["read"], b: 1 }, { a: ["read"], b: [1] },
    { a: ["read"], "": ["read"] }, { a: ["read"], "b/c": ["read"] }, { a: ["read"], "**": [] },
    { a: ["read"], "b*c": [] }, { a: ["read"], "-*": [] }, { a: ["read"], "b-": [] },
    { a: ["read"], [`${"b".repeat(256)}*`]: [] }, names(65), Array(33).fill("x".repeat(64)),
    patterns(65),
  ]) {
    assert.match(await allowed(permissions, "a"), /^refused: .*permission/);
  }
  assert.equal(await allowed(names(64), "a"), "read x");
  assert.equal(await allowed(patterns(64), "a"), "read");
  assert.equal(await allowed(["read", "x".repeat(64)], "a"), `read ${"x".repeat(64)}`);
});
