// The bytes that the host and a room's module hand each other. The numbers and the order of fields
// are those of src/platform/cloudflare/wire.h, which describes them; wireVersion tells whether a
// module is of this release.

export const wireVersion = 2;

const inputKinds = {
  opened: 1,
  restored: 2,
  message: 3,
  heard: 4,
  closed: 5,
  woke: 6,
  procedureDone: 7,
  listenerDone: 8,
  documentLoaded: 9,
  persisted: 10,
  broadcast: 11,
  emit: 12,
  applyUpdate: 13,
  evict: 14,
  evictAll: 15,
  collectGarbage: 16,
} as const;

// As room::HostCallKind.
export const callKinds = {
  roomDestroyed: 1,
  initialStorage: 2,
  userConnected: 3,
  userDisconnected: 4,
  roomMessage: 5,
  storageUpdated: 6,
} as const;

export const audiences = { broadcast: 0, self: 1, sync: 2 } as const;
export type Audience = keyof typeof audiences;

// JSON as text; null: none.
export interface CallSession {
  id: string;
  user: string | null;
  presence: string | null;
}

export type Effect =
  | { kind: "send"; text: string; receivers: number[] }
  | { kind: "close"; index: number; code: number; reason: string; paced: boolean }
  | { kind: "wake"; at: number }
  | {
      kind: "runProcedure";
      ticket: number;
      name: string;
      broadcastOnly: boolean;
      session: CallSession | null;
      data: string;
    }
  | {
      kind: "callListener";
      ticket: number;
      call: number;
      session: CallSession | null;
      name: string;
      data: string;
      document: number;
    }
  | { kind: "loadDocument"; ticket: number }
  | { kind: "appendUpdate"; ticket: number; update: Uint8Array }
  | { kind: "compactDocument"; ticket: number; last: number; snapshot: Uint8Array }
  | { kind: "editDone"; number: number; error: string | null }
  | { kind: "refused"; session: string; reason: string }
  | { kind: "trouble"; what: string; message: string }
  | { kind: "sessionChanged"; index: number; attachment: string }
  | { kind: "finished" }
  | { kind: "rejected"; message: string };

export interface OutputEvent {
  audience: Audience;
  name: string;
  data: string;
}

export interface StoredDocument {
  updates: Uint8Array[];
  last: number;
  hasSnapshot: boolean;
}

const encoder = new TextEncoder();
// A byte order mark is a character of its text like any other.
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

const inPlaceCharsMax = 16_384;

// Bytes that are longer are not copied on their way.
const copiedBytesMax = 4_096;

// Writes one input; reused, so an input is to be handed over before the next one begins.
export class InputWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  // What belongs in between: before the byte `at` of those above.
  #long: { at: number; bytes: Uint8Array }[] = [];
  #longSize = 0;

  get size(): number {
    return this.#size + this.#longSize;
  }

  // target: of this size. Nothing is left of the input.
  handOver(target: Uint8Array): void {
    let from = 0;
    let to = 0;
    for (const { at, bytes } of this.#long) {
      target.set(this.#bytes.subarray(from, at), to);
      to += at - from;
      from = at;
      target.set(bytes, to);
      to += bytes.length;
    }
    target.set(this.#bytes.subarray(from, this.#size), to);
    this.clear();
  }

  clear(): this {
    this.#size = 0;
    this.#longSize = 0;
    if (this.#long.length > 0) this.#long = [];
    // What a large input took is given back.
    if (this.#bytes.length > 65_536) this.#use(new Uint8Array(4096));
    return this;
  }

  u8(value: number): this {
    this.#room(1);
    this.#view.setUint8(this.#size, value);
    this.#size += 1;
    return this;
  }
  flag(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }
  u32(value: number): this {
    this.#room(4);
    this.#view.setUint32(this.#size, value, true);
    this.#size += 4;
    return this;
  }
  number(value: number): this {
    this.#room(8);
    this.#view.setFloat64(this.#size, value, true);
    this.#size += 8;
    return this;
  }
  // Long bytes are not to change until the input was handed over.
  text(given: string | Uint8Array): this {
    // In place, where there is room for three bytes a character anyhow.
    const isLong = typeof given === "string" && given.length > inPlaceCharsMax;
    const value = isLong ? encoder.encode(given) : given;
    if (typeof value === "string") {
      this.#room(4 + value.length * 3);
      const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#size + 4));
      this.#view.setUint32(this.#size, written, true);
      this.#size += 4 + written;
      return this;
    }
    this.u32(value.length);
    if (value.length > copiedBytesMax) {
      this.#long.push({ at: this.#size, bytes: value });
      this.#longSize += value.length;
    } else {
      this.#room(value.length);
      this.#bytes.set(value, this.#size);
      this.#size += value.length;
    }
    return this;
  }

  #room(bytes: number): void {
    const needed = this.#size + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#use(larger);
  }
  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

// One function an input. All of them are to be given to RoomInstance.step.
export class Inputs {
  readonly #writer = new InputWriter();

  opened(
    index: number, session: string, user: { id: string; json: string; permissions: string },
  ): InputWriter {
    return this.#begin("opened").u32(index).text(session).text(user.id).text(user.json)
      .text(user.permissions);
  }
  restored(index: number, attachment: string, silentMs: number): InputWriter {
    return this.#begin("restored").u32(index).text(attachment).number(silentMs);
  }
  message(index: number, text: string | Uint8Array): InputWriter {
    return this.#begin("message").u32(index).text(text);
  }
  heard(index: number): InputWriter {
    return this.#begin("heard").u32(index);
  }
  closed(index: number): InputWriter {
    return this.#begin("closed").u32(index);
  }
  woke(): InputWriter {
    return this.#begin("woke");
  }
  procedureDone(ticket: number, events: readonly OutputEvent[]): InputWriter {
    const writer = this.#begin("procedureDone").number(ticket).u8(1).u32(events.length);
    for (const { audience, name, data } of events) {
      writer.u8(audiences[audience]).text(name).text(data);
    }
    return writer;
  }
  procedureFailed(ticket: number, message: string): InputWriter {
    return this.#begin("procedureDone").number(ticket).u8(0).text(message);
  }
  listenerDone(ticket: number): InputWriter {
    return this.#begin("listenerDone").number(ticket);
  }
  documentLoaded(ticket: number, { updates, last, hasSnapshot }: StoredDocument): InputWriter {
    const writer = this.#begin("documentLoaded").number(ticket).u8(1).u32(updates.length);
    for (const update of updates) writer.text(update);
    return writer.number(last).flag(hasSnapshot);
  }
  documentNotLoaded(ticket: number, message: string): InputWriter {
    return this.#begin("documentLoaded").number(ticket).u8(0).text(message);
  }
  persisted(ticket: number, number: number): InputWriter {
    return this.#begin("persisted").number(ticket).u8(1).number(number);
  }
  notPersisted(ticket: number, message: string): InputWriter {
    return this.#begin("persisted").number(ticket).u8(0).text(message);
  }
  broadcast(name: string, data: string): InputWriter {
    return this.#begin("broadcast").text(name).text(data);
  }
  emit(name: string, data: string): InputWriter {
    return this.#begin("emit").text(name).text(data);
  }
  applyUpdate(number: number, update: Uint8Array): InputWriter {
    return this.#begin("applyUpdate").number(number).text(update);
  }
  evict(session: string): InputWriter {
    return this.#begin("evict").text(session);
  }
  evictAll(): InputWriter {
    return this.#begin("evictAll");
  }
  collectGarbage(): InputWriter {
    return this.#begin("collectGarbage");
  }

  #begin(kind: keyof typeof inputKinds): InputWriter {
    return this.#writer.clear().number(Date.now()).u8(inputKinds[kind]);
  }
}

class OutputReader {
  #at = 0;
  readonly #view: DataView;

  // bytes: of the module's memory, to which they refer.
  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }
  u8(): number {
    return this.#view.getUint8(this.#at++);
  }
  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }
  number(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }
  text(): string {
    return decoder.decode(this.#part());
  }
  // What stands elsewhere in the module's memory, until the next input.
  reference(): Uint8Array {
    const size = this.u32();
    return new Uint8Array(this.bytes.buffer, this.u32(), size);
  }
  // A text with another in the middle of it.
  textWithBody(): string {
    const frame = this.#part();
    const body = this.reference();
    const place = this.u32();
    if (body.length === 0) return decoder.decode(frame);
    const before = decoder.decode(frame.subarray(0, place));
    return before + decoder.decode(body) + decoder.decode(frame.subarray(place));
  }
  session(): CallSession | null {
    if (this.u8() === 0) return null;
    return { id: this.text(), user: this.text() || null, presence: this.text() || null };
  }

  #part(): Uint8Array {
    const size = this.u32();
    this.#at += size;
    return this.bytes.subarray(this.#at - size, this.#at);
  }
}

const effectReaders: readonly (((reader: OutputReader) => Effect) | null)[] = [
  null,
  (reader) => {
    const text = reader.textWithBody();
    const receivers = Array.from({ length: reader.u32() }, () => reader.u32());
    return { kind: "send", text, receivers };
  },
  (reader) => ({
    kind: "close",
    index: reader.u32(),
    code: reader.u32(),
    reason: reader.text(),
    paced: reader.u8() !== 0,
  }),
  (reader) => ({ kind: "wake", at: reader.number() }),
  (reader) => ({
    kind: "runProcedure",
    ticket: reader.number(),
    name: reader.text(),
    broadcastOnly: reader.u8() !== 0,
    session: reader.session(),
    data: reader.text(),
  }),
  (reader) => ({
    kind: "callListener",
    ticket: reader.number(),
    call: reader.u8(),
    session: reader.session(),
    name: reader.text(),
    data: reader.text(),
    document: reader.u32(),
  }),
  (reader) => ({ kind: "loadDocument", ticket: reader.number() }),
  (reader) => ({ kind: "appendUpdate", ticket: reader.number(), update: reader.reference().slice() }),
  (reader) => ({
    kind: "compactDocument",
    ticket: reader.number(),
    last: reader.number(),
    snapshot: reader.reference().slice(),
  }),
  (reader) => {
    const number = reader.number();
    const kept = reader.u8() !== 0;
    const error = reader.text();
    return { kind: "editDone", number, error: kept ? null : error };
  },
  (reader) => ({ kind: "refused", session: reader.text(), reason: reader.text() }),
  (reader) => ({ kind: "trouble", what: reader.text(), message: reader.text() }),
  (reader) => ({ kind: "sessionChanged", index: reader.u32(), attachment: reader.text() }),
  () => ({ kind: "finished" }),
  (reader) => ({ kind: "rejected", message: reader.text() }),
];

// bytes: of the module's memory; nothing of them is kept.
export function readEffects(bytes: Uint8Array): Effect[] {
  const reader = new OutputReader(bytes);
  const effects: Effect[] = [];
  while (!reader.atEnd) {
    const kind = reader.u8();
    const read = effectReaders[kind];
    if (!read) throw new Error(`the room's module answered with an unknown effect ${kind}`);
    effects.push(read(reader));
  }
  return effects;
}
