// Rooms over real sockets: joining, presence, events, tokens, limits. The same tests run against
// pluvd and against the server made with the public C++ API.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Client, frame, makeToken, PING_TEXT, RawSocket, sleep, suite, targets, upgradeHead } from
  "./lib.mjs";

const { test, shared, run } = suite("rooms");

const ROOM_PATH = "/api/pluv/room/";
const SESSION_ID = /^p_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ANN = { id: "ann", name: "Ann" };
const BOB = { id: "bob", name: "Bob" };

const types = (messages) => messages.map((message) => message.type);
const event = (type, data) => JSON.stringify({ type, data });

// A joined client of the test's own room, stopped with the test.
async function join(t, server, more = {}) {
  return t.use(await Client.joined({ url: server.url, room: t.room, ...more }));
}
function bare(t, server, more = {}) {
  return t.use(new Client({ url: server.url, room: t.room, join: false, heartbeat: false,
                            ...more }));
}

for (const target of targets) {
  const open = shared(() => target.start());
  const secured = shared(() => target.start({ auth: true }));
  const strict = shared(() => target.start({ strict: true }));
  const define = (title, ...rest) => test(`${target.name}: ${title}`, ...rest);
  const tokenOf = (of) => makeToken({ secret: target.secret, ...of });
  const joinAs = async (t, server, user, more = {}) =>
    join(t, server, { token: await tokenOf({ room: t.room, user }), ...more });

  define("a join is registered, announced, answered and listed", async (t) => {
    const a = await join(t, await open());
    await a.settled();
    const [registered, joined, storage, others] = a.messages;
    assert.match(registered.connectionId, SESSION_ID);
    const envelope = { connectionId: a.connectionId, room: t.room, user: null };
    const plain = ({ binary, at, ...message }) => (assert.equal(binary, false), message);
    assert.deepEqual(plain(registered), {
      ...envelope, type: "$registered",
      data: { presence: null, sessionId: a.connectionId, state: null, timers: { presence: null } },
    });
    const now = joined.data.timers.presence;
    assert.ok(Math.abs(now - Date.now()) < 60_000, "milliseconds since the epoch");
    assert.deepEqual(plain(joined), {
      ...envelope, type: "$userJoined",
      data: { connectionId: a.connectionId, presence: { count: 0 }, timers: { presence: now },
              user: null },
    });
    assert.deepEqual(plain(storage), {
      ...envelope, type: "$storageReceived", data: { changeKind: "empty", state: "AAA=" },
    });
    assert.deepEqual(plain(others), { ...envelope, type: "$othersReceived", data: { others: {} } });
    assert.deepEqual(types(a.messages.slice(4)), ["settled"]);
  });

  define("two clients see each other's joins and presences", async (t) => {
    const a = await join(t, await open(), { presence: { count: 1 } });
    const b = await join(t, await open(), { presence: { count: 2 } });
    assert.deepEqual(b.others.get(a.connectionId), { count: 1 });
    const joined = await a.take((m) => m.type === "$userJoined" &&
                                       m.connectionId === b.connectionId);
    assert.deepEqual(joined.data.presence, { count: 2 });

    b.setPresence({ name: "x" });
    const updated = await a.take("$presenceUpdated");
    assert.deepEqual(updated.data.presence, { count: 2, name: "x" });
    assert.equal(updated.connectionId, b.connectionId);
    assert.ok(updated.data.timers.presence >= joined.data.timers.presence);
    assert.deepEqual((await b.take("$presenceUpdated")).data, updated.data);
  });

  define("rooms do not hear each other", async (t) => {
    const server = await open();
    const a = await join(t, server);
    const other = t.use(await Client.joined({ url: server.url, room: `${t.room}-2` }));
    other.send("sendMessage", { message: "here only" });
    await other.take("receiveMessage");
    await a.settled();
    assert.ok(!types(a.messages).includes("receiveMessage"));
    assert.equal(a.others.size, 0);
  });

  define("a late joiner learns everyone's newest presence", async (t) => {
    const a = await join(t, await open());
    a.setPresence({ cursor: [3, 4] });
    await a.take("$presenceUpdated");
    const late = await join(t, await open());
    assert.deepEqual(late.others.get(a.connectionId), { count: 0, cursor: [3, 4] });
  });

  define("two presence patches in one packet are both applied, in order", async (t) => {
    const server = await open();
    const watcher = await join(t, server);
    const raw = t.use(await RawSocket.upgraded(server.port, ROOM_PATH + t.room));
    raw.write(frame(event("$initializeSession", { presence: { n: 0 }, update: "" })));
    await watcher.take((m) => m.type === "$userJoined" && m.connectionId !== watcher.connectionId);
    raw.write(Buffer.concat([
      frame(event("$updatePresence", { presence: { a: 1 } })),
      frame(event("$updatePresence", { presence: { b: 2 } })),
      frame(event("$updatePresence", { presence: { a: 3 } })),
    ]));
    const seen = [];
    for (let i = 0; i < 3; ++i) seen.push((await watcher.take("$presenceUpdated")).data.presence);
    assert.deepEqual(seen, [{ n: 0, a: 1 }, { n: 0, a: 1, b: 2 }, { n: 0, a: 3, b: 2 }]);
  });

  define("a broadcast reaches all, the sender included, in one order", async (t) => {
    const clients = [];
    for (let i = 0; i < 4; ++i) clients.push(await join(t, await open()));
    for (let i = 0; i < 20; ++i) {
      clients.forEach((client, at) => client.send("sendMessage", { message: `${at}.${i}` }));
    }
    const heard = [];
    for (const client of clients) {
      const messages = [];
      for (let i = 0; i < 80; ++i) {
        const { data, connectionId } = await client.take("receiveMessage");
        messages.push(`${connectionId} ${data.message}`);
      }
      heard.push(messages);
    }
    for (const messages of heard) assert.deepEqual(messages, heard[0]);
    const own = heard[0].filter((one) => one.startsWith(clients[2].connectionId));
    assert.deepEqual(own.map((one) => one.split(" ")[1]),
                     Array.from({ length: 20 }, (_, i) => `2.${i}`));
  });

  define("a self event reaches the sender alone", async (t) => {
    const a = await join(t, await open());
    const b = await join(t, await open());
    b.send("doubleValue", { value: 21 });
    const doubled = await b.take("doubledValue");
    assert.deepEqual(doubled.data, { value: 42 });
    assert.equal(doubled.connectionId, b.connectionId);
    await a.settled();
    assert.ok(!types(a.messages).includes("doubledValue"));
  });

  define("input that fails its schema is told to the sender alone", async (t) => {
    const a = await join(t, await open());
    const b = await join(t, await open());
    for (const data of [{ message: 5 }, {}, { message: null }]) a.send("sendMessage", data);
    for (let i = 0; i < 3; ++i) {
      const error = await a.take("$error");
      assert.equal(error.data.stack, null);
      assert.ok(error.data.message.length > 0);
      assert.equal(error.connectionId, a.connectionId);
    }
    a.send("sendMessage", { message: "goes on" });
    assert.equal((await b.take("receiveMessage")).data.message, "goes on");
    assert.ok(!types(b.messages).includes("$error"));
  });

  define("an unknown event is forwarded as it was written", async (t) => {
    const a = await join(t, await open());
    const b = await join(t, await open());
    const data = '{"n":1e21,"big":12345678901234567890,"t":"\\u00e9 é 😀","deep":[[{"a":[]}]]}';
    a.sendText(`{"type":"cursorMoved","data":${data}}`);
    for (const client of [a, b]) {
      await client.take("cursorMoved");
      const text = client.texts.find((one) => one.includes('"cursorMoved"'));
      assert.ok(text.includes(data), text);
    }
  });

  define("strict rooms refuse what no procedure handles", async (t) => {
    const a = await join(t, await strict());
    const b = await join(t, await strict());
    a.send("cursorMoved", { x: 1 });
    a.send("receiveMessage", { message: "forged output" });
    await a.take("$error");
    await a.take("$error");
    a.send("sendMessage", { message: "known" });
    assert.equal((await b.take("receiveMessage")).data.message, "known");
    const foreign = types(b.messages).filter((type) => type === "cursorMoved");
    assert.deepEqual(foreign, []);
  });

  define("internal types of the server are never relayed", async (t) => {
    const a = await join(t, await open());
    const b = await join(t, await open());
    const forged = ["$exit", "$presenceUpdated", "$storageUpdated", "$userJoined", "$registered",
                    "$othersReceived", "$syncStateReceived", "$error", "$pong", "$", "$new"];
    const before = b.messages.length;
    for (const type of forged) {
      a.send(type, { sessionId: b.connectionId, presence: { forged: true }, state: "AAA=",
                     connectionIds: [], others: {} });
    }
    await a.settled();
    await b.until(() => types(b.messages).includes("settled"));
    assert.deepEqual(types(b.messages.slice(before)), ["settled"]);
    assert.ok(a.isOpen && b.isOpen);
  });

  define("only type and data of a message are read", async (t) => {
    const a = await join(t, await open());
    const b = await join(t, await open());
    a.sendText(JSON.stringify({
      type: "sendMessage", data: { message: "mine" }, connectionId: b.connectionId,
      user: { id: "root" }, room: "other", options: { type: "self", sessionIds: [b.connectionId] },
    }));
    for (const client of [a, b]) {
      const { binary, at, ...message } = await client.take("receiveMessage");
      assert.deepEqual(message, { connectionId: a.connectionId, data: { message: "mine" },
                                  room: t.room, type: "receiveMessage", user: null });
    }
  });

  define("a binary frame with JSON is a message", async (t) => {
    const a = await join(t, await open());
    a.socket.send(Buffer.from(event("sendMessage", { message: "bytes" })), { binary: true });
    const message = await a.take("receiveMessage");
    assert.equal(message.data.message, "bytes");
    assert.equal(message.binary, false, "the answer is a text frame");
  });

  define("what is no message is ignored", async (t) => {
    const a = await join(t, await open());
    for (const text of ["", "x", "null", "[]", "{}", '"text"', '{"type":"x"}', '{"data":{}}',
                        '{"type":1,"data":{}}', '{"type":"x","data":[]}', '{"type":"x","data":"y"}',
                        '{"type":"x","data":null}', '{"type":"x","data":{}', "\ufeff{}"]) {
      a.sendText(text);
    }
    const before = a.messages.length;
    await a.settled();
    assert.deepEqual(types(a.messages.slice(before)), ["settled"]);
  });

  define("a leaver is announced, and may come back as another session", async (t) => {
    const a = await join(t, await open());
    const b = await join(t, await open());
    const first = b.connectionId;
    await b.close();
    const exit = await a.take("$exit");
    assert.deepEqual(exit.data, { sessionId: first });
    assert.equal(exit.connectionId, first);
    const again = await join(t, await open());
    assert.notEqual(again.connectionId, first);
    assert.deepEqual([...again.others.keys()], [a.connectionId]);
  });

  define("a connection that is cut is announced, and returns at once", async (t) => {
    const a = await join(t, await open());
    const b = await join(t, await open(), { reconnect: true });
    const first = b.connectionId;
    b.drop();
    assert.equal((await a.take("$exit")).data.sessionId, first);
    await b.ready(2);
    assert.deepEqual([...b.others.keys()], [a.connectionId]);
    await a.until(() => a.others.has(b.connectionId) && a.others.size === 1);
  });

  define("what is sent in one packet with the upgrade is answered", async (t) => {
    for (const [server, user] of [[await open(), null], [await secured(), ANN]]) {
      const query = user ? `?token=${await tokenOf({ room: t.room, user })}` : "";
      const raw = t.use(new RawSocket(server.port));
      raw.write(Buffer.concat([
        Buffer.from(upgradeHead(ROOM_PATH + t.room + query)),
        frame(event("$initializeSession", { presence: { n: 1 }, update: "" })),
        frame(event("$getOthers", {})),
        frame(PING_TEXT),
      ]));
      await raw.until(() => raw.text.includes("$pong") && raw.text.includes("$othersReceived") &&
                            raw.text.includes("$storageReceived"));
      const head = raw.bytes.indexOf("\r\n\r\n") + 4;
      raw.bytes = raw.bytes.subarray(head);
      // A pong may overtake anything.
      assert.deepEqual(types(raw.messages).filter((type) => type !== "$pong"),
                       ["$registered", "$userJoined", "$storageReceived", "$othersReceived"]);
      raw.close();
    }
  });

  define("room names outside the pattern are refused for good", async (t) => {
    const server = await open();
    const refused = ["", "-a", "a-", "_a", "a_", "a.b", "a/b", "a%20b", "%61%2e", "a%00", "ä",
                     "..", "a".repeat(257)];
    await Promise.all(refused.map(async (room) => {
      const client = bare(t, server, { room });
      const { code, reason } = await client.closed();
      if (client.opens > 0) {
        assert.deepEqual([code, reason], [1008, "The room's name is not allowed"], room);
        assert.deepEqual(types(client.messages), ["$error"], room);
      } else {  // another path by then (".."), or a Worker's answer
        assert.ok([400, 404].includes(client.refusedWith), `${room}: ${client.refusedWith}`);
      }
    }));
    for (const room of ["a", "0", "A-b_c", "a".repeat(256)]) {
      t.use(await Client.joined({ url: server.url, room }));
    }
  });

  define("a message over its limit closes with 1009, at it not", async (t) => {
    const server = await open();
    const sized = (size) => {
      const empty = event("unknown", { text: "" });
      return event("unknown", { text: "x".repeat(size - empty.length) });
    };
    const a = await join(t, server);
    for (const size of [64 * 1024 - 1, 64 * 1024]) {
      a.sendText(sized(size));
      const message = await a.take("unknown");
      assert.equal(event(message.type, message.data).length, size);
    }
    a.sendText(sized(64 * 1024 + 1));
    assert.equal((await a.closed()).code, 1009);
  });

  define("a document's update may be larger than a message", async (t) => {
    const a = await join(t, await open());
    a.send("$updateStorage", { origin: null, update: "A".repeat(1 << 20) });
    await a.settled();
    assert.ok(a.isOpen);
  });

  define("a flood of what is no message closes with 1008", async (t) => {
    const watcher = await join(t, await open());
    const a = await join(t, await open());
    for (let i = 0; i < 100; ++i) a.sendText("nonsense");
    await a.settled();
    a.sendText("one too many");
    assert.equal((await a.closed()).code, 1008);
    assert.equal((await watcher.take("$exit")).data.sessionId, a.connectionId);
  });

  define("pings are answered while the session's own flood is at work", async (t) => {
    const a = await join(t, await open());
    const text = "x".repeat(500);
    for (let i = 0; i < 2_500; ++i) a.send("sendMessage", { message: `${i} ${text}` });
    a.ping();
    await a.take("$pong");
    assert.equal(a.dead, null, "the pong came within the client's 2 s");
  });

  if (target.name !== "pluvd") {
    define("a sync event reaches all of this node", async (t) => {
      const a = await join(t, await open());
      const b = await join(t, await open());
      a.send("syncNote", { note: "noted" });
      for (const client of [a, b]) {
        const message = await client.take("noteSynced");
        assert.deepEqual(message.data, { note: "noted" });
        assert.equal(message.connectionId, a.connectionId);
      }
    });

    define("a handler that throws is told to the sender, and the room goes on", async (t) => {
      const a = await join(t, await open());
      const b = await join(t, await open());
      for (let i = 0; i < 20; ++i) a.send("boom", {});
      for (let i = 0; i < 20; ++i) assert.equal((await a.take("$error")).data.stack, null);
      a.send("sendMessage", { message: "after it" });
      assert.equal((await b.take("receiveMessage")).data.message, "after it");
      assert.ok(!types(b.messages).includes("$error"));
    });

    define("a handler that waits keeps its session's order, and pings go first", async (t) => {
      const a = await join(t, await open());
      for (let i = 0; i < 20; ++i) {
        a.send("doubleNumber", { value: i });
        a.send("sendMessage", { message: String(i) });
      }
      a.ping();
      await a.until(() => a.messages.filter((m) => m.type === "receiveMessage").length === 20);
      const order = a.messages.filter(({ type }) => ["doubledNumber", "receiveMessage"]
        .includes(type)).map(({ data }) => data.value ?? data.message);
      assert.deepEqual(order, Array.from({ length: 20 }, (_, i) => [2 * i, String(i)]).flat());
      await a.until(() => types(a.messages).includes("$pong"));
      assert.equal(a.dead, null);
    });
  }

  // --- with authorization ---

  define("with a token the user rides on the session's messages", async (t) => {
    const a = await joinAs(t, await secured(), ANN);
    const b = await joinAs(t, await secured(), BOB);
    assert.deepEqual(a.messages[0].user, ANN);
    b.send("sendMessage", { message: "hi" });
    for (const client of [a, b]) assert.deepEqual((await client.take("receiveMessage")).user, BOB);
    a.send("$getOthers", {});
    const { data } = await a.take((m) => m.type === "$othersReceived" &&
                                         Object.keys(m.data.others).length === 1);
    assert.deepEqual(data.others[b.connectionId].user, BOB);
  });

  define("the tabs of one user have one presence", async (t) => {
    const server = await secured();
    const bob = await joinAs(t, server, BOB);
    const tab1 = await joinAs(t, server, ANN, { presence: { from: "tab1" } });
    const tab2 = await joinAs(t, server, ANN, { presence: { from: "tab2" } });
    assert.deepEqual(tab2.messages[0].data.presence, { from: "tab1" });
    assert.deepEqual(bob.others.get(tab2.connectionId), { from: "tab1" }, "no presence change");
    tab2.setPresence({ n: 5 });
    await bob.take("$presenceUpdated");
    bob.send("$getOthers", {});
    const { others } = (await bob.take("$othersReceived")).data;
    assert.deepEqual(others[tab1.connectionId].presence, { from: "tab1", n: 5 });
    assert.deepEqual(others[tab2.connectionId].presence, { from: "tab1", n: 5 });
    await tab1.close();
    assert.equal((await bob.take("$exit")).data.sessionId, tab1.connectionId);
    const tab3 = await joinAs(t, server, ANN, { presence: { from: "tab3" } });
    assert.deepEqual(tab3.messages[0].data.presence, { from: "tab1", n: 5 });
  });

  const refusals = {
    none: async () => undefined,
    empty: async () => "",
    garbage: async () => "not-a-jwe",
    "with five empty parts": async () => "....",
    huge: async () => "x".repeat(7_000),
    "with a broken percent sign": async () => "%E0%A4%A",
    expired: (room) => tokenOf({ room, user: ANN, age_s: -60 }),
    "of another room": () => tokenOf({ room: "another-room", user: ANN }),
    "of another secret": (room) => tokenOf({ room, user: ANN, secret: "guessed" }),
    "without a user": (room) => tokenOf({ room, user: undefined }),
    "with a user that has no id": (room) => tokenOf({ room, user: { name: "x" } }),
    "with a user that is too large":
      (room) => tokenOf({ room, user: { id: "a", name: "x".repeat(600) } }),
    "with a user id that is too long":
      (room) => tokenOf({ room, user: { id: "a".repeat(129), name: "x" } }),
    "encoded four times": async (room) => {
      const token = await tokenOf({ room, user: ANN });
      return token.replaceAll(".", "%2525252E");
    },
  };
  for (const [what, make] of Object.entries(refusals)) {
    define(`a token ${what} is refused as the client expects`, async (t) => {
      const client = bare(t, await secured(), { token: await make(t.room) });
      const close = await client.closed();
      assert.equal(client.opens, 1, "the upgrade is accepted, or the client would come back");
      assert.deepEqual(close, { code: 3000, reason: "WebSocket unauthorized." });
      assert.equal(client.messages.length, 1);
      const { binary, at, ...message } = client.messages[0];
      assert.deepEqual(message, recordedRefusal(t.room));
    });
  }

  define("a token is taken plain, encoded once and encoded twice", async (t) => {
    const server = await secured();
    const all = (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join("");
    for (const encode of [(x) => x, encodeURIComponent, all, (x) => all(all(x))]) {
      const token = encode(await tokenOf({ room: t.room, user: ANN }));
      const client = t.use(await Client.joined({ url: server.url, room: t.room, token }));
      assert.deepEqual(client.user, ANN);
    }
  });

  define("refusals by the hundred leave the server well", async (t) => {
    const server = await secured();
    const ann = await joinAs(t, server, ANN);
    const clients = [];
    for (let i = 0; i < 100; ++i) clients.push(bare(t, server, { token: `garbage-${i}` }));
    for (const client of clients) assert.equal((await client.closed()).code, 3000);
    await ann.settled();
    assert.ok(ann.isOpen);
    assert.ok(server.alive);
  });

  // --- limits of their own server ---

  define("too many messages a second close with 1008", async (t) => {
    const server = t.use(await target.start({ limits: { rate: 50 } }));
    const watcher = await join(t, server);
    const a = await join(t, server);
    for (let i = 0; i < 400; ++i) a.send("sendMessage", { message: String(i) });
    assert.equal((await a.closed()).code, 1008);
    assert.equal((await watcher.take("$exit")).data.sessionId, a.connectionId);
    const heard = types(watcher.messages).filter((type) => type === "receiveMessage").length;
    assert.ok(heard >= 100 && heard < 400, `the burst got through, then nothing: ${heard}`);
  });

  define("pings do not count against the rate", async (t) => {
    const server = t.use(await target.start({ limits: { rate: 5 } }));
    const a = await join(t, server);
    for (let i = 0; i < 300; ++i) a.sendText(PING_TEXT);
    await a.until(() => types(a.messages).filter((type) => type === "$pong").length === 300);
    assert.ok(a.isOpen);
  });

  if (!target.has("silence_ms")) continue;
  define("a silent client that answers pings stays, one that does not goes", async (t) => {
    const server = t.use(await target.start({ limits: { silence_ms: 3_000, ping_ms: 500 } }));
    const hidden = await join(t, server, { heartbeat: false });
    const watcher = await join(t, server, { heartbeat: false });
    const lost = t.use(await RawSocket.upgraded(server.port, ROOM_PATH + t.room));
    lost.write(frame(event("$initializeSession", { presence: {}, update: "" })));
    await lost.until(() => lost.messages.some(({ type }) => type === "$storageReceived"));
    const id = lost.messages[0].connectionId;
    const exit = await watcher.take("$exit");
    assert.equal(exit.data.sessionId, id);
    const sync = await watcher.take("$syncStateReceived");
    assert.deepEqual(sync.data.connectionIds.sort(),
                     [hidden.connectionId, watcher.connectionId].sort());
    assert.ok(lost.frames.some(({ opcode }) => opcode === 9), "it was asked first");
    await sleep(4_000);
    assert.deepEqual(hidden.closes, []);
    assert.deepEqual(watcher.closes, []);
  });
}

// What the original's server said to a client without a token, with our stack.
function recordedRefusal(room) {
  const path = fileURLToPath(new URL("../data/transcripts/unauth-none.jsonl", import.meta.url));
  const line = readFileSync(path, "utf8").split("\n").find((one) => one.includes('"$error"'));
  const { message } = JSON.parse(line);
  return { ...message, room, data: { ...message.data, stack: null } };
}

await run();
