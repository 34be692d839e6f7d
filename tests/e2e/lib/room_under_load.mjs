// Rooms in which several clients write marks that nobody else writes, so that what is lost, or
// comes twice, shows: each mark has its writer's name and number.
import assert from "node:assert/strict";

import { readRoom, StorageClient } from "./storage_client.mjs";
import { until } from "./runner.mjs";

export const marksOf = (doc) => doc.getArray("list").toArray();

class Writer {
  constructor(client, name, random, large) {
    Object.assign(this, { client, name, random, large, written: 0 });
  }

  get connected() {
    return this.client.isOpen && this.client.initialized;
  }

  // offline: without a connection, too, once it has a document.
  write({ offline = false } = {}) {
    const { client } = this;
    if (!this.connected && !(offline && client.initialized)) return;
    const mark = `${this.name}.${this.written++}`;
    client.doc.transact(() => {
      client.doc.getArray("list").push([mark]);
      // Some are large: the write that is cut in two is one of these.
      if (this.random.chance(this.large)) {
        client.doc.getMap("map").set(this.name, "x".repeat(20_000));
      }
    });
  }

  get seen() {
    return marksOf(this.client.doc).filter((mark) => !mark.startsWith(`${this.name}.`));
  }
}

export class RoomUnderLoad {
  // token: a text or a function, as of a Client. large: how many of the edits are.
  constructor(t, url, name, random,
              { writers = 3, token, reconnect = false, large = 0.1 } = {}) {
    this.name = name;
    this.token = token;
    this.seen = new Set();
    this.seenByOthers = 0; // of them, before a kill
    this.writers = Array.from({ length: writers }, (_, number) => {
      const client = new StorageClient({ url, room: name, token, reconnect, heartbeat: false });
      return new Writer(client, `${name}.${number}`, random, large);
    });
    t.use(this, () => this.leave());
  }

  // Everybody goes, and nothing is kept: a long test has thousands of such rooms.
  async leave() {
    const { clients } = this;
    this.writers = [];
    this.seen.clear();
    await Promise.all(clients.map((client) => client.close()));
  }

  get clients() {
    return this.writers.map((writer) => writer.client);
  }
  get written() {
    return this.writers.reduce((sum, writer) => sum + writer.written, 0);
  }

  // The server is gone, and what it had sent has been read.
  async remember() {
    for (const writer of this.writers) {
      await writer.client.until(() => writer.client.dead !== null, "the end of its connection");
      for (const mark of writer.seen) {
        if (!this.seen.has(mark)) ++this.seenByOthers;
        this.seen.add(mark);
      }
      writer.client.forget();
    }
  }

  async #marks(url) {
    const token = typeof this.token === "function" ? await this.token() : this.token;
    return marksOf((await readRoom(url, this.name, { token })).doc);
  }

  // As a newcomer, before the others are back.
  async checkKept(url, when) {
    const kept = new Set(await this.#marks(url));
    const lost = [...this.seen].filter((mark) => !kept.has(mark));
    assert.deepEqual(lost, [], `${lost.length} of ${this.seen.size} that others saw: ${when}`);
    for (const mark of kept) this.seen.add(mark);
  }

  // Everybody is back: nothing is lost, seen or not. Answers how many marks there are.
  async checkAll(url, when) {
    for (const client of this.clients) {
      await client.until(() => client.answered === client.socket && client.isOpen, "its return");
    }
    await until(async () => {
      const { length } = await this.#marks(url);
      assert.ok(length <= this.written, `each mark once: ${length} of ${this.written}, ${when}`);
      return length === this.written;
    }, { what: `all ${this.written} marks of ${this.name}, ${when}` });
    return this.written;
  }
}
