// Files that cannot be written, cannot be read or belong to somebody else: nobody is told what was
// not saved, nothing is saved over what could not be read, and a pluvd that cannot start says why.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";

import { makeFolder, programs, readRoom, removeFolder, runToEnd, same, sameAsServer, sleep,
         startPluvd, StorageClient, suite, until } from "./lib.mjs";

const { test, run } = suite("storage faults", { parallel: 6, limit_ms: 90_000 });

const EXIT_STORAGE = 4;
const RETRY_MS = 5_000; // Limits::store_retry_ms
const types = (messages) => messages.map((message) => message.type);
const noPrlimit = spawnSync("prlimit", ["--version"]).error && "prlimit is not installed";

function folder(t) {
  const data = t.use(makeFolder(), removeFolder);
  return { data, file: path.join(data, "pluv.sqlite"), args: ["--dev", "--data", data] };
}
async function start(t, args) {
  return t.use(await startPluvd(args), (server) => server.alive && server.stop());
}
async function join(t, server, more = {}) {
  return t.use(await StorageClient.joined({ url: server.url, room: t.room, ...more }));
}
const textOf = (client) => client.doc.getText("text").toString();
const type = (client, text) => client.doc.getText("text").insert(textOf(client).length, text);

// As if the disk was full: no file of the process can be written any more.
function fillDisk(server) {
  setFileSize(server, "0:");
}
function emptyDisk(server) {
  setFileSize(server, "unlimited:");
}
function setFileSize(server, size) {
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(server.pid), `--fsize=${size}`]);
  assert.equal(status, 0, String(stderr));
}

// --- a disk that is full (5) ---

test("a disk that is full for a moment delays edits and closes nobody", { skip: noPrlimit },
     async (t) => {
  const server = await start(t, folder(t).args);
  const a = await join(t, server);
  const b = await join(t, server);
  type(a, "saved ");
  await same([a, b]);
  fillDisk(server);
  type(a, "delayed ");
  const begin = Date.now();
  while (Date.now() - begin < RETRY_MS / 3) {
    b.send("sendMessage", { message: "goes on" });
    await b.take("receiveMessage");
    assert.equal(textOf(b), "saved ", "nobody sees what is not saved");
    await sleep(50);
  }
  emptyDisk(server);
  await sameAsServer(server, [a, b]);
  assert.equal(textOf(b), "saved delayed ");
  assert.deepEqual([...a.closes, ...b.closes], []);
  assert.ok(!types(a.messages).includes("$error"));
});

test("a disk that stays full sends everybody away for a while, and no edit is lost",
     { skip: noPrlimit }, async (t) => {
  const server = await start(t, folder(t).args);
  const other = await join(t, server, { room: `${t.room}-quiet` });
  const a = await join(t, server, { reconnect: true });
  const b = await join(t, server, { reconnect: true });
  type(a, "saved ");
  await same([a, b]);
  fillDisk(server);
  type(a, "of a ");
  type(b, "of b ");
  const begin = Date.now();
  for (const client of [a, b]) {
    await client.take("$error");
    const { code } = await client.closed();
    assert.equal(code, 1013);
    assert.ok(Date.now() - begin >= RETRY_MS - 100, "it was tried again and again");
  }
  // They come back, offer it again, and are sent away again.
  for (const client of [a, b]) await client.until(() => client.closes.length >= 2, "it again");
  assert.equal(textOf(a), "saved of a ");
  assert.equal(textOf(b), "saved of b ");
  assert.ok(a.attempts <= 6 && b.attempts <= 6, "paced");
  assert.deepEqual([...a.closes, ...b.closes].filter(({ code }) => code !== 1013), []);
  emptyDisk(server);
  for (const client of [a, b]) {
    await client.until(() => client.isOpen && client.answered === client.socket, "its return");
  }
  await sameAsServer(server, [a, b]);
  assert.ok(textOf(a).includes("of a ") && textOf(a).includes("of b "));
  assert.deepEqual(other.closes, [], "a room with nothing to save does not notice");
});

test("a first document that cannot be saved is not confirmed", { skip: noPrlimit }, async (t) => {
  const server = await start(t, folder(t).args);
  fillDisk(server);
  const initial = (doc) => doc.getText("text").insert(0, "first");
  const a = t.use(new StorageClient({ url: server.url, room: t.room, initial, reconnect: true }));
  await a.take("$registered");
  assert.equal((await a.closed()).code, 1013);
  assert.equal(a.exchanges, 0);
  emptyDisk(server);
  await a.ready();
  assert.deepEqual(a.changeKinds, ["initialized"]);
  await sameAsServer(server, [a]);
});

test("kill -9 with a full disk leaves what others saw", { skip: noPrlimit }, async (t) => {
  const { args } = folder(t);
  const server = await start(t, args);
  const a = await join(t, server);
  const b = await join(t, server);
  type(a, "saved ");
  await same([a, b]);
  fillDisk(server);
  type(a, "never seen");
  await sleep(300);
  await server.kill();
  assert.equal(textOf(b), "saved ");
  const again = await start(t, args);
  assert.equal((await readRoom(again.url, t.room)).doc.getText("text").toString(), "saved ");
  a.rejoin(again.url);
  await until(async () => (await readRoom(again.url, t.room)).doc.getText("text").toString() ===
                          "saved never seen");
});

test("a drain with a full disk meets its deadline, and the saved part is there",
     { skip: noPrlimit }, async (t) => {
  const { args } = folder(t);
  const server = await startPluvd([...args, "--drain-window", "100ms", "--drain-deadline", "4s"]);
  t.use(server, () => server.alive && server.kill());
  const a = await join(t, server);
  const b = await join(t, server);
  type(a, "saved ");
  await same([a, b]);
  fillDisk(server);
  type(a, "never saved");
  server.signal("SIGTERM");
  const { code, signal } = await server.exited;
  assert.deepEqual([code, signal], [1, null], server.output);
  const again = await start(t, args);
  assert.equal((await readRoom(again.url, t.room)).doc.getText("text").toString(), "saved ");
});

// --- a pluvd that cannot start ---

// A file with a document in it, whose server has ended.
async function makeFile(t, { size = 0, room = t.room } = {}) {
  const made = folder(t);
  const server = await start(t, made.args);
  const client = await join(t, server, { room });
  if (size > 0) client.doc.getMap("map").set("big", "0123456789".repeat(size / 10));
  type(client, "a document");
  await client.settled();
  await client.close();
  await server.stop();
  return made;
}

async function refusesToStart({ file, args }, reason) {
  const before = readFileSync(file);
  const { code, output } = await runToEnd(programs.pluvd, ["--port", "0", "--log-level", "off",
                                                           ...args]);
  assert.match(output, reason);
  assert.match(output, /^pluvd: storage: [^\n]*pluv\.sqlite[^\n]*$/m);
  assert.equal(code, EXIT_STORAGE, output);
  assert.ok(readFileSync(file).equals(before), "the file is left as it was");
}

test("a file that is no database is refused and left alone", async (t) => {
  const made = folder(t);
  writeFileSync(made.file, "somebody's notes\n".repeat(1_000));
  await refusesToStart(made, /not a storage file of pluv/);
});

test("another program's database is refused and left alone", async (t) => {
  const made = await makeFile(t);
  const bytes = readFileSync(made.file);
  bytes.writeUInt32BE(0x12345678, 68); // PRAGMA application_id
  writeFileSync(made.file, bytes);
  await refusesToStart(made, /not a storage file of pluv/);
});

test("a file of a newer version is refused and left alone", async (t) => {
  const made = await makeFile(t);
  const bytes = readFileSync(made.file);
  bytes.writeUInt32BE(999, 60); // PRAGMA user_version
  writeFileSync(made.file, bytes);
  await refusesToStart(made, /newer pluv \(version 999/);
});

test("a file whose first page is damaged is refused and left alone", async (t) => {
  const made = await makeFile(t);
  const bytes = readFileSync(made.file);
  bytes.fill(0xff, 100, 400);
  writeFileSync(made.file, bytes);
  await refusesToStart(made, /malformed|damaged|corrupt|not a storage file/);
});

test("a second pluvd in the same folder is refused, and the first does not notice", async (t) => {
  const made = folder(t);
  const first = await start(t, made.args);
  const a = await join(t, first);
  const b = await join(t, first);
  type(a, "before ");
  await same([a, b]);
  await refusesToStart(made, new RegExp(`in use by another process \\(pid ${first.pid}\\)`));
  type(a, "after");
  await sameAsServer(first, [a, b]);
});

// --- a document that cannot be read ---

async function isTurnedAway(t, server, room) {
  const client = t.use(new StorageClient({ url: server.url, room }));
  const { code } = await client.closed();
  assert.equal(code, 1011, JSON.stringify(types(client.messages)));
  assert.ok(types(client.messages).includes("$error"));
  assert.ok(!types(client.messages).includes("$storageReceived"),
            "never taken for an empty document");
}

test("a damaged document lets nobody in and is not written over, and the others are well",
     async (t) => {
  const made = await makeFile(t, { size: 100_000 });
  const whole = readFileSync(made.file);
  const damaged = Buffer.from(whole);
  const at = damaged.indexOf("0123456789".repeat(20)) + 50;
  damaged[at] ^= 0x01;
  writeFileSync(made.file, damaged);
  const server = await start(t, made.args);
  await Promise.all([isTurnedAway(t, server, t.room), isTurnedAway(t, server, t.room)]);
  const other = await join(t, server, { room: `${t.room}-other` });
  type(other, "well");
  await sameAsServer(server, [other]);
  await isTurnedAway(t, server, t.room);
  await other.close();
  await server.stop();
  // Whoever repairs the byte has the document again.
  const repaired = readFileSync(made.file);
  assert.equal(repaired[at], damaged[at]);
  repaired[at] ^= 0x01;
  writeFileSync(made.file, repaired);
  const again = await start(t, made.args);
  const { doc } = await readRoom(again.url, t.room);
  assert.equal(doc.getText("text").toString(), "a document");
  assert.equal(doc.getMap("map").get("big").length, 100_000);
});

test("a file that was cut off never looks like an empty document", async (t) => {
  const made = await makeFile(t, { size: 100_000 });
  truncateSync(made.file, Math.floor(readFileSync(made.file).length / 8192) * 4096);
  const server = await startPluvd(made.args).catch((error) => error);
  if (server instanceof Error) {
    assert.match(server.message, /pluvd: storage: /);
    return;
  }
  t.use(server, () => server.alive && server.stop());
  await isTurnedAway(t, server, t.room);
});

await run();
