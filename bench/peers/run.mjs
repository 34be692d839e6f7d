// pluvd beside the servers of others, on one machine in one run: the tables of docs/performance.md.
//   npm ci --prefix bench/peers
//   node bench/peers/run.mjs [--rows presence,idle] [--servers pluvd,ws] [--repeats 3] [--json FILE]
// The server has one core and the load generator another. Each cell is run several times, the
// servers taking turns, each time with a new process; the table has the median and, in brackets, the
// lowest and the highest. A run in which something was lost or came out wrong ends everything.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    bin: { type: 'string', default: path.join(here, '../../build/release/bin') },
    rows: { type: 'string' },
    servers: { type: 'string' },
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'string' },
    smoke: { type: 'boolean', default: false }, // a moment of each, to see that all of it works
  },
});

// What a server speaks and how it is started. It prints its port on a line.
const node = (script) => [process.execPath, path.join(here, script)];
const kServers = {
  pluvd: {
    protocol: 'pluv',
    command: (data) => [
      path.join(options.bin, 'pluvd'),
      ...['--dev', '--port', '0', '--data', data, '--log-level', 'error', '--rate-limit', '0'],
    ],
  },
  'y-websocket': { protocol: 'y-websocket', command: () => node('y_websocket.mjs') },
  hocuspocus: { protocol: 'hocuspocus', command: () => node('hocuspocus.mjs') },
  ws: { protocol: 'relay', command: () => node('ws_relay.mjs') },
  uws: { protocol: 'relay', command: () => node('uws_relay.mjs') },
  epoll: { protocol: 'relay', command: () => [path.join(options.bin, 'epoll_relay')] },
};
const kRooms = ['pluvd', 'y-websocket', 'hocuspocus'];
const kRelays = ['pluvd', 'ws', 'uws', 'epoll'];
const kAll = ['pluvd', 'y-websocket', 'hocuspocus', 'ws', 'uws', 'epoll'];

const kRows = [
  {
    name: 'presence',
    title: 'One room, 50 clients, 10 presences a second each',
    scenario: ['presence', '--clients', '50', '--rate', '10'],
    servers: kRooms,
    show: ['server_cpu_us_per_delivery', 'latency_ms.p50', 'latency_ms.p99', 'bytes_per_delivery'],
  },
  {
    name: 'broadcast',
    title: '100 bytes to 200 clients, 64 in flight',
    scenario: ['broadcast', '--clients', '200', '--in-flight', '64'],
    servers: kRelays,
    show: ['server_cpu_us_per_delivery', 'deliveries_per_second', 'latency_ms.p50', 'latency_ms.p99'],
  },
  {
    name: 'ping',
    title: '100 bytes to 200 clients, one in flight',
    scenario: ['broadcast', '--clients', '200', '--in-flight', '1'],
    servers: kRelays,
    show: ['server_cpu_us_per_delivery', 'latency_ms.p50', 'latency_ms.p99'],
  },
  {
    name: 'typing',
    title: 'One room, 20 clients, a document of 1 MB, 200 keystrokes a second',
    scenario: ['storage', '--clients', '20', '--document', '1000000', '--rate', '200'],
    servers: kRooms,
    show: ['server_cpu_ms_per_update', 'latency_ms.p50', 'latency_ms.p99', 'bytes_per_update_and_client'],
  },
  {
    name: 'storage',
    title: 'The same, flat out, 64 in flight',
    scenario: ['storage', '--clients', '20', '--document', '1000000', '--rate', '0'],
    servers: kRooms,
    show: ['server_cpu_ms_per_update', 'updates_per_second', 'latency_ms.p99'],
  },
  {
    name: 'rooms',
    title: '500 rooms of 2, 2 presences a second and client',
    scenario: ['rooms', '--rooms', '500', '--per-room', '2', '--rate', '2'],
    servers: kRooms,
    show: ['server_cpu_us_per_delivery', 'latency_ms.p50', 'latency_ms.p99'],
  },
  {
    name: 'join',
    title: '200 clients join a room with 100 KB at once',
    scenario: ['join', '--clients', '200', '--document', '100000'],
    servers: kRooms,
    show: ['server_cpu_ms_per_join', 'join_ms.p50', 'join_ms.max'],
  },
  {
    name: 'mixed',
    title: 'A day of an office: 600 clients in 100 rooms, 115 in the largest',
    scenario: ['mixed', '--clients', '600', '--rooms', '100'],
    smokeScenario: ['mixed', '--clients', '60', '--rooms', '10'],
    servers: kRooms,
    show: [
      'server_cpu_us_per_delivery',
      ...['presence_ms.p50', 'presence_ms.p99', 'update_ms.p50', 'update_ms.p99', 'join_ms.p99'],
    ],
  },
  {
    name: 'idle',
    title: '5,000 idle clients in rooms of 2',
    scenario: ['idle', '--clients', '5000', '--per-room', '2'],
    smokeScenario: ['idle', '--clients', '100', '--per-room', '2'],
    servers: kAll,
    show: ['server_kib_per_client', 'server_cpu_ms_per_join', 'server_cpu_percent'],
  },
];

// On a machine with one core both share it.
const cores = os.availableParallelism();
const kServerCore = cores - 1;
const pinned = (command) =>
  cores > 1 ? ['taskset', '-c', String(kServerCore), ...command] : command;

async function start(name) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'pluv-peers-'));
  const [program, ...args] = pinned(kServers[name].command(data));
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

async function measure(row, name) {
  const server = await start(name);
  const result = path.join(os.tmpdir(), `pluv-peers-${process.pid}.json`);
  try {
    const scenario = (options.smoke && row.smokeScenario) || row.scenario;
    const { status, stderr } = spawnSync(
      path.join(options.bin, 'pluv-bench'),
      [
        ...scenario,
        ...['--protocol', kServers[name].protocol, '--port', server.port, '--pid', server.pid],
        ...['--seconds', options.smoke ? '0.5' : options.seconds, '--json', result],
        ...(cores > 1 ? ['--core', '0'] : []),
      ].map(String),
    );
    if (status !== 0) throw new Error(`${name}, ${row.name}: ${stderr}`);
    return JSON.parse(fs.readFileSync(result, 'utf8'));
  } finally {
    await server.stop();
    fs.rmSync(result, { force: true });
  }
}

const valueAt = (result, name) => name.split('.').reduce((value, key) => value[key], result);
function spelled(value) {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
}
function cell(results, name) {
  const values = results.map((result) => valueAt(result, name)).sort((a, b) => a - b);
  const middle = values[values.length >> 1];
  if (values.length === 1) return spelled(middle);
  return `${spelled(middle)} (${spelled(values[0])}-${spelled(values.at(-1))})`;
}

function picked(all, wanted, what) {
  if (wanted === undefined) return all;
  for (const name of wanted) if (!all.includes(name)) throw new Error(`no ${what} ${name}`);
  return all.filter((name) => wanted.includes(name));
}

async function main() {
  const rows = picked(kRows.map(({ name }) => name), options.rows?.split(','), 'row');
  const wanted = picked(Object.keys(kServers), options.servers?.split(','), 'server');
  const repeats = options.smoke ? 1 : Number(options.repeats);
  const commit = spawnSync('git', ['-C', here, 'describe', '--always', '--dirty'], { encoding: 'utf8' });
  const machine = {
    cpu: os.cpus()[0].model,
    cores,
    kernel: os.release(),
    node: process.version,
    commit: commit.stdout?.trim() || 'unknown',
    command: `node bench/peers/run.mjs ${process.argv.slice(2).join(' ')}`.trim(),
  };
  if (cores > 1) execFileSync('taskset', ['--version']); // util-linux; better missed now than later
  console.log(Object.values(machine).join(' | '));
  const found = {};
  for (const row of kRows.filter(({ name }) => rows.includes(name))) {
    const servers = row.servers.filter((name) => wanted.includes(name));
    if (servers.length === 0) continue;
    const results = Object.fromEntries(servers.map((name) => [name, []]));
    for (let i = 0; i < repeats; ++i) {
      for (const name of servers) results[name].push(await measure(row, name));
    }
    found[row.name] = results;
    console.log(`\n${row.title}\n`);
    console.log(`| | ${servers.join(' | ')} |\n| --- |${' --- |'.repeat(servers.length)}`);
    for (const name of row.show) {
      console.log(`| ${name} | ${servers.map((s) => cell(results[s], name)).join(' | ')} |`);
    }
  }
  if (options.json) fs.writeFileSync(options.json, JSON.stringify({ machine, results: found }, null, 1));
}

main().catch((error) => {
  console.error(`run.mjs: ${error.message}`);
  process.exitCode = 1;
});
