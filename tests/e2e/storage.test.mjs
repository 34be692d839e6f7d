// Documents of rooms, edited by yjs behind the original client's storage exchange: everybody ends up
// with the same, whatever is refused, slow or cut in between. The first tests run against pluvd and
// against the server made with the public C++ API.
import assert from "node:assert/strict";

import * as Y from "yjs";

import { Client, makeFolder, makeToken, OfflineStore, Random, randomEdit, readRoom, removeFolder, same,
         sameAsServer, seedOf, sleep, startConformance, startPluvd, stateOf, StorageClient, suite,
         targets, until } from "./lib.mjs";

const { test, shared, run } = suite("storage", { parallel: 6, limit_ms: 90_000 });
const seed = seedOf("storage");

const ANN = { id: "ann", name: "Ann" };
const types = (messages) => messages.map((message) => message.type);
const count = (messages, type) => types(messages).filter((one) => one === type).length;

async function join(t, server, more = {}) {
  return t.use(await StorageClient.joined({ url: server.url, room: t.room, ...more }));
}
const textOf = (client) => client.doc.getText("text");
const type = (client, text) => textOf(client).insert(textOf(client).length, text);

for (const target of targets) {
  const open = shared(() => target.start());
  const define = (title, ...rest) => test(`${target.name}: ${title}`, ...rest);

  define("ten sessions edit at once, leave, come back, and end up with the same",
         { limit_ms: 120_000 }, async (t) => {
    const server = await open();
    const random = new Random(seed);
    const stores = Array.from({ length: 10 }, (_, at) => at % 2 ? new OfflineStore() : undefined);
    const clients = [];
    for (const store of stores) clients.push(await join(t, server, { store, reconnect: true }));
    for (let round = 0; round < 60; ++round) {
      for (const [at, client] of clients.entries()) {
        if (client.initialized) {
          for (let left = random.below(4); left > 0; --left) randomEdit(client.doc, random);
        }
        const event = random.below(100);
        if (event < 3) {
          client.drop(); // and comes back at once, as the original does
        } else if (event < 6 && client.isOpen) {
          client.reconnect = false;
          client.drop();
        } else if (event < 8 && stores[at] && client.isOpen) {
          await client.close(); // a page that is reloaded
          clients[at] = t.use(new StorageClient({ url: server.url, room: t.room,
                                                  store: stores[at], reconnect: true }));
        } else if (!client.reconnect && client.dead && random.chance(0.3)) {
          client.reconnect = true;
          client.rejoin();
        }
      }
      await sleep(random.below(12));
    }
    for (const client of clients) client.reconnect = true;
    for (const client of clients) {
      if (client.dead) client.rejoin();
      await client.until(() => client.isOpen && client.answered === client.socket);
    }
    const { content } = await sameAsServer(server, clients);
    assert.ok(content.list.length > 0 && content.text.length > 0 && content.xml.length > 0);
    for (const client of clients) {
      assert.deepEqual(client.closes.filter(({ code }) => code !== 1006), []);
      assert.equal(count(client.messages, "$error"), 0);
    }
  });

  define("undo and redo travel", async (t) => {
    const server = await open();
    const a = await join(t, server);
    const b = await join(t, server);
    const undo = new Y.UndoManager([textOf(a), a.doc.getMap("map")], { captureTimeout: 0 });
    type(a, "kept ");
    a.doc.getMap("map").set("key", 1);
    type(b, "theirs ");
    await same([a, b]);
    textOf(a).insert(0, "undone ", { bold: true });
    a.doc.getMap("map").set("key", 2);
    await same([a, b]);
    undo.undo();
    undo.undo();
    let state = await same([a, b]);
    assert.equal(b.doc.getMap("map").get("key"), 1);
    assert.equal(textOf(b).toString().includes("undone"), false);
    assert.ok(textOf(b).toString().includes("theirs"));
    undo.redo();
    undo.redo();
    state = await sameAsServer(server, [a, b]);
    assert.equal(state.content.map.key, 2);
    assert.ok(textOf(b).toString().startsWith("undone "));
    assert.deepEqual(a.doc.store.clients.size, b.doc.store.clients.size);
  });

  define("the first client brings the document, a second one's is not mixed in", async (t) => {
    const server = await open();
    const initial = (text) => ({ initial: (doc) => doc.getText("text").insert(0, text) });
    const a = await join(t, server, initial("of the first"));
    const b = await join(t, server, initial("of the second"));
    assert.deepEqual([a.changeKinds, b.changeKinds], [["initialized"], ["unchanged"]]);
    assert.equal(textOf(b).toString(), "of the first");
    await sameAsServer(server, [a, b]);
  });

  define("offline edits of both sides of a cut are merged", async (t) => {
    const server = await open();
    const a = await join(t, server);
    const b = await join(t, server);
    type(a, "start");
    await same([a, b]);
    await a.goOffline();
    type(a, " and of a");
    type(b, " and of b");
    await a.rejoin().ready(2);
    const state = await sameAsServer(server, [a, b]);
    const text = textOf(b).toString();
    assert.ok(text.includes(" and of a") && text.includes(" and of b"), JSON.stringify(state));
    assert.equal(count(a.messages, "$storageReceived"), 2);
  });

  define("a page that was reloaded offers what its offline store has", async (t) => {
    const server = await open();
    const store = new OfflineStore();
    const b = await join(t, server);
    const a = await join(t, server, { store });
    type(a, "sent ");
    await same([a, b]);
    await a.goOffline();
    type(a, "offline");
    const again = await join(t, server, { store });
    await sameAsServer(server, [b, again]);
    assert.equal(textOf(b).toString(), "sent offline");
  });

  // 43
  define("a client with a slow offline store is sent nothing before it has answered", async (t) => {
    const server = await open();
    const a = await join(t, server);
    const slow = t.use(new StorageClient({ url: server.url, room: t.room,
                                           store: new OfflineStore({ delay_ms: 3_000 }) }));
    await slow.take("$storageReceived");
    let typed = 0;
    while (slow.exchanges === 0) {
      assert.equal(slow.updates, 0);
      type(a, `${typed++} `);
      await sleep(20);
    }
    assert.ok(typed > 10);
    await slow.ready();
    await sameAsServer(server, [a, slow]);
    assert.ok(slow.updates < typed / 2, "what it missed comes as one");
    type(a, "and on");
    await same([a, slow]);
  });

  // 43
  define("who joins in the middle of somebody's typing is never sent a change too early",
         async (t) => {
    const server = await open();
    const a = await join(t, server);
    let going = true;
    const typing = (async () => {
      while (going) {
        type(a, "x");
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    t.use(null, () => { going = false; });
    const joiners = await Promise.all(Array.from({ length: 20 }, () => join(t, server)));
    going = false;
    await typing;
    await same([a, ...joiners]);
    for (const joiner of joiners) joiner.check();
  });

  // 2
  define("an update that cannot be read is told to its sender alone, who is asked once for its " +
         "document and then closed", async (t) => {
    const server = await open();
    for (const [at, update] of ["/////w==", "not base64!", "AQ", "AQHNy42L"].entries()) {
      const room = `${t.room}-${at}`;
      const a = await join(t, server, { room });
      const b = await join(t, server, { room });
      type(a, "before ");
      await same([a, b]);
      const told = b.messages.length;
      a.send("$updateStorage", { origin: null, update });
      assert.match((await a.take("$error")).data.message, /^Invalid storage/);
      await a.until(() => a.exchanges === 2, "the answer to the resync");
      assert.deepEqual(a.changeKinds, ["initialized", "unchanged"]);
      type(a, "after ");
      await same([a, b]);
      assert.equal(textOf(b).toString(), "before after ");
      const heard = b.messages.slice(told);
      assert.ok(heard.every((one) => one.type === "$storageUpdated"), String(types(heard)));

      a.send("$updateStorage", { origin: null, update });
      assert.equal((await a.closed()).code, 1008);
      assert.equal((await b.take("$exit")).data.sessionId, a.connectionId);
      type(b, "on");
      assert.deepEqual(stateOf((await readRoom(server.url, room)).doc),
                       stateOf(b.doc));
    }
  });

  define("edits that were lost on the way are asked for", async (t) => {
    const server = await open();
    const a = await join(t, server);
    const b = await join(t, server);
    type(a, "one ");
    await same([a, b]);
    a.loses = 1;
    type(a, "lost ");
    type(a, "two ");
    await sameAsServer(server, [a, b]);
    assert.equal(textOf(b).toString(), "one lost two ");
    assert.deepEqual(a.changeKinds, ["initialized", "unchanged"]);
    assert.deepEqual(b.changeKinds, ["unchanged"]);
    assert.deepEqual([...a.closes, ...b.closes], []);
  });

  // 48
  define("a client of an empty room is never told so again", async (t) => {
    const server = await open();
    const a = t.use(await Client.joined({ url: server.url, room: t.room }));
    assert.equal((await a.take("$othersReceived")).type, "$othersReceived");
    assert.deepEqual(a.messages.filter((one) => one.type === "$storageReceived")
      .map((one) => one.data), [{ changeKind: "empty", state: "AAA=" }]);
    a.send("$updateStorage", { origin: null, update: "////" });
    assert.deepEqual((await a.take("$storageReceived")).data,
                     { changeKind: "unchanged", state: "AAA=" });
  });

  define("a stall of the server breaks nothing", async (t) => {
    const server = t.use(await target.start());
    const a = await join(t, server);
    const b = await join(t, server);
    type(a, "before ");
    await same([a, b]);
    server.signal("SIGSTOP");
    const begin = Date.now();
    type(a, "of a ");
    type(b, "of b ");
    await sleep(400);
    a.ping();
    b.ping();
    await sleep(1_900 - (Date.now() - begin));
    server.signal("SIGCONT");
    await a.take("$pong");
    await b.take("$pong");
    await sameAsServer(server, [a, b]);
    for (const client of [a, b]) assert.deepEqual([client.dead, client.closes], [null, []]);
  });

  define("two tabs of one user are two writers", async (t) => {
    const server = t.use(await target.start({ auth: true }));
    const tab = async () => join(t, server, {
      token: await makeToken({ secret: target.secret, room: t.room, user: ANN }) });
    const tabs = [await tab(), await tab()];
    type(tabs[0], "one ");
    type(tabs[1], "two ");
    await sameAsServer(server, tabs);
    await tabs[0].close();
    type(tabs[1], "three");
    const back = await tab();
    await sameAsServer(server, [tabs[1], back]);
    assert.equal(textOf(back).length, "one two three".length);
  });
}

// --- where documents are kept ---

function restartable(t, more = []) {
  const data = t.use(makeFolder(), removeFolder);
  return { data, start: async () => {
    const server = await startPluvd(["--dev", "--data", data, ...more]);
    return t.use(server, () => server.alive && server.stop());
  } };
}

for (const durability of ["process", "strict"]) {
  test(`with --durability ${durability} what others saw survives kill -9 and a restart`,
       async (t) => {
    const { start } = restartable(t, ["--durability", durability]);
    let server = await start();
    const rooms = [`${t.room}-1`, `${t.room}-2`];
    const states = new Map();
    for (const [round, end] of ["SIGKILL", "SIGTERM", "SIGKILL"].entries()) {
      for (const room of rooms) {
        const [a, b] = [await join(t, server, { room }), await join(t, server, { room })];
        type(a, `${round} of ${room}. `);
        a.doc.getMap("map").set(`round ${round}`, room);
        states.set(room, await same([a, b]));
      }
      await server.stop({ signal: end });
      server = await start();
      for (const room of rooms) {
        const read = await readRoom(server.url, room);
        assert.equal(read.changeKind, "unchanged");
        assert.deepEqual(stateOf(read.doc), states.get(room), `${room} after ${end}`);
      }
    }
  });
}

test("a document in the file is there after its last session has left", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--linger", "0s"]));
  const a = await join(t, server);
  type(a, "kept");
  const state = stateOf(a.doc);
  await a.close();
  await sleep(200);
  const read = await readRoom(server.url, t.room);
  assert.deepEqual(stateOf(read.doc), state);
});

for (const [name, start] of [["pluvd in memory", () => startPluvd(["--dev", "--storage", "memory"])],
                             ["C++ API without a store", () => startConformance()]]) {
  test(`${name}: a document ends with its room`, async (t) => {
    const server = t.use(await start());
    const a = await join(t, server);
    const b = await join(t, server);
    type(a, "short-lived");
    await same([a, b]);
    await a.close();
    assert.equal((await readRoom(server.url, t.room)).doc.getText("text")
      .toString(), "short-lived", "b is still here");
    await b.close();
    await until(async () => (await readRoom(server.url, t.room)).changeKind === "empty");
  });
}

// --- limits ---

// 20
test("a document over its limit is refused before it takes effect", async (t) => {
  const { start } = restartable(t, ["--max-document", "64KiB"]);
  let server = await start();
  const a = await join(t, server);
  const b = await join(t, server);
  type(a, "x".repeat(40_000));
  await same([a, b]);
  type(a, "y".repeat(40_000));
  assert.match((await a.take("$error")).data.message, /65536/);
  // Asked for its document, it has nothing better to offer.
  assert.equal((await a.closed()).code, 1008);
  assert.deepEqual(a.changeKinds, ["initialized", "unchanged"]);
  type(b, "z");
  await b.settled();
  assert.equal(count(b.messages, "$error"), 0);
  for (let restarts = 0; restarts < 2; ++restarts) {
    const { doc, update } = await readRoom(server.url, t.room);
    assert.equal(doc.getText("text").toString(), `${"x".repeat(40_000)}z`);
    assert.ok(update.length <= 64 * 1024);
    if (restarts === 0) await server.stop();
    if (restarts === 0) server = await start();
  }
});

test("a first document over the limit does not keep its client out", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--max-document", "64KiB"]));
  const a = t.use(new StorageClient({
    url: server.url, room: t.room,
    initial: (doc) => doc.getText("text").insert(0, "x".repeat(100_000)) }));
  await a.take("$error");
  await a.take("$storageReceived");
  const b = await join(t, server, { initial: (doc) => doc.getText("text").insert(0, "small") });
  assert.equal(textOf(b).toString(), "small");
});

// 20: what is in a document already does not count again.
test("a client may offer a document at the limit as often as it likes", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--max-document", "64KiB"]));
  const a = await join(t, server);
  const b = await join(t, server);
  type(a, "x".repeat(60_000));
  await same([a, b]);
  for (let times = 2; times < 6; ++times) {
    await a.goOffline();
    await a.rejoin().ready(times);
  }
  type(a, "y");
  await same([a, b]);
  assert.equal(count(a.messages, "$error"), 0);
});

// --- an application's own database (14, 15, 16, 42) ---

const keeping = shared(() => startConformance(["--keep-ms", "300"]));

async function keptCalls(client) {
  client.send("keptCalls", {});
  return (await client.take("keptCallsCounted")).data;
}

// 14
test("what the second session edits after a load by the application is saved, too", async (t) => {
  const server = await keeping();
  for (const word of ["first ", "second ", "third "]) {
    const a = await join(t, server);
    type(a, word);
    await a.settled();
    await a.close();
  }
  const last = await join(t, server);
  assert.equal(textOf(last).toString(), "first second third ");
});

// 15, 16
test("who joins while the application saves waits, and finds what was saved", async (t) => {
  const server = await keeping();
  const a = await join(t, server);
  type(a, "saved a moment ago");
  await a.settled();
  const closing = a.close();
  const joiners = [];
  for (let i = 0; i < 5; ++i) {
    joiners.push(join(t, server));
    await sleep(40);
  }
  await closing;
  const clients = await Promise.all(joiners);
  for (const client of clients) assert.equal(textOf(client).toString(), "saved a moment ago");
  type(clients[0], "!");
  await sameAsServer(server, clients);
});

// 42
test("the application is asked once for each load of a room", async (t) => {
  const server = await keeping();
  const joiners = Array.from({ length: 5 }, () => join(t, server));
  const clients = await Promise.all(joiners);
  const later = await join(t, server);
  assert.deepEqual(await keptCalls(later), { loads: 1, saves: 0 });
  for (const client of [...clients, later]) await client.close();
  const again = await join(t, server);
  assert.deepEqual(await keptCalls(again), { loads: 2, saves: 1 });
});

await run();
