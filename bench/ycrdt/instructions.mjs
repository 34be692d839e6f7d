// A gate against slow downs that no noise can hide or feign: how many instructions rows of the bench
// take, counted by valgrind, beside the committed table.
//   node bench/ycrdt/instructions.mjs             fails when a row takes over 3 % more
//   node bench/ycrdt/instructions.mjs --update    writes the table anew
// Counts are of one compiler and its flags: with another version than the table's nothing is compared
// (exit code 0, and a line that says so).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeInputs, makeTrace } from './inputs.mjs';

const kRows = [
  'b4-load', 'b4-updates', 'b4-typed', 'append', 'random', 'relay-updates', 'diff-bytes', 'merge-1000',
  'b1.4', 'b2.4', 'b3.4',
];
const kEdits = 40_000; // of the made-up session that stands for B4
const kTolerance = 0.03;

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    build: { type: 'string', default: path.join(here, '../../build/release') },
    update: { type: 'boolean', default: false },
  },
});
const kTable = path.join(here, 'instructions.txt');

function output(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

// The compiler of the build, the kind of build, and what it builds for.
function compiler() {
  const cache = fs.readFileSync(path.join(options.build, 'CMakeCache.txt'), 'utf8');
  const of = (name) => cache.match(new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm'))?.[1] ?? '';
  const version = output(of('CMAKE_CXX_COMPILER'), '--version').split('\n')[0];
  return `${version}, ${of('CMAKE_BUILD_TYPE')}, ${os.machine()}`;
}

// The table: the compiler, then a row's name and its count a line; # begins a comment.
function readTable() {
  const [compiler, ...rows] = fs
    .readFileSync(kTable, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return { compiler, counts: new Map(rows.map((row) => row.split(/\s+/)).map(([n, c]) => [n, Number(c)])) };
}

function writeTable(compiler, counts) {
  const rows = [...counts].map(([name, count]) => `${name.padEnd(16)}${count}\n`);
  const head = '# Instructions of ycrdt_bench ROW, made by: node bench/ycrdt/instructions.mjs --update\n';
  fs.writeFileSync(kTable, `${head}${compiler}\n${rows.join('')}`);
}

// Of the whole process, in which the row is done once. The environment is empty, since where the
// stack and with it the heap begins depends on it.
function count(row, folder) {
  const file = path.join(folder, 'counts');
  const { status, stderr, error } = spawnSync(
    'valgrind',
    ['--tool=callgrind', `--callgrind-out-file=${file}`, path.join(options.build, 'bin/ycrdt_bench'), row, folder,
      path.join(folder, 'result')],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`valgrind failed at ${row}: ${stderr}`);
  return Number(fs.readFileSync(file, 'utf8').match(/^(?:summary|totals): (\d+)$/m)[1]);
}

function main(folder) {
  const here = compiler();
  const known = options.update ? { compiler: here, counts: new Map() } : readTable();
  if (known.compiler !== here) {
    console.log(`skipped: the table was made with ${known.compiler}; this is ${here}`);
    return;
  }
  makeInputs(makeTrace(kEdits), folder, 1);
  const counts = new Map();
  const slower = [];
  console.log(`${'row'.padEnd(16)}${'instructions'.padStart(16)}${'table'.padStart(16)}${'change'.padStart(10)}`);
  for (const row of kRows) {
    const now = count(row, folder);
    counts.set(row, now);
    const before = known.counts.get(row);
    const change = before === undefined ? undefined : now / before - 1;
    const cells = [now.toLocaleString('en'), before?.toLocaleString('en') ?? '-',
      change === undefined ? '-' : `${change > 0 ? '+' : ''}${(change * 100).toFixed(1)} %`];
    console.log(`${row.padEnd(16)}${cells[0].padStart(16)}${cells[1].padStart(16)}${cells[2].padStart(10)}`);
    if (change === undefined ? !options.update : change > kTolerance) slower.push(row);
  }
  if (options.update) {
    writeTable(here, counts);
  } else if (slower.length > 0) {
    throw new Error(`over ${kTolerance * 100} % more than the table has, or not in it: ${slower.join(', ')}. ` +
                    'If it has to be so: --update, and why in the commit');
  }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ycrdt-instructions-'));
try {
  main(folder);
} catch (error) {
  console.error(`instructions.mjs: ${error.message}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
