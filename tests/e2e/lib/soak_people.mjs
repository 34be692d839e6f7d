// The people of a soak: regulars who work together for a minute in a room and then in the next
// one, visitors who come and go, readers who stop reading for a while. What the regulars see of
// each other is timed.
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";

import { Client } from "./client.mjs";
import { sleep } from "./runner.mjs";
import { sameAsServer, StorageClient } from "./storage_client.mjs";

// The machine may have more to do: how slow it is shows in the latencies. No heartbeats, as a
// client dies of a late answer.
const JOIN = { timeout: 120_000 };
const LOOKS = 10;
const TEXT_MAX = 2_000; // characters of a regular's room
// Every edit leaves something in a Yjs document for good: no room is worked in for longer, so that
// what a server holds at a time does not grow by that.
const ROOM_LIFE_MS = 60_000;
const CLOCK = "clock-"; // and a regular's name: the member of the map that says when it wrote

// Times in milliseconds, since the last look.
export class Latencies {
  #values = [];
  count = 0;
  add(ms) {
    this.#values.push(ms);
    ++this.count;
  }
  take() {
    const values = this.#values.sort((a, b) => a - b);
    this.#values = [];
    const at = (part) => values[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
    return { p50: at(0.5), p99: at(0.99), most: at(1) };
  }
}

// Types, moves and waves until the soak ends, and comes back when it is cut off.
class Regular extends StorageClient {
  constructor({ name, latencies, counts, ...more }) {
    super({ ...more, reconnect: true, heartbeat: false, presence: { name } });
    Object.assign(this, { name, latencies, counts });
  }

  answer(message) {
    super.answer(message);
    if (message.connectionId === this.connectionId) return;
    if (message.type === "$presenceUpdated" && message.data.presence.at) {
      this.latencies.presence.add(performance.now() - message.data.presence.at);
    } else if (message.type === "receiveMessage") {
      ++this.counts.heard;
    }
  }

  // Beside its own, once it has a document.
  watchEdits() {
    const map = this.doc.getMap("map");
    map.observe((change, { local, origin }) => {
      if (local || origin !== "$storageUpdated") return;
      for (const key of change.keysChanged) {
        if (key.startsWith(CLOCK)) this.latencies.edit.add(performance.now() - map.get(key));
      }
    });
  }

  type(random) {
    const text = this.doc.getText("text");
    this.doc.transact(() => {
      this.doc.getMap("map").set(CLOCK + this.name, performance.now());
      text.insert(random.below(text.length + 1), random.of(["a", "word ", "漢字", "\n"]));
      if (text.length > TEXT_MAX) text.delete(random.below(TEXT_MAX / 2), 20);
    });
  }

  move(random) {
    this.setPresence({ at: performance.now(), x: random.below(1_000), y: random.below(1_000) });
  }
}

export class People {
  // counts: what happened. errors: what must not.
  constructor({ url, random, rooms, perRoom }) {
    Object.assign(this, { url, random, rooms, perRoom });
    this.latencies = { presence: new Latencies(), edit: new Latencies() };
    this.counts = { edits: 0, presences: 0, events: 0, heard: 0, visits: 0, cuts: 0,
                    slow_readers: 0, rooms: 0 };
    this.errors = [];
    this.groups = []; // of regulars, each in a room
    this.going = true;
    this.visiting = new Set();
  }

  get regulars() {
    return this.groups.flat();
  }
  get someRoom() {
    return this.random.of(this.groups)[0].room;
  }

  async start() {
    for (let at = 0; at < this.rooms; ++at) this.groups.push(await this.#makeGroup());
    this.loops = [this.#work(), this.#visit(), this.#readSlowly(), this.#cut(), this.#moveOn()];
  }

  async #makeGroup() {
    const room = `soak-${this.counts.rooms++}`;
    const group = [];
    for (let one = 0; one < this.perRoom; ++one) {
      const regular = new Regular({ url: this.url, room, name: `${room}-${one}`,
                                    latencies: this.latencies, counts: this.counts });
      group.push(regular);
      await regular.ready(1, JOIN);
      regular.watchEdits();
    }
    return group;
  }

  // One group after the other leaves its room for a new one.
  async #moveOn() {
    for (let at = 0; ; at = (at + 1) % this.rooms) {
      const next = Date.now() + ROOM_LIFE_MS / this.rooms;
      while (this.going && Date.now() < next) await sleep(200);
      if (!this.going) return;
      const group = this.groups[at];
      for (const regular of group) regular.rests = true;
      await this.#checkGroup(group).catch((error) => this.#note(group[0].room, error));
      await Promise.all(group.map((regular) => regular.close()));
      this.groups[at] = await this.#makeGroup();
    }
  }

  // What each of them has, and what the server gives a newcomer, is one document.
  async #checkGroup(group) {
    for (const one of group) {
      await one.until(() => one.isOpen && one.answered === one.socket, "its return", JOIN);
    }
    await this.#sameAsServer(group);
    for (const one of group) {
      one.check();
      assert.deepEqual(one.errors, []);
    }
  }

  // A visitor may edit between two looks: then they look again.
  async #sameAsServer(group) {
    for (let left = LOOKS; ; --left) {
      try {
        return await sameAsServer({ url: this.url }, group);
      } catch (error) {
        if (left === 1) throw error;
      }
      await sleep(500);
    }
  }

  #note(what, error) {
    this.errors.push(`${what}: ${String(error).slice(0, 300)}`);
  }

  // All regulars in turn: each edits, moves and now and then waves, some times a second.
  async #work() {
    const { random } = this;
    while (this.going) {
      for (const regular of this.regulars) {
        if (!regular.isOpen || !regular.initialized || regular.rests) continue;
        if (random.chance(0.5)) {
          regular.type(random);
          ++this.counts.edits;
        }
        if (random.chance(0.5)) {
          regular.move(random);
          ++this.counts.presences;
        }
        if (random.chance(0.05)) {
          regular.send("sendMessage", { message: "x".repeat(random.below(500)) });
          ++this.counts.events;
        }
        regular.forget();
        await sleep(0);
      }
      await sleep(100);
    }
  }

  // Rooms come and go with them: most are empty before the next one comes.
  async #visit() {
    for (let number = 0; this.going; ++number) {
      const visit = this.#oneVisit(number).catch((error) => this.#note("visit", error));
      this.visiting.add(visit);
      void visit.then(() => this.visiting.delete(visit));
      await sleep(100 + this.random.below(200));
    }
  }

  async #oneVisit(number) {
    const { random } = this;
    const room = random.chance(0.2) ? this.someRoom : `visited-${random.below(40)}`;
    const Kind = random.chance(0.5) ? StorageClient : Client;
    const visitor = new Kind({ url: this.url, room, heartbeat: false,
                               presence: { name: `visitor-${number}` } });
    await visitor.ready(1, JOIN);
    ++this.counts.visits;
    for (let left = random.below(8); left > 0; --left) {
      visitor.setPresence({ x: random.below(1_000) });
      if (visitor.doc && random.chance(0.3)) visitor.doc.getMap("map").set("last", number);
      await sleep(random.below(500));
    }
    if (random.chance(0.3)) visitor.drop();
    await visitor.close();
  }

  // A page that its browser has put to sleep: it takes nothing for some seconds.
  async #readSlowly() {
    while (this.going) {
      const reader = new Client({ url: this.url, room: this.someRoom, heartbeat: false });
      try {
        await reader.ready(1, JOIN);
        ++this.counts.slow_readers;
        reader.socket._socket.pause();
        await sleep(1_000 + this.random.below(4_000));
        reader.socket?._socket.resume();
      } catch (error) {
        this.#note("slow reader", error);
      }
      await reader.close();
      await sleep(1_000);
    }
  }

  // One of the regulars loses its network for a moment.
  async #cut() {
    while (this.going) {
      await sleep(1_000 + this.random.below(2_000));
      const regular = this.random.of(this.regulars);
      if (!regular.isOpen || regular.rests) continue;
      regular.drop();
      ++this.counts.cuts;
    }
  }

  async stop() {
    this.going = false;
    await Promise.all(this.loops);
    await Promise.all(this.visiting);
  }

  async check() {
    for (const group of this.groups) await this.#checkGroup(group);
  }

  async leave() {
    for (const regular of this.regulars) await regular.close();
  }
}
