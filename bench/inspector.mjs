// What looking through the inspector costs a server of many rooms: CPU of a list's page, on the loop
// and beside it, and the longest piece of a loop's turn that a list takes.
//   node bench/inspector.mjs [--rooms 10000] [--pluvd build/release/bin/pluvd]
// It needs `npm ci --prefix tests/e2e` and open files for all rooms (ulimit -n). CPU is what the
// kernel counted for each thread, so that a busy machine changes little.
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { Client, sleep, startPluvd } from '../tests/e2e/lib.mjs';

const { values: options } = parseArgs({
  options: {
    rooms: { type: 'string', default: '10000' },
    pages: { type: 'string', default: '20' },
    pluvd: { type: 'string' }, // read by lib/servers.mjs
  },
});
const kRooms = Number(options.rooms);
const kPages = Number(options.pages);
const kSliceRooms = 512; // src/platform/native/room_host_look.cc

// Microseconds of CPU of each thread, by its id.
function cpuOf(pid) {
  const threads = new Map();
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const [ns] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ');
    threads.set(id, Number(ns) / 1_000);
  }
  return threads;
}

const sum = (map, keep = () => true) =>
  [...map].filter(([id]) => keep(id)).reduce((all, [, us]) => all + us, 0);

// CPU for each call of `ask`, in all and on the loop, without what passes anyway.
async function cost(server, times, pause_ms, ask) {
  const loop = String(server.pid); // with one loop it is the first thread
  const idleBefore = cpuOf(server.pid);
  await sleep(2_000);
  const idle = cpuOf(server.pid);
  const idlePerMs = (keep) => (sum(idle, keep) - sum(idleBefore, keep)) / 2_000;
  const begin = Date.now();
  const before = cpuOf(server.pid);
  for (let i = 0; i < times; ++i) {
    await ask();
    await sleep(pause_ms);
  }
  const after = cpuOf(server.pid);
  const passed = Date.now() - begin;
  const of = (keep) =>
    (sum(after, keep) - sum(before, keep) - idlePerMs(keep) * passed) / times;
  return { all: of(() => true), loop: of((id) => id === loop) };
}

const us = (value) => `${value.toFixed(0)} us`;

const server = await startPluvd(['--dev', '--threads', '1', '--storage', 'memory',
                                 '--garbage-collect', '1h', '--ping-after', '1h',
                                 '--max-silence', '2h']);
try {
  const sockets = [];
  for (let begin = 0; begin < kRooms; begin += 500) {
    const some = Array.from({ length: Math.min(500, kRooms - begin) }, (_, i) => new Client({
      url: server.url, room: `room-${begin + i}`, join: false, heartbeat: false }));
    await Promise.all(some.map((one) => one.until(() => one.texts.length > 0, 'registered',
                                                  { timeout: 60_000 })));
    sockets.push(...some);
  }
  const get = async (route) => {
    const response = await fetch(`${server.http}/api/inspector/${route}`);
    if (response.status !== 200) throw new Error(`${route}: ${response.status}`);
    return response.json();
  };
  const { total } = await get('rooms?limit=1');
  if (total !== kRooms) throw new Error(`${total} rooms, ${kRooms} expected`);
  const fresh = await cost(server, kPages, 1_050, () => get('rooms?limit=50'));
  const sorted = await cost(server, kPages, 1_050, () => get('rooms?limit=50&order=messages'));
  const kept = await cost(server, 200, 2, () => get('rooms?limit=50'));
  const searched = await cost(server, 200, 2, () => get('rooms?limit=50&search=99'));
  const facts = await cost(server, 200, 2, () => get('server'));
  console.log(`${kRooms} rooms, one loop; CPU of a request`);
  const row = (what, { all, loop }) =>
    console.log(`  ${what.padEnd(46)} ${us(all).padStart(9)}, of it on the loop ${us(loop)}`);
  row('page, list made anew (once a second at most)', fresh);
  row('page by messages, list made anew', sorted);
  row('page of a list that is there', kept);
  row('page of a search in it', searched);
  row('the server\'s facts', facts);
  const slices = Math.ceil(kRooms / kSliceRooms);
  const perSlice = (fresh.loop - kept.loop) / slices;
  console.log(`  a list is ${slices} slices, each in a turn of its own: ${us(perSlice)} a turn`);
  for (const socket of sockets) socket.drop();
} finally {
  await server.kill();
}
process.exit(0);
