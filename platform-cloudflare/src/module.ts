// One instance of a room's WebAssembly module: functions over its memory. Whoever owns it hands
// inputs in (wire.ts) and carries the effects out. An instance whose code has trapped is broken:
// it must be dropped, and a new one made.
import { type Effect, InputWriter, readEffects, wireVersion } from "./wire.js";

export interface RoomConfig {
  room: string;
  // Sessions have users.
  authorizes: boolean;
  // Rooms share documents, which are stored.
  documents: boolean;
  strict: boolean;
  // What schemas and handlers say of a failure reaches the sender.
  detailedErrors: boolean;
  // callKinds that are listened to.
  listeners: readonly number[];
  procedures: readonly string[];
  limits: Readonly<Record<string, number>>;
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  pluv_wire_version(): number;
  pluv_input(size: number): number;
  pluv_output(): number;
  pluv_make(size: number): number;
  pluv_step(size: number): number;
  pluv_document(handle: number): number;
  pluv_release_document(handle: number): void;
  pluv_message_bytes_max(index: number): number;
  pluv_size(): number;
  pluv_may_hibernate(): number;
}

const errnoUnsupported = 52;

// What the module's C library may call: a place for its last words, and nothing else.
function systemCalls(memory: () => WebAssembly.Memory): WebAssembly.ModuleImports {
  const calls: Record<string, (...args: number[]) => number> = {
    fd_write: (_descriptor, vectors = 0, count = 0, written = 0) => {
      const view = new DataView(memory().buffer);
      let text = "";
      let size = 0;
      for (let at = vectors; at < vectors + count * 8; at += 8) {
        const length = view.getUint32(at + 4, true);
        text += new TextDecoder().decode(
          new Uint8Array(view.buffer, view.getUint32(at, true), length),
        );
        size += length;
      }
      console.error(text.trimEnd());
      view.setUint32(written, size, true);
      return 0;
    },
    proc_exit: (code) => {
      throw new Error(`the room's module ended with ${code}`);
    },
  };
  return new Proxy(calls, {
    get: (known, name) => known[String(name)] ?? (() => errnoUnsupported),
  });
}

function seedParts(): [number, number] {
  const [low = 0, high = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [low, high];
}

export class RoomInstance {
  readonly #exports: Exports;

  // Throws an Error that says what is wrong with the module or the config.
  constructor(module: WebAssembly.Module, config: RoomConfig) {
    const memory = (): WebAssembly.Memory => this.#exports.memory;
    const instance = new WebAssembly.Instance(module, {
      wasi_snapshot_preview1: systemCalls(memory),
    });
    this.#exports = instance.exports as unknown as Exports;
    this.#exports._initialize();
    const version = this.#exports.pluv_wire_version();
    if (version !== wireVersion) {
      throw new Error(
        `the room's module is of another release: it speaks version ${version} of the ` +
          `interface, this package ${wireVersion}`,
      );
    }
    this.#make(config);
  }

  #make(config: RoomConfig): void {
    const [low, high] = seedParts();
    const writer = new InputWriter().text(config.room).u32(low).u32(high);
    writer.flag(config.authorizes).flag(config.documents).flag(config.documents);
    writer.flag(config.strict).flag(config.detailedErrors);
    writer.u32(config.listeners.reduce((mask, kind) => mask | (1 << kind), 0));
    writer.u32(config.procedures.length);
    for (const name of config.procedures) writer.text(name);
    const limits = Object.entries(config.limits);
    writer.u32(limits.length);
    for (const [name, value] of limits) writer.text(name).number(value);
    const refused = this.#exports.pluv_make(this.#write(writer));
    if (refused > 0) throw new Error(new TextDecoder().decode(this.#answer(refused)));
  }

  step(input: InputWriter): Effect[] {
    return readEffects(this.#answer(this.#exports.pluv_step(this.#write(input))));
  }
  // Empty: it is unknown, or there is none.
  document(handle: number): Uint8Array {
    return this.#answer(this.#exports.pluv_document(handle)).slice();
  }
  releaseDocument(handle: number): void {
    this.#exports.pluv_release_document(handle);
  }
  messageBytesMax(index: number): number {
    return this.#exports.pluv_message_bytes_max(index);
  }
  get size(): number {
    return this.#exports.pluv_size();
  }
  get mayHibernate(): boolean {
    return this.#exports.pluv_may_hibernate() !== 0;
  }
  // Of the module's memory, which never shrinks.
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  #write(input: InputWriter): number {
    const { size } = input;
    const at = this.#exports.pluv_input(size);
    input.handOver(new Uint8Array(this.#exports.memory.buffer, at, size));
    return size;
  }
  #answer(size: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, this.#exports.pluv_output(), size);
  }
}
