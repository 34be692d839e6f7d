// Server processes: started on a port, waited for, stopped by their own id, and judged by how they
// end. None outlives this process, and no folder made here does.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";

const running = new Set();
const folders = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) removeFolder(folder);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

// What a sanitizer or an assertion of ours prints.
const BROKEN = /(?:Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:|PLUV_ASSERT/;

// Nobody listens there now; somebody may a moment later.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// A new, empty folder, which goes with removeFolder or with this process.
export function makeFolder(parent = os.tmpdir()) {
  const folder = mkdtempSync(path.join(parent, "pluv-e2e-"));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder) {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

// Settings of whoever runs the tests are none of theirs.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("PLUV_")));

export class Server {
  #child;
  #ended = false;

  // ownFolder: removed when the process has ended. output_max: of its output so much is kept, the
  // last of it. cwd: the folder that it runs in, else this process's.
  constructor(command, args, { env = {}, ownFolder, cwd, output_max = 200_000 } = {}) {
    this.command = [command, ...args].join(" ");
    this.output = "";
    this.#child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...environment, ...env },
      cwd,
    });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        this.output = (this.output + text).slice(-output_max);
      });
    }
    // {code, signal}: after all output has been read.
    this.exited = new Promise((resolve) => {
      const end = (code, signal, error) => {
        running.delete(this.#child);
        this.#ended = true;
        if (ownFolder) removeFolder(ownFolder);
        resolve({ code, signal, error });
      };
      this.#child.on("error", (error) => end(null, null, error));
      this.#child.on("close", (code, signal) => end(code, signal));
    });
  }

  get pid() {
    return this.#child.pid;
  }
  get alive() {
    return !this.#ended;
  }

  signal(name) {
    this.#child.kill(name);
  }

  // The port of its line with "listening", or with the event "listen".
  async listening(timeout = 60_000) {
    const end = Date.now() + timeout;
    for (;;) {
      const line = this.output.split("\n").slice(0, -1).find((text) => /listening|"listen"/i.test(text));
      // The last of them would also find the time of a log line.
      const port = [/:(\d+)\/?\s*$/, /\bport\D{0,3}(\d+)/, /:(\d+)\b/]
        .map((form) => line?.match(form)).find(Boolean);
      if (port) {
        this.port = Number(port[1]);
        this.http = `http://127.0.0.1:${this.port}`;
        this.url = `ws://127.0.0.1:${this.port}/api/pluv/room/`;
        return this;
      }
      if (!this.alive) throw new Error(`${this.command} ended at once:\n${this.output}`);
      if (Date.now() > end) throw new Error(`${this.command} is not listening:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  // Throws when it ended before it was told to, ended wrongly or said that something broke.
  async stop({ signal = "SIGTERM", timeout = 60_000 } = {}) {
    const early = !this.alive;
    this.signal(signal);
    const timer = setTimeout(() => this.signal("SIGKILL"), timeout);
    const { code, signal: by, error } = await this.exited;
    clearTimeout(timer);
    const killed = signal === "SIGKILL";
    if (error) throw error;
    if (BROKEN.test(this.output) || (!killed && (early || code !== 0))) {
      throw new Error(`${this.command} ended ${early ? "by itself " : ""}with ` +
                      `${by ?? `code ${code}`}:\n${this.output.slice(-8_000)}`);
    }
    return code;
  }

  async kill() {
    await this.stop({ signal: "SIGKILL" });
  }
}

export async function startServer(command, args, options = {}) {
  const server = new Server(command, args, options);
  try {
    return await server.listening();
  } catch (error) {
    server.signal("SIGKILL");
    throw error;
  }
}

// Runs a program to its end: {code, signal, output}.
export async function runToEnd(command, args, options = {}) {
  const server = new Server(command, args, options);
  return { ...await server.exited, output: server.output };
}
