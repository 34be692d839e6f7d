// A gate against slow downs that no noise can hide or feign: how many instructions the server's paths
// and rows of the Yjs engine's bench take, counted by valgrind, beside the committed tables.
//   node bench/instructions.mjs [paths] [ycrdt]             fails when a row takes over 3 % more
//   node bench/instructions.mjs [paths] [ycrdt] --update    writes the tables anew
// Without a name both. Counts are of one compiler and its flags: with another version than a table's
// nothing is compared (exit code 0, and a line that says so).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const kTolerance = 0.03;

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    build: { type: 'string', default: path.join(here, '../build/release') },
    update: { type: 'boolean', default: false },
  },
});

// A suite: a program whose rows are counted, and the table that they are compared with. rows(folder)
// prepares what they read and answers them: {name, args, things, thing, deliveries}, of which a row
// without things is counted as a whole. counted: the function in which it is; without, the process.
const kSuites = {
  paths: {
    program: 'path_bench',
    counted: 'path_bench_counted',
    rows: () => output(programOf('path_bench'), '--list').trim().split('\n').map((line) => {
      const [name, things, thing, deliveries] = line.split(' ');
      return { name, args: [name], things: Number(things), thing, deliveries: Number(deliveries) };
    }),
  },
  ycrdt: {
    program: 'ycrdt_bench',
    rows: async (folder) => {
      const kEdits = 40_000; // of the made-up session that stands for B4
      const { makeInputs, makeTrace } = await import('./ycrdt/inputs.mjs');
      makeInputs(makeTrace(kEdits), folder, 1);
      return [
        'b4-load', 'b4-updates', 'b4-typed', 'append', 'random', 'relay-updates', 'diff-bytes', 'merge-1000',
        'b1.4', 'b2.4', 'b3.4',
      ].map((name) => ({ name, args: [name, folder, path.join(folder, 'result')] }));
    },
  },
};

function output(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

function programOf(name) {
  return path.join(options.build, 'bin', name);
}

// The compiler of the build, the kind of build, and what it builds for.
function compilerOfBuild() {
  const cache = fs.readFileSync(path.join(options.build, 'CMakeCache.txt'), 'utf8');
  const of = (name) => cache.match(new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm'))?.[1] ?? '';
  const version = output(of('CMAKE_CXX_COMPILER'), '--version').split('\n')[0];
  // Some code takes another way where the processor has them.
  const avx2 = /^flags.*\bavx2\b/m.test(fs.readFileSync('/proc/cpuinfo', 'utf8')) ? ' with AVX2' : '';
  return `${version}, ${of('CMAKE_BUILD_TYPE')}, ${os.machine()}${avx2}`;
}

// The table: the compiler, then a row's name and its count a line, and what is said of that; # begins
// a comment.
function tableOf(suite) {
  return path.join(here, suite, 'instructions.txt');
}

function readTable(suite) {
  const [compiler, ...rows] = fs
    .readFileSync(tableOf(suite), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return { compiler, counts: new Map(rows.map((row) => row.split(/\s+/)).map(([n, c]) => [n, Number(c)])) };
}

function writeTable(suite, compiler, counts) {
  const { program } = kSuites[suite];
  const head = `# Instructions of ${program} ROW, made by: node bench/instructions.mjs ${suite} --update\n`;
  const lines = counts.map(({ row, count }) =>
    `${row.name.padEnd(24)}${row.things ? `${String(count).padEnd(12)}${each(row, count)}` : count}\n`);
  fs.writeFileSync(tableOf(suite), `${head}${compiler}\n${lines.join('')}`);
}

// What one message of a row takes, and one delivery of it.
function each({ things, thing, deliveries }, count) {
  if (!things) return '';
  const of = (number) => `${Number((count / number).toPrecision(3)).toLocaleString('en')} a`;
  return `${of(things)} ${thing}${deliveries ? `, ${of(things * deliveries)} delivery` : ''}`;
}

// The environment is empty, since where the stack and with it the heap begins depends on it.
function count({ program, counted }, row, folder) {
  const file = path.join(folder, 'counts');
  const { status, stderr, error } = spawnSync(
    'valgrind',
    ['--tool=callgrind', `--callgrind-out-file=${file}`, ...(counted ? [`--toggle-collect=${counted}`] : []),
      programOf(program), ...row.args],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`valgrind failed at ${row.name}: ${stderr}`);
  const found = Number(fs.readFileSync(file, 'utf8').match(/^(?:summary|totals): (\d+)$/m)?.[1] ?? 0);
  if (found === 0) throw new Error(`${row.name}: nothing was counted`);
  return found;
}

// Answers the rows that took too much.
async function compare(name, folder) {
  const suite = kSuites[name];
  const compiler = compilerOfBuild();
  const known = options.update ? { compiler, counts: new Map() } : readTable(name);
  if (known.compiler !== compiler) {
    console.log(`${name} skipped: the table was made with ${known.compiler}; this is ${compiler}`);
    return [];
  }
  const counts = [];
  const slower = [];
  const cells = ['instructions', 'table'].map((cell) => cell.padStart(16)).join('');
  console.log(`${name.padEnd(24)}${cells}${'change'.padStart(10)}`);
  for (const row of await suite.rows(folder)) {
    const now = count(suite, row, folder);
    counts.push({ row, count: now });
    const before = known.counts.get(row.name);
    const change = before === undefined ? undefined : now / before - 1;
    const numbers = [now, before].map((number) => (number?.toLocaleString('en') ?? '-').padStart(16)).join('');
    const percent = change === undefined ? '-' : `${change > 0 ? '+' : ''}${(change * 100).toFixed(1)} %`;
    console.log(`${row.name.padEnd(24)}${numbers}${percent.padStart(10)}   ${each(row, now)}`.trimEnd());
    if (change === undefined ? !options.update : change > kTolerance) slower.push(row.name);
  }
  if (options.update) writeTable(name, compiler, counts);
  return slower;
}

async function main(folder) {
  const wanted = positionals.length > 0 ? positionals : Object.keys(kSuites);
  for (const name of wanted) {
    if (!(name in kSuites)) throw new Error(`no suite is called ${name}`);
  }
  const slower = [];
  for (const name of wanted) slower.push(...(await compare(name, folder)));
  if (slower.length > 0) {
    throw new Error(`over ${kTolerance * 100} % more than the table has, or not in it: ${slower.join(', ')}. ` +
                    'If it has to be so: --update, and why in the commit');
  }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'instructions-'));
try {
  await main(folder);
} catch (error) {
  console.error(`instructions.mjs: ${error.message}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true });
}
