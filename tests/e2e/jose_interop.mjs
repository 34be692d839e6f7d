// Room tokens against npm jose, both ways: what jose makes our reader takes, what we make jose
// takes, and both refuse the same. Usage: node jose_interop.mjs PATH_OF_pluv_token_tool.
// Ends with 0, with 1 when a case failed; lib/need.mjs says what when jose is not installed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { hkdfSync, randomUUID } from "node:crypto";
import process from "node:process";

import { need } from "./lib/need.mjs";

const tool = process.argv[2];
if (tool === undefined) {
  console.error("usage: node jose_interop.mjs PATH_OF_pluv_token_tool");
  process.exit(2);
}
const [{ EncryptJWT, errors, jwtDecrypt }] = await need("jose");

const SECRET = "a secret of the interop test";
const OTHER_SECRET = "another secret";
const ROOM = "my-example-room";
const TOLERANCE_S = 15;
const USER = { id: "user_1", name: "Zoë", tags: ["a", 1.5, null, { deep: true }] };
const WRONG_SECRET = /^unauthorized: the token was not made with a secret of this server\n$/;
const EXPIRED = /^unauthorized: the token has expired\n$/;

const now_ms = Date.now();
const now_s = Math.floor(now_ms / 1000);

const keyOf = (secret) =>
  new Uint8Array(hkdfSync("sha256", secret, "", "Pluv.io Generated Encryption Key", 32));

// A token as existing deployments make it. `change` works on the builder before it encrypts.
function joseToken({ user = USER, room = ROOM, claims = {}, secret = SECRET, header = {},
                     change = (jwt) => jwt } = {}) {
  const jwt = new EncryptJWT({ room, sub: `${room}|${user?.id}`, user, ...claims })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", ...header })
    .setIssuedAt(now_s)
    .setExpirationTime(now_s + 60)
    .setJti(randomUUID());
  return change(jwt).encrypt(keyOf(secret));
}

const joseRead = (token, { secret = SECRET, at_ms = now_ms } = {}) =>
  jwtDecrypt(token, keyOf(secret), { clockTolerance: TOLERANCE_S, currentDate: new Date(at_ms) });

const run = (...words) =>
  execFileSync(tool, words.map(String), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const ourRead = (token, { room = ROOM, at_ms = now_ms, secrets = [SECRET] } = {}) =>
  JSON.parse(run("decode", at_ms, room, token, ...secrets));

const ourToken = ({ user = USER, room = ROOM, max_age_ms = 60_000, secrets = [SECRET] } = {}) =>
  run("encode", now_ms, room, user.id, JSON.stringify(user), max_age_ms, ...secrets).trimEnd();

function refusedByUs(token, why, options) {
  try {
    ourRead(token, options);
  } catch (error) {
    assert.equal(error.status, 1, error.stderr);
    assert.match(error.stderr, why);
    return;
  }
  assert.fail("the tool accepted the token");
}

const cases = {
  async "ours reads what jose makes"() {
    const jti = randomUUID();
    const claims = ourRead(await joseToken({ change: (jwt) => jwt.setJti(jti) }));
    assert.deepEqual(claims, {
      room: ROOM, userId: USER.id, user: USER, iat: now_s, exp: now_s + 60, jti,
    });
  },
  async "ours reads jose's tokens of users of many kinds"() {
    for (const id of ["", "x", "a|b", "quote\"d", "back\\slash", "\u0000\u001f", "é😀", "x".repeat(128)]) {
      const user = { id, name: `name of ${id.slice(0, 8)}`, n: -0.5e-7, nested: [[], {}] };
      assert.deepEqual(ourRead(await joseToken({ user })).user, user);
      assert.equal(ourRead(await joseToken({ user })).userId, id);
    }
  },
  async "ours reads tokens that live 60,000 s, as the original's default makes them"() {
    const token = await joseToken({ change: (jwt) => jwt.setExpirationTime(now_s + 60_000) });
    assert.equal(ourRead(token, { at_ms: now_ms + 3_600_000 }).exp, now_s + 60_000);
  },
  async "ours reads a token percent-encoded once and twice"() {
    const token = await joseToken();
    const encoded = encodeURIComponent(token).replaceAll(".", "%2E");
    assert.deepEqual(ourRead(encoded).user, USER);
    assert.deepEqual(ourRead(encodeURIComponent(encoded)).user, USER);
  },
  async "ours reads a header with more members and another order"() {
    assert.deepEqual(ourRead(await joseToken({ header: { typ: "JWT", kid: "1" } })).user, USER);
    const reordered = new EncryptJWT({ room: ROOM, sub: `${ROOM}|${USER.id}`, user: USER })
      .setProtectedHeader({ enc: "A256GCM", alg: "dir" })
      .setExpirationTime(now_s + 60);
    assert.deepEqual(ourRead(await reordered.encrypt(keyOf(SECRET))).user, USER);
  },
  async "jose reads what ours makes"() {
    const { payload, protectedHeader } = await joseRead(ourToken());
    assert.deepEqual(protectedHeader, { alg: "dir", enc: "A256GCM" });
    const { jti, ...claims } = payload;
    assert.deepEqual(claims, {
      room: ROOM, sub: `${ROOM}|${USER.id}`, user: USER, iat: now_s,
      exp: Math.ceil((now_ms + 60_000) / 1000),
    });
    assert.match(jti, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  },
  async "jose reads our tokens of users of many kinds"() {
    // No NUL here: an argument of a program cannot hold one (the user's JSON spells it \u0000).
    for (const id of ["", "a|b", "quote\"d", "back\\slash", "\u0001\u001f", "é😀", "x".repeat(128)]) {
      const user = { id, nested: [[], {}], n: 1e21 };
      assert.deepEqual((await joseRead(ourToken({ user }))).payload.user, user);
    }
  },
  async "no two of our tokens are the same"() {
    const one = await joseRead(ourToken());
    const two = await joseRead(ourToken());
    assert.notEqual(one.payload.jti, two.payload.jti);
    assert.notEqual(ourToken().split(".")[2], ourToken().split(".")[2]);
  },
  async "both end a token in the same second"() {
    for (const token of [await joseToken(), ourToken()]) {
      const { exp } = ourRead(token);
      const end_ms = (exp + TOLERANCE_S) * 1000;
      assert.equal(ourRead(token, { at_ms: end_ms - 1 }).exp, exp);
      await joseRead(token, { at_ms: end_ms - 1 });
      for (const at_ms of [end_ms, end_ms + 1, end_ms + 86_400_000]) {
        refusedByUs(token, EXPIRED, { at_ms });
        await assert.rejects(joseRead(token, { at_ms }), errors.JWTExpired);
      }
    }
  },
  async "both take a token of the future and none that is not valid yet"() {
    const future = await joseToken({ change: (jwt) => jwt.setIssuedAt(now_s + 3600) });
    assert.deepEqual(ourRead(future).user, USER);
    await joseRead(future);
    for (const [ahead_s, taken] of [[TOLERANCE_S, true], [TOLERANCE_S + 1, false]]) {
      const token = await joseToken({ change: (jwt) => jwt.setNotBefore(now_s + ahead_s) });
      if (taken) {
        assert.deepEqual(ourRead(token).user, USER);
        await joseRead(token);
      } else {
        refusedByUs(token, /not valid yet/);
        await assert.rejects(joseRead(token), errors.JWTClaimValidationFailed);
      }
    }
  },
  async "both refuse a token of another secret"() {
    refusedByUs(await joseToken({ secret: OTHER_SECRET }), WRONG_SECRET);
    await assert.rejects(joseRead(ourToken({ secrets: [OTHER_SECRET] })),
                         errors.JWEDecryptionFailed);
  },
  async "both refuse a token with a changed byte"() {
    for (const token of [await joseToken(), ourToken()]) {
      const at = token.lastIndexOf(".") - 5;
      const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      refusedByUs(changed, WRONG_SECRET);
      await assert.rejects(joseRead(changed), errors.JWEDecryptionFailed);
    }
  },
  async "rotation: the old secret is read, the first one signs"() {
    const secrets = [OTHER_SECRET, SECRET];
    assert.deepEqual(ourRead(await joseToken(), { secrets }).user, USER);
    await joseRead(ourToken({ secrets }), { secret: OTHER_SECRET });
    await assert.rejects(joseRead(ourToken({ secrets })), errors.JWEDecryptionFailed);
  },
  async "ours refuses what the original's reader leaves to others"() {
    refusedByUs(await joseToken({ room: "other" }), /for another room/);
    refusedByUs(await joseToken({ claims: { sub: `${ROOM}|someone` } }), /sub is not/);
    refusedByUs(await joseToken({ user: null }), /user is not an object/);
    refusedByUs(await joseToken({ user: [] }), /user is not an object/);
    refusedByUs(await joseToken({ user: { id: 7 } }), /id is not a string/);
    refusedByUs(await joseToken({ user: { id: "x".repeat(129) } }), /id is too long/);
    refusedByUs(await joseToken({ user: { id: "x", p: "y".repeat(512) } }), /user is too large/);
    refusedByUs(await joseToken({ claims: { more: "x".repeat(8192) } }), /token is too large/);
    const eternal = new EncryptJWT({ room: ROOM, sub: `${ROOM}|${USER.id}`, user: USER })
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" });
    refusedByUs(await eternal.encrypt(keyOf(SECRET)), /has no exp/);
  },
  async "ours refuses other encryptions"() {
    const short = new EncryptJWT({ room: ROOM }).setProtectedHeader({ alg: "dir", enc: "A128GCM" });
    refusedByUs(await short.encrypt(keyOf(SECRET).slice(0, 16)), /enc is not A256GCM/);
    const wrapped = new EncryptJWT({ room: ROOM })
      .setProtectedHeader({ alg: "A256KW", enc: "A256GCM" });
    refusedByUs(await wrapped.encrypt(keyOf(SECRET)), /alg is not dir/);
  },
};

let passed = 0;
let failed = 0;
for (const [name, body] of Object.entries(cases)) {
  try {
    await body();
    ++passed;
  } catch (error) {
    ++failed;
    console.error(`FAILED: ${name}\n${error.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
