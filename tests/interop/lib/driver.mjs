// The driver program as a process: scripts in, answers out, in order.
import { spawn } from "node:child_process";

import * as encoding from "lib0/encoding";

export class Driver {
  #process;
  #waiting = [];
  #chunks = [];
  #size = 0;

  constructor(program) {
    this.#process = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdout.on("data", (chunk) => this.#receive(chunk));
    this.#process.stdin.on("error", () => {});  // the exit says it
    this.#process.on("exit", (code, signal) => {
      for (const { reject } of this.#waiting) reject(new Error(`driver ended: ${signal ?? code}`));
      this.#waiting = [];
    });
  }

  // Sends scripts and resolves to one buffer of answers for each.
  run(scripts) {
    const answers = scripts.map(() => new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    }));
    const frames = scripts.flatMap((script) => {
      const encoder = encoding.createEncoder();
      encoding.writeAny(encoder, script);
      const bytes = encoding.toUint8Array(encoder);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(bytes.length);
      return [head, bytes];
    });
    this.#process.stdin.write(Buffer.concat(frames));
    return Promise.all(answers);
  }

  end() { this.#process.stdin.end(); }

  #receive(chunk) {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < 4) return;
    let bytes = Buffer.concat(this.#chunks);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE(0)) {
      const end = 4 + bytes.readUInt32LE(0);
      this.#waiting.shift().resolve(bytes.subarray(4, end));
      bytes = bytes.subarray(end);
    }
    this.#chunks = [bytes];
    this.#size = bytes.length;
  }
}
