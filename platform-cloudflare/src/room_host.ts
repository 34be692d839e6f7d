// A room inside a Durable Object: turns the object's events into inputs of the module and carries
// its effects out. All of its memory may go between two events (the object is evicted while its
// sockets stay): what is needed to go on stands beside the sockets and in the object's storage, and
// the next event takes it up again, as it does after a module that broke.
import { AlarmClock } from "./alarm_clock.js";
import { DocumentTable } from "./document_table.js";
import { HostCalls, listenedKinds } from "./host_calls.js";
import type { EncodedState, RoomObjectOptions } from "./host_types.js";
import { Unauthorized } from "./join_errors.js";
import { readLimits } from "./limits.js";
import { RoomInstance } from "./module.js";
import { Sessions } from "./sessions.js";
import { ensureTable } from "./tables.js";
import { toBase64 } from "./base64.js";
import { callKinds, type Effect, type InputWriter, Inputs } from "./wire.js";

// As the native server does it: a client that comes back at once after a refusal for now is held.
const pacingMsMin = 1_000;
const pacingMsMax = 5_000;

// A module that breaks this often in a minute is not tried again with the same sessions.
const breaksMax = 5;
const breaksWindowMs = 60_000;

// The text that clients send, and nothing else.
const pingText = '{"type":"$ping","data":{}}';
// Not a session's: one answer for all of them, given by the runtime while the object sleeps.
const pongSession = "p_00000000-0000-4000-8000-000000000000";

// limits.silenceMsMax, as the module has it.
const silenceMsDefault = 150_000;

const closeTooBig = 1009;
const closeBroken = 1011;

type Log = (level: "info" | "warn" | "error", event: string, fields: object) => void;

type Input = (inputs: Inputs) => InputWriter;

export class RoomHost<Env, User, Context> {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #options: RoomObjectOptions<Env, User, Context>;
  readonly #log: Log;
  readonly #sessions: Sessions;
  readonly #documents: DocumentTable;
  readonly #clock: AlarmClock;
  readonly #silenceMsMax: number;
  readonly #inputs = new Inputs();
  readonly #queue: Input[] = [];
  readonly #work = new Set<Promise<void>>();
  // Writes under way. They keep the object as it is, so its clock is set when they are done, instead
  // of for them and against it.
  #persisting = 0;
  readonly #edits = new Map<number, (error: string | null) => void>();
  #nextEdit = 1;
  #running = false;
  #rejected: string | null = null;
  #instance: RoomInstance | null = null;
  #calls: HostCalls<Env, User, Context> | null = null;
  #room: string | null = null;
  #request: Request | undefined;
  #context: Promise<Context> | null = null;
  #breaks: number[] = [];

  constructor(ctx: DurableObjectState, env: Env, options: RoomObjectOptions<Env, User, Context>) {
    this.#ctx = ctx;
    this.#env = env;
    this.#options = options;
    this.#log = options.log ?? logToConsole;
    this.#silenceMsMax = options.limits?.silenceMsMax ?? silenceMsDefault;
    ensureTable(
      ctx.storage.sql,
      "pluv_room",
      "(id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL)",
    );
    this.#sessions = new Sessions(ctx);
    this.#documents = new DocumentTable(ctx.storage);
    this.#clock = new AlarmClock(ctx.storage, () => this.#wake());
  }

  // --- What happens to the object

  // The room's own value is made for the first to come. Rejects when that fails.
  async prepare(room: string, request: Request): Promise<void> {
    this.#named(room);
    this.#request ??= request;
    this.#open();
    if (this.#options.context) await this.#makeContext(room);
  }

  logRefusal(room: string, failure: unknown): void {
    const why = failure instanceof Unauthorized ? failure.reason : messageOf(failure);
    if (failure instanceof Unauthorized && !this.#options.debug) return;
    this.#log(failure instanceof Unauthorized ? "info" : "error", "join_refused", {
      room,
      reason: why,
    });
  }

  // After prepare.
  join(room: string, user: { id: string; json: string }, socket: WebSocket): void {
    this.#open();
    const id = `p_${crypto.randomUUID()}`;
    this.#ctx.acceptWebSocket(socket);
    const index = this.#sessions.add(socket);
    this.#feed((inputs) => inputs.opened(index, id, user.id, user.json));
    const refusal = this.#takeRejection();
    if (refusal !== null) {
      this.#sessions.remove(index);
      socket.send(errorText(room, refusal));
      socket.close(3000, "WebSocket unauthorized.");
    }
  }

  // A promise where there is something to wait for: the runtime takes one for work, too.
  message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> | undefined {
    if (!this.#open(socket)) return undefined;
    const index = this.#sessions.indexOf(socket);
    if (index === undefined) return undefined; // closed meanwhile
    const data = typeof message === "string" ? message : new Uint8Array(message);
    this.#sessions.heard(socket);
    if (this.#clock.isOverdue) this.#wake();
    if (isLonger(data, this.#instance?.messageBytesMax(index) ?? 0)) {
      this.#sessions.remove(index);
      socket.close(closeTooBig, "Message is too large");
      this.#feed((inputs) => inputs.closed(index));
    } else {
      this.#feed((inputs) => inputs.message(index, data));
    }
    return this.#work.size > 0 ? this.#rest() : undefined;
  }

  async closed(socket: WebSocket): Promise<void> {
    if (!this.#open(socket)) return;
    const index = this.#sessions.indexOf(socket);
    if (index === undefined) return;
    this.#sessions.remove(index);
    this.#feed((inputs) => inputs.closed(index));
    await this.#rest();
  }

  async alarm(): Promise<void> {
    this.#clock.rang();
    if (this.#open()) this.#wake();
    await this.#rest();
  }

  // --- What the application asks of the room. data: an object or null.

  async broadcast(name: string, data: object | null): Promise<void> {
    if (this.#open() && this.#calls?.mayBroadcast(name) === false) {
      throw new TypeError(`the procedure ${name} has no broadcast resolver`);
    }
    await this.#event(data, (json) => (inputs) => inputs.broadcast(name, json));
  }
  async emit(name: string, data: object | null): Promise<void> {
    await this.#event(data, (json) => (inputs) => inputs.emit(name, json));
  }
  async evict(session: string): Promise<void> {
    if (this.#open()) this.#feed((inputs) => inputs.evict(session));
    await this.#rest();
  }
  async evictAll(): Promise<void> {
    if (this.#open()) this.#feed((inputs) => inputs.evictAll());
    await this.#rest();
  }
  async garbageCollect(): Promise<void> {
    if (this.#open()) {
      this.#hearPings();
      this.#feed((inputs) => inputs.collectGarbage());
    }
    await this.#rest();
  }
  size(): number {
    return this.#open() ? (this.#instance?.size ?? 0) : 0;
  }
  // The room need not have sessions. Rejects when the update was not taken, or not kept.
  async applyUpdate(room: string, update: Uint8Array): Promise<void> {
    this.#named(room);
    this.#open();
    const number = this.#nextEdit++;
    const done = new Promise<string | null>((resolve) => this.#edits.set(number, resolve));
    this.#feed((inputs) => inputs.applyUpdate(number, update));
    const error = await done;
    await this.#rest();
    if (error !== null) throw new Error(error);
  }

  async #event(data: object | null, make: (json: string) => Input): Promise<void> {
    if (typeof data !== "object" || Array.isArray(data)) {
      throw new TypeError("an event's data must be an object or null");
    }
    if (!this.#open()) return;
    this.#feed(make(JSON.stringify(data)));
    const refusal = this.#takeRejection();
    await this.#rest();
    if (refusal !== null) throw new TypeError(refusal);
  }

  // --- The instance, which comes and goes

  #named(room: string): void {
    if (this.#roomName() === room) return;
    if (this.#room !== null) throw new Error(`this object is the room ${this.#room}, not ${room}`);
    this.#ctx.storage.sql.exec("INSERT INTO pluv_room (id, name) VALUES (1, ?)", room);
    this.#room = room;
  }
  #roomName(): string | null {
    if (this.#room !== null) return this.#room;
    const [row] = this.#ctx.storage.sql.exec<{ name: string }>("SELECT name FROM pluv_room");
    this.#room = row?.name ?? null;
    return this.#room;
  }

  // Takes the sessions up again if the memory of them has gone. extra: a socket that the runtime
  // may not list any more, since it is closed. False when nobody has ever been in this room.
  #open(extra?: WebSocket): boolean {
    if (this.#instance) return true;
    const room = this.#roomName();
    if (room === null) return false;
    const options = this.#options;
    this.#calls = new HostCalls(options, this.#env, room, () => this.#makeContext(room));
    this.#instance = new RoomInstance(options.module, {
      room,
      authorizes: options.authorize !== undefined,
      documents: options.crdt !== "noop",
      strict: options.strict ?? false,
      detailedErrors: options.detailedErrors ?? true,
      listeners: listenedKinds(options),
      procedures: this.#calls.names,
      limits: readLimits(options.limits),
    });
    this.#ctx.setWebSocketAutoResponse(
      new WebSocketRequestResponsePair(pingText, pongText(room)),
    );
    const sockets = new Set(this.#ctx.getWebSockets());
    if (extra) sockets.add(extra);
    for (const socket of sockets) {
      const kept = this.#sessions.kept(socket);
      if (kept === null) continue;
      const index = this.#sessions.add(socket);
      this.#feed((inputs) => inputs.restored(index, kept.attachment, kept.silentMs));
    }
    return true;
  }

  #makeContext(room: string): Promise<Context> {
    this.#context ??= this.#askForContext(room).catch((failure: unknown) => {
      this.#context = null; // the next one asks again
      throw failure;
    });
    return this.#context;
  }

  async #askForContext(room: string): Promise<Context> {
    const { context } = this.#options;
    const from = { env: this.#env, request: this.#request, room, state: this.#ctx };
    return (await context?.(from)) as Context;
  }

  // The module is broken: its memory is given up, and its sessions are taken up by a new one. What
  // it was at work on is lost, which an evicted object's would be, too.
  #recover(failure: unknown): void {
    this.#log("error", "module_broken", { room: this.#room, error: String(failure) });
    this.#instance = null;
    this.#queue.length = 0;
    this.#sessions.clear();
    for (const settle of this.#edits.values()) settle("the room had to be restarted");
    this.#edits.clear();
    const now = Date.now();
    this.#breaks = [...this.#breaks.filter((at) => now - at < breaksWindowMs), now];
    if (this.#breaks.length <= breaksMax) return;
    for (const socket of this.#ctx.getWebSockets()) {
      this.#sessions.forget(socket);
      socket.close(closeBroken, "The room is broken");
    }
  }

  // --- Inputs and effects

  // Never throws. Inputs that come up while effects are carried out wait until that is done.
  #feed(input: Input): void {
    this.#queue.push(input);
    if (this.#running) return;
    this.#running = true;
    try {
      this.#run();
    } catch (failure) {
      this.#recover(failure);
    } finally {
      this.#running = false;
    }
  }

  #run(): void {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      for (const effect of this.#instance?.step(next(this.#inputs)) ?? []) this.#execute(effect);
    }
    if (this.#persisting === 0) this.#arm();
  }
  #arm(): void {
    const latest = this.#sessions.size > 0 ? Date.now() + this.#silenceMsMax : 0;
    this.#clock.arm(() => this.#instance?.mayHibernate ?? true, latest);
  }

  #execute(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        for (const index of effect.receivers) this.#send(index, effect.text);
        return;
      case "close":
        this.#close(effect.index, effect.code, effect.reason, effect.paced);
        return;
      case "wake":
        this.#clock.set(effect.at);
        return;
      case "runProcedure":
        this.#start(this.#runProcedure(effect));
        return;
      case "callListener":
        this.#start(this.#callListener(effect));
        return;
      case "loadDocument":
        this.#loadDocument(effect.ticket);
        return;
      case "appendUpdate":
        this.#start(this.#persist(effect.ticket, () => this.#documents.append(effect.update)));
        return;
      case "compactDocument":
        this.#start(
          this.#persist(effect.ticket, () => {
            this.#documents.compact(effect.last, effect.snapshot);
            return effect.last;
          }),
        );
        return;
      case "editDone":
        this.#edits.get(effect.number)?.(effect.error);
        this.#edits.delete(effect.number);
        return;
      case "refused":
        if (this.#options.debug) {
          const { session, reason } = effect;
          this.#log("info", "refused", { room: this.#room, session, reason });
        }
        return;
      case "trouble":
        this.#log("error", effect.what, { room: this.#room, error: effect.message });
        return;
      case "sessionChanged":
        this.#sessions.keep(effect.index, effect.attachment);
        return;
      case "finished":
        this.#context = null;
        this.#request = undefined;
        return;
      case "rejected":
        this.#rejected = effect.message;
        return;
    }
  }

  #takeRejection(): string | null {
    const rejected = this.#rejected;
    this.#rejected = null;
    return rejected;
  }

  #send(index: number, text: string): void {
    try {
      this.#sessions.at(index)?.send(text);
    } catch {
      // It is closed already, of which the runtime is about to tell.
    }
  }

  #close(index: number, code: number, reason: string, paced: boolean): void {
    const socket = this.#sessions.at(index);
    if (!socket) return;
    this.#sessions.remove(index);
    const close = (): void => {
      try {
        socket.close(code, reason);
      } catch {
        // It was closed meanwhile.
      }
    };
    if (!paced) {
      close();
      return;
    }
    setTimeout(close, pacingMsMin + Math.random() * (pacingMsMax - pacingMsMin));
  }

  #loadDocument(ticket: number): void {
    try {
      const document = this.#documents.load();
      this.#feed((inputs) => inputs.documentLoaded(ticket, document));
    } catch (failure) {
      this.#feed((inputs) => inputs.documentNotLoaded(ticket, messageOf(failure)));
    }
  }

  // Told when it is safe, so that what comes meanwhile is written at once: a busy room is held up
  // by the disk's latency, never by as many writes as it has edits.
  async #persist(ticket: number, work: () => number): Promise<void> {
    const instance = this.#instance;
    let done: Input;
    ++this.#persisting;
    try {
      const number = work();
      await this.#ctx.storage.sync();
      done = (inputs) => inputs.persisted(ticket, number);
    } catch (failure) {
      done = (inputs) => inputs.notPersisted(ticket, messageOf(failure));
    }
    --this.#persisting;
    if (this.#instance === instance) this.#feed(done);
    else if (this.#persisting === 0) this.#arm();
  }

  #wake(): void {
    this.#hearPings();
    this.#feed((inputs) => inputs.woke());
  }

  // The runtime has answered pings that the room has not seen.
  #hearPings(): void {
    for (const index of this.#sessions.takePings()) {
      this.#feed((inputs) => inputs.heard(index));
    }
  }

  // --- The application's code

  async #runProcedure(effect: Extract<Effect, { kind: "runProcedure" }>): Promise<void> {
    const { ticket } = effect;
    const instance = this.#instance;
    const done = (input: Input): void => {
      if (this.#instance === instance) this.#feed(input);
    };
    try {
      const events = await this.#calls?.run(effect);
      done((inputs) => inputs.procedureDone(ticket, events ?? []));
    } catch (failure) {
      done((inputs) => inputs.procedureFailed(ticket, messageOf(failure)));
    }
  }

  async #callListener(effect: Extract<Effect, { kind: "callListener" }>): Promise<void> {
    const { ticket, call, document } = effect;
    const instance = this.#instance;
    const done = (input: Input): void => {
      if (this.#instance === instance) this.#feed(input);
    };
    if (call === callKinds.initialStorage) {
      try {
        const update = await this.#calls?.initialStorage();
        const updates = update ? [update] : [];
        done((inputs) => inputs.documentLoaded(ticket, { updates, last: 0, hasSnapshot: false }));
      } catch (failure) {
        this.#log("error", "listener_failed", { room: this.#room, error: messageOf(failure) });
        done((inputs) => inputs.documentNotLoaded(ticket, messageOf(failure)));
      }
      return;
    }
    try {
      await this.#calls?.listen({ ...effect, document: this.#encodedState(instance, document) });
    } catch (failure) {
      this.#log("error", "listener_failed", { room: this.#room, error: messageOf(failure) });
    }
    if (this.#instance !== instance) return;
    if (document !== 0) instance?.releaseDocument(document);
    if (ticket !== 0) this.#feed((inputs) => inputs.listenerDone(ticket));
  }

  // Valid until the listener is done.
  #encodedState(instance: RoomInstance | null, document: number): EncodedState {
    const bytes = (): Uint8Array =>
      document === 0 || !instance || this.#instance !== instance
        ? new Uint8Array()
        : instance.document(document);
    return {
      exists: () => bytes().length > 0,
      bytes,
      base64: () => toBase64(bytes()),
    };
  }

  #start(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  // The event that brought the work lasts as long as it, or the object could be evicted.
  async #rest(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }
}

function isLonger(data: string | Uint8Array, bytesMax: number): boolean {
  if (typeof data !== "string") return data.length > bytesMax;
  if (data.length * 3 <= bytesMax) return false;
  return data.length > bytesMax || new TextEncoder().encode(data).length > bytesMax;
}

function pongText(room: string): string {
  return JSON.stringify({ connectionId: pongSession, data: {}, room, type: "$pong", user: null });
}

export function errorText(room: string, message: string): string {
  const data = { message, stack: null };
  return JSON.stringify({ connectionId: null, data, room, type: "$error", user: null });
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

function logToConsole(level: "info" | "warn" | "error", event: string, fields: object): void {
  console[level](JSON.stringify({ event, ...fields }));
}
