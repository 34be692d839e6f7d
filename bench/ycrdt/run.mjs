// The table of docs/performance.md, "The Yjs engine": ours, npm yjs, npm ywasm, npm
// loro-crdt, in one run.
//   npm ci --prefix bench/ycrdt
//   node bench/ycrdt/run.mjs --data FOLDER [--rows b4-load,diff] [--engines ours,yjs]
//   node bench/ycrdt/run.mjs --smoke
// FOLDER holds automerge-paper.json.gz (github.com/josephg/editing-traces, sequential_traces).
// --smoke: a short trace made here, one look at each row. Every row and engine is a process of its
// own. Before a row is timed all engines' results are compared: ours has to be yjs's to the byte;
// ywasm, which merges runs elsewhere, and loro, which has a format of its own, have to hold the same.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as Y from 'yjs';
import { makeInputs, makeTrace, readTrace } from './inputs.mjs';
import { makeLoroInputs } from './inputs_loro.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    program: {
      type: 'string',
      default: path.join(here, '../../build/release/bin/ycrdt_bench'),
    },
    rows: { type: 'string' },
    engines: { type: 'string', default: 'ours,yjs,ywasm,loro' },
    smoke: { type: 'boolean', default: false },
  },
});

// base: what the result is to be applied to, since it is only a part.
const kRows = [
  { name: 'b4-load', title: 'B4: load', unit: 'ms' },
  { name: 'b4-load-read', title: 'B4: load and read the text', unit: 'ms' },
  { name: 'b4-updates', title: 'B4 as 259,778 updates', unit: 'ms' },
  { name: 'b4-typed', title: 'B4 typed, one transaction an edit', unit: 'ms' },
  { name: 'b4-encode', title: 'B4: encode', unit: 'ms' },
  { name: 'b4-load-v2', title: 'B4 in version 2: load', unit: 'ms' },
  { name: 'b4-encode-v2', title: 'B4: encode in version 2', unit: 'ms', v2: true },
  { name: 'b4-memory', title: 'B4: memory', unit: 'MB' },
  { name: 'b4x100-load', title: '100 x B4 (27 MB): load', unit: 'ms' },
  { name: 'b4x100-encode', title: '100 x B4: encode', unit: 'ms' },
  { name: 'b4x100-memory', title: '100 x B4: resident memory', unit: 'MB' },
  { name: 'append', title: '20,000 updates of one character at the end of B4', unit: 'a second' },
  { name: 'random', title: '20,000 updates of one character anywhere in B4', unit: 'a second' },
  {
    name: 'diff',
    title: 'B4: diff for who is 10 updates behind',
    unit: 'ms',
    base: 'b4.before10.bin',
  },
  {
    name: 'diff-bytes',
    title: 'the same from bytes (diffUpdate)',
    unit: 'ms',
    base: 'b4.before10.bin',
  },
  { name: 'state-vector-bytes', title: "state vector from B4's bytes", unit: 'ms', plain: true },
  {
    name: 'merge-1000',
    title: 'mergeUpdates, the last 1,000 of B4',
    unit: 'ms',
    base: 'b4.before1000.bin',
  },
  { name: 'merge-b4-1000', title: 'mergeUpdates, B4 and its last 1,000', unit: 'ms' },
  { name: 'b1.1', title: 'B1.1 append 6,000 characters', unit: 'ms' },
  { name: 'b1.4', title: 'B1.4 insert 6,000 characters anywhere', unit: 'ms' },
  { name: 'b2.4', title: 'B2.4 two users insert and delete', unit: 'ms' },
  { name: 'b3.1', title: 'B3.1 1,540 clients set one key of a map', unit: 'ms' },
  { name: 'b3.4', title: 'B3.4 1,540 clients insert into an array', unit: 'ms' },
  { name: 'relay-load', title: 'kept as bytes: load of B4', unit: 'ms' },
  { name: 'relay-updates', title: 'kept as bytes: B4 as 259,778 updates', unit: 'ms' },
  { name: 'relay-memory', title: 'kept as bytes: memory of B4', unit: 'MB' },
  { name: 'relay-append', title: 'kept as bytes: updates at the end', unit: 'a second' },
  { name: 'relay-random', title: 'kept as bytes: updates anywhere', unit: 'a second' },
  { name: 'relay-x100-load', title: 'kept as bytes: load of 100 x B4', unit: 'ms' },
  { name: 'relay-x100-memory', title: 'kept as bytes: memory of 100 x B4', unit: 'MB' },
];
const kNoSuchRow = 3;
const kPatienceMs = 120_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ycrdt-bench-'));
const loroFolder = path.join(folder, 'loro');
const folderOf = (engine) => (engine === 'loro' ? loroFolder : folder);

// What the engine says to the row; undefined when it has no such function, or is not done in time.
function run(engine, row, ...more) {
  const [program, ...first] =
    engine === 'ours'
      ? [options.program]
      : [process.execPath, '--expose-gc', path.join(here, 'engine.mjs'), engine];
  const { status, stdout, stderr, error } = spawnSync(
    program,
    [...first, row.name, folderOf(engine), ...more],
    { timeout: kPatienceMs },
  );
  if (error?.code === 'ETIMEDOUT') return undefined;
  if (error) throw error;
  if (status === kNoSuchRow) return undefined;
  if (status !== 0) throw new Error(`${engine} failed at ${row.name}: ${stderr}`);
  return stdout;
}

const inYjs = (engine) => engine === 'ours' || engine === 'yjs';

// What a result holds, in words that do not depend on how it is written. As far as loro has words
// for it: that is no Yjs.
const held = (text, map, array) => JSON.stringify([text, map, array]);
function content(row, engine, result, forLoro) {
  if (engine === 'loro') return contentOfLoro(row, result);
  if (row.plain) return JSON.stringify([...Y.decodeStateVector(result)].sort());
  const doc = new Y.Doc();
  if (row.base) Y.applyUpdate(doc, fs.readFileSync(path.join(folder, row.base)));
  (row.v2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, result);
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) {
    throw new Error(`${engine} answers a part only at ${row.name}`);
  }
  const text = doc.getText('text').toString();
  const seen = held(text, doc.getMap('map').toJSON(), doc.getArray('array').toJSON());
  return forLoro ? seen : `${seen}\n${Buffer.from(Y.encodeSnapshot(Y.snapshot(doc))).toString('hex')}`;
}
function contentOfLoro(row, result) {
  const { LoroDoc } = createRequire(import.meta.url)('loro-crdt');
  const doc = new LoroDoc();
  if (row.base) doc.import(fs.readFileSync(path.join(loroFolder, row.base)));
  if (doc.import(result).pending !== null) throw new Error(`loro answers a part only at ${row.name}`);
  const text = doc.getText('text').toString();
  return held(text, doc.getMap('map').toJSON(), doc.getList('array').toJSON());
}

// What is kept as bytes has to hold what yjs has where the document is one; joined by other rules
// it may be other bytes.
const kSameAs = {
  'relay-load': 'b4-load',
  'relay-updates': 'b4-updates',
  'relay-memory': 'b4-memory',
  'relay-append': 'append',
  'relay-random': 'random',
  'relay-x100-load': 'b4x100-load',
  'relay-x100-memory': 'b4x100-memory',
};

function compare(row, engines) {
  const file = path.join(folder, 'result');
  const results = [];
  const ask = (engine, name) => {
    if (run(engine, { ...row, name }, file) === undefined) return;
    results.push({ engine, bytes: fs.readFileSync(file) });
  };
  for (const engine of engines) ask(engine, row.name);
  if (kSameAs[row.name] && engines.includes('yjs')) ask('yjs', kSameAs[row.name]);
  const exact = kSameAs[row.name] ? [] : results.filter(({ engine }) => inYjs(engine));
  for (const { engine, bytes } of exact) {
    if (!bytes.equals(exact[0].bytes)) {
      throw new Error(`${engine} and ${exact[0].engine} answer other bytes at ${row.name}`);
    }
  }
  const first = exact[0] ?? results[0];
  for (const { engine, bytes } of results) {
    if (bytes.equals(first.bytes)) continue;
    const forLoro = engine === 'loro' || first.engine === 'loro';
    const expected = content(row, first.engine, first.bytes, forLoro);
    if (content(row, engine, bytes, forLoro) !== expected) {
      throw new Error(`${engine} and ${first.engine} answer differently at ${row.name}`);
    }
  }
}

function median(samples) {
  samples.sort((a, b) => a - b);
  const middle = samples.length >> 1;
  return samples.length % 2 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}
function spelled(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(value >= 10 ? 3 : 2);
}

// The median of all runs but the first, and the first one, where there is more than one.
function cell(output) {
  if (output === undefined) return '-';
  const [first, ...others] = output.toString().trim().split('\n').map(Number);
  return others.length === 0 ? spelled(first) : `${spelled(median(others))} (${spelled(first)})`;
}

function main() {
  const engines = options.engines.split(',');
  const wanted = options.rows?.split(',');
  for (const name of wanted ?? []) {
    if (!kRows.some((row) => row.name === name)) throw new Error(`no row ${name}`);
  }
  if (options.smoke) {
    makeInputs(makeTrace(2000), folder, 0.02);
  } else {
    if (!options.data) throw new Error('--data FOLDER with automerge-paper.json.gz, or --smoke');
    makeInputs(readTrace(path.join(options.data, 'automerge-paper.json.gz')), folder, 1);
  }
  if (engines.includes('loro')) makeLoroInputs(folder, loroFolder, 10);
  console.log(`| CPU time | ${engines.join(' | ')} |\n| --- |${' --- |'.repeat(engines.length)}`);
  for (const row of kRows) {
    if (wanted && !wanted.includes(row.name)) continue;
    compare(row, engines);
    const cells = engines.map((engine) => (options.smoke ? '' : cell(run(engine, row))));
    console.log(`| ${row.title}, ${row.unit} | ${cells.join(' | ')} |`);
  }
}

try {
  main();
} catch (error) {
  console.error(`run.mjs: ${error.message}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
