// Thousands of people who write while their server is replaced: by a successor that takes the
// socket over, and behind a socket of systemd's. The closes are spread over the window, nobody is
// refused, and no edit is lost.
//
//   node drain_load.test.mjs --clients 5000 --window 10     seconds (default 400 and 3)
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { ActivatedPluvd, makeFolder, makeToken, numberOption, programs, Random, removeFolder,
         RoomUnderLoad, runToEnd, SECRET, seedOf, sleep, startPluvd, suite, until }
  from "./lib.mjs";

const count = numberOption("clients", 400);
const window_s = numberOption("window", 3);
const { test, run } = suite("drain under load", { parallel: 1, limit_ms: 120_000 + count * 60 });
const seed = seedOf("drain_load");

const CLIENTS_A_ROOM = 10;
// Of all rooms, those whose people do not come back by themselves, so that what is there afterwards
// was saved by the server that has ended.
const GONE_EVERY = 5;
const EDITS_A_SECOND = 300;
const TICK_MS = 10;
const EDITS_A_TICK_MAX = 50;
// Of the window: with even closes each has a tenth of them. More is for machines on which a process
// may stand still for a while.
const TENTHS = 10;
const PART_OF_A_TENTH_MAX = 0.4;
const DEADLINE_S = window_s + 30;

// This one process plays all clients: on a machine with more to do each may be slow.
const drainArgs = ["--drain-window", `${window_s}s`, "--drain-deadline", `${DEADLINE_S}s`,
                   "--rate-limit", "0", "--max-handshake", "60s"];

class Crowd {
  constructor(t, url, token) {
    this.random = new Random(seed);
    this.closes = []; // {at, code}
    this.rooms = [];
    this.make = (number) => {
      const name = `${t.room}-${number}`;
      return new RoomUnderLoad(t, url, name, this.random, {
        writers: CLIENTS_A_ROOM, large: 0.001, token: token && (() => token(name)),
        reconnect: number % GONE_EVERY !== 0 });
    };
  }

  // Some rooms at a time, as the machine's accept queue is not endless either.
  async join(rooms) {
    const AT_A_TIME = 20;
    for (let number = 0; number < rooms; ++number) {
      const room = this.make(number);
      this.rooms.push(room);
      if (this.rooms.length % AT_A_TIME === 0 || number + 1 === rooms) {
        for (const late of this.rooms.slice(-AT_A_TIME)) {
          for (const client of late.clients) await client.ready();
        }
      }
    }
    for (const client of this.clients) {
      client.closed({ timeout: 1_000_000 }).then(({ code }) =>
        this.closes.push({ at: Date.now(), code }));
    }
  }

  get clients() {
    return this.rooms.flatMap((room) => room.clients);
  }
  get returning() {
    return this.rooms.filter((_, number) => number % GONE_EVERY !== 0);
  }
  get gone() {
    return this.rooms.filter((_, number) => number % GONE_EVERY === 0);
  }
  get written() {
    return this.rooms.reduce((sum, room) => sum + room.written, 0);
  }

  // Everybody in turn, whether connected or not, until stop(); those who are gone while they are
  // connected.
  startWriting() {
    let going = true;
    const done = (async () => {
      const writers = this.rooms.flatMap((room) => room.writers);
      let at = Date.now();
      for (let next = 0; going;) {
        await sleep(TICK_MS);
        const due = EDITS_A_SECOND * (Date.now() - at) / 1000;
        at = Date.now();
        // What a machine that stood still did not get done is not all made up for: the others have
        // their turn.
        for (let left = Math.min(due, EDITS_A_TICK_MAX); left > 0; --left) {
          const writer = writers[next++ % writers.length];
          writer.write({ offline: writer.client.reconnect });
        }
      }
    })();
    this.stopWriting = async () => {
      going = false;
      await done;
    };
  }

  // Answers what is printed of the closes.
  checkCloses() {
    assert.equal(this.closes.length, this.clients.length);
    assert.ok(this.closes.every(({ code }) => code === 1012), "all with 1012");
    const times = this.closes.map(({ at }) => at).sort((a, b) => a - b);
    const tenths = Array(TENTHS + 1).fill(0);
    for (const at of times) {
      const tenth = Math.floor((at - times[0]) / (window_s * 1000 / TENTHS));
      ++tenths[Math.min(tenth, TENTHS)];
    }
    const most = Math.max(...tenths) / times.length;
    const spread_s = (times.at(-1) - times[0]) / 1000;
    assert.ok(most <= PART_OF_A_TENTH_MAX, `closes in tenths of the window: ${tenths}`);
    return { first: times[0], text: `closes spread over ${spread_s.toFixed(1)} s of ` +
             `${window_s} s, at most ${(100 * most).toFixed(1)} % in a tenth of it` };
  }

  async checkReturn(url) {
    for (const room of this.gone) {
      await room.remember();
      await room.checkKept(url, "before anybody is back");
    }
    for (const room of this.gone) for (const client of room.clients) client.rejoin(url);
    for (const room of this.rooms) await room.checkAll(url, `seed ${seed}`);
    for (const client of this.clients) assert.deepEqual(client.errors, []);
    for (const room of this.returning) {
      for (const client of room.clients) assert.equal(client.attempts, 2, "one way back, no loop");
    }
  }

  async leave() {
    await Promise.all(this.rooms.map((room) => room.leave()));
  }
}

// replace(): ends when the next server is listening; answers {at, url} of that.
async function replaceUnderLoad(t, { name, data, url, token, replace, oldHasEnded }) {
  const crowd = new Crowd(t, url, token);
  await crowd.join(Math.ceil(count / CLIENTS_A_ROOM));
  crowd.startWriting();
  t.use(crowd, () => crowd.stopWriting());
  await sleep(1_000);
  const before = crowd.written;
  const begin = Date.now();
  const next = await replace();
  await oldHasEnded();
  const ended_s = (Date.now() - begin) / 1000;
  await until(() => crowd.closes.length === crowd.clients.length, { what: "all closes" });
  const during = crowd.written - before;
  for (const room of crowd.returning) {
    for (const client of room.clients) await client.ready(2, { timeout: 120_000 });
  }
  const back_s = (Date.now() - begin) / 1000;
  await crowd.stopWriting();
  const { first, text } = crowd.checkCloses();
  await crowd.checkReturn(url);
  console.log(`# ${name}: ${crowd.clients.length} clients, ${text}; the old one had ended after ` +
              `${ended_s.toFixed(1)} s, all were back after ${back_s.toFixed(1)} s, 0 refused; ` +
              `${crowd.written} edits (${during} while it drained), 0 lost`);
  await crowd.leave();
  return { ...next, first, verify: async () => {
    const { code, output } = await runToEnd(programs.pluvd, ["storage", "verify", "--data", data]);
    assert.equal(code, 0, output);
  } };
}

test(`${count} clients move to a successor while they write`, async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const handover = path.join(os.tmpdir(), `pluv-e2e-${randomBytes(6).toString("hex")}.sock`);
  t.use(handover, () => rmSync(handover, { force: true }));
  const args = ["--dev", "--data", data, "--handover", handover, ...drainArgs];
  const old = await startPluvd(args);
  t.use(old, () => old.alive && old.kill());
  let successor = null;
  const replace = async () => {
    successor = t.use(await startPluvd([...args, "--port", String(old.port)]),
                      (it) => it.alive && it.kill());
    return { at: Date.now() };
  };
  const oldHasEnded = async () => assert.equal((await old.exited).code, 0, old.output);
  const { at, first, verify } = await replaceUnderLoad(t, { name: "hand-over", data, url: old.url,
                                                            replace, oldHasEnded });
  // Its line is read a moment after it was written, and a close may be read first.
  assert.ok(at <= first + 100, `listening ${at - first} ms after the first close`);
  await successor.stop();
  await verify();
});

test(`${count} clients wait for a restart behind a socket of systemd's while they write`,
     async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const server = await ActivatedPluvd.start(
    ["--secret", SECRET, "--demo", "--data", data, "--max-connections-per-address", "0",
     ...drainArgs]);
  t.use(server, () => server.alive && server.kill());
  const token = (room) => makeToken({ room, user: { id: randomBytes(6).toString("hex") },
                                      age_s: 600 });
  const { verify } = await replaceUnderLoad(t, { name: "socket activation", data, url: server.url,
                                                 token, replace: () => server.restart(),
                                                 oldHasEnded: async () => {} });
  await server.stop();
  assert.deepEqual(server.codes, [0, 0], server.output);
  await verify();
});

await run();
