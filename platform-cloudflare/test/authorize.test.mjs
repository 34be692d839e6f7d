// Who a client is, by its token and the application's word.
import assert from "node:assert/strict";
import { test } from "node:test";

import { authorizeJoin } from "../dist/authorize.js";
import { Unauthorized, Unavailable } from "../dist/join_errors.js";
import { createToken } from "../dist/token.js";

const SECRET = "a secret of the tests";
const ROOM = "my-room";
const NOW_MS = 1_700_000_000_000;
const USER = { id: "u", name: "Ann", extra: 1 };

const token = await createToken({ secret: SECRET, room: ROOM, user: USER, now: NOW_MS });

// The token as clients put it in a query: encoded, and encoded again.
const query = (text) => `?${new URLSearchParams({ token: encodeURIComponent(text) })}`;

const join = (options, { search = query(token), room = ROOM } = {}) =>
  authorizeJoin({ authorize: () => ({ secret: SECRET }), ...options },
                { env: {}, request: new Request(`https://a.b/r${search}`), room }, NOW_MS);

const reason = (promise) => promise.then(() => undefined, (error) => {
  assert.ok(error instanceof Unauthorized, String(error));
  return error.reason;
});

test("without a schema the user is the token's", async () => {
  assert.deepEqual(await join(),
                   { id: "u", json: JSON.stringify(USER), user: USER, permissions: "*" });
  assert.equal((await join({}, { search: `?token=${token}` })).id, "u");
});

test("with a schema the user is what it made", async () => {
  const user = ({ id, name }) => ({ id, name });
  for (const schema of [user, { parse: user }]) {
    const joined = await join({ user: schema });
    assert.deepEqual(joined, { id: "u", json: '{"id":"u","name":"Ann"}',
                               user: { id: "u", name: "Ann" }, permissions: "*" });
  }
});

test("a user that the schema refuses may not enter", async () => {
  assert.equal(await reason(join({ user: () => { throw new Error("name: too short"); } })),
               "the token's user is invalid: name: too short");
  for (const made of [undefined, null, 1, [], {}, { id: 1 }]) {
    assert.match(await reason(join({ user: () => made })), /^the token's user is invalid/);
  }
  assert.match(await reason(join({ user: () => ({ id: "u", x: "y".repeat(512) }) })), /too large/);
});

test("no token, and one of another room or secret, may not enter", async () => {
  assert.equal(await reason(join({}, { search: "" })), "the request has no token");
  assert.equal(await reason(join({}, { search: "?token=" })), "the token is empty");
  assert.equal(await reason(join({}, { room: "other" })), "the token is for another room");
  assert.match(await reason(join({ authorize: () => ({ secret: "x" }) })), /not made with a secret/);
});

test("the secrets may depend on who asks, and be several", async () => {
  const asked = [];
  const authorize = async (from) => {
    asked.push(from);
    return { secrets: ["new", SECRET] };
  };
  assert.equal((await join({ authorize })).id, "u");
  assert.deepEqual([asked[0].room, new URL(asked[0].request.url).pathname], [ROOM, "/r"]);
});

test("authorize that fails, or answers no secrets, is a refusal for now", async () => {
  const broken = [() => { throw new Error("away"); }, () => undefined, () => ({}), () => "secret",
    () => ({ secret: undefined }), () => ({ secret: "" }), () => ({ secrets: [] }),
    () => ({ secrets: "abc" }), () => ({ secret: "a", secrets: ["b"] })];
  for (const authorize of broken) {
    const error = await join({ authorize }).catch((caught) => caught);
    assert.ok(error instanceof Unavailable && error.cause instanceof Error, String(error));
  }
});
