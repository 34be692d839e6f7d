// A pluvd behind a listening socket that is not its own: activator.py does what systemd does.
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Server } from "./process.mjs";
import { until } from "./runner.mjs";
import { programs } from "./servers.mjs";

const script = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../activator.py");

export class ActivatedPluvd extends Server {
  #starts = 0;

  // --dev takes no socket from outside: args have a secret.
  constructor(args, options = {}) {
    super("python3", [script, programs.pluvd, "--log-level", "warn", ...args], options);
  }

  static async start(args, options) {
    const server = new ActivatedPluvd(args, options);
    await server.listening();
    server.#starts = 1;
    return server;
  }

  get #listened() {
    return this.#lines(/^pluvd listening /gm);
  }
  #lines(pattern) {
    return (this.output.match(pattern) ?? []).length;
  }

  // The exit codes of the processes that have ended.
  get codes() {
    return [...this.output.matchAll(/^activator: ended (-?\d+)$/gm)]
      .map(([, code]) => Number(code));
  }
  // Of the present process.
  get pluvdPid() {
    return Number([...this.output.matchAll(/^activator: started (\d+)$/gm)].at(-1)[1]);
  }

  // Ends when the next one is listening.
  async restart() {
    ++this.#starts;
    this.signal("SIGHUP");
    await until(() => this.#listened >= this.#starts || !this.alive,
                { timeout: 60_000, what: `start ${this.#starts}` });
    if (!this.alive) throw new Error(`the activator has ended: ${this.output}`);
  }
}
