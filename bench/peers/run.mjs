// pluvd beside the servers of others, on one machine in one run: the tables of docs/performance.md.
//   npm ci --prefix bench/peers
//   node bench/peers/run.mjs [--rows presence,idle] [--servers pluvd,ws] [--repeats 3] [--json FILE]
//     [--from FILE] [--plots FOLDER]
// The server has one core and the load generator another. Each cell is run several times, the
// servers taking turns, each time with a new process; the table has the median and, in brackets, the
// lowest and the highest. A run in which something was lost or came out wrong ends everything.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import * as harness from './harness.mjs';
import { bars } from './plots.mjs';

const { values: options } = parseArgs({ options: harness.kOptions });

const kRooms = ['pluvd', 'y-websocket', 'hocuspocus'];
const kRelays = ['pluvd', 'ws', 'uws', 'epoll'];
const kAll = Object.keys(harness.kServers).filter((name) => !harness.kServers[name].is);

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

function plot(found) {
  const groups = kRows
    .filter(({ name }) => name in found)
    .map((row) => {
      const field = row.show.find((name) => name.startsWith('server_cpu_'));
      const [, unit, thing] = /_(us|ms)_per_(.*)$/.exec(field);
      return {
        title: `${row.title}: a${/^[aeiou]/.test(thing) ? 'n' : ''} ${thing}`,
        bars: Object.entries(found[row.name]).map(([name, results]) => ({
          name,
          value: harness.medianOf(results, field) * (unit === 'ms' ? 1000 : 1),
        })),
      };
    });
  const svg = bars({ title: 'CPU time of the server for one of what a row counts, in microseconds: less is better', groups });
  fs.writeFileSync(path.join(options.plots, 'performance-peers.svg'), svg);
}

async function main() {
  const rows = harness.picked(kRows.map(({ name }) => name), options.rows, 'row');
  const wanted = harness.picked(kAll, options.servers, 'server');
  const old = options.from && harness.saved(options.from);
  const machine = old ? old.machine : harness.machine();
  console.log(Object.values(machine).join(' | '));
  const found = {};
  for (const row of kRows.filter(({ name }) => rows.includes(name))) {
    const scenario = (options.smoke && row.smokeScenario) || row.scenario;
    const results = old
      ? old.results[row.name] ?? {}
      : await harness.measureAll(options, row.servers.filter((name) => wanted.includes(name)), scenario);
    const servers = Object.keys(results).filter((name) => wanted.includes(name));
    if (servers.length === 0) continue;
    found[row.name] = Object.fromEntries(servers.map((name) => [name, results[name]]));
    harness.printTable(
      row.title,
      ['', ...servers],
      row.show.map((field) => [field, ...servers.map((name) => harness.cell(results[name], field))]),
    );
  }
  if (options.json) fs.writeFileSync(options.json, JSON.stringify({ machine, results: found }, null, 1));
  if (options.plots) plot(found);
}

main().catch((error) => {
  console.error(`run.mjs: ${error.message}`);
  process.exitCode = 1;
});
