// What a keystroke costs a server whose room has a large document: one writer, the others only
// receive; server CPU and bytes per update and receiver by the document's size. pluvd with its file,
// and @hocuspocus/server without one. Every receiver must end with the writer's document.
//   node bench/storage/run.mjs [--clients 20] [--seconds 4] [--rates 200,5000] [--sizes 0,...]
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Hocuspocus, pluv } from './clients.mjs';
import * as Y from 'yjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    pluvd: { type: 'string', default: path.join(here, '../../build/release/bin/pluvd') },
    clients: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '4' },
    rates: { type: 'string', default: '200,5000' },
    sizes: { type: 'string', default: '0,100000,1000000,10000000' },
    servers: { type: 'string', default: 'pluvd,hocuspocus' },
  },
});
const clients = Number(options.clients);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Of a process, in milliseconds: user and system time in clock ticks of 10 ms.
function cpuMs(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

// A document of so many bytes of text, and what so many keystrokes at its end add.
function makeDocument(size, updates) {
  const doc = new Y.Doc();
  doc.clientID = 1000001;
  const text = doc.getText('t');
  for (let at = 0; at < size; at += 1000) text.insert(at, 'x'.repeat(Math.min(1000, size - at)));
  const whole = Y.encodeStateAsUpdate(doc);
  const keystrokes = [];
  doc.clientID = 2000002;
  doc.on('update', (update) => keystrokes.push(update));
  for (let i = 0; i < updates; ++i) text.insert(text.length, String.fromCharCode(97 + (i % 26)));
  return { whole, keystrokes, text: text.toString() };
}

async function start(command, args, ready) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((done, failed) => {
    let seen = '';
    child.stdout.on('data', (bytes) => {
      seen += bytes;
      const found = ready.exec(seen);
      if (found) done(found[1]);
    });
    child.once('exit', () => failed(new Error(`${command} ended`)));
  });
  const stop = () =>
    new Promise((done) => {
      child.removeAllListeners('exit');
      child.once('exit', done);
      child.kill('SIGKILL');
    });
  return { port: Number(line), pid: child.pid, stop };
}

const servers = {
  async pluvd() {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), 'pluv-bench-'));
    const server = await start(
      options.pluvd,
      ['--dev', '--port', '0', '--data', data, '--log-level', 'error', '--rate-limit', '0'],
      /:(\d+)\n/,
    );
    const stop = async () => {
      await server.stop();
      fs.rmSync(data, { recursive: true });
    };
    return { ...server, stop, Client: pluv };
  },
  async hocuspocus() {
    const server = await start(process.execPath, [path.join(here, 'hocuspocus.mjs')], /port (\d+)\n/);
    return { ...server, Client: Hocuspocus };
  },
};

async function measure(name, size, rate) {
  const { whole, keystrokes, text } = makeDocument(size, rate * Number(options.seconds));
  const server = await servers[name]();
  const writer = new server.Client(server.port);
  await writer.join(whole);
  await sleep(500 + size / 10_000); // hocuspocus does not say when it has it
  const beginJoin = performance.now();
  const receivers = [];
  for (let i = 1; i < clients; ++i) receivers.push(new server.Client(server.port));
  await receivers[0].join();
  const joinMs = performance.now() - beginJoin;
  await Promise.all(receivers.slice(1).map((one) => one.join()));
  await sleep(1_000);
  const bytesBefore = receivers.map((one) => one.bytes);
  const cpuBefore = cpuMs(server.pid);
  const begin = performance.now();
  for (let i = 0; i < keystrokes.length; ++i) {
    const due = begin + (i * 1000) / rate;
    if (performance.now() < due) await sleep(due - performance.now());
    writer.send(keystrokes[i]);
  }
  for (let i = 0; i < 600 && receivers.some((one) => one.received < keystrokes.length); ++i) {
    if (receivers.every((one) => one.length() >= text.length)) break;
    await sleep(50);
  }
  const cpu = cpuMs(server.pid) - cpuBefore;
  const bytes = receivers.reduce((sum, one, i) => sum + one.bytes - bytesBefore[i], 0);
  for (const one of receivers) {
    if (one.text() !== text) throw new Error(`${name}: a receiver has ${one.length()} of ${text.length} characters`);
  }
  for (const one of [writer, ...receivers]) one.close();
  await server.stop();
  return {
    cpu: cpu / keystrokes.length,
    bytes: bytes / receivers.length / keystrokes.length,
    joinMs,
  };
}

console.log(
  '| server | updates a second | document, bytes | server CPU an update, ms | bytes a receiver and update | one join, ms |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const rate of options.rates.split(',').map(Number)) {
  for (const name of options.servers.split(',')) {
    for (const size of options.sizes.split(',').map(Number)) {
      const { cpu, bytes, joinMs } = await measure(name, size, rate);
      const row = [name, rate, size.toLocaleString('en'), cpu.toFixed(3), bytes.toFixed(0), joinMs.toFixed(0)];
      console.log(`| ${row.join(' | ')} |`);
    }
  }
}
