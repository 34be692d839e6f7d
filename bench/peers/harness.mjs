// What the benchmarks here have in common: the servers, a measurement of one by pluv-bench, the
// tables. The server has one core and the load generator another.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

// For parseArgs.
export const kOptions = {
  bin: { type: 'string', default: path.join(here, '../../build/release/bin') },
  rows: { type: 'string' },
  servers: { type: 'string' },
  repeats: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '5' },
  json: { type: 'string' }, // all numbers go there
  from: { type: 'string' }, // measure nothing: the numbers are there
  plots: { type: 'string' }, // a folder
  smoke: { type: 'boolean', default: false }, // a moment of each, to see that all of it works
};

// What a server speaks and how it is started. It prints its port on a line.
const node = (script) => () => [process.execPath, path.join(here, script)];
const pluvd = (...more) => (bin, data) => [
  path.join(bin, 'pluvd'),
  ...['--dev', '--port', '0', '--data', data, '--log-level', 'error', '--rate-limit', '0', ...more],
];
export const kServers = {
  pluvd: { protocol: 'pluv', command: pluvd() },
  // The same in other ways. everywhere: it and the load generator run on all cores.
  'one loop': { protocol: 'pluv', command: pluvd('--threads', '1'), is: 'pluvd' },
  'one loop, all cores': { protocol: 'pluv', command: pluvd('--threads', '1'), is: 'pluvd', everywhere: true },
  'two loops, all cores': { protocol: 'pluv', command: pluvd('--threads', '2'), is: 'pluvd', everywhere: true },
  'little memory': { protocol: 'pluv', command: pluvd('--max-idle-documents', '64MiB'), is: 'pluvd' },
  'y-websocket': { protocol: 'y-websocket', command: node('y_websocket.mjs') },
  hocuspocus: { protocol: 'hocuspocus', command: node('hocuspocus.mjs') },
  ws: { protocol: 'relay', command: node('ws_relay.mjs') },
  uws: { protocol: 'relay', command: node('uws_relay.mjs') },
  epoll: { protocol: 'relay', command: (bin) => [path.join(bin, 'epoll_relay')] },
};

// On a machine with one core both share it.
const cores = os.availableParallelism();
const kServerCore = cores - 1;
const isPinned = (name) => cores > 1 && !kServers[name].everywhere;

async function start(name, bin) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'pluv-peers-'));
  const command = kServers[name].command(bin, data);
  const [program, ...args] = isPinned(name) ? ['taskset', '-c', String(kServerCore), ...command] : command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('exit', done));
  const port = await new Promise((done, failed) => {
    let seen = '';
    child.stdout.on('data', (bytes) => {
      seen += bytes;
      const found = /(?:port |:)(\d+)\n/.exec(seen);
      if (found) done(found[1]);
    });
    ended.then(() => failed(new Error(`${name} does not start`)));
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    fs.rmSync(data, { recursive: true });
  };
  return { pid: child.pid, port, stop };
}

// A new server, and what pluv-bench finds with the scenario's arguments. Throws when something was
// lost or came out wrong.
export async function measure(options, name, scenario) {
  const server = await start(name, options.bin);
  const result = path.join(os.tmpdir(), `pluv-peers-${process.pid}.json`);
  try {
    const { status, stderr } = spawnSync(
      path.join(options.bin, 'pluv-bench'),
      [
        ...scenario,
        ...['--protocol', kServers[name].protocol, '--port', server.port, '--pid', server.pid],
        ...['--seconds', secondsOf(options), '--json', result],
        ...(isPinned(name) ? ['--core', '0'] : []),
      ].map(String),
    );
    if (status !== 0) throw new Error(`${name}, ${scenario.join(' ')}: ${stderr}`);
    return JSON.parse(fs.readFileSync(result, 'utf8'));
  } finally {
    await server.stop();
    fs.rmSync(result, { force: true });
  }
}

export const secondsOf = (options) => (options.smoke ? 0.5 : Number(options.seconds));

// Each server's results, by its name: so many of each, the servers taking turns.
export async function measureAll(options, servers, scenario) {
  const results = Object.fromEntries(servers.map((name) => [name, []]));
  const repeats = options.smoke ? 1 : Number(options.repeats);
  for (let i = 0; i < repeats; ++i) {
    for (const name of servers) results[name].push(await measure(options, name, scenario));
  }
  return results;
}

export function machine() {
  if (cores > 1) execFileSync('taskset', ['--version']); // util-linux; better missed now than later
  const commit = spawnSync('git', ['-C', here, 'describe', '--always', '--dirty'], { encoding: 'utf8' });
  const script = path.basename(process.argv[1]);
  return {
    cpu: os.cpus()[0].model,
    cores,
    kernel: os.release(),
    node: process.version,
    commit: commit.stdout?.trim() || 'unknown',
    command: `node bench/peers/${script} ${process.argv.slice(2).join(' ')}`.trim(),
  };
}

// What --json has written: a run, or several in an array, of which each has rows of its own.
export function saved(file) {
  const runs = [JSON.parse(fs.readFileSync(file, 'utf8'))].flat();
  return {
    machine: runs[0].machine,
    results: Object.assign({}, ...runs.map(({ results }) => results)),
  };
}

export function picked(all, wanted, what) {
  if (wanted === undefined) return all;
  const names = wanted.split(',');
  for (const name of names) if (!all.includes(name)) throw new Error(`no ${what} ${name}`);
  return all.filter((name) => names.includes(name));
}

// The values of a field ("latency_ms.p99") in the order of their size, and the one in the middle.
export const valuesOf = (results, field) =>
  results
    .map((result) => field.split('.').reduce((value, key) => value[key], result))
    .sort((a, b) => a - b);
export function medianOf(results, field) {
  const values = valuesOf(results, field);
  return values[values.length >> 1];
}

export function spelled(value) {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
}
// The median, and in brackets the lowest and the highest.
export function cell(results, field) {
  const values = valuesOf(results, field);
  const middle = spelled(values[values.length >> 1]);
  if (values.length === 1) return middle;
  return `${middle} (${spelled(values[0])}-${spelled(values.at(-1))})`;
}

export function printTable(title, head, rows) {
  console.log(`\n**${title}**\n`);
  console.log(`| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
