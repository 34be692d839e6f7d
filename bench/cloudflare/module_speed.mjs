// What a room's WebAssembly module costs: microseconds a message, as a Durable Object pays them (the
// host's coding of inputs and effects is in it, sockets and storage are not), and how long it takes
// to begin.
//   npm run build --prefix platform-cloudflare; npm ci --prefix tests/e2e
//   node bench/cloudflare/module_speed.mjs build/wasm/bin/plain_room.wasm [other.wasm...]
// Modules take turns, and of each row the best turn counts, so that what else runs on the machine
// does not decide.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';

import { RoomInstance } from '../../platform-cloudflare/dist/module.js';
import { Inputs } from '../../platform-cloudflare/dist/wire.js';

const Y = createRequire(new URL('../../tests/e2e/package.json', import.meta.url))('yjs');

const kTurns = 150;
const kMessages = 200; // a turn: little enough that some turns are not interrupted
const kWarmUpTurns = 40; // until the runtime has compiled what is called often a second time
const kCrowd = 51; // a sender and 50 receivers
const kWriters = 3; // a sender and 2 receivers
const kDocumentSize = 2000; // characters, typed one by one

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const message = (type, data) => JSON.stringify({ type, data });

// A room that answers what its module asks for at once, as an object with a fast disk does.
class BenchRoom {
  #instance;
  #inputs = new Inputs();
  #stored = 0;
  sends = 0;
  hasDocuments = false; // a module may be one without

  constructor(module, documents, stored = null) {
    this.#instance = new RoomInstance(module, {
      room: 'bench', authorizes: false, documents, strict: false, detailedErrors: false,
      listeners: [], procedures: [],
      limits: { messagesPerSecondMax: 0 },
    });
    this.stored = stored;
  }

  join(index) {
    const id = `p_00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    this.#step(this.#inputs.opened(index, id, { id: '', json: '', permissions: '*' }));
    const update = this.stored && base64(this.stored);
    this.message(index, message('$initializeSession', { presence: { x: 0, y: 0 }, update }));
    if (update) this.message(index, message('$updateStorage', { origin: '$initialized', update }));
  }

  message(index, text) {
    this.#step(this.#inputs.message(index, text));
  }

  #step(input) {
    for (const effect of this.#instance.step(input)) this.#execute(effect);
  }

  #execute(effect) {
    switch (effect.kind) {
      case 'send':
        this.sends += effect.receivers.length;
        break;
      case 'loadDocument': {
        this.hasDocuments = true;
        const updates = this.stored ? [this.stored] : [];
        const document = { updates, last: updates.length, hasSnapshot: false };
        this.#stored = updates.length;
        this.#step(this.#inputs.documentLoaded(effect.ticket, document));
        break;
      }
      case 'appendUpdate':
        this.#stored += 1;
        this.#step(this.#inputs.persisted(effect.ticket, this.#stored));
        break;
      case 'compactDocument':
        this.#step(this.#inputs.persisted(effect.ticket, effect.last));
        break;
      case 'close':
      case 'trouble':
      case 'rejected':
        throw new Error(`the room answered ${JSON.stringify(effect)}`);
    }
  }
}

function crowd(module) {
  const room = new BenchRoom(module, false);
  for (let index = 0; index < kCrowd; ++index) room.join(index);
  return room;
}

function microseconds(count, run) {
  const start = performance.now();
  for (let i = 0; i < count; ++i) run(i);
  return (performance.now() - start) * 1000 / count;
}

// receivers: whom each message has to reach at the least, or the row would measure something else.
function perMessage(room, receivers, texts) {
  room.sends = 0;
  const taken = microseconds(texts.length, (i) => room.message(0, texts[i]));
  if (room.sends < receivers * texts.length) {
    throw new Error(`${room.sends} of ${receivers * texts.length} deliveries came`);
  }
  return taken;
}

// A document that somebody types into, one update a keystroke.
class Typist {
  #doc = new Y.Doc();
  #text = this.#doc.getText('note');
  #updates = [];

  constructor() {
    this.#doc.clientID = 1000001;
    this.type(kDocumentSize);
    this.document = Y.encodeStateAsUpdate(this.#doc);
    this.#doc.on('update', (update) => this.#updates.push(update));
  }

  type(count) {
    for (let i = 0; i < count; ++i) this.#text.insert(Math.floor(this.#text.length / 2), 'a');
  }

  messages(count) {
    this.#updates.length = 0;
    this.type(count);
    return this.#updates.map((update) =>
      message('$updateStorage', { origin: null, update: base64(update) }));
  }
}

const rows = {
  'presence, 50 receivers (us)': (module) => {
    const room = crowd(module);
    const texts = (turn) => Array.from({ length: kMessages }, (_, i) =>
      message('$updatePresence', { presence: { x: turn * kMessages + i, y: i / 8 } }));
    return (turn) => perMessage(room, kCrowd - 1, texts(turn));
  },
  'event, 50 receivers (us)': (module) => {
    const room = crowd(module);
    const texts = Array.from({ length: kMessages }, (_, i) =>
      message('sendMessage', { message: `What was said the ${i}th time` }));
    return () => perMessage(room, kCrowd - 1, texts);
  },
  'keystroke, 2 receivers (us)': (module) => {
    const typist = new Typist();
    const room = new BenchRoom(module, true, typist.document);
    for (let index = 0; index < kWriters; ++index) room.join(index);
    if (!room.hasDocuments) return () => NaN;
    return () => perMessage(room, kWriters - 1, typist.messages(kMessages));
  },
  'join with a document (us)': (module) => {
    const { document } = new Typist();
    const kJoins = 2;
    return () => microseconds(kJoins, () => new BenchRoom(module, true, document).join(0));
  },
  'new instance (us)': (module) => () => microseconds(2, () => new BenchRoom(module, false)),
  'compile (us)': (module, bytes) => () => microseconds(1, () => new WebAssembly.Module(bytes)),
};

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: node bench/cloudflare/module_speed.mjs MODULE.wasm...');
  process.exit(2);
}
const modules = files.map((file) => {
  const bytes = fs.readFileSync(file);
  return { file, bytes, module: new WebAssembly.Module(bytes) };
});

const table = { 'size (bytes)': {}, 'size, gzip -9 (bytes)': {} };
const names = files.map((file, at) =>
  (files.length > 1 ? `${at + 1} ` : '') + path.basename(file, '.wasm'));
modules.forEach(({ bytes }, at) => {
  table['size (bytes)'][names[at]] = bytes.length;
  table['size, gzip -9 (bytes)'][names[at]] = gzipSync(bytes, { level: 9 }).length;
});
for (const [row, make] of Object.entries(rows)) {
  const turns = modules.map(({ module, bytes }) => make(module, bytes));
  const best = turns.map(() => Infinity);
  for (let turn = 0; turn < kWarmUpTurns + kTurns; ++turn) {
    turns.forEach((run, at) => {
      const taken = run(turn);
      if (turn >= kWarmUpTurns) best[at] = Math.min(best[at], taken); // NaN stays
    });
  }
  table[row] = Object.fromEntries(best.map((taken, at) => [names[at], Number(taken.toFixed(2))]));
}
console.table(table);
