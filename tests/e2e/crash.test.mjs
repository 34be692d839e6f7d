// kill -9 of pluvd at random moments under load: what anybody but its writer has seen of a document
// is there after the restart, before any client has come back to offer it again. And nothing at all
// is lost once they have.
//
//   node crash.test.mjs --kills 200      kills in all, half with each durability (default 200)
//   E2E_SEED=5 node crash.test.mjs       the moments of that seed
import assert from "node:assert/strict";
import process from "node:process";

import { makeFolder, Random, readRoom, removeFolder, seedOf, sleep, startPluvd, StorageClient,
         suite, until } from "./lib.mjs";

const { test, run } = suite("crash", { parallel: 2, limit_ms: 300_000 });
const seed = seedOf("crash");
const at = process.argv.indexOf("--kills");
const kills = at >= 0 ? Number(process.argv[at + 1]) : 200;

// The same rooms for so many kills, so that logs grow until they are compacted; then new ones, so
// that joins stay quick.
const KILLS_A_ROOM = 10;
const ROOMS = 2;
const WRITERS_A_ROOM = 3;
const LOAD_MS_MAX = 250;

const marksOf = (doc) => doc.getArray("list").toArray();

// Writes marks that nobody else writes, as long as it is connected.
class Writer {
  constructor(client, name, random) {
    Object.assign(this, { client, name, random, written: 0 });
  }

  write() {
    const { client } = this;
    if (!client.isOpen || !client.initialized) return;
    const mark = `${this.name}.${this.written++}`;
    client.doc.transact(() => {
      client.doc.getArray("list").push([mark]);
      // Some are large: the write that is cut in two is one of these.
      if (this.random.chance(0.1)) client.doc.getMap("map").set(this.name, "x".repeat(20_000));
    });
  }

  get seen() {
    return marksOf(this.client.doc).filter((mark) => !mark.startsWith(`${this.name}.`));
  }
}

class RoomUnderLoad {
  constructor(t, url, name, random) {
    this.name = name;
    this.seen = new Set();
    this.seenByOthers = 0; // of them, before a kill
    this.writers = Array.from({ length: WRITERS_A_ROOM }, (_, number) => {
      const client = t.use(new StorageClient({ url, room: name, heartbeat: false }));
      return new Writer(client, `${name}.${number}`, random);
    });
  }

  get clients() {
    return this.writers.map((writer) => writer.client);
  }

  // The server is gone, and what it had sent has been read.
  async remember() {
    for (const writer of this.writers) {
      await writer.client.until(() => writer.client.dead !== null, "the end of its connection");
      for (const mark of writer.seen) {
        if (!this.seen.has(mark)) ++this.seenByOthers;
        this.seen.add(mark);
      }
    }
  }

  // As a newcomer, before the others are back.
  async checkKept(url, when) {
    const kept = new Set(marksOf((await readRoom(url, this.name)).doc));
    const lost = [...this.seen].filter((mark) => !kept.has(mark));
    assert.deepEqual(lost, [], `${lost.length} of ${this.seen.size} that others saw: ${when}`);
    for (const mark of kept) this.seen.add(mark);
  }

  // Everybody is back: nothing is lost, seen or not.
  async checkAll(url, when) {
    const written = this.writers.reduce((sum, writer) => sum + writer.written, 0);
    for (const client of this.clients) {
      await client.until(() => client.answered === client.socket && client.isOpen, "its return");
    }
    await until(async () => {
      const { length } = marksOf((await readRoom(url, this.name)).doc);
      assert.ok(length <= written, `each mark once: ${length} of ${written}, ${when}`);
      return length === written;
    }, { what: `all ${written} marks of ${this.name}, ${when}` });
    return written;
  }
}

async function killAndRestart(t, durability, count) {
  const random = new Random(seed + (durability === "strict" ? 1 : 0));
  const data = t.use(makeFolder(), removeFolder);
  const args = ["--dev", "--data", data, "--durability", durability, "--rate-limit", "0"];
  let server = null;
  t.use(null, () => server?.alive && server.kill());
  server = await startPluvd(args);
  let rooms = [];
  let generation = 0;
  let seen = 0;
  let written = 0;

  async function replaceRooms(when) {
    for (const room of rooms) {
      written += await room.checkAll(server.url, when);
      seen += room.seenByOthers;
      await Promise.all(room.clients.map((client) => client.close()));
    }
    ++generation;
    rooms = Array.from({ length: ROOMS }, (_, number) =>
      new RoomUnderLoad(t, server.url, `${durability}-${generation}-${number}`, random));
  }

  for (let kill = 0; kill < count; ++kill) {
    const when = `kill ${kill} of seed ${seed}, ${durability}`;
    for (const room of rooms) for (const client of room.clients) client.rejoin(server.url);
    if (kill % KILLS_A_ROOM === 0) await replaceRooms(when);
    // The moment may come before they are back.
    const end = Date.now() + (random.chance(0.1) ? random.below(20)
                                                 : 30 + random.below(LOAD_MS_MAX - 30));
    while (Date.now() < end) {
      for (const room of rooms) for (const writer of room.writers) writer.write();
      await sleep(random.below(4));
    }
    await server.kill();
    for (const room of rooms) await room.remember();
    server = await startPluvd(args);
    for (const room of rooms) await room.checkKept(server.url, when);
  }
  for (const room of rooms) for (const client of room.clients) client.rejoin(server.url);
  await replaceRooms("at the end");
  console.log(`# ${durability}: ${count} kills, ${written} marks, ${seen} seen by others`);
  assert.ok(seen > count, "there was a load");
  await server.stop();
}

for (const durability of ["process", "strict"]) {
  test(`with --durability ${durability} nothing that others saw is lost by kill -9`, (t) =>
    killAndRestart(t, durability, Math.ceil(kills / 2)));
}

await run();
