// A disk that is full and has room again, and one that fails and is well again, many times while
// people write: everybody goes on reading and talking, no edit is shown before it is kept, and all
// is well again without a restart. The disk is a real one (tmpfs in a namespace of its own), its
// errors are those of faulty_io.cc.
//
//   node disk_full.test.mjs --cycles 25      of each kind (default 2)
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";

import { EIO, EROFS, faults, makeFolder, noFaultyIo, noSmallDisk, numberOption, programs, Random,
         readMetrics, readRoom, removeFolder, RoomUnderLoad, runToEnd, seedOf, SmallDisk, sleep,
         startPluvd, StorageClient, suite, until } from "./lib.mjs";

const cycles = numberOption("cycles", 2);
const { test, run } = suite("disk full", { parallel: 3, limit_ms: 90_000 + cycles * 15_000 });
const seed = seedOf("disk_full");

const EXIT_STORAGE = 4;
const WHOLE_OUTPUT = { output_max: Infinity }; // documents are long
const RETRY_MS = 1_000;   // store-retry: after this the people of a room are sent away
const OUTAGE_MS_MAX = 2_500; // some are shorter than that, some longer
const PACING_MS_MIN = 1_000;
// What fits into the pages that the files have already is written on a full disk, too: for a while,
// nobody may notice.
const NOTICE_MS = 3_000;
const APPEND_FAILURES = 'pluv_store_failures_total{call="append"}';
const SERVE = ["--dev", "--rate-limit", "0", "--store-retry", `${RETRY_MS}ms`];
// Snapshots are made, and what they replace is purged, all the time, so that outages meet both.
const COMPACTING = ["--log-min", "1KiB", "--log-updates", "20", "--history", "0s"];

// A room whose document was kept before, in which nobody edits: people move and talk, others come
// and read.
class QuietRoom {
  static async make(t, url) {
    const room = new QuietRoom();
    Object.assign(room, { url, name: `${t.room}-quiet`, heard: 0, joins: 0 });
    const join = () => StorageClient.joined({ url, room: room.name });
    room.clients = [t.use(await join()), t.use(await join())];
    room.clients[0].doc.getText("text").insert(0, "kept");
    await room.clients[1].until(() => room.clients[1].doc.getText("text").toString() === "kept");
    return room;
  }

  async goesOn() {
    const [a, b] = this.clients;
    const number = ++this.heard;
    a.send("sendMessage", { message: `event ${number}` });
    await b.take(({ type, data }) => type === "receiveMessage" &&
                                     data.message === `event ${number}`);
    a.setPresence({ number });
    await b.until(() => b.others.get(a.connectionId)?.number === number, "a presence");
    const { doc } = await readRoom(this.url, this.name);
    assert.equal(doc.getText("text").toString(), "kept");
    ++this.joins;
  }

  check() {
    for (const client of this.clients) assert.deepEqual(client.closes, []);
  }
}

async function verify(storage) {
  const { code, output } = await storage("verify");
  assert.equal(code, 0, output);
}

class Outages {
  // broken: begins and ends one: {begin(), end()}. storage(...words): runs that command of pluvd's.
  constructor(t, server, storage, broken) {
    Object.assign(this, { t, server, storage, broken });
    this.random = new Random(seed);
    this.sentAway = 0;
    this.down_ms = 0;
    this.noticed = 0; // outages
    this.looks = 0; // at the file, during outages
  }

  async prepare() {
    const { t, server } = this;
    this.quiet = await QuietRoom.make(t, server.url);
    this.rooms = [0, 1].map((at) => new RoomUnderLoad(t, server.url, `${t.room}-${at}`, this.random,
                                                      { reconnect: true, large: 0.03 }));
    for (const room of this.rooms) for (const client of room.clients) await client.ready();
  }

  get clients() {
    return this.rooms.flatMap((room) => room.clients);
  }

  startWriting() {
    let going = true;
    const done = (async () => {
      while (going) {
        for (const room of this.rooms) {
          for (const writer of room.writers) writer.write({ offline: true });
        }
        await sleep(5 + this.random.below(20));
      }
    })();
    this.stopWriting = async () => {
      going = false;
      await done;
    };
    this.t.use(null, () => { going = false; });
  }

  // What others than its writer have is in the file, by the eyes of another process.
  async checkSeenIsKept() {
    for (const room of this.rooms) {
      const seen = new Set(room.writers.flatMap((writer) => writer.seen));
      const { code, output } = await this.storage("show", room.name);
      assert.equal(code, 0, output);
      const kept = new Set(JSON.parse(output).list);
      const early = [...seen].filter((mark) => !kept.has(mark));
      assert.deepEqual(early, [],
                       `${early.length} of ${seen.size} were shown before they were kept`);
      ++this.looks;
    }
  }

  async outage() {
    const before = (await readMetrics(this.server))[APPEND_FAILURES];
    this.broken.begin();
    const fails = async () => (await readMetrics(this.server))[APPEND_FAILURES] > before;
    const noticed = await until(fails, { timeout: NOTICE_MS }).catch(() => false);
    if (noticed) ++this.noticed;
    const begin = Date.now();
    const length_ms = 100 + this.random.below(OUTAGE_MS_MAX);
    while (Date.now() - begin < length_ms) {
      await this.quiet.goesOn();
      await this.checkSeenIsKept();
    }
    this.down_ms += Date.now() - begin;
    this.broken.end();
    for (const client of this.clients) {
      await client.until(() => client.isOpen && client.answered === client.socket, "its return");
    }
    for (const client of this.clients) {
      await client.until(() => this.arrives(client), "edits of others");
    }
  }

  // It sees what the others of its room have written since it looked last.
  arrives(client) {
    const room = this.rooms.find((one) => one.clients.includes(client));
    const writer = room.writers.find((one) => one.client === client);
    const fresh = writer.seen.length > (writer.lastSeen ?? 0);
    if (fresh) writer.lastSeen = writer.seen.length;
    return fresh;
  }

  async run(name) {
    await this.prepare();
    this.startWriting();
    for (let cycle = 0; cycle < cycles; ++cycle) {
      await sleep(this.random.below(300));
      await this.outage();
    }
    await this.stopWriting();
    let marks = 0;
    for (const room of this.rooms) marks += await room.checkAll(this.server.url, `seed ${seed}`);
    this.quiet.check();
    const { server } = this;
    for (const client of this.clients) {
      assert.ok(client.closes.every(({ code }) => code === 1013), JSON.stringify(client.closes));
      assert.deepEqual(client.errors, []);
      const paced = 2 + cycles + this.down_ms / PACING_MS_MIN;
      assert.ok(client.attempts <= paced, `${client.attempts} attempts are no storm`);
      this.sentAway += client.closes.length;
    }
    const failures = (await readMetrics(server))[APPEND_FAILURES];
    assert.match(server.output, /document_append_failed/);
    assert.ok(this.noticed > 0, "some were noticed");
    const down_s = (this.down_ms / 1000).toFixed(1);
    console.log(`# ${name}: ${cycles} outages of ${down_s} s in all, ${this.noticed} noticed, ` +
                `${failures} failed writes, ${this.sentAway} times somebody was sent away, ` +
                `${this.quiet.joins} reads and ${this.quiet.heard} events meanwhile; all that ` +
                `was shown was in the file (${this.looks} looks); ${marks} edits, 0 lost`);
  }
}

// --- A disk that is full

async function onSmallDisk(t, more = []) {
  const disk = t.use(await SmallDisk.make({ mib: 96 }));
  const args = [...SERVE, "--data", path.join(disk.folder, "data"), ...more];
  const inside = (command, rest) => disk.inside(command, rest);
  const start = async () => t.use(await startPluvd(args, { inside }),
                                  (server) => server.alive && server.kill());
  const storage = (...words) => {
    const [command, args] = disk.inside(programs.pluvd, [
      "storage", ...words, "--data", path.join(disk.folder, "data")]);
    return runToEnd(command, args, WHOLE_OUTPUT);
  };
  return { disk, start, storage };
}

for (const [name, more] of [["full disk", []], ["full disk, compacting", COMPACTING]]) {
  test(`${name}: it fills and empties again and again under load`, { skip: noSmallDisk },
       async (t) => {
    const { disk, start, storage } = await onSmallDisk(t, more);
    const server = await start();
    const outages = new Outages(t, server, storage,
                                { begin: () => disk.fill(), end: () => disk.empty() });
    await outages.run(name);
    await server.stop();
    await verify(storage);
  });
}

test("kill -9 on a full disk, and a start on it: what others saw is there once there is room",
     { skip: noSmallDisk }, async (t) => {
  const { disk, start, storage } = await onSmallDisk(t, COMPACTING);
  let server = await start();
  const random = new Random(seed);
  const room = new RoomUnderLoad(t, server.url, t.room, random);
  for (const client of room.clients) await client.ready();
  let refused = 0;
  for (let kill = 0; kill < cycles; ++kill) {
    const end = Date.now() + 300 + random.below(300);
    const fullAt = Date.now() + random.below(300);
    let full = false;
    while (Date.now() < end) {
      for (const writer of room.writers) writer.write();
      await sleep(random.below(5));
      if (!full && Date.now() >= fullAt) {
        disk.fill();
        full = true;
      }
    }
    await server.kill();
    await room.remember();
    // It serves what it has, or it says why not. It does not lose or hide anything.
    const onFull = await start().catch((error) => error);
    if (onFull instanceof Error) {
      ++refused;
      assert.match(onFull.message, /^pluvd: storage: .*(?:full|No space left)/m);
    } else {
      await room.checkKept(onFull.url, `on the full disk, seed ${seed}`);
      await onFull.kill();
    }
    disk.empty();
    server = await start();
    await room.checkKept(server.url, `kill ${kill} of seed ${seed}`);
    for (const client of room.clients) client.rejoin(server.url);
    for (const client of room.clients) {
      await client.until(() => client.isOpen && client.answered === client.socket, "its return");
    }
  }
  const marks = await room.checkAll(server.url, `seed ${seed}`);
  await server.stop();
  await verify(storage);
  console.log(`# full disk, killed: ${cycles} kills, ${refused} starts were refused while it was ` +
              `full, ${marks} edits, 0 lost`);
});

test("a backup onto a full disk fails, leaves nothing behind and disturbs nobody",
     { skip: noSmallDisk }, async (t) => {
  const { disk, start, storage } = await onSmallDisk(t);
  const server = await start();
  const client = t.use(await StorageClient.joined({ url: server.url, room: t.room }));
  client.doc.getMap("map").set("large", "x".repeat(4_000_000));
  await client.settled();
  const target = path.join(disk.folder, "backup.sqlite");
  disk.fill();
  const { code, output } = await storage("backup", target);
  assert.equal(code, EXIT_STORAGE, output);
  assert.match(output, /full/);
  assert.ok(!existsSync(disk.at("backup.sqlite")) && !existsSync(disk.at("backup.sqlite.partial")));
  disk.empty();
  client.doc.getText("text").insert(0, "goes on");
  await until(async () =>
    (await readRoom(server.url, t.room)).doc.getText("text").toString() === "goes on");
  assert.deepEqual(client.closes, []);
  assert.equal((await storage("backup", target)).code, 0);
  await server.stop();
  await verify(storage);
});

// --- A disk that fails

const storageOf = (data) => (...words) =>
  runToEnd(programs.pluvd, ["storage", ...words, "--data", data], WHOLE_OUTPUT);

for (const { name, error, kinds, durability } of [
  { name: "a file system that has become read-only", error: EROFS, kinds: "w",
    durability: "process" },
  { name: "a disk whose writes and syncs fail", error: EIO, kinds: "ws", durability: "strict" },
  { name: "a disk whose syncs fail", error: EIO, kinds: "s", durability: "strict" },
]) {
  test(`${name} comes back, again and again under load (${durability})`, { skip: noFaultyIo },
       async (t) => {
    const data = t.use(makeFolder(), removeFolder);
    const { env, set } = faults(t);
    const server = await startPluvd([...SERVE, "--data", data, "--durability", durability,
                                     ...COMPACTING], { env });
    t.use(server, () => server.alive && server.kill());
    const storage = storageOf(data);
    const outages = new Outages(t, server, storage,
                                { begin: () => set(error, kinds), end: () => set(0, "") });
    await outages.run(name);
    await server.stop();
    await verify(storage);
  });
}

// The test of the test: with this durability nobody waits for the file.
test("a look into the file finds what --durability none shows before it is kept",
     { skip: noFaultyIo }, async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const { env, set } = faults(t);
  const server = await startPluvd([...SERVE, "--data", data, "--durability", "none"], { env });
  t.use(server, () => server.alive && server.kill());
  const storage = storageOf(data);
  const outages = new Outages(t, server, storage, {});
  await outages.prepare();
  set(EIO, "w");
  const [a, b] = outages.rooms[0].writers;
  a.write();
  await until(() => b.seen.length > 0, { what: "what is not kept" });
  await assert.rejects(outages.checkSeenIsKept(), /were shown before they were kept/);
  set(0, "");
});

test("a document that cannot be read is not taken for an empty one, and is there afterwards",
     { skip: noFaultyIo }, async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const { env, set } = faults(t);
  // So that each room is loaded anew, from the file, and its pages are in nobody's cache.
  const args = [...SERVE, "--data", data, "--linger", "0s"];
  const first = await startPluvd(args);
  const writer = t.use(await StorageClient.joined({ url: first.url, room: t.room }));
  writer.doc.getText("text").insert(0, "a document ".repeat(50_000));
  await writer.settled();
  await writer.close();
  await first.stop();
  const server = await startPluvd(args, { env });
  t.use(server, () => server.alive && server.kill());
  set(EIO, "r");
  const client = t.use(new StorageClient({ url: server.url, room: t.room, reconnect: true }));
  const { code } = await client.closed();
  assert.equal(code, 1011);
  assert.deepEqual(client.changeKinds, []);
  assert.match(server.output, /document_load_failed/);
  set(0, "");
  await client.ready();
  assert.deepEqual(client.changeKinds, ["unchanged"]);
  assert.equal(client.doc.getText("text").toString(), writer.doc.getText("text").toString());
  await client.close();
  await server.stop();
});

await run();
