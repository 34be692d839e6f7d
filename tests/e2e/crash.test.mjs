// kill -9 of pluvd at random moments under load: what anybody but its writer has seen of a document
// is there after the restart, before any client has come back to offer it again. And nothing at all
// is lost once they have.
//
//   node crash.test.mjs --kills 2000     kills in all, evenly over the tests (default 160)
//   E2E_SEED=5 node crash.test.mjs       the moments of that seed
import assert from "node:assert/strict";
import { existsSync, readdirSync, renameSync, statSync } from "node:fs";
import path from "node:path";

import { judgeRoom, roomsOf, WebhookReceiver } from "./lib/webhook_receiver.mjs";
import { Client, faults, freePort, Hosting, makeFolder, noFaultyIo, numberOption, programs, Random,
         removeFolder, RoomUnderLoad, runToEnd, seedOf, Server, sleep, startPluvd, suite,
         until } from "./lib.mjs";

const kills = numberOption("kills", 160);
const { test, run } = suite("crash", { parallel: 2, limit_ms: 300_000 + kills * 1_000 });
const seed = seedOf("crash");

// The same rooms for so many kills, so that logs grow until they are compacted; then new ones, so
// that joins stay quick.
const KILLS_A_ROOM = 10;
const ROOMS = 2;
const LOAD_MS_MAX = 250;
// Of a start, up to the listening line and beyond.
const START_MS_MAX = 60;

// Starts that are killed, too: while the file is opened and what the last kill left is recovered.
async function killStarts(args, random, counts) {
  while (random.chance(0.3)) {
    const server = new Server(programs.pluvd, ["--port", "0", "--log-level", "warn", ...args]);
    await sleep(random.below(START_MS_MAX));
    await server.kill();
    ++counts.starts;
  }
}

async function verify(data) {
  const { code, output } = await runToEnd(programs.pluvd, ["storage", "verify", "--data", data]);
  assert.equal(code, 0, output);
}

async function storedRooms(data) {
  const { code, output } = await runToEnd(programs.pluvd, ["storage", "ls", "--json", "--data", data],
                                          { output_max: Infinity });
  assert.equal(code, 0, output);
  return output.trim().split("\n").map((line) => JSON.parse(line));
}

// more: further arguments. slow_ms: what each write to the file takes. Answers the rooms as they are
// kept in the end.
async function killAndRestart(t, { name, durability, more = [], slow_ms = 0 }, count) {
  const random = new Random(seed + name.length);
  const data = t.use(makeFolder(), removeFolder);
  const args = ["--dev", "--data", data, "--durability", durability, "--rate-limit", "0", ...more];
  const { env, set } = slow_ms ? faults(t) : { env: {} };
  if (slow_ms) set(slow_ms, "d");
  let server = null;
  t.use(null, () => server?.alive && server.kill());
  server = await startPluvd(args, { env });
  let rooms = [];
  let generation = 0;
  const counts = { starts: 0, written: 0, seen: 0 };

  async function replaceRooms(when) {
    for (const room of rooms) {
      counts.written += await room.checkAll(server.url, when);
      counts.seen += room.seenByOthers;
      await room.leave();
    }
    ++generation;
    rooms = Array.from({ length: ROOMS }, (_, number) =>
      new RoomUnderLoad(t, server.url, `${name}-${generation}-${number}`, random));
  }

  for (let kill = 0; kill < count; ++kill) {
    const when = `kill ${kill} of seed ${seed}, ${name}`;
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
    await killStarts(args, random, counts);
    server = await startPluvd(args, { env });
    for (const room of rooms) await room.checkKept(server.url, when);
  }
  for (const room of rooms) for (const client of room.clients) client.rejoin(server.url);
  await replaceRooms("at the end");
  for (const room of rooms) await room.leave();
  await server.stop();
  await verify(data);
  console.log(`# ${name}: ${count} kills and ${counts.starts} more while starting, ` +
              `${counts.written} edits, ${counts.seen} of them seen by others before a kill, ` +
              "0 lost");
  assert.ok(counts.seen > count, "there was a load");
  return storedRooms(data);
}

// Logs that a handful of updates fill, and no history: snapshots are made and what they replace is
// purged all the time, so that kills meet both.
const COMPACTING = ["--log-min", "1KiB", "--log-updates", "20", "--history", "0s"];
const settings = [
  { name: "process", durability: "process" },
  { name: "strict", durability: "strict" },
  { name: "process-compacting", durability: "process", more: COMPACTING },
  { name: "strict-compacting", durability: "strict", more: COMPACTING },
  // The moment between an edit's coming and its being kept is short: here more kills meet it.
  { name: "process-slow", durability: "process", slow_ms: 2 },
  { name: "strict-slow", durability: "strict", slow_ms: 2 },
];

for (const setting of settings) {
  const how = [`--durability ${setting.durability}`, ...(setting.more ?? []),
               ...(setting.slow_ms ? ["on a slow disk"] : [])].join(" ");
  const skip = setting.slow_ms && noFaultyIo;
  test(`with ${how} nothing that others saw is lost by kill -9`, { skip }, async (t) => {
    const count = Math.ceil(kills / settings.length);
    const stored = await killAndRestart(t, setting, count);
    if (!setting.more) return;
    const compacted = stored.filter((room) => room.snapshotBytes > 0).length;
    console.log(`# ${setting.name}: ${compacted} of ${stored.length} rooms have a snapshot`);
    // A last room may have been new.
    assert.ok(compacted >= stored.length - ROOMS, "snapshots were made");
  });
}

test("the same with --durability none on a slow disk finds what is lost", { skip: noFaultyIo },
     (t) => assert.rejects(killAndRestart(t, { name: "none", durability: "none", slow_ms: 2 }, 40),
                           /that others saw/));

// A folder with that backup as its documents' file: it verifies, and has these marks.
async function checkBackup(t, file, room, marks) {
  const folder = t.use(makeFolder(), removeFolder);
  renameSync(file, path.join(folder, "pluv.sqlite"));
  await verify(folder);
  const { output } = await runToEnd(programs.pluvd, ["storage", "show", room, "--data", folder],
                                    { output_max: Infinity });
  const kept = new Set(JSON.parse(output).list);
  const lost = marks.filter((mark) => !kept.has(mark));
  assert.deepEqual(lost, [], `${lost.length} of ${marks.length} are not in the backup`);
}

test("a backup under load is whole, also when its server is killed, or is not there at all",
     async (t) => {
  const random = new Random(seed);
  const data = t.use(makeFolder(), removeFolder);
  const args = ["--dev", "--data", data, "--rate-limit", "0", ...COMPACTING];
  let server = await startPluvd(args);
  t.use(null, () => server.alive && server.kill());
  const room = new RoomUnderLoad(t, server.url, t.room, random);
  const counts = { whole: 0, late: 0, cut: 0 };
  const backups = Math.ceil(kills / 20);
  for (let number = 0; number < backups; ++number) {
    for (const client of room.clients) await client.ready(number + 1);
    let writing = true;
    const written = (async () => {
      while (writing) {
        for (const writer of room.writers) writer.write();
        await sleep(random.below(4));
      }
    })();
    await sleep(random.below(150));
    const seen = room.writers.flatMap((writer) => writer.seen);
    const file = path.join(data, `backup-${number}.sqlite`);
    const backup = new Server(programs.pluvd, ["storage", "backup", file, "--data", data]);
    // Half of them are killed themselves.
    const end = random.chance(0.5) ? backup : server;
    await sleep(random.below(60));
    if (end.alive) await end.kill();
    const { code } = await backup.exited;
    writing = false;
    await written;
    if (server.alive) await server.kill();
    await room.remember();
    if (code !== 0) assert.equal(end, backup, `only one that was killed may fail: ${backup.output}`);
    if (existsSync(file)) {
      // It gets its name when it is whole: who is killed between that and its end has made one.
      ++counts[code === 0 ? "whole" : "late"];
      await checkBackup(t, file, room.name, seen);
    } else {
      ++counts.cut;
      assert.notEqual(code, 0, "what says that it is done is there");
    }
    server = await startPluvd(args);
    await room.checkKept(server.url, `backup ${number} of seed ${seed}`);
    for (const client of room.clients) client.rejoin(server.url);
  }
  await room.checkAll(server.url, `seed ${seed}`);
  await server.stop();
  console.log(`# backups under load: ${counts.whole} whole, ${counts.late} killed when they were, ` +
              `${counts.cut} killed and not there`);
  assert.ok(counts.whole > 0, "some came to their end");
});

test("a backup of projects refuses whose tokens were revoked, and tells what was due", async (t) => {
  const secret = "the webhooks' secret of this test: 0123456789";
  const receiver = new WebhookReceiver({ port: await freePort(), secret });
  t.use(receiver);
  // Nobody listens there until the copy is served.
  const hosting = t.use(new Hosting({ p: { webhook_url: receiver.url, webhook_secret: secret } }));
  await hosting.start(["--drain-window", "0s"]);
  const revoked = [];   // parameters of those whose revocation was answered
  const announced = []; // who came, as they were told themselves
  let number = 0;
  let working = true;
  const work = async () => {
    while (working) {
      const user = `u${number++}`;
      const parameters = await hosting.client("p", `${t.room}-${number % 4}`, { id: user },
                                              { maxAge: 3_600_000 });
      const client = await Client.joined(parameters);
      announced.push(user);
      const answer = await hosting.admin("p", "POST", `/users/${user}/revoke`, { body: "" });
      assert.equal(answer.status, 200);
      revoked.push(parameters);
      await client.close();
    }
  };
  const works = Promise.all([work(), work(), work()]);
  await until(() => revoked.length >= 30, { what: "some revocations" });
  const before = { revoked: [...revoked], announced: [...announced] };
  const copy = path.join(t.use(makeFolder(), removeFolder), "copy");
  const backup = await runToEnd(programs.pluvd,
                                ["storage", "backup", `${copy}/`, "--data", hosting.data]);
  assert.equal(backup.code, 0, backup.output);
  const during = revoked.length - before.revoked.length;
  working = false;
  await works;
  await hosting.server.kill();
  assert.deepEqual(readdirSync(copy).sort(), ["hosting.db", "pluv.sqlite", "webhooks.db"]);
  for (const name of readdirSync(copy)) {
    assert.equal(statSync(path.join(copy, name)).mode & 0o777, 0o600, name);
  }
  hosting.data = copy;
  await hosting.start();
  await receiver.start();
  for (const parameters of before.revoked) {
    const late = new Client({ ...parameters, url: hosting.url, heartbeat: false });
    await late.closed();
    assert.match(late.dead, /3000/, parameters.room);
    await late.close();
  }
  // A new event is no repeat of one that the original had.
  await (await Client.joined(await hosting.client("p", `${t.room}-0`, { id: "new" }))).close();
  const accepted = await receiver.until((all) => {
    const rooms = [...roomsOf(all)].map(([name, list]) => judgeRoom(name, list));
    const seen = new Set(rooms.flatMap((room) => [...room.seen]));
    return rooms.every(({ ended }) => ended) && seen.has("new") &&
      before.announced.every((user) => seen.has(user)) && all;
  }, "everybody who had come before the backup");
  const numberOf = ({ delivery }) => Number(delivery.split("-")[1]);
  const fresh = accepted.find(({ user }) => user?.id === "new");
  assert.ok(numberOf(fresh) > 2 ** 32, fresh.delivery);
  console.log(`# a backup of projects: ${before.revoked.length} revocations before it, ` +
              `${during} during it, ${accepted.length} events delivered`);
});

await run();
