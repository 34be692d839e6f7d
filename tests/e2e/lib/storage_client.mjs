// A client with a document, which plays the original client's part in the storage exchange and
// notices what would break that one:
//
//   - on $registered it sends what its offline store has, or else a new initial document; when the
//     room has a document, always the initial one;
//   - on $storageReceived it asks its offline store, which may take its time, merges, and then
//     sends its whole document once, with origin "$initialized";
//   - from its first $storageReceived on it sends each of its own edits, and those that it makes
//     offline go to the offline store, if it has one;
//   - "empty" throws its document away and begins with the offline store's.
//
// violations: what a server must never do. close() throws them, so that a test that uses the client
// fails.
import assert from "node:assert/strict";

import * as Y from "yjs";

import { Client } from "./client.mjs";
import { setUpRoots } from "./edits.mjs";
import { sleep, until } from "./runner.mjs";

export const ORIGIN_INITIALIZED = "$initialized";
export const ORIGIN_UPDATED = "$storageUpdated";
// The text at the document's root by which the original marks that its storage was initialized.
const MARKER = "__$pluv";

export const toBase64 = (bytes) => Buffer.from(bytes).toString("base64");
export const fromBase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));

// What a browser keeps through a reload: the updates of its own edits and of what it was sent.
// delay_ms: how long it takes to answer.
export class OfflineStore {
  constructor({ delay_ms = 0 } = {}) {
    this.delay_ms = delay_ms;
    this.updates = [];
  }
  add(update) {
    this.updates.push(update);
  }
  async getUpdates() {
    if (this.delay_ms > 0) await sleep(this.delay_ms);
    return [...this.updates];
  }
}

// The original's default: keeps nothing.
const NO_STORE = { add() {}, getUpdates: async () => [] };

// All of a document that two ends can be compared by. The order of an object's members is not: it
// is that of their arrival.
export function contentOf(doc) {
  const roots = {};
  for (const [name, type] of doc.share) {
    if (type.constructor === Y.AbstractType) throw new Error(`nobody asked for the root ${name}`);
    roots[name] = type instanceof Y.Text ? type.toDelta() : type.toJSON();
  }
  return sorted(roots);
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

export class StorageClient extends Client {
  // initial: writes the initial document. store: an OfflineStore.
  constructor({ initial = () => {}, store = NO_STORE, ...parameters }) {
    super(parameters);
    Object.assign(this, { initial, store });
    this.violations = [];
    this.exchanges = 0;      // $initialized that were sent
    this.changeKinds = [];   // of $storageReceived
    this.updates = 0;        // $storageUpdated
    this.initialized = false;
    this.answering = 0;      // $storageReceived whose answers wait for the offline store
    this.answered = null;    // the socket on which $initialized was sent
    this.wrote = null;       // the socket on which an edit was sent
    this.loses = 0;          // of its next edits so many never leave it
    this.#newDoc();
  }

  async ready(times = 1, options = {}) {
    await super.ready(times, options);
    await this.until(() => this.exchanges >= times, "its storage exchange", options);
    return this;
  }

  #newDoc() {
    this.doc?.destroy();
    this.doc = new Y.Doc();
    setUpRoots(this.doc);
    this.initialized = false;
  }

  #observe() {
    if (this.observed === this.doc) return;
    this.observed = this.doc;
    this.doc.on("update", (update, origin) => this.#edited(update, origin));
  }

  #edited(update, origin) {
    if (origin === ORIGIN_INITIALIZED || origin === ORIGIN_UPDATED) return;
    this.store.add(update);
    if (!this.isOpen || !this.connectionId) return;
    if (this.loses > 0) {
      --this.loses;
      return;
    }
    this.wrote = this.socket;
    this.send("$updateStorage", { origin: origin ? String(origin) : null,
                                 update: toBase64(update) });
  }

  answer(message) {
    const { type, connectionId } = message;
    if (type === "$registered") {
      this.#registered(message.data);
    } else if (type === "$storageReceived") {
      this.#storageReceived(message.data);
    } else if (type === "$storageUpdated") {
      this.#storageUpdated(message.data);
    } else if (type === "$userJoined" && connectionId === this.connectionId) {
      this.send("$getOthers", {});
    }
  }

  initialState() {
    const doc = new Y.Doc();
    doc.transact(() => {
      doc.getText(MARKER).insert(0, crypto.randomUUID());
      this.initial(doc);
    });
    return Y.encodeStateAsUpdate(doc);
  }

  async #registered({ state }) {
    const socket = this.socket;
    const kept = state ? [] : await this.store.getUpdates();
    if (socket !== this.socket) return;
    const update = kept.length > 0 ? Y.mergeUpdates(kept) : this.initialState();
    this.send("$initializeSession", { presence: this.presence, update: toBase64(update) });
  }

  async #storageReceived({ changeKind, state }) {
    const socket = this.socket;
    this.changeKinds.push(changeKind);
    if (this.initialized && changeKind === "empty") this.violations.push("empty at a resync");
    ++this.answering;
    const kept = await this.store.getUpdates();
    --this.answering;
    if (socket !== this.socket) return;
    if (changeKind === "empty") {
      this.#newDoc();
      if (kept.length > 0) this.#take(kept);
    } else if (changeKind === "initialized") {
      if (kept.length > 0) this.#take(kept);
      else this.store.add(this.#take([fromBase64(state)]));
    } else {
      const whole = this.#take([fromBase64(state)]);
      this.#take(kept);
      this.store.add(whole);
    }
    this.#observe();
    if (this.answering === 0) this.#hasNoGaps();
    this.answered = socket;
    this.send("$updateStorage",
              { origin: ORIGIN_INITIALIZED, update: toBase64(Y.encodeStateAsUpdate(this.doc)) });
    ++this.exchanges;
    this.wake();
  }

  // Answers the whole document.
  #take(updates) {
    this.doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.doc, update, ORIGIN_INITIALIZED);
    }, ORIGIN_INITIALIZED);
    this.initialized = true;
    return Y.encodeStateAsUpdate(this.doc);
  }

  #storageUpdated({ state }) {
    ++this.updates;
    // On a first join there is nothing to edit yet. One that comes back and has already sent an
    // edit asks for what it missed by that.
    if (this.answered !== this.socket && this.wrote !== this.socket) {
      this.violations.push("$storageUpdated came before the answer to $storageReceived");
    }
    try {
      Y.applyUpdate(this.doc, fromBase64(state), ORIGIN_UPDATED);
    } catch (error) {
      this.violations.push(`$storageUpdated cannot be read: ${error.message}`);
    }
    // A document that is on its way in may still bring it.
    if (this.answered === this.socket && this.answering === 0) this.#hasNoGaps();
  }

  #hasNoGaps() {
    if (this.doc.store.pendingStructs === null && this.doc.store.pendingDs === null) return;
    this.violations.push("it was sent a change without what that builds upon");
  }

  get content() {
    return contentOf(this.doc);
  }

  // Off the net until rejoin(); edits go on.
  async goOffline() {
    if (!this.isOpen) return;
    this.drop();
    await this.until(() => !this.isOpen && this.dead !== null, "the end of its connection");
  }

  check() {
    if (this.violations.length === 0) return;
    throw new Error(`the server broke a client: ${this.violations}`);
  }

  async close() {
    await super.close();
    this.check();
  }
}

// A room's document as a newcomer without one is given it: {changeKind, update, doc}.
export async function readRoom(url, room, { token } = {}) {
  const client = new Client({ url, room, token, heartbeat: false });
  try {
    const { data } = await client.take("$storageReceived");
    const doc = new Y.Doc();
    setUpRoots(doc);
    const update = fromBase64(data.state);
    Y.applyUpdate(doc, update);
    return { changeKind: data.changeKind, update, doc };
  } finally {
    await client.close();
  }
}

// The same changes everywhere: contents, and how far each writer got.
export const stateOf = (doc) => ({
  content: contentOf(doc),
  state: Object.fromEntries([...Y.decodeStateVector(Y.encodeStateVector(doc))]
    .sort(([a], [b]) => a - b)),
});

// Until all of them have the same document; answers it.
export async function same(clients, { timeout = 30_000 } = {}) {
  const states = () => clients.map((client) => JSON.stringify(stateOf(client.doc)));
  try {
    await until(() => new Set(states()).size === 1, { timeout, what: "the same document" });
  } catch (error) {
    for (const client of clients) {
      assert.deepEqual(stateOf(client.doc), stateOf(clients[0].doc), error.message);
    }
    throw error;
  }
  return stateOf(clients[0].doc);
}

// What a newcomer is given, compared with what the clients have.
export async function sameAsServer(server, clients, room = clients[0].room) {
  const state = await same(clients);
  const read = await readRoom(server.url, room, { token: clients[0].token });
  assert.deepEqual(stateOf(read.doc), state);
  return state;
}
