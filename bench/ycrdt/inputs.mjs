// Makes what the rows work on, all of it from one recorded editing session: the trace of a LaTeX
// paper, 259,778 keystrokes, that the Yjs world calls B4. yjs itself writes the updates.
//   edits:   for each edit position, removed, size of the inserted text (u32le each), and the text
//   frames:  updates, each after its size (u32le)
//   writers: the client of each update (u32le)
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import * as encoding from 'lib0/encoding';
import * as prng from 'lib0/prng';
import * as Y from 'yjs';
import { edits, frames, u32 } from './files.mjs';

const kWriter = 1000001; // who typed the trace
const kVisitor = 2000002; // who types into the finished document

function newDoc(clientID) {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  return doc;
}

export function readTrace(file) {
  const bytes = fs.readFileSync(file);
  const trace = JSON.parse(file.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes);
  return trace.txns.flatMap((txn) => txn.patches);
}

// A trace in small, for a quick look whether everything works.
export function makeTrace(length) {
  const gen = prng.create(7);
  const out = [];
  let cursor = 0;
  let size = 0;
  for (let i = 0; i < length; i++) {
    if (prng.int32(gen, 0, 19) === 0) cursor = prng.int32(gen, 0, size);
    if (cursor > 0 && prng.int32(gen, 0, 4) === 0) {
      out.push([--cursor, 1, '']);
      size--;
    } else {
      out.push([cursor++, 0, prng.letter(gen)]);
      size++;
    }
  }
  return out;
}

// What a visitor writes who types `count` characters into the document, at position(length).
function visits(state, count, position) {
  const doc = newDoc(kVisitor);
  Y.applyUpdate(doc, state);
  const updates = [];
  doc.on('update', (update) => updates.push(Buffer.from(update)));
  const text = doc.getText('text');
  const typed = Array.from({ length: count }, () => {
    const at = position(text.length);
    text.insert(at, 'x');
    return [at, 0, 'x'];
  });
  return { edits: edits(typed), frames: frames(updates) };
}

// The document as `count` people wrote it at the same time, each on their own: an update of that
// many copies, each with another client id.
function copies(state, count) {
  const encoder = new Y.UpdateEncoderV1();
  const { structs, ds } = Y.decodeUpdate(state);
  const clients = Array.from({ length: count }, (_, i) => kWriter + count - 1 - i);
  const writeVarUint = (value) => encoding.writeVarUint(encoder.restEncoder, value);
  writeVarUint(clients.length);
  for (const client of clients) {
    writeVarUint(structs.length);
    encoder.writeClient(client);
    writeVarUint(0);
    for (const struct of structs) {
      for (const id of [struct.id, struct.origin, struct.rightOrigin]) if (id) id.client = client;
      struct.write(encoder, 0);
    }
  }
  const ranges = ds.clients.get(kWriter) ?? [];
  writeVarUint(ranges.length > 0 ? clients.length : 0);
  for (const client of ranges.length > 0 ? clients : []) {
    writeVarUint(client);
    writeVarUint(ranges.length);
    for (const { clock, len } of ranges) {
      writeVarUint(clock);
      writeVarUint(len);
    }
  }
  return encoder.toUint8Array();
}

// The inputs of dmonad/crdt-benchmarks, whose names the rows have.
function appended(gen, count) {
  return Array.from({ length: count }, (_, i) => [i, 0, prng.word(gen, 1, 1)]);
}
function inserted(gen, count) {
  return Array.from({ length: count }, (_, i) => [prng.int32(gen, 0, i), 0, prng.word(gen, 1, 1)]);
}
function insertedAndDeleted(gen, count, size) {
  const out = [];
  const insert = (index, word) => {
    out.push([index, 0, word]);
    size += word.length;
  };
  for (let i = 0; i < count; i++) {
    const index = prng.uint32(gen, 0, size);
    insert(index, prng.word(gen, 3, 9));
    if (size === index || prng.bool(gen)) {
      insert(index, prng.word(gen, 2, 10));
    } else {
      const removed = prng.uint32(gen, 1, Math.min(9, size - index));
      out.push([index, removed, '']);
      size -= removed;
    }
  }
  return out;
}

// `count` documents, each with one edit by a writer of its own.
function oneUpdateEach(gen, count, write) {
  const writers = Array.from({ length: count }, () => prng.uint32(gen, 1, 0xffffffff));
  const updates = writers.map((writer, i) => {
    const doc = newDoc(writer);
    write(doc, i);
    return Y.encodeStateAsUpdate(doc);
  });
  return { writers: u32(...writers), frames: frames(updates) };
}

// scale: 1 for the real thing.
export function makeInputs(trace, folder, scale) {
  const write = (name, bytes) => fs.writeFileSync(path.join(folder, name), bytes);
  const count = (full) => Math.max(10, Math.round(full * scale));
  const gen = prng.create(42);

  const doc = newDoc(kWriter);
  const updates = [];
  doc.on('update', (update) => updates.push(Buffer.from(update)));
  const text = doc.getText('text');
  const last = trace.length - count(1000);
  for (let i = 0; i < trace.length; i++) {
    if (i === last) write('b4.before1000.bin', Y.encodeStateAsUpdate(doc));
    if (i === trace.length - 10) {
      write('b4.before10.bin', Y.encodeStateAsUpdate(doc));
      write('b4.state10.bin', Y.encodeStateVector(doc));
    }
    const [position, removed, added] = trace[i];
    if (removed > 0) text.delete(position, removed);
    if (added.length > 0) text.insert(position, added);
  }
  const state = Y.encodeStateAsUpdate(doc);
  write('b4.edits', edits(trace));
  write('b4.bin', state);
  write('b4.v2.bin', Y.encodeStateAsUpdateV2(doc));
  write('b4.frames', frames(updates));
  write('b4.last1000.frames', frames(updates.slice(last)));
  write('b4x100.bin', copies(state, count(100)));
  const writeAll = (name, parts) => {
    for (const [kind, bytes] of Object.entries(parts)) write(`${name}.${kind}`, bytes);
  };
  writeAll('append', visits(state, count(20000), (length) => length));
  writeAll('random', visits(state, count(20000), (length) => prng.int32(gen, 0, length)));

  write('b1.1.edits', edits(appended(gen, count(6000))));
  write('b1.4.edits', edits(inserted(gen, count(6000))));
  const start = newDoc(10);
  const word = prng.word(gen, 100, 100);
  start.getText('text').insert(0, word);
  write('b2.4.start.edits', edits([[0, 0, word]]));
  write('b2.4.start.bin', Y.encodeStateAsUpdate(start));
  const first = insertedAndDeleted(gen, count(6000), 100);
  const size = first.reduce((sum, [, removed, added]) => sum + added.length - removed, 100);
  write('b2.4.first.edits', edits(first));
  write('b2.4.second.edits', edits(insertedAndDeleted(gen, count(6000), size)));
  writeAll('b3.1', oneUpdateEach(gen, count(1540), (d, i) => d.getMap('map').set('v', i)));
  writeAll(
    'b3.4',
    oneUpdateEach(gen, count(1540), (d, i) => d.getArray('array').insert(0, [i.toString()])),
  );
}
