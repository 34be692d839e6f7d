// A receiver of webhooks (webhook_receiver_program.mjs) as a suite uses it: it is killed and started
// again on its port, and what it has accepted is judged.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { freePort, makeFolder, removeFolder, startServer } from "./process.mjs";
import { until } from "./runner.mjs";

const program = path.join(path.dirname(fileURLToPath(import.meta.url)),
                          "webhook_receiver_program.mjs");

export class WebhookReceiver {
  constructor(options) {
    this.folder = makeFolder();
    this.file = path.join(this.folder, "accepted");
    this.options = { file: this.file, ...options };
  }

  static async started(options) {
    return new this({ port: await freePort(), ...options }).start();
  }

  async start(options = {}) {
    Object.assign(this.options, options);
    this.server = await startServer(process.execPath, [program, JSON.stringify(this.options)]);
    return this;
  }
  kill() {
    return this.server.kill();
  }
  // What was gone is there from now on.
  open() {
    writeFileSync(`${this.file}.open`, "");
  }
  get url() {
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${this.options.port}/hook`;
  }

  // All that it has accepted, repeats among it. A line that a kill has cut was not answered.
  accepted() {
    if (!existsSync(this.file)) return [];
    const events = [];
    for (const line of readFileSync(this.file, "utf8").split("\n")) {
      try {
        if (line !== "") events.push(JSON.parse(line));
      } catch {
        events.push({ cut: line });
      }
    }
    return events.filter((event) => !event.cut);
  }

  async until(check, what, timeout = 120_000) {
    return until(() => check(this.accepted()), { what, timeout });
  }

  async close() {
    if (this.server?.alive) await this.kill();
    removeFolder(this.folder);
  }
}

// The events of each room in the order in which they were first accepted. Fails when the order or
// the repeats are not what is promised: one event of a room at a time, so that a repeat comes before
// whatever follows, with the id and the content that it had.
export function roomsOf(accepted) {
  const rooms = new Map();
  for (const event of accepted) {
    assert.equal(event.forged, undefined, "everything is signed");
    const { delivery, ...content } = event;
    assert.ok(delivery, "every delivery has an id");
    if (!rooms.has(event.room)) rooms.set(event.room, []);
    const room = rooms.get(event.room);
    if (room.at(-1)?.delivery === delivery) {
      assert.deepEqual(room.at(-1).content, content, "a repeat says the same");
      continue;
    }
    assert.ok(!room.some((known) => known.delivery === delivery),
              `${event.room}: a repeat of ${event.event} came after later events`);
    room.push({ delivery, content });
  }
  return new Map([...rooms].map(([name, list]) => [name, list.map(({ content }) => content)]));
}

// People come and go in a possible order: who leaves was there, and a room ends empty. Users are
// used once. Answers {there, ended} at the end.
export function judgeRoom(name, events) {
  const there = new Set();
  const seen = new Set();
  let ended = true;
  let previous = null;
  for (const { event, user, storage } of events) {
    const id = user?.id;
    const where = `${name}, ${event} of ${id}`;
    if (event === "user-connected") {
      assert.ok(!seen.has(id), `${where}: came twice`);
      there.add(id);
      seen.add(id);
      ended = false;
    } else if (event === "user-disconnected") {
      assert.ok(there.delete(id), `${where}: was not there`);
    } else if (event === "storage-destroyed") {
      assert.equal(there.size, 0, where);
      assert.equal(typeof storage, "string", where);
    } else {
      assert.equal(event, "room-destroyed");
      assert.equal(there.size, 0, `${where}: ${[...there]} are there`);
      assert.ok(!ended, `${name} ended twice`);
      ended = true;
    }
    if (previous === "storage-destroyed") assert.equal(event, "room-destroyed", where);
    previous = event;
  }
  return { there, ended, seen };
}
