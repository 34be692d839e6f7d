// How the cost of a thing grows with the clients of a room, the rooms of a server and the size of a
// document: the tables and curves of docs/performance.md.
//   npm ci --prefix bench/peers
//   node bench/peers/scaling.mjs [--rows clients,rooms] [--servers pluvd] [--seconds 5] [--repeats 3]
//     [--json FILE] [--from FILE] [--plots FOLDER] [--smoke]
// As in run.mjs the server has one core and the load generator another, each cell is run several
// times, and a run in which something was lost ends everything. A step that this machine cannot carry
// is left out, and said to be.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import * as harness from './harness.mjs';
import { curves } from './plots.mjs';

const { values: options } = parseArgs({ options: harness.kOptions });

const kDeliveriesPerSecond = 50_000; // of all sizes of a room: few clients are told more often
const kPresencesPerSecond = 2_000; // of all numbers of rooms
const kDocumentClients = 20;
const kPerRoom = 2;

const number = (value) => value.toLocaleString('en');
const bytes = (value) => {
  if (value >= 1e6) return `${value / 1e6} MB`;
  return value >= 1e3 ? `${value / 1e3} KB` : String(value);
};
const presences = (clients) => kDeliveriesPerSecond / clients; // a second, of the whole room
const typing = (size, ...how) =>
  ['storage', '--clients', kDocumentClients, '--document', size, ...how];

const kRows = [
  {
    name: 'clients',
    title: `One room, ${number(kDeliveriesPerSecond)} deliveries of presences a second, by its clients`,
    steps: [10, 50, 200, 1_000, 5_000, 10_000],
    smokeSteps: [10, 50, 200],
    step: ['clients', number],
    connections: (clients) => clients,
    servers: ['pluvd'],
    scenario: (clients) => {
      const senders = Math.min(clients, 10);
      return ['presence', '--clients', clients, '--senders', senders, '--rate', presences(clients) / senders];
    },
    show: [
      ['server_cpu_us_per_delivery', 'CPU a delivery, us'],
      ['latency_ms.p50', 'latency p50, ms'],
      ['latency_ms.p99', 'p99, ms'],
      ['server_kib_per_client', 'memory a client, KiB'],
      ['server_cpu_ms_per_join', 'CPU a join, ms'],
    ],
  },
  {
    name: 'rooms',
    title: `Rooms of ${kPerRoom}, ${number(kPresencesPerSecond)} presences a second in all of them, by their number`,
    steps: [1, 10, 100, 1_000, 10_000, 100_000],
    smokeSteps: [1, 10, 100],
    step: ['rooms', number],
    connections: (rooms) => rooms * kPerRoom,
    largest: (connections) => Math.floor(connections / kPerRoom / 100) * 100,
    servers: ['pluvd'],
    scenario: (rooms) => [
      ...['rooms', '--rooms', rooms, '--per-room', kPerRoom],
      ...['--rate', kPresencesPerSecond / (rooms * kPerRoom)],
    ],
    show: [
      ['server_cpu_us_per_delivery', 'CPU a delivery, us'],
      ['latency_ms.p50', 'latency p50, ms'],
      ['latency_ms.p99', 'p99, ms'],
      ['server_kib_per_client', 'memory a client, KiB'],
      ['server_cpu_ms_per_join', 'CPU a join, ms'],
    ],
  },
  {
    name: 'loops',
    title: 'One loop and two: CPU a delivery, us',
    steps: ['500 rooms of 2', '50 rooms of 20'],
    smokeSteps: ['500 rooms of 2', '50 rooms of 20'],
    step: ['', String],
    connections: () => 1_000,
    servers: ['one loop', 'one loop, all cores', 'two loops, all cores'],
    scenario: (rooms) => {
      const [, count, size] = /^(\d+) rooms of (\d+)$/.exec(rooms);
      return ['rooms', '--rooms', count, '--per-room', size, '--rate', size === '2' ? 5 : 20];
    },
    show: [['server_cpu_us_per_delivery', '']],
  },
  {
    name: 'stored',
    title: 'Rooms with a stored document of 10 KB, which all have left; 500 join a second, whose rooms were left first',
    steps: [100_000],
    smokeSteps: [200],
    step: ['rooms', number],
    connections: () => 500,
    servers: ['little memory'],
    scenario: (rooms) => ['cold', '--rooms', rooms, '--document', 10_000, '--rate', 500],
    show: [
      ['join_ms.p50', 'join p50, ms'],
      ['join_ms.p99', 'p99, ms'],
      ['join_ms.max', 'slowest, ms'],
      ['server_cpu_ms_per_join', 'CPU a join, ms'],
      ['server_kib_with_all_rooms_stored', 'memory for all of them, KiB'],
      ['server_resident_kib', 'memory of the process in the end, KiB'],
    ],
  },
  {
    name: 'documents',
    title: `One room of ${kDocumentClients}, 200 keystrokes a second, by the size of the document`,
    steps: [0, 10_000, 100_000, 1_000_000, 10_000_000, 30_000_000],
    smokeSteps: [0, 10_000, 1_000_000],
    step: ['document', bytes],
    connections: () => kDocumentClients,
    servers: ['pluvd', 'hocuspocus'],
    scenario: (size) => typing(size, '--rate', 200),
    show: [
      ['server_cpu_ms_per_update', 'CPU an update, ms'],
      ['bytes_per_update_and_client', 'bytes a receiver'],
      ['one_join_ms', 'one join, ms'],
    ],
  },
  {
    name: 'documents-flat-out',
    title: 'The same, flat out, 64 keystrokes in flight',
    steps: [0, 10_000, 100_000, 1_000_000, 10_000_000, 30_000_000],
    smokeSteps: [0, 10_000, 1_000_000],
    step: ['document', bytes],
    connections: () => kDocumentClients,
    servers: ['pluvd', 'hocuspocus'],
    scenario: (size) => typing(size, '--rate', 0, '--in-flight', 64),
    show: [
      ['server_cpu_ms_per_update', 'CPU an update, ms'],
      ['updates_per_second', 'updates a second'],
      ['bytes_per_update_and_client', 'bytes a receiver'],
    ],
  },
];

const ofPresences = (row) => [
  [row, 'CPU a delivery, us', { '': 'server_cpu_us_per_delivery' }],
  [row, 'Latency, ms', { p50: 'latency_ms.p50', p99: 'latency_ms.p99' }],
  [row, 'Memory a client, KiB', { '': 'server_kib_per_client' }],
  [row, 'CPU a join, ms', { '': 'server_cpu_ms_per_join' }],
];

const kPlots = [
  {
    file: 'performance-clients.svg',
    title: 'The cost by the clients of one room',
    panels: ofPresences('clients'),
  },
  {
    file: 'performance-rooms.svg',
    title: `The cost by the number of rooms of ${kPerRoom}`,
    panels: ofPresences('rooms'),
  },
  {
    file: 'performance-documents.svg',
    title: `The cost by the size of the document in a room of ${kDocumentClients}`,
    panels: [
      ['documents', 'CPU an update, 200 a second, ms', { '': 'server_cpu_ms_per_update' }],
      ['documents-flat-out', 'CPU an update, flat out, ms', { '': 'server_cpu_ms_per_update' }],
      ['documents', 'Bytes a receiver and update, 200 a second', { '': 'bytes_per_update_and_client' }],
      ['documents', 'One join, ms', { '': 'one_join_ms' }],
    ],
  },
];

// How many connections this machine can carry: each is an open file in the server and one in the
// load generator, and memory of the kernel and of both.
function connectionsMax() {
  const kFilesBesides = 100; // of the server: its store, its loops
  const kBytesEach = 32 * 1024; // at both ends; 13 KiB while idle, most of it the kernel's
  const files = execFileSync('sh', ['-c', 'ulimit -H -n'], { encoding: 'utf8' }).trim();
  const byFiles = files === 'unlimited' ? Infinity : Number(files) - kFilesBesides;
  const byMemory = Math.floor(os.freemem() / kBytesEach);
  return byFiles <= byMemory
    ? { count: byFiles, why: `a process here may open ${number(Number(files))} files` }
    : { count: byMemory, why: `there are ${Math.floor(os.freemem() / 2 ** 20)} MiB of memory` };
}

// The steps of a row that can be carried, and what has to be said of the others. Where one cannot,
// the largest that can takes its place, if that is well over the one before.
function stepsOf(row) {
  const { count, why } = connectionsMax();
  const all = options.smoke ? row.smokeSteps : row.steps;
  const steps = all.filter((step) => row.connections(step) <= count);
  const left = all.filter((step) => !steps.includes(step));
  if (left.length === 0) return { steps };
  const largest = row.largest?.(count) ?? 0;
  if (largest > 2 * (steps.at(-1) ?? 0)) steps.push(largest);
  const spelled = left.map((step) => `${row.step[1](step)} (${number(row.connections(step))} connections)`);
  return { steps, note: `Left out: ${spelled.join(', ')}, since ${why}.` };
}

function print(row, { steps, note }) {
  const servers = Object.keys(steps[0].results);
  const heads = servers.flatMap((name) =>
    row.show.map(([, head]) => (servers.length > 1 ? [name, head].filter(Boolean).join(': ') : head)),
  );
  harness.printTable(
    row.title,
    [row.step[0], ...heads],
    steps.map(({ step, results }) => [
      row.step[1](step),
      ...servers.flatMap((name) => row.show.map(([field]) => harness.cell(results[name], field))),
    ]),
  );
  if (note) console.log(`\n${note}`);
}

function plot(found) {
  for (const { file, title, panels } of kPlots) {
    const shown = panels
      .filter(([name]) => name in found)
      .map(([name, panelTitle, fields]) => {
        const { steps } = found[name];
        const [of, spelledX] = kRows.find((row) => row.name === name).step;
        const lines = Object.keys(steps[0].results).flatMap((server) =>
          Object.entries(fields).map(([label, field]) => ({
            name: `${server} ${label}`.trim(),
            points: steps.map(({ step, results }) => [step, harness.medianOf(results[server], field)]),
          })),
        );
        return { title: panelTitle, of, spelledX, lines };
      });
    if (shown.length === 0) continue;
    fs.writeFileSync(path.join(options.plots, file), curves({ title, panels: shown }));
  }
}

async function measureRow(row, servers) {
  const { steps, note } = stepsOf(row);
  const done = [];
  for (const step of steps) {
    const results = await harness.measureAll(options, servers, row.scenario(step));
    done.push({ step, results });
    console.error(`${row.name}: ${row.step[1](step)} done`);
  }
  return { steps: done, note };
}

async function main() {
  const names = kRows.map(({ name }) => name);
  const rows = harness.picked(names, options.rows, 'row');
  const wanted = harness.picked(['pluvd', 'hocuspocus'], options.servers, 'server');
  const old = options.from && harness.saved(options.from);
  const machine = old ? old.machine : harness.machine();
  console.log(Object.values(machine).join(' | '));
  const found = {};
  for (const row of kRows.filter(({ name }) => rows.includes(name))) {
    const servers = row.servers.filter((name) => wanted.includes(harness.kServers[name].is ?? name));
    if (old ? !(row.name in old.results) : servers.length === 0) continue;
    found[row.name] = old ? old.results[row.name] : await measureRow(row, servers);
    print(row, found[row.name]);
  }
  if (options.json) fs.writeFileSync(options.json, JSON.stringify({ machine, results: found }, null, 1));
  if (options.plots) plot(found);
}

main().catch((error) => {
  console.error(`scaling.mjs: ${error.message}`);
  process.exitCode = 1;
});
