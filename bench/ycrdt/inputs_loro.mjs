// The same inputs for loro, which has updates of its own: the same edits by the same writers, typed
// into loro. Goes into a folder beside those that inputs.mjs has made; what is not of updates,
// edits, is linked.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { frames, readEdits, readWriters } from './files.mjs';

const kWriter = 1000001;
const kVisitor = 2000002;

export function makeLoroInputs(from, to, tail) {
  const { LoroDoc } = createRequire(import.meta.url)('loro-crdt');
  fs.mkdirSync(to);
  const edits = (name) => readEdits(path.join(from, `${name}.edits`));
  const write = (name, bytes) => fs.writeFileSync(path.join(to, name), bytes);
  for (const name of fs.readdirSync(from)) {
    if (name.endsWith('.edits')) fs.linkSync(path.join(from, name), path.join(to, name));
  }

  // The updates of who types the edits, each of which is a commit.
  function type(doc, list) {
    const updates = [];
    const text = doc.getText('text');
    const stop = doc.subscribeLocalUpdates((update) => updates.push(update));
    for (const [position, removed, added] of list) {
      if (removed > 0) text.delete(position, removed);
      if (added.length > 0) text.insert(position, added);
      doc.commit();
    }
    stop();
    return updates;
  }
  const snapshot = (doc) => doc.export({ mode: 'snapshot' });
  function newDoc(client, start) {
    const doc = new LoroDoc();
    doc.setPeerId(client);
    if (start) doc.import(start);
    return doc;
  }

  const trace = edits('b4');
  const doc = newDoc(kWriter);
  const updates = type(doc, trace.slice(0, -tail));
  write('b4.before10.bin', snapshot(doc));
  write('b4.state10.bin', doc.version().encode());
  updates.push(...type(doc, trace.slice(-tail)));
  const state = snapshot(doc);
  doc.free();
  write('b4.frames', frames(updates));
  write('b4.bin', state);
  for (const name of ['append', 'random']) {
    const visitor = newDoc(kVisitor, state);
    write(`${name}.frames`, frames(type(visitor, edits(name))));
    visitor.free();
  }
  const start = newDoc(10);
  type(start, edits('b2.4.start'));
  write('b2.4.start.bin', snapshot(start));
  start.free();

  function oneUpdateEach(name, put) {
    const updates = readWriters(path.join(from, `${name}.writers`)).map((writer, i) => {
      const doc = newDoc(writer);
      put(doc, i);
      doc.commit();
      const update = doc.export({ mode: 'update' });
      doc.free();
      return update;
    });
    write(`${name}.frames`, frames(updates));
  }
  oneUpdateEach('b3.1', (doc, i) => doc.getMap('map').set('v', i));
  oneUpdateEach('b3.4', (doc, i) => doc.getList('array').insert(0, i.toString()));
}
