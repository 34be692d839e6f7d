// Tokens that were tampered with, cut, lengthened, made for something else or by somebody else:
// each is refused for good, and the room hears nothing of it. And the ones that are right.
import assert from "node:assert/strict";
import { createCipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

import { makeToken, RawSocket, Client, SECRET, sleep, startPluvd, suite } from "./lib.mjs";

const { test, shared, run } = suite("hostile tokens", { limit_ms: 120_000 });
const secured = shared(() => startPluvd(["--max-connections-per-address", "0"]));

const PATH = "/api/pluv/room/";
const ANN = { id: "ann", name: "Ann" };
const EVE = { id: "eve", name: "Eve" };
const now_s = () => Math.floor(Date.now() / 1000);
const keyOf = (secret) =>
  Buffer.from(hkdfSync("sha256", secret, "", "Pluv.io Generated Encryption Key", 32));
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const claimsOf = (room, more = {}) => ({ room, sub: `${room}|eve`, user: EVE, iat: now_s(),
                                         exp: now_s() + 60, jti: "1", ...more });
const HEADER = { alg: "dir", enc: "A256GCM" };

// A token with this header and these claims, sealed rightly, whatever they say.
function seal(claims, { header = HEADER, secret = SECRET, encryptedKey = "" } = {}) {
  const head = base64url(typeof header === "string" ? header : JSON.stringify(header));
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(secret), iv);
  cipher.setAAD(Buffer.from(head));
  const text = typeof claims === "string" ? claims : JSON.stringify(claims);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return [head, encryptedKey, base64url(iv), base64url(sealed),
          base64url(cipher.getAuthTag())].join(".");
}

// What the server says to a token: {code, types of its messages}.
async function ask(server, room, query) {
  const raw = await RawSocket.upgraded(server.port, PATH + room + query);
  try {
    await raw.until(() => raw.closeCode !== null || raw.messages.length > 1 ||
                          raw.messages[0]?.type === "$registered" || raw.ended, "an answer");
    const types = raw.messages.map(({ type }) => type);
    return { code: raw.closeCode, types, answer: raw.text };
  } finally {
    raw.close();
  }
}

async function refused(server, room, tokens) {
  const left = [...tokens];
  const worker = async () => {
    for (let token = left.pop(); token !== undefined; token = left.pop()) {
      const { code, types, answer } = await ask(server, room, `?token=${token}`);
      assert.deepEqual(types, ["$error"], `${token}: ${answer}`);
      assert.match(answer, /"Not authorized"/, token);
      assert.equal(code, 3000, token);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

// Somebody who is in the room and must hear of nobody else.
async function witness(t, server) {
  const token = await makeToken({ room: t.room, user: ANN });
  const client = t.use(await Client.joined({ url: server.url, room: t.room, token }));
  const heard = client.messages.length;
  return async () => {
    await client.settled();
    const since = client.messages.slice(heard).filter(({ type }) => type !== "settled");
    assert.deepEqual(since, [], "what the others in the room heard");
  };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test("a token with any one character changed is refused", async (t) => {
  const server = await secured();
  const heardNothing = await witness(t, server);
  const token = seal(claimsOf(t.room));
  const changed = [...token].flatMap((character, at) => {
    const place = ALPHABET.indexOf(character);
    const others = character === "." ? ["A"] : [ALPHABET[place ^ 1], ALPHABET[place ^ 32]];
    return others.map((other) => token.slice(0, at) + other + token.slice(at + 1));
  });
  await refused(server, t.room, changed);
  await heardNothing();
  assert.deepEqual((await ask(server, t.room, `?token=${token}`)).types, ["$registered"],
                   "the token itself");
});

test("a token with any one byte of its parts inverted is refused", async (t) => {
  const server = await secured();
  const heardNothing = await witness(t, server);
  const parts = seal(claimsOf(t.room)).split(".");
  const changed = parts.flatMap((part, which) => {
    const bytes = Buffer.from(part, "base64url");
    return [...bytes.keys()].map((at) => {
      const copy = Buffer.from(bytes);
      copy[at] ^= 0xff;
      return parts.with(which, base64url(copy)).join(".");
    });
  });
  await refused(server, t.room, changed);
  await heardNothing();
});

test("a token cut at any place is refused", async (t) => {
  const server = await secured();
  const heardNothing = await witness(t, server);
  const token = seal(claimsOf(t.room));
  await refused(server, t.room, [...token].map((_, at) => token.slice(0, at)));
  await refused(server, t.room, [...token].map((_, at) => token.slice(at + 1)));
  await heardNothing();
});

test("a token with something more is refused", async (t) => {
  const server = await secured();
  const heardNothing = await witness(t, server);
  const token = seal(claimsOf(t.room));
  const more = ["A", "=", "==", ".", ".A", "%00", "%20", "%0A", "%2E", "%25", "%C0%80", "+", "/",
                ".".repeat(5), "A".repeat(9_000)];
  await refused(server, t.room, more.flatMap((one) => [token + one, one + token]));
  const parts = token.split(".");
  await refused(server, t.room, parts.flatMap((part, at) =>
    ["", `${part}A`, `${part}=`, `A${part}`].filter((other) => other !== part)
      .map((other) => parts.with(at, other).join("."))));
  await heardNothing();
});

const headers = {
  "no algorithm": { alg: "none", enc: "A256GCM" },
  "no algorithm in other letters": { alg: "None", enc: "A256GCM" },
  "an algorithm in capitals": { alg: "DIR", enc: "A256GCM" },
  "a wrapped key": { alg: "A256KW", enc: "A256GCM" },
  "a wrapped key, GCM": { alg: "A256GCMKW", enc: "A256GCM" },
  "RSA": { alg: "RSA-OAEP", enc: "A256GCM" },
  "a password": { alg: "PBES2-HS256+A128KW", p2c: 2 ** 31, p2s: "AAAA", enc: "A256GCM" },
  "another cipher": { alg: "dir", enc: "A128GCM" },
  "a cipher of another kind": { alg: "dir", enc: "A256CBC-HS512" },
  "a cipher in small letters": { alg: "dir", enc: "a256gcm" },
  "no cipher": { alg: "dir" },
  "nothing": {},
  "numbers": { alg: 1, enc: 2 },
  "compression": { ...HEADER, zip: "DEF" },
  "what must be understood": { ...HEADER, crit: ["exp"], exp: 1 },
  "a text instead": "\"dir\"",
  "a list instead": "[\"dir\",\"A256GCM\"]",
  "null": "null",
  "no JSON": "{alg:dir}",
  "nothing at all": "",
};
for (const [title, header] of Object.entries(headers)) {
  test(`a header that says ${title} is refused, rightly sealed as it is`, async (t) => {
    const server = await secured();
    await refused(server, t.room, [seal(claimsOf(t.room), { header })]);
  });
}

test("a signature is no token, whatever it says", async (t) => {
  const server = await secured();
  const sign = (header, key) => {
    const text = [header, claimsOf(t.room)].map((part) => base64url(JSON.stringify(part)))
      .join(".");
    return `${text}.${key ? createHmac("sha256", key).update(text).digest("base64url") : ""}`;
  };
  await refused(server, t.room, [sign({ alg: "none" }), sign({ alg: "HS256" }, SECRET),
                                 sign({ alg: "HS256" }, keyOf(SECRET)),
                                 sign({ alg: "dir", enc: "A256GCM" }, SECRET)]);
});

test("a token of another secret is refused", async (t) => {
  const server = await secured();
  const others = ["", "x", `${SECRET} `, SECRET.slice(1), SECRET.toUpperCase(), `${SECRET}\0`];
  await refused(server, t.room, others.map((secret) => seal(claimsOf(t.room), { secret })));
});

test("a token with a key beside it is refused", async (t) => {
  const server = await secured();
  await refused(server, t.room, [seal(claimsOf(t.room), { encryptedKey: "AAAA" }),
                                 seal(claimsOf(t.room), { encryptedKey: base64url(keyOf(SECRET)) })]);
});

test("a token opens the room that it names and no other", async (t) => {
  const server = await secured();
  const heardNothing = await witness(t, server);
  const others = [`${t.room}x`, t.room.slice(0, -1), t.room.toUpperCase(), "", `${t.room}\0`,
                  ` ${t.room}`, `${t.room} `, "*", null, 5, [t.room], { room: t.room }, true];
  await refused(server, t.room, others.map((room) => seal(claimsOf(t.room, { room }))));
  const none = claimsOf(t.room);
  delete none.room;
  await refused(server, t.room, [seal(none)]);
  await heardNothing();
});

test("a token whose time is over, or has not come, is refused", async (t) => {
  const server = await secured();
  const now = now_s();
  const claims = [{ exp: now - 20 }, { exp: 0 }, { exp: -1 }, { exp: null }, { exp: `${now + 60}` },
                  { exp: {} }, { exp: undefined }, { nbf: now + 60 }, { nbf: `${now - 60}` },
                  { exp: true }];
  await refused(server, t.room, claims.map((more) => seal(claimsOf(t.room, more))));
  const texts = ["1e999", "-1e999", "NaN", "Infinity"].map((exp) =>
    JSON.stringify(claimsOf(t.room, { exp: "EXP" })).replace('"EXP"', exp));
  await refused(server, t.room, texts.map((text) => seal(text)));
});

test("a token whose user is none is refused", async (t) => {
  const server = await secured();
  const users = [null, undefined, "eve", 5, [], [EVE], {}, { name: "Eve" }, { id: 5 },
                 { id: null }, { id: { id: "eve" } }, { id: "x".repeat(129) },
                 { id: "eve", name: "x".repeat(600) }];
  await refused(server, t.room, users.map((user) => seal(claimsOf(t.room, { user }))));
});

test("claims that are no object are refused", async (t) => {
  const server = await secured();
  const texts = ["", "null", "5", "\"x\"", "[]", "{}", "{", "[".repeat(3_000),
                 "{\"a\":".repeat(900), "\xff\xfe", "{\"room\":\"\\ud800\"}"];
  await refused(server, t.room, texts.map((text) => seal(text)));
});

test("what is no token is refused", async (t) => {
  const server = await secured();
  const heardNothing = await witness(t, server);
  await refused(server, t.room, ["", "undefined", "null", "....", ".", "a.b.c.d.e", "%", "%25",
                                 "%00", "%252525", "%F0%9F%98%80", "x".repeat(8_000),
                                 ".".repeat(8_000), "Bearer%20x"]);
  const { code } = await ask(server, t.room, "");
  assert.equal(code, 3000, "without a token");
  await heardNothing();
});

test("of several tokens the first is meant, and a header brings none", async (t) => {
  const server = await secured();
  const good = seal(claimsOf(t.room));
  for (const query of [`?token=x&token=${good}`, `?Token=${good}`, `?token[]=${good}`,
                       `?x=token=${good}`, `?token=x;token=${good}`]) {
    assert.equal((await ask(server, t.room, query)).code, 3000, query);
  }
  const raw = t.use(await RawSocket.upgraded(server.port, PATH + t.room, {
    headers: { Authorization: `Bearer ${good}`, Cookie: `token=${good}` },
  }));
  await raw.until(() => raw.closeCode !== null, "the close");
  assert.equal(raw.closeCode, 3000);
});

// docs/tokens.md says so: a token is a ticket for its time, not for one entry. A client that loses
// its connection comes back with the same one.
test("within its time a token may be used again", async (t) => {
  const server = await secured();
  const token = seal(claimsOf(t.room));
  const a = t.use(await Client.joined({ url: server.url, room: t.room, token }));
  const b = t.use(await Client.joined({ url: server.url, room: t.room, token }));
  assert.notEqual(a.connectionId, b.connectionId);
  assert.deepEqual(a.user, b.user);
  await a.close();
  t.use(await Client.joined({ url: server.url, room: t.room, token }));
});

test("after its time a token that was good is refused", async (t) => {
  const server = await secured();
  const token = seal(claimsOf(t.room, { exp: now_s() - 13 }));  // 15 s of tolerance
  assert.deepEqual((await ask(server, t.room, `?token=${token}`)).types, ["$registered"]);
  await sleep(3_100);
  await refused(server, t.room, [token]);
});

test("a token whose clock is ahead is taken", async (t) => {
  const server = await secured();
  const token = seal(claimsOf(t.room, { iat: now_s() + 600, exp: now_s() + 660 }));
  assert.deepEqual((await ask(server, t.room, `?token=${token}`)).types, ["$registered"]);
});

await run();
