// Restart after restart, by hand-over and behind a socket of systemd's, while clients never stop
// knocking and writing: no connection is refused or cut before it was let in, and no edit is lost.
//
//   node restarts.test.mjs --restarts 50      of each kind (default 20)
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

import { ActivatedPluvd, Client, freePort, makeFolder, makeToken, numberOption, programs, Random,
         removeFolder, RoomUnderLoad, runToEnd, SECRET, seedOf, Server, sleep, startPluvd, suite,
         until } from "./lib.mjs";

const restarts = numberOption("restarts", 20);
const { test, run } = suite("restarts", { parallel: 2, limit_ms: 60_000 + restarts * 8_000 });
const seed = seedOf("restarts");

const DRAIN = ["--drain-window", "300ms", "--drain-deadline", "20s"];
const EXIT_CANNOT_LISTEN = 3;

// People who come, say a word and go, and probes that ask for a page, each on a new connection.
class Knocking {
  constructor(url, token) {
    Object.assign(this, { url, token, going: true, errors: [] });
    Object.assign(this, { visits: 0, pages: 0, slowest_ms: 0 });
    const visitors = Array.from({ length: 3 }, (_, at) => this.#visit(at));
    const probes = Array.from({ length: 3 }, () => this.#probe());
    this.done = Promise.all([...visitors, ...probes]);
  }

  async #visit(at) {
    const room = `knocking-${at}`;
    while (this.going) {
      const begin = Date.now();
      const visitor = new Client({ url: this.url, room, reconnect: true,
                                   token: this.token && (() => this.token(room)) });
      try {
        await visitor.ready();
        ++this.visits;
        this.slowest_ms = Math.max(this.slowest_ms, Date.now() - begin);
      } catch (error) {
        this.errors.push(error.message);
      }
      this.errors.push(...visitor.errors);
      await visitor.close();
    }
  }

  async #probe() {
    const { hostname, port } = new URL(this.url);
    while (this.going) {
      const answer = await new Promise((resolve) => {
        const socket = net.connect(Number(port), hostname);
        let text = "";
        socket.setEncoding("latin1");
        socket.on("connect", () => socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n" +
                                                "Connection: close\r\n\r\n"));
        socket.on("data", (data) => { text += data; });
        socket.on("error", (error) => resolve(error.code));
        socket.on("end", () => resolve(text.split("\r\n", 1)[0]));
      });
      if (answer === "HTTP/1.1 200 OK") ++this.pages;
      else this.errors.push(`a probe had ${JSON.stringify(answer)}`);
      await sleep(2);
    }
  }

  async stop() {
    this.going = false;
    await this.done;
  }
}

// restart(number): ends when the next process is listening.
async function restartUnderLoad(t, { name, url, token, restart }) {
  const random = new Random(seed);
  const rooms = [0, 1, 2].map((at) => {
    const room = `${t.room}-${at}`;
    return new RoomUnderLoad(t, url, room, random,
                             { reconnect: true, token: token && (() => token(room)) });
  });
  for (const room of rooms) for (const client of room.clients) await client.ready();
  const knocking = t.use(new Knocking(url, token));
  let writing = true;
  t.use(null, () => { writing = false; });
  const written = (async () => {
    while (writing) {
      for (const room of rooms) for (const writer of room.writers) writer.write({ offline: true });
      await sleep(random.below(20));
    }
  })();

  let slowest_ms = 0;
  const begin = Date.now();
  for (let number = 1; number <= restarts; ++number) {
    await sleep(random.below(200));
    const from = Date.now();
    await restart(number);
    slowest_ms = Math.max(slowest_ms, Date.now() - from);
    for (const room of rooms) for (const client of room.clients) await client.ready(number + 1);
  }
  const took_s = (Date.now() - begin) / 1000;
  writing = false;
  await written;
  let marks = 0;
  for (const room of rooms) {
    for (const client of room.clients) {
      assert.deepEqual(client.errors, []);
      const codes = client.closes.map(({ code }) => code);
      assert.deepEqual(codes, Array(restarts).fill(1012));
    }
    marks += await room.checkAll(url, `after ${restarts} restarts of seed ${seed}`);
  }
  await knocking.stop();
  assert.deepEqual(knocking.errors, []);
  assert.ok(knocking.visits > restarts && knocking.pages > restarts, "they never stopped");
  console.log(`# ${name}: ${restarts} restarts in ${took_s.toFixed(1)} s ` +
              `(slowest ${slowest_ms} ms), ${knocking.visits} joins ` +
              `(slowest ${knocking.slowest_ms} ms) and ${knocking.pages} pages on ` +
              `new connections, 0 refused; ${marks} edits, 0 lost`);
}

test("by hand-over nobody is refused and no edit is lost", async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const handover = path.join(os.tmpdir(), `pluv-e2e-${randomBytes(6).toString("hex")}.sock`);
  t.use(handover, () => rmSync(handover, { force: true }));
  const args = ["--dev", "--data", data, "--handover", handover, "--rate-limit", "0", ...DRAIN];
  let current = await startPluvd(args);
  t.use(null, () => current.alive && current.kill());
  args.push("--port", String(current.port));
  const { url } = current;
  const restart = async () => {
    const next = await startPluvd(args);
    const old = current;
    current = next;
    assert.equal(next.port, old.port);
    assert.equal((await old.exited).code, 0, old.output);
  };
  await restartUnderLoad(t, { name: "hand-over", url, restart });
  await current.stop();
});

// With tokens: development mode takes no socket of systemd's.
function activatedArgs(t) {
  const data = t.use(makeFolder(), removeFolder);
  return ["--secret", SECRET, "--demo", "--data", data, "--rate-limit", "0", ...DRAIN];
}
const userToken = (room) => makeToken({ room, user: { id: `user-${Math.random()}` } });

test("behind a socket of systemd's nobody is refused and no edit is lost", async (t) => {
  const server = await ActivatedPluvd.start(activatedArgs(t));
  t.use(server, () => server.alive && server.kill());
  await restartUnderLoad(t, { name: "socket activation", url: server.url, token: userToken,
                              restart: () => server.restart() });
  await server.stop();
  assert.deepEqual(server.codes, Array(restarts + 1).fill(0), server.output);
});

test("a pluvd behind a socket of systemd's that is killed is back, and nobody is refused",
     async (t) => {
  const server = await ActivatedPluvd.start(activatedArgs(t));
  t.use(server, () => server.alive && server.kill());
  const client = t.use(new Client({ url: server.url, room: t.room, reconnect: true,
                                    token: () => userToken(t.room) }));
  for (let kill = 1; kill <= 3; ++kill) {
    await client.ready(kill);
    process.kill(server.pluvdPid, "SIGKILL");
    await client.ready(kill + 1);
  }
  assert.deepEqual(client.closes.map(({ code }) => code), [1006, 1006, 1006]);
  // One whose request the killed process had not read yet is reset; no door was shut.
  assert.ok(!client.errors.includes("ECONNREFUSED"), String(client.errors));
  await server.stop();
});

test("a socket that is meant for another process is left alone", async (t) => {
  const [data, port] = [t.use(makeFolder(), removeFolder), await freePort()];
  const server = await startPluvd(["--data", data, "--port", String(port)],
                                  { env: { LISTEN_PID: "1", LISTEN_FDS: "1" } });
  assert.equal(server.port, port);
  await server.stop();
});

test("a descriptor 3 that is no listening socket ends the start and says so", async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const { code, output } = await runToEnd("sh", ["-c",
    'exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"', programs.pluvd, "--secret",
    SECRET, "--data", data, "--port", "0"]);
  assert.equal(code, EXIT_CANNOT_LISTEN, output);
  assert.match(output, /^pluvd: cannot listen: /m);
});

test("a unit with two sockets is refused, since nobody would answer at the second", async (t) => {
  const data = t.use(makeFolder(), removeFolder);
  const { code, output } = await runToEnd("sh", ["-c",
    'LISTEN_FDS=2 LISTEN_PID=$$ exec "$0" "$@"', programs.pluvd, "--secret", SECRET, "--data", data,
    "--port", "0"]);
  assert.equal(code, EXIT_CANNOT_LISTEN, output);
  assert.match(output, /^pluvd: cannot listen: systemd passes 2 sockets/m);
});

const SYSTEMD = "systemd-socket-activate";
const noSystemd = spawnSync(SYSTEMD, ["--version"]).error && `${SYSTEMD} is not installed`;

test("systemd's own activator finds a pluvd behind its socket", { skip: noSystemd }, async (t) => {
  const port = await freePort();
  const server = new Server(SYSTEMD, ["-l", `127.0.0.1:${port}`, programs.pluvd,
                                      ...activatedArgs(t)]);
  t.use(server, () => server.alive && server.kill());
  await until(() => server.output.includes("Listening on"), { what: "its socket" });
  const url = `ws://127.0.0.1:${port}/api/pluv/room/`;
  const client = t.use(new Client({ url, room: t.room, token: () => userToken(t.room) }));
  await client.ready();
  assert.match(server.output, new RegExp(`^pluvd listening on http://127.0.0.1:${port}$`, "m"));
  await client.close();
  await server.stop();
});

await run();
