// The other engines' side of bench/ycrdt; the same command line and rows as ycrdt_bench.cc.
//   node --expose-gc engine.mjs yjs|ywasm|loro ROW FOLDER [FILE]
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import * as files from './files.mjs';

const [engineName, rowName, folder, file] = process.argv.slice(2);

// Each engine: create(client, onUpdate) makes a document {apply, encode(state), edit(edits),
// transact(edits), text()}; free(doc) gives it back. What an engine lacks, its rows leave out.
const engines = {
  yjs: async () => {
    const Y = await import('yjs');
    return {
      create(client, onUpdate) {
        const doc = new Y.Doc();
        doc.clientID = client;
        const text = doc.getText('text');
        if (onUpdate) {
          doc.on('update', (update, _origin, _doc, transaction) => {
            onUpdate(update, transaction.local);
          });
        }
        const edit = (edits) => {
          for (const [position, removed, added] of edits) {
            if (removed > 0) text.delete(position, removed);
            if (added.length > 0) text.insert(position, added);
          }
        };
        return {
          apply: (update) => Y.applyUpdate(doc, update),
          applyV2: (update) => Y.applyUpdateV2(doc, update),
          encodeV2: () => Y.encodeStateAsUpdateV2(doc),
          encode: (state) => Y.encodeStateAsUpdate(doc, state),
          edit,
          transact: (edits) => doc.transact(() => edit(edits)),
          text: () => text.toString(),
        };
      },
      free() {},
      mergeUpdates: Y.mergeUpdates,
      diffUpdate: Y.diffUpdate,
      stateVectorOfUpdate: Y.encodeStateVectorFromUpdate,
      heapBytes() {
        globalThis.gc();
        globalThis.gc();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      },
    };
  },
  ywasm: async () => {
    const Y = createRequire(import.meta.url)('ywasm');
    return {
      create(client, onUpdate) {
        const doc = new Y.YDoc({ clientID: client });
        const text = doc.getText('text');
        let local = false;
        if (onUpdate) doc.onUpdate((update) => onUpdate(update, local));
        const edit = (edits, transaction) => {
          for (const [position, removed, added] of edits) {
            if (removed > 0) text.delete(position, removed, transaction);
            if (added.length > 0) text.insert(position, added, undefined, transaction);
          }
        };
        return {
          doc,
          apply: (update) => Y.applyUpdate(doc, update, undefined),
          applyV2: (update) => Y.applyUpdateV2(doc, update, undefined),
          encodeV2: () => Y.encodeStateAsUpdateV2(doc),
          encode: (state) => Y.encodeStateAsUpdate(doc, state),
          edit,
          transact(edits) {
            const transaction = doc.beginTransaction(undefined);
            local = true;
            edit(edits, transaction);
            transaction.commit();
            transaction.free();
            local = false;
          },
          text: () => text.toString(undefined),
        };
      },
      free: ({ doc }) => doc.free(),
      heapBytes: () => Y.__wasm.memory.buffer.byteLength,
    };
  },
  // Of another format: its documents and updates are its own, of the same edits.
  loro: async () => {
    const L = createRequire(import.meta.url)('loro-crdt');
    return {
      create(client, onUpdate) {
        const doc = new L.LoroDoc();
        doc.setPeerId(client);
        const text = doc.getText('text');
        if (onUpdate) doc.subscribeLocalUpdates((update) => onUpdate(update, true));
        const put = ([position, removed, added]) => {
          if (removed > 0) text.delete(position, removed);
          if (added.length > 0) text.insert(position, added);
        };
        return {
          apply: (update) => doc.import(update),
          encode(state) {
            if (state === undefined) return doc.export({ mode: 'snapshot' });
            const from = L.VersionVector.decode(state);
            const update = doc.export({ mode: 'update', from });
            from.free();
            return update;
          },
          free() {
            text.free();
            doc.free();
          },
          edit(edits) {
            for (const edit of edits) {
              put(edit);
              doc.commit();
            }
          },
          transact(edits) {
            edits.forEach(put);
            doc.commit();
          },
          text: () => text.toString(),
        };
      },
      free: (doc) => doc.free(),
      // What was exported once is kept, and only copied while nobody edits.
      keepsExports: true,
      heapBytes: () => L.__wasm.memory.buffer.byteLength,
    };
  },
};

const engine = await engines[engineName]();
const input = (name) => new Uint8Array(fs.readFileSync(path.join(folder, name)));

const readFrames = (name) => files.readFrames(path.join(folder, name));
const readEdits = (name) => files.readEdits(path.join(folder, name));

// The whole process: the collector's threads count, too.
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}
function timed(work) {
  const begin = cpuMs();
  work();
  return cpuMs() - begin;
}
// Of something that leaves everything as it was: as often as it takes for the clock to tell.
function timedOften(work) {
  const begin = cpuMs();
  let times = 0;
  let spent;
  let result;
  do {
    result = work();
    times++;
    spent = cpuMs() - begin;
  } while (spent < 5);
  return { value: spent / times, result: () => result };
}
// Opened: what reads a document only when somebody asks has been asked.
function loaded(name) {
  const doc = engine.create(1);
  doc.apply(input(name));
  doc.text();
  return doc;
}
const ofDoc = (value, doc) => ({ value, result: () => doc.encode(), doc });

function load(name) {
  const update = input(name);
  let doc;
  const value = timed(() => {
    doc = engine.create(1);
    doc.apply(update);
  });
  return ofDoc(value, doc);
}
// What only opens a document lazily pays for it here.
function loadAndRead(name) {
  const update = input(name);
  let doc;
  const value = timed(() => {
    doc = engine.create(1);
    doc.apply(update);
    if (doc.text().length === 0) throw new Error('nothing was loaded');
  });
  return ofDoc(value, doc);
}
function loadV2() {
  const update = input('b4.v2.bin');
  let doc;
  const value = timed(() => {
    doc = engine.create(1);
    doc.applyV2(update);
  });
  return ofDoc(value, doc);
}
function encodeV2() {
  const doc = loaded('b4.bin');
  return { ...timedOften(() => doc.encodeV2()), doc };
}
function loadFrames(name) {
  const updates = readFrames(name);
  let doc;
  const value = timed(() => {
    doc = engine.create(1);
    for (const update of updates) doc.apply(update);
  });
  return ofDoc(value, doc);
}
function encode(name) {
  const doc = loaded(name);
  if (engine.keepsExports) {
    doc.edit([
      [0, 0, 'x'],
      [0, 1, ''],
    ]);
    let result;
    const value = timed(() => (result = doc.encode()));
    return { value, result: () => result, doc };
  }
  return { ...timedOften(() => doc.encode()), doc };
}
function type(name, client) {
  const edits = readEdits(name);
  let sent = 0;
  const doc = engine.create(client, (update) => (sent += update.length));
  return ofDoc(timed(() => doc.edit(edits)), doc);
}
function applyToB4(name) {
  const updates = readFrames(name);
  const doc = loaded('b4.bin');
  const ms = timed(() => {
    for (const update of updates) doc.apply(update);
  });
  return ofDoc((updates.length * 1e3) / ms, doc);
}
function twoUsers() {
  const start = input('b2.4.start.bin');
  const first = readEdits('b2.4.first.edits');
  const second = readEdits('b2.4.second.edits');
  const one = engine.create(11, (update, local) => local && two.apply(update));
  const two = engine.create(12, (update, local) => local && one.apply(update));
  one.apply(start);
  two.apply(start);
  const value = timed(() => {
    one.transact(first);
    two.transact(second);
  });
  if (one.text() !== two.text()) throw new Error('they differ');
  engine.free(two);
  return ofDoc(value, one);
}
function memory(name, used) {
  const before = used();
  const doc = loaded(name);
  return ofDoc((used() - before) / 1e6, doc);
}
function diff() {
  const doc = loaded('b4.bin');
  const state = input('b4.state10.bin');
  return { ...timedOften(() => doc.encode(state)), doc };
}
function diffBytes() {
  const update = input('b4.bin');
  const state = input('b4.state10.bin');
  return timedOften(() => engine.diffUpdate(update, state));
}
function stateVectorOfBytes() {
  const update = input('b4.bin');
  return timedOften(() => engine.stateVectorOfUpdate(update));
}
function merge(base) {
  const updates = [...(base ? [input(base)] : []), ...readFrames('b4.last1000.frames')];
  return timedOften(() => engine.mergeUpdates(updates));
}
function residentBytes() {
  globalThis.gc();
  return process.memoryUsage().rss;
}

// Rows of what an engine lacks, or of what was not made for it, are undefined.
const has = (name) => {
  const doc = engine.create(1);
  const yes = name in doc;
  engine.free(doc);
  return yes;
};
const given = (name) => engineName !== 'loro' || fs.existsSync(path.join(folder, name));

const rows = {
  'b4-load': () => load('b4.bin'),
  'b4-load-read': () => loadAndRead('b4.bin'),
  'b4-updates': () => loadFrames('b4.frames'),
  'b4-typed': () => type('b4.edits', 1000001),
  'b4-encode': () => encode('b4.bin'),
  'b4-load-v2': has('applyV2') && loadV2,
  'b4-encode-v2': has('encodeV2') && encodeV2,
  'b4-memory': () => memory('b4.bin', engine.heapBytes),
  'b4x100-load': given('b4x100.bin') && (() => load('b4x100.bin')),
  'b4x100-encode': given('b4x100.bin') && (() => encode('b4x100.bin')),
  'b4x100-memory': given('b4x100.bin') && (() => memory('b4x100.bin', residentBytes)),
  append: () => applyToB4('append.frames'),
  random: () => applyToB4('random.frames'),
  diff,
  'diff-bytes': engine.diffUpdate && diffBytes,
  'state-vector-bytes': engine.stateVectorOfUpdate && stateVectorOfBytes,
  'merge-1000': engine.mergeUpdates && (() => merge()),
  'merge-b4-1000': engine.mergeUpdates && (() => merge('b4.before1000.bin')),
  'b1.1': () => type('b1.1.edits', 11),
  'b1.4': () => type('b1.4.edits', 11),
  'b2.4': twoUsers,
  'b3.1': () => loadFrames('b3.1.frames'),
  'b3.4': () => loadFrames('b3.4.frames'),
};

// As ycrdt_bench.cc: see there.
function measure(row) {
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1e3;
  const sample = () => {
    const { value, doc } = row();
    if (doc) engine.free(doc);
    return value;
  };
  const samples = [sample()];
  if (rowName.includes('memory') || seconds() > 10) return samples;
  for (let i = 0; (i < 7 && seconds() < 20) || (i < 25 && seconds() < 2); i++) {
    samples.push(sample());
  }
  return samples;
}

const row = rows[rowName];
if (!row) process.exit(3); // the engine has no such function, or nothing was made for it
if (file) {
  fs.writeFileSync(file, row().result());
} else {
  console.log(measure(row).join('\n'));
}
