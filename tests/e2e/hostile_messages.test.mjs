// Messages that are wrong, forged, meant for another room, or poison for whoever reads them.
// Expected of each: what the sender is told, and what others in the room hear.
import assert from "node:assert/strict";

import { Client, frame, makeToken, RawSocket, startPluvd, suite } from "./lib.mjs";

const { test, shared, run } = suite("hostile messages");
const open = shared(() => startPluvd(["--dev"]));
const secured = shared(() => startPluvd(["--max-connections-per-address", "0"]));
const PATH = "/api/pluv/room/";
const ANN = { id: "ann", name: "Ann" };
const EVE = { id: "eve", name: "Eve" };

async function join(t, server, more = {}) {
  return t.use(await Client.joined({ url: server.url, room: t.room, ...more }));
}
async function joinAs(t, server, user, room = t.room) {
  return join(t, server, { room, token: await makeToken({ room, user }) });
}

// Two in a room: eve is the attacker; heard() is what the other hears of what eve sent since.
async function pair(t, server) {
  const ann = await join(t, server);
  const eve = await join(t, server);
  await ann.settled();
  ann.rest();
  const heard = async () => {
    await eve.settled();
    await ann.until(() => ann.messages.some(({ type, data }) => type === "settled" &&
                                            data.mark === eve.messages.at(-1)?.data?.mark));
    return ann.rest().filter(({ type }) => type !== "settled");
  };
  return { ann, eve, heard };
}

// --- the protocol's own names ---

const SERVER_TYPES = ["$registered", "$userJoined", "$othersReceived", "$presenceUpdated",
                      "$storageReceived", "$storageUpdated", "$syncStateReceived", "$exit", "$pong",
                      "$error"];
const FORGED = [...SERVER_TYPES, "$", "$$", "$unknown", "$PING", "$ping ", "$updatepresence",
                "$__proto__"];

test("what only a server says is not passed on for a client", async (t) => {
  const { eve, heard, ann } = await pair(t, await open());
  for (const type of FORGED) {
    eve.send(type, { sessionId: ann.connectionId, connectionIds: [], presence: { forged: true },
                     state: "AAA=", others: {}, message: "forged" });
  }
  assert.deepEqual(await heard(), []);
  assert.deepEqual(ann.closes, []);
});

test("nor when its name is written in escapes", async (t) => {
  const { eve, heard, ann } = await pair(t, await open());
  for (const type of SERVER_TYPES) {
    const escaped = [...type].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
    eve.sendText(`{"type":"${escaped.join("")}","data":{"sessionId":"${ann.connectionId}"}}`);
    eve.sendText(`{"type":"\\u0024${type.slice(1)}","data":{"sessionId":"${ann.connectionId}"}}`);
  }
  assert.deepEqual(await heard(), []);
});

test("names that only look like the protocol's are events of their own", async (t) => {
  const { eve, heard } = await pair(t, await open());
  const names = [" $exit", "\uff04exit", "\ufe69exit", "exit", "\u200b$exit", "\0$exit"];
  for (const name of names) eve.send(name, {});
  const types = (await heard()).map(({ type }) => type);
  for (const type of types) assert.ok(!type.startsWith("$"), type);
  assert.deepEqual(types, names);
});

// --- whom a message is from and to ---

test("fields beside type and data are not read", async (t) => {
  const server = await secured();
  const ann = await joinAs(t, server, ANN);
  const eve = await joinAs(t, server, EVE);
  const elsewhere = await joinAs(t, server, ANN, `${t.room}-elsewhere`);
  const heard = elsewhere.messages.length;
  const fields = {
    room: elsewhere.room, connectionId: ann.connectionId, sessionId: ann.connectionId, user: ANN,
    options: { type: "self", sessionIds: [ann.connectionId] }, sessionIds: [elsewhere.connectionId],
    to: elsewhere.connectionId, channel: elsewhere.room, broadcast: true, __proto__: { room: "x" },
  };
  for (const type of ["sendMessage", "unknownEvent"]) {
    eve.sendText(JSON.stringify({ ...fields, type, data: { message: "hi" } }));
    eve.sendText(JSON.stringify({ type, data: { message: "hi" }, ...fields }));
  }
  for (const client of [ann, eve]) {
    for (let i = 0; i < 4; ++i) {
      const message = await client.take(({ type }) => /receiveMessage|unknownEvent/.test(type));
      assert.deepEqual(Object.keys(message).filter((key) => !["at", "binary"].includes(key)).sort(),
                       ["connectionId", "data", "room", "type", "user"]);
      assert.deepEqual([message.connectionId, message.room, message.user],
                       [eve.connectionId, t.room, EVE]);
      assert.equal(message.data.room, undefined);
    }
  }
  await elsewhere.settled();
  assert.deepEqual(elsewhere.messages.slice(heard).filter(({ type }) => type !== "settled"), []);
});

test("an update or a presence for another session is the sender's own", async (t) => {
  const server = await open();
  const ann = await join(t, server, { presence: { name: "ann" } });
  const eve = await join(t, server, { presence: { name: "eve" } });
  const forged = { connectionId: ann.connectionId, sessionId: ann.connectionId };
  eve.sendText(JSON.stringify({ type: "$updatePresence", ...forged,
                                data: { presence: { name: "forged" }, ...forged } }));
  eve.sendText(JSON.stringify({ type: "$initializeSession", ...forged,
                                data: { presence: { name: "forged" }, update: null, ...forged } }));
  const message = await ann.take("$presenceUpdated");
  assert.equal(message.connectionId, eve.connectionId);
  await eve.settled();
  ann.send("$getOthers", {});
  const { others } = (await ann.take("$othersReceived")).data;
  assert.deepEqual(Object.keys(others), [eve.connectionId]);
  assert.equal(eve.others.get(ann.connectionId).name, "ann");
});

// --- keys that are poison for some readers ---

const POISON = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf",
                "__defineGetter__", "then", "toJSON", "length", ""];

test("keys that are poison for JavaScript come out as they went in, and change nothing", async (t) => {
  const { ann, eve, heard } = await pair(t, await open());
  const text = `{${POISON.map((key) => `${JSON.stringify(key)}:{"polluted":true}`).join(",")}}`;
  eve.sendText(`{"type":"poison","data":${text}}`);
  eve.sendText(`{"__proto__":{"type":"$exit"},"type":"poison","data":${text}}`);
  const messages = await heard();
  assert.deepEqual(messages.map(({ type }) => type), ["poison", "poison"]);
  for (const { data } of messages) assert.deepEqual(Object.keys(data), POISON);
  assert.equal({}.polluted, undefined);
  for (const key of POISON.slice(0, -1)) {
    eve.sendText(`{"type":"$updatePresence","data":{"presence":{${JSON.stringify(key)}:1}}}`);
    const { data } = await ann.take("$presenceUpdated");
    assert.ok(Object.hasOwn(data.presence, key), key);
  }
});

test("an event may be called anything that is no protocol's", async (t) => {
  const { eve, heard } = await pair(t, await open());
  const names = POISON.filter((name) => name !== "");
  for (const name of names) eve.send(name, { n: 1 });
  assert.deepEqual((await heard()).map(({ type }) => type), names);
});

test("an event's name at the limit is passed on, a longer one is told to its sender", async (t) => {
  const { eve, heard } = await pair(t, await open());
  for (const length of [63, 64, 65, 10_000]) eve.send("n".repeat(length), {});
  assert.deepEqual((await heard()).map(({ type }) => type.length), [63, 64]);
  const told = eve.messages.filter(({ type }) => type === "$error");
  assert.equal(told.length, 2);
});

// --- JSON that is hard to read ---

test("nesting of any depth that fits a message kills nobody", async (t) => {
  const server = await open();
  const { eve, heard } = await pair(t, server);
  for (const depth of [10, 100, 1_000, 10_000, 32_000]) {
    for (const [begin, end] of [["[", "]"], ['{"a":', "}"]]) {
      if (begin.length * depth > 60_000) continue;
      eve.sendText(`{"type":"deep","data":{"d":${begin.repeat(depth)}1${end.repeat(depth)}}}`);
      eve.sendText(`{"type":"$updatePresence","data":{"presence":` +
                   `{"d":${begin.repeat(depth)}1${end.repeat(depth)}}}}`);
      eve.sendText(begin.repeat(depth));
    }
  }
  for (const { type } of await heard()) assert.match(type, /^(deep|\$presenceUpdated)$/);
  assert.ok(server.alive);
  assert.deepEqual(eve.closes, []);
});

test("numbers of any size are passed on as they were written", async (t) => {
  const { eve, ann, heard } = await pair(t, await open());
  const numbers = ["1e999999", "-1e999999", "1e-999999", "-0", "-0.0", "9".repeat(5_000),
                   `0.${"1".repeat(5_000)}`, "1E+2", "9007199254740993", "1e00000000000000000001"];
  eve.sendText(`{"type":"numbers","data":{"n":[${numbers.join(",")}]}}`);
  const [{ type }] = await heard();
  assert.equal(type, "numbers");
  assert.ok(ann.texts.some((text) => text.includes(`[${numbers.join(",")}]`)), "to the letter");
});

test("what is not JSON is ignored, and too much of it ends the session alone", async (t) => {
  const server = await open();
  const { ann, eve, heard } = await pair(t, server);
  const texts = [
    "", " ", "null", "true", "1", "\"text\"", "[]", "{}", "{\"type\":1,\"data\":{}}",
    "{\"type\":\"x\"}", "{\"data\":{}}", "{\"type\":\"x\",\"data\":null}", "{\"type\":\"x\",\"data\":[]}",
    "{\"type\":\"x\",\"data\":\"{}\"}", "{\"type\":\"x\",\"data\":{}", "{\"type\":\"x\",\"data\":{}}}",
    "{'type':'x','data':{}}", "{type:\"x\",data:{}}", "{\"type\":\"x\",\"data\":{\"a\":01}}",
    "{\"type\":\"x\",\"data\":{\"a\":.5}}", "{\"type\":\"x\",\"data\":{\"a\":+1}}",
    "{\"type\":\"x\",\"data\":{\"a\":NaN}}", "{\"type\":\"x\",\"data\":{\"a\":1,}}",
    "{\"type\":\"x\",\"data\":{\"a\":\"\t\"}}", "{\"type\":\"x\",\"data\":{\"a\":\"\\x\"}}",
    "{\"type\":\"x\",\"data\":{\"a\":\"\\u12\"}}", "{\"type\":\"x\",\"data\":{}} {}",
    "/**/{\"type\":\"x\",\"data\":{}}", "\ufeff{\"type\":\"x\",\"data\":{}}",
    "{\"type\":\"x\",\"data\":{}}\0",
  ];
  for (const text of texts) eve.sendText(text);
  assert.deepEqual(await heard(), []);
  assert.deepEqual(eve.closes, []);
  for (let i = texts.length; i <= 100; ++i) eve.sendText("garbage");
  assert.equal((await eve.closed()).code, 1008);
  assert.equal((await ann.take("$exit")).data.sessionId, eve.connectionId);
});

test("surrogates without their other half are passed on as they were written", async (t) => {
  const { ann, eve, heard } = await pair(t, await open());
  const texts = ["\\ud800", "\\udc00", "\\udc00\\ud800", "a\\ud83d", "\\ud83d\\ud83d\\ude00", "\\u0000"];
  for (const text of texts) eve.sendText(`{"type":"half","data":{"t":"${text}"}}`);
  assert.equal((await heard()).length, texts.length);
  for (const text of texts) assert.ok(ann.texts.some((one) => one.includes(`"t":"${text}"`)), text);
});

const invalid = {
  "a byte that is none": [0xff],
  "an overlong slash": [0xc0, 0xaf],
  "an overlong zero": [0xe0, 0x80, 0x80],
  "a surrogate": [0xed, 0xa0, 0x80],
  "a letter beyond the last": [0xf4, 0x90, 0x80, 0x80],
  "half a letter": [0xe2, 0x82],
  "a tail without a head": [0x80],
};
for (const [title, bytes] of Object.entries(invalid)) {
  test(`${title} in a message ends that session alone, text or binary`, async (t) => {
    const server = await open();
    const ann = await join(t, server);
    for (const opcode of [1, 2]) {
      const raw = t.use(await RawSocket.upgraded(server.port, PATH + t.room));
      await raw.until(() => raw.messages.length > 0, "$registered");
      raw.write(frame(Buffer.concat([Buffer.from('{"type":"x","data":{"t":"'),
                                     Buffer.from(bytes), Buffer.from('"}}')]), { opcode }));
      if (opcode === 1) {
        await raw.until(() => raw.closeCode !== null, "the close");
        assert.equal(raw.closeCode, 1007);
      } else {
        raw.write(frame('{"type":"after","data":{}}'));
        await raw.until(() => raw.closeCode !== null || raw.text.includes("after"), "an answer");
      }
    }
    await ann.settled();
    assert.ok(!ann.messages.some(({ type }) => type === "x"), "nobody was sent it");
  });
}

test("a binary message of JSON is as good as a text", async (t) => {
  const { eve, heard } = await pair(t, await open());
  eve.socket.send(Buffer.from('{"type":"binary","data":{"n":1}}'), { binary: true });
  const [message] = await heard();
  assert.deepEqual([message.type, message.data, message.binary], ["binary", { n: 1 }, false]);
});

test("pings that are not quite the client's are answered or ignored, nothing else", async (t) => {
  const { eve, heard } = await pair(t, await open());
  for (const data of [{}, { a: 1 }, { deep: { deeper: [] } }]) eve.send("$ping", data);
  eve.sendText('{"type":"$ping","data":null}');
  assert.deepEqual(await heard(), []);
  for (const { type } of eve.messages.slice(-5)) assert.match(type, /^(\$pong|settled)$/);
});

await run();
