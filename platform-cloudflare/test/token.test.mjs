// Room tokens: made and read by the package, by npm jose and by the native server.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createToken, openToken, TokenKeys, Unauthorized } from "../dist/token.js";
import {
  jose, joseRead, joseToken, NOW_MS, NOW_S, nativeRead, nativeToken, OTHER_SECRET, ourRead, refusal,
  ROOM, seal, SECRET, TOLERANCE_S, unseal, USER,
} from "./tokens.mjs";

const WRONG_SECRET = "the token was not made with a secret of this server";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const IDS = ["", "x", "a|b", "quote\"d", "back\\slash", "\u0001\u001f", "é😀", "x".repeat(128)];

const ourToken = (options = {}) =>
  createToken({ secret: SECRET, room: ROOM, user: USER, now: NOW_MS, ...options });

test("jose reads what the package makes", async () => {
  const { payload, protectedHeader } = await joseRead(await ourToken());
  assert.deepEqual(protectedHeader, { alg: "dir", enc: "A256GCM" });
  const { jti, ...claims } = payload;
  assert.deepEqual(claims, {
    room: ROOM, sub: `${ROOM}|${USER.id}`, user: USER, iat: NOW_S,
    exp: Math.ceil((NOW_MS + 60_000) / 1000),
  });
  assert.match(jti, UUID);
});

test("the package reads what jose makes", async () => {
  assert.deepEqual(await ourRead(await joseToken()), {
    userId: USER.id, userJson: JSON.stringify(USER), user: USER, permissions: "*",
    expiresAt: (NOW_S + 60) * 1000,
  });
});

test("the native server reads what the package makes", async () => {
  const { jti, ...claims } = JSON.parse(nativeRead(await ourToken({ maxAgeMs: 1 })).line);
  assert.deepEqual(claims, {
    room: ROOM, userId: USER.id, user: USER, iat: NOW_S, exp: NOW_S + 1,
  });
  assert.match(jti, UUID);
});

test("the package reads what the native server makes", async () => {
  assert.deepEqual((await ourRead(nativeToken())).user, USER);
});

test("users of many kinds go all ways", async () => {
  for (const id of IDS) {
    const user = { id, name: `name of ${id.slice(0, 8)}`, n: -0.5e-7, big: 1e21, nested: [[], {}] };
    const ours = await ourToken({ user });
    assert.deepEqual((await joseRead(ours)).payload.user, user);
    assert.deepEqual(JSON.parse(nativeRead(ours).line).user, user);
    for (const token of [ours, await joseToken({ user }), nativeToken({ user })]) {
      const read = await ourRead(token);
      assert.deepEqual([read.user, read.userId], [user, id]);
      assert.deepEqual(JSON.parse(read.userJson), user);
    }
  }
});

test("a token has the claims in the native server's order", async () => {
  const order = (token) => Object.keys(JSON.parse(unseal(token)));
  assert.deepEqual(order(await ourToken()), order(nativeToken()));
});

test("a user stays spelled as the token has it, without white space", async () => {
  const spelled =
    '{ "2":1.0, "id" : "u", "1" : [1e999,\t-0, "a b\\u0041" ],\n"n":12345678901234567890 }';
  const token = seal(`{"room":"${ROOM}","sub":"${ROOM}|u","exp":${NOW_S},"user":${spelled}}`);
  const read = await ourRead(token);
  assert.equal(read.userJson,
               '{"2":1.0,"id":"u","1":[1e999,-0,"a b\\u0041"],"n":12345678901234567890}');
  assert.ok(nativeRead(token).line.includes(`"user":${read.userJson}`));
});

test("no two tokens are the same", async () => {
  const [one, two] = [await ourToken(), await ourToken()];
  assert.notEqual(one.split(".")[2], two.split(".")[2]);
  assert.notEqual((await joseRead(one)).payload.jti, (await joseRead(two)).payload.jti);
});

test("a token lives 60 s unless said otherwise, from now", async () => {
  const before = Date.now();
  const token = await createToken({ secret: SECRET, room: ROOM, user: USER });
  const { expiresAt } = await openToken(TokenKeys.from(SECRET), token, ROOM, Date.now());
  assert.ok(expiresAt >= before + 60_000 && expiresAt <= Date.now() + 61_000);
});

test("all end a token in the same second", async () => {
  for (const token of [await joseToken(), await ourToken(), nativeToken()]) {
    const end_ms = (await ourRead(token)).expiresAt + TOLERANCE_S * 1000;
    assert.equal(await refusal(token, { at_ms: end_ms - 1 }), undefined);
    assert.ok(nativeRead(token, { at_ms: end_ms - 1 }).line);
    for (const at_ms of [end_ms, end_ms + 1, end_ms + 86_400_000]) {
      assert.equal(await refusal(token, { at_ms }), "the token has expired");
      assert.equal(nativeRead(token, { at_ms }).refused, "the token has expired");
      await assert.rejects(joseRead(token, { at_ms }), jose.errors.JWTExpired);
    }
  }
  assert.equal(await refusal(await ourToken(), { at_ms: NaN }), "the token has expired");
});

test("a token of the future is taken, one that is not valid yet is not", async () => {
  const future = await joseToken({ change: (jwt) => jwt.setIssuedAt(NOW_S + 3600) });
  assert.equal(await refusal(future), undefined);
  for (const [ahead_s, why] of [[TOLERANCE_S, undefined],
                                [TOLERANCE_S + 1, "the token is not valid yet"]]) {
    const token = await joseToken({ change: (jwt) => jwt.setNotBefore(NOW_S + ahead_s) });
    assert.equal(await refusal(token), why);
    assert.equal(nativeRead(token).refused, why);
  }
});

test("a token with any one character changed is refused", async () => {
  const token = await ourToken();
  const other = (character) => [...new Set(["A", "B", "-", ".", "=", "%", "\0", "é",
    String.fromCharCode(character.charCodeAt(0) ^ 1)])].filter((to) => to !== character);
  for (let at = 0; at < token.length; ++at) {
    for (const to of other(token[at])) {
      const changed = token.slice(0, at) + to + token.slice(at + 1);
      assert.notEqual(await refusal(changed), undefined, `${at} ${to}`);
    }
  }
});

test("a token with any one byte of its parts changed is refused for its secret", async () => {
  const parts = (await ourToken()).split(".");
  for (const part of [2, 3, 4]) {
    const bytes = Buffer.from(parts[part], "base64url");
    for (let at = 0; at < bytes.length; ++at) {
      bytes[at] ^= 1;
      const changed = parts.with(part, bytes.toString("base64url")).join(".");
      bytes[at] ^= 1;
      assert.equal(await refusal(changed), WRONG_SECRET);
    }
  }
});

test("a token that is cut short, or has a character removed or doubled, is refused", async () => {
  const token = await ourToken();
  for (let at = 0; at < token.length; ++at) {
    assert.notEqual(await refusal(token.slice(0, at)), undefined);
    if (at > 0) assert.notEqual(await refusal(token.slice(at)), undefined);
    assert.notEqual(await refusal(token.slice(0, at) + token.slice(at + 1)), undefined);
    assert.notEqual(await refusal(token.slice(0, at) + token[at] + token.slice(at)), undefined);
  }
  for (const changed of ["", `${token}=`, `${token}\n`, ` ${token}`, `${token}\0`]) {
    assert.notEqual(await refusal(changed), undefined);
  }
  assert.equal(await refusal(""), "the token is empty");
});

test("rotation: the first secret signs, all are read", async () => {
  const secrets = [OTHER_SECRET, SECRET];
  const token = await ourToken({ secret: secrets });
  assert.equal(await refusal(token), WRONG_SECRET);
  assert.equal(await refusal(token, { secrets: [OTHER_SECRET] }), undefined);
  assert.equal(await refusal(await ourToken(), { secrets }), undefined);
  assert.equal(await refusal(await joseToken(), { secrets }), undefined);
  assert.equal(await refusal(await ourToken({ secret: "a third" }), { secrets }), WRONG_SECRET);
  const eight = [..."abcdefg", SECRET];
  assert.equal(await refusal(await ourToken(), { secrets: eight }), undefined);
});

test("a token percent-encoded once and twice is read, and no other", async () => {
  const token = await ourToken();
  const encode = (text) => Buffer.from(text).reduce(
    (out, byte) => out + (byte === 0x25 ? "%25" : `%${byte.toString(16).padStart(2, "0")}`), "");
  const once = encodeURIComponent(token).replaceAll(".", "%2E");
  const all = encode(token);
  for (const text of [once, encodeURIComponent(once), all, encodeURIComponent(all)]) {
    assert.equal(await refusal(text), undefined);
    assert.ok(nativeRead(text).line);
  }
  const thrice = encodeURIComponent(encodeURIComponent(once));
  assert.equal(await refusal(thrice), "the token is percent-encoded more than twice");
  for (const text of ["%", "%4", "a%zz", "%2g.", `${token}%`, `%${token}`]) {
    assert.equal(await refusal(text), "the token's percent-encoding is malformed");
    assert.equal(nativeRead(text).refused, "the token's percent-encoding is malformed");
  }
});

test("a token over 8 KiB is refused before it is looked at", async () => {
  for (const [length, why] of [[8192, "the token does not have five parts"],
                               [8193, "the token is too large"]]) {
    assert.equal(await refusal("a".repeat(length)), why);
    assert.equal(await refusal("%61".repeat(length)), why);
    assert.equal(nativeRead("a".repeat(length)).refused, why);
  }
  assert.equal(await refusal("%2561".repeat(8193)), "the token is too large");
  assert.equal(await refusal("%".repeat(1_000_000)), "the token is too large");
  const large = await joseToken({ claims: { more: "x".repeat(8192) } });
  assert.equal(await refusal(large), "the token is too large");
});

test("what the error says is fit for nobody but a log", async () => {
  const error = await ourRead(await ourToken(), { room: "other" }).catch((caught) => caught);
  assert.ok(error instanceof Unauthorized && error instanceof Error);
  assert.equal(error.message, "Not authorized");
  assert.equal(error.reason, "the token is for another room");
});

// Both readers judge alike, for the same reason.
async function judgedAlike(token, options) {
  const native = nativeRead(token, options);
  assert.equal(await refusal(token, options), native.refused, token);
  return native.refused;
}

const claims = (members = {}) => JSON.stringify({
  room: ROOM, sub: `${ROOM}|u`, user: { id: "u" }, exp: NOW_S + 60, ...members,
});

test("claims that miss or are of the wrong kind are refused as the native server does", async () => {
  assert.equal(await judgedAlike(seal(claims())), undefined);
  for (const name of ["room", "sub", "user", "exp"]) {
    assert.equal(await judgedAlike(seal(claims({ [name]: undefined }))), `the token has no ${name}`);
  }
  for (const name of ["room", "sub", "jti", "iat", "nbf", "exp"]) {
    const other = ["room", "sub", "jti"].includes(name) ? 1 : "1";
    for (const value of [null, [], {}, true, other]) {
      assert.match(await judgedAlike(seal(claims({ [name]: value }))),
                   new RegExp(`^the token's ${name} is not a `));
    }
  }
  for (const time of ["1e999", "-1e999", "9007199254740992"]) {
    const text = claims().replace(`"exp":${NOW_S + 60}`, `"exp":${time}`);
    assert.equal(await judgedAlike(seal(text)), "the token's exp is not a time");
  }
  await judgedAlike(seal(claims({ room: "other" })));
  for (const sub of ["", "u", `${ROOM}|`, `${ROOM}|uu`, `${ROOM}u`, `other|u`, `|u`]) {
    assert.equal(await judgedAlike(seal(claims({ sub }))),
                 "the token's sub is not its room and user");
  }
});

test("users that are none are refused as the native server does", async () => {
  const users = [null, [], "u", 1, {}, { id: 1 }, { id: null }, { ID: "u" },
    { id: "x".repeat(129) }, { id: "x".repeat(128) }, { id: "😀".repeat(64) },
    { id: "😀".repeat(65) }, { id: "u", p: "y".repeat(495) }, { id: "u", p: "y".repeat(496) },
    { id: "u", p: "é".repeat(247) }, { id: "u", p: "é".repeat(248) }];
  const verdicts = [];
  for (const user of users) {
    verdicts.push(await judgedAlike(seal(claims({ user, sub: `${ROOM}|${user?.id}` }))));
  }
  assert.deepEqual(verdicts.map((why) => why === undefined),
                   [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0].map(Boolean));
});

test("claims that are no JSON object are refused as the native server does", async () => {
  for (const text of ["", " ", "null", "[]", "\"{}\"", "1", "x", "{", "{}{}", "{\"a\":}", "{'a':1}",
                      "\ufeff{}", `${claims()},`, `\v${claims()}`]) {
    assert.match(await judgedAlike(seal(text)), /^the token's claims are not (an object|JSON)$/);
  }
  assert.equal(await judgedAlike(seal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))),
               "the token's claims are not JSON");
  assert.equal(await judgedAlike(seal(` \t\r\n${claims()}\n`)), undefined);
  const nested = (depth) =>
    claims({ more: 1 }).replace('"more":1', `"more":${"[".repeat(depth)}${"]".repeat(depth)}`);
  assert.equal(await judgedAlike(seal(nested(63))), undefined);
  assert.equal(await judgedAlike(seal(nested(64))), "the token's claims are not JSON");
});

test("of equal claims the last counts, however it is spelled", async () => {
  const doubled = claims().replace("{", '{"user":{"id":"v"},"user":1,');
  assert.equal(await judgedAlike(seal(doubled)), undefined);
  const escaped = claims().replace(/\}$/, ',"us\\u0065r":{"id":"v"}}');
  assert.equal(await judgedAlike(seal(escaped)), "the token's sub is not its room and user");
  const inside = claims({ user: undefined, more: { user: { id: "u" } }, text: '"user":{}' });
  assert.equal(await judgedAlike(seal(inside)), "the token has no user");
});

test("ids with lone surrogates are read as the native server reads them", async () => {
  const token = await ourToken({ user: { id: "\ud800x" } });
  assert.equal((await ourRead(token)).userId, "\ufffdx");
  assert.equal(JSON.parse(nativeRead(token).line).userId, "\ufffdx");
});

test("headers of another profile are refused as the native server does", async () => {
  const headers = ["", "x", "[]", "null", "{}", '{"alg":"dir"}', '{"enc":"A256GCM"}',
    '{"alg":"none","enc":"A256GCM"}', '{"alg":"dir","enc":"A128GCM"}',
    '{"alg":"dir","enc":"A256GCM","zip":"DEF"}', '{"alg":"dir","enc":"A256GCM","crit":["x"]}',
    '{"enc":"A128GCM","alg":"none"}', '{"zip":"DEF","alg":"none"}',
    '{"alg":1,"enc":"A256GCM"}', '{"alg":"dir","enc":"A256GCM"'];
  for (const header of headers) {
    assert.notEqual(await judgedAlike(seal(claims(), { header })), undefined);
  }
  for (const header of ['{"enc":"A256GCM","alg":"dir"}', '{"alg":"dir","enc":"A256GCM","typ":"JWT"}',
                        ' { "alg" : "dir" , "enc" : "A256GCM" } ']) {
    assert.equal(await judgedAlike(seal(claims(), { header })), undefined);
  }
});

test("tokens of the wrong shape are refused as the native server does", async () => {
  const [header, , iv, ciphertext, tag] = seal(claims()).split(".");
  const shapes = ["a", "....", `${header}....`, [header, "AA", iv, ciphertext, tag].join("."),
    [header, "", iv.slice(0, -4), ciphertext, tag].join("."),
    [header, "", iv, ciphertext, tag.slice(0, -4)].join("."),
    [header, "", iv, ciphertext, `${tag.slice(0, -1)}B`].join("."),
    [header, "", `${iv}A`, ciphertext, tag].join("."),
    [header, "", "!".repeat(16), ciphertext, tag].join("."),
    [header, "", iv, `${ciphertext}+`, tag].join("."), [header, "", iv, ciphertext, tag, ""].join("."),
    [header, "", iv, "", tag].join("."), [`${header}A`, "", iv, ciphertext, tag].join(".")];
  for (const shape of shapes) assert.notEqual(await judgedAlike(shape), undefined);
});

test("random characters are refused", async () => {
  const alphabet = "AZaz09-_..==%2E+/ \"{\u0080\u00ffé";
  let seed = 42;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let round = 0; round < 5000; ++round) {
    const length = random(200);
    const token = Array.from({ length }, () => alphabet[random(alphabet.length)]).join("");
    assert.notEqual(await refusal(token), undefined, token);
  }
});

test("secrets that are none are refused with a clear error that shows none", async () => {
  for (const secret of [undefined, null, 1, {}, "", [""], ["a", undefined], ["a", ""]]) {
    await assert.rejects(ourToken({ secret }), { name: "TypeError", message: /secret is/ });
    assert.throws(() => TokenKeys.from(secret), TypeError);
  }
  await assert.rejects(ourToken({ secret: [] }), RangeError);
  await assert.rejects(ourToken({ secret: Array(9).fill("x") }), RangeError);
  const error = await ourToken({ secret: ["hidden", 1] }).catch((caught) => caught);
  assert.ok(!String(error.stack).includes("hidden"));
});

test("rooms, users, ages and times that are none are refused with a clear error", async () => {
  for (const room of ["", "-a", "a b", "a/b", "é", "a".repeat(257)]) {
    await assert.rejects(ourToken({ room }), { name: "RangeError", message: "Unsupported room name" });
  }
  for (const room of [undefined, null, 1, {}]) await assert.rejects(ourToken({ room }), TypeError);
  for (const user of [undefined, null, "u", [], {}, { id: 1 }, { id: undefined }, () => 1]) {
    await assert.rejects(ourToken({ user }), TypeError);
  }
  for (const user of [{ id: "x".repeat(129) }, { id: "u", p: "y".repeat(496) }]) {
    await assert.rejects(ourToken({ user }), RangeError);
  }
  for (const maxAgeMs of [0, -1, 0.5, NaN, Infinity, 366 * 24 * 3600 * 1000 + 1]) {
    await assert.rejects(ourToken({ maxAgeMs }), RangeError);
  }
  for (const now of [-1, NaN, 2 ** 53]) await assert.rejects(ourToken({ now }), RangeError);
  await assert.rejects(ourToken({ maxAgeMs: "60000" }), TypeError);
  await assert.rejects(ourToken({ now: new Date() }), TypeError);
  assert.equal(await refusal(await ourToken({ maxAgeMs: 366 * 24 * 3600 * 1000 })), undefined);
  await ourToken({ room: "a".repeat(256), user: { id: "u", p: "y".repeat(495) } });
});
