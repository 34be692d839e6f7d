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

// Of a module: so much of the object's 128 MiB, and no more for long. A document that needs it all
// the time is loaded anew so often at most.
const memoryBytesMax = 48 * 1024 * 1024;
const shrinkEveryMs = 60_000;

// limits.silenceMsMax, as the module has it.
const silenceMsDefault = 150_000;

const closeTooBig = 1009;
const closeBroken = 1011;
const closeRestart = 1012;

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
  // The tickets that the module waits for.
  readonly #owed = new Set<number>();
  // Sockets that are no session any more and are closed in a moment.
  readonly #leaving = new WeakSet<WebSocket>();
  #relieve = (): void => undefined;
  #resting = 0;
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
  #shrunkAt = 0;
  #isRinging = false;

  constructor(ctx: DurableObjectState, env: Env, options: RoomObjectOptions<Env, User, Context>) {
    this.#ctx = ctx;
    this.#env = env;
    this.#options = options;
    this.#log = quietly(options.log ?? logToConsole);
    this.#silenceMsMax = options.limits?.silenceMsMax ?? silenceMsDefault;
    this.#sessions = new Sessions(ctx);
    this.#documents = new DocumentTable(ctx.storage);
    this.#clock = new AlarmClock(ctx.storage, () => this.#wake());
  }

  // --- What happens to the object

  // The room's own value is made for the first to come. Rejects when that fails.
  async prepare(room: string, request: Request): Promise<void> {
    this.#named(room);
    this.#request ??= request;
    if (this.#isBroken || !this.#open()) throw new Error("the room is broken");
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

  // After prepare. Throws when nobody can be let in; the socket was not accepted then.
  join(
    room: string, user: { id: string; json: string; permissions: string }, socket: WebSocket,
  ): void {
    if (!this.#open()) throw new Error("the room is broken");
    const id = `p_${crypto.randomUUID()}`;
    this.#ctx.acceptWebSocket(socket);
    const index = this.#sessions.add(socket);
    if (!this.#feedFrom(socket, (inputs) => inputs.opened(index, id, user))) return;
    const refusal = this.#takeRejection();
    if (refusal !== null) {
      this.#sessions.remove(index);
      socket.send(errorText(room, refusal));
      socket.close(3000, "WebSocket unauthorized.");
    }
  }

  // A promise where there is something to wait for: the runtime takes one for work, too.
  message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> | undefined {
    if (this.#isNobodys(socket)) {
      this.#sendAway(socket, closeRestart, "The room was restarted");
      return undefined;
    }
    this.#open(socket);
    this.#sessions.heard(socket);
    if (this.#clock.isOverdue) this.#wake();
    this.#take(socket, typeof message === "string" ? message : new Uint8Array(message));
    return this.#work.size > 0 ? this.#rest() : undefined;
  }

  #take(socket: WebSocket, data: string | Uint8Array): void {
    const instance = this.#instance;
    if (!instance) {
      this.#sendAway(socket, closeRestart, "The room was restarted");
      return;
    }
    const index = this.#sessions.indexOf(socket);
    if (index === undefined) return; // closed meanwhile
    if (isLonger(data, instance.messageBytesMax(index))) {
      this.#sessions.remove(index);
      socket.close(closeTooBig, "Message is too large");
      this.#feed((inputs) => inputs.closed(index));
    } else {
      this.#feedFrom(socket, (inputs) => inputs.message(index, data));
    }
  }

  async closed(socket: WebSocket): Promise<void> {
    if (this.#isNobodys(socket) || !this.#open(socket)) return;
    const index = this.#sessions.indexOf(socket);
    if (index === undefined) return;
    this.#sessions.remove(index);
    this.#feed((inputs) => inputs.closed(index));
    await this.#rest();
  }

  // The object was asleep, and the socket is one that was refused: for that no room is woken.
  #isNobodys(socket: WebSocket): boolean {
    return this.#instance === null && this.#sessions.kept(socket) === null;
  }

  async alarm(): Promise<void> {
    this.#clock.rang();
    this.#isRinging = true;
    if (this.#open()) this.#wake();
    this.#isRinging = false;
    await this.#rest();
  }

  // --- What the application asks of the room. data: an object or null.

  // None of them waits for the room's handlers, which may be the ones that call.
  broadcast(name: string, data: object | null): void {
    requireString("an event's name", name);
    if (this.#open() && this.#calls?.mayBroadcast(name) === false) {
      throw new TypeError(`the procedure ${name} has no broadcast resolver`);
    }
    this.#event(data, (json) => (inputs) => inputs.broadcast(name, json));
  }
  emit(name: string, data: object | null): void {
    requireString("an event's name", name);
    this.#event(data, (json) => (inputs) => inputs.emit(name, json));
  }
  evict(session: string): void {
    requireString("a session's id", session);
    if (this.#open()) this.#feed((inputs) => inputs.evict(session));
    this.#stay();
  }
  evictAll(): void {
    if (this.#open()) this.#feed((inputs) => inputs.evictAll());
    this.#stay();
  }
  garbageCollect(): void {
    if (this.#open()) {
      this.#hearPings();
      this.#feed((inputs) => inputs.collectGarbage());
    }
    this.#stay();
  }
  size(): number {
    return this.#open() ? (this.#instance?.size ?? 0) : 0;
  }
  // The room need not have sessions. Rejects when the update was not taken, or not kept.
  async applyUpdate(room: string, update: Uint8Array): Promise<void> {
    if (!((update as unknown) instanceof Uint8Array)) {
      throw new TypeError("an update must be a Uint8Array");
    }
    this.#named(room);
    if (!this.#open()) throw new Error("the room is broken");
    const number = this.#nextEdit++;
    const done = new Promise<string | null>((resolve) => this.#edits.set(number, resolve));
    this.#feed((inputs) => inputs.applyUpdate(number, update));
    const error = await done;
    this.#stay();
    if (error !== null) throw new Error(error);
  }

  #event(data: object | null, make: (json: string) => Input): void {
    const json = JSON.stringify(data) as string | undefined;
    if (json === undefined || (json !== "null" && !json.startsWith("{"))) {
      throw new TypeError("an event's data must be an object or null");
    }
    if (!this.#open()) return;
    this.#feed(make(json));
    const refusal = this.#takeRejection();
    this.#stay();
    if (refusal !== null) throw new TypeError(refusal);
  }
  #stay(): void {
    if (this.#resting === 0) this.#ctx.waitUntil(this.#rest());
  }

  // --- The instance, which comes and goes

  #named(room: string): void {
    if (this.#roomName() === room) return;
    if (this.#room !== null) throw new Error(`this object is the room ${this.#room}, not ${room}`);
    // Not before somebody may come in: an object that has stored nothing costs nothing.
    const { storage } = this.#ctx;
    storage.transactionSync(() => {
      storage.sql.exec(
        "CREATE TABLE pluv_room (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL)");
      this.#sessions.createTable();
      this.#documents.createTable();
      storage.sql.exec("INSERT INTO pluv_room (id, name) VALUES (1, ?)", room);
    });
    this.#room = room;
  }
  #roomName(): string | null {
    if (this.#room !== null) return this.#room;
    const { sql } = this.#ctx.storage;
    const tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'pluv_room'").toArray();
    if (tables.length === 0) return null;
    this.#room = sql.exec<{ name: string }>("SELECT name FROM pluv_room").one().name;
    return this.#room;
  }

  // Takes the sessions up again if the memory of them has gone. extra: a socket that the runtime
  // may not list any more, since it is closed. False when nobody has ever been in this room, and
  // when the module breaks over it: the instance is null then.
  #open(extra?: WebSocket): boolean {
    this.#shrink();
    if (this.#instance) return true;
    const room = this.#roomName();
    if (room === null) return false;
    try {
      this.#instance = this.#makeInstance(room);
      this.#takeUp(extra);
    } catch (failure) {
      this.#recover(failure);
    }
    return (this.#instance as RoomInstance | null) !== null;
  }

  // A module's memory never shrinks: one that a large document has left large is given up between two
  // events, as if the object had been evicted.
  #shrink(): void {
    const instance = this.#instance;
    if (!instance || instance.memoryBytes <= memoryBytesMax) return;
    const isIdle = this.#work.size === 0 && this.#owed.size === 0 && this.#edits.size === 0;
    const isDue = Date.now() - this.#shrunkAt >= shrinkEveryMs;
    if (!isIdle || !isDue || this.#running || !instance.mayHibernate) return;
    this.#shrunkAt = Date.now();
    this.#instance = null;
    this.#sessions.clear();
  }

  #makeInstance(room: string): RoomInstance {
    const options = this.#options;
    this.#calls = new HostCalls(options, this.#env, room, () => this.#makeContext(room));
    this.#ctx.setWebSocketAutoResponse(
      new WebSocketRequestResponsePair(pingText, pongText(room)),
    );
    return new RoomInstance(options.module, {
      room,
      authorizes: options.authorize !== undefined,
      documents: options.crdt !== "noop",
      strict: options.strict ?? false,
      detailedErrors: options.detailedErrors ?? true,
      listeners: listenedKinds(options),
      procedures: this.#calls.names,
      limits: readLimits(options.limits),
    });
  }

  #takeUp(extra: WebSocket | undefined): void {
    const sockets = new Set(this.#ctx.getWebSockets());
    if (extra) sockets.add(extra);
    for (const socket of sockets) {
      const kept = this.#sessions.kept(socket);
      if (kept === null) {
        // Its room has broken before it could say who this is.
        this.#sendAway(socket, closeRestart, "The room was restarted");
        continue;
      }
      const index = this.#sessions.add(socket);
      this.#feed((inputs) => inputs.restored(index, kept.attachment, kept.silentMs));
      if (!this.#instance) return; // it broke
    }
    this.#sessions.forgetOthers(sockets);
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
  // it was at work on is lost, which nobody's client knows of: then all of them are sent away for a
  // moment, and say again what they have when they come back.
  #recover(failure: unknown): void {
    this.#log("error", "module_broken", { room: this.#room, error: String(failure) });
    const isWhole = this.#owed.size === 0;
    this.#instance = null;
    this.#rejected = null;
    this.#queue.length = 0;
    this.#owed.clear();
    this.#clock.set(Date.now() + this.#silenceMsMax); // whoever is there then is looked at
    this.#clock.arm(() => true, 0);
    this.#sessions.clear();
    for (const settle of this.#edits.values()) settle("the room had to be restarted");
    this.#edits.clear();
    this.#breaks.push(Date.now());
    const isBroken = this.#isBroken;
    if (isWhole && !isBroken) return;
    for (const socket of this.#ctx.getWebSockets()) {
      if (isBroken) this.#sendAway(socket, closeBroken, "The room is broken");
      else this.#sendAway(socket, closeRestart, "The room was restarted");
    }
  }

  // Too often of late to be tried again.
  get #isBroken(): boolean {
    const now = Date.now();
    this.#breaks = this.#breaks.filter((at) => now - at < breaksWindowMs);
    return this.#breaks.length > breaksMax;
  }

  // For now: clients come back by themselves, so their sockets are held a while.
  #sendAway(socket: WebSocket, code: number, reason: string): void {
    if (this.#leaving.has(socket) || socket.readyState !== WebSocket.OPEN) return;
    this.#leaving.add(socket);
    this.#sessions.forget(socket);
    setTimeout(() => closeQuietly(socket, code, reason),
               pacingMsMin + Math.random() * (pacingMsMax - pacingMsMin));
  }

  // --- Inputs and effects

  // Never throws. Inputs that come up while effects are carried out wait until that is done.
  #feed(...inputs: Input[]): void {
    this.#queue.push(...inputs);
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

  // False when the module broke over what this socket has brought, which is lost.
  #feedFrom(socket: WebSocket, input: Input): boolean {
    const instance = this.#instance;
    this.#feed(input);
    if (this.#instance === instance) return true;
    this.#sendAway(socket, closeRestart, "The room was restarted");
    return false;
  }

  #run(): void {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      for (const effect of this.#instance?.step(next(this.#inputs)) ?? []) this.#execute(effect);
    }
    if (this.#persisting === 0) this.#arm();
  }

  #arm(): void {
    const latest = this.#sessions.size > 0 ? Date.now() + this.#silenceMsMax : 0;
    // An alarm comes when somebody has been silent for long: what is due soon then is about that.
    const mayBeEvicted = (): boolean => !this.#isRinging && (this.#instance?.mayHibernate ?? true);
    this.#clock.arm(mayBeEvicted, latest);
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
    if (paced) this.#sendAway(socket, code, reason);
    else closeQuietly(socket, code, reason);
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
    const answer = this.#owe(ticket);
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
    answer(done);
    if (this.#instance !== instance && this.#persisting === 0) this.#arm();
  }

  // Answers how the instance is told of the work's end; another one is not.
  #owe(ticket: number): (input: Input) => void {
    const instance = this.#instance;
    if (ticket !== 0) this.#owed.add(ticket);
    return (input) => {
      if (this.#instance !== instance) return;
      this.#feed(input);
      if (this.#instance === instance) this.#owed.delete(ticket);
    };
  }

  #wake(): void {
    this.#hearPings();
    this.#clock.set(0); // the module says when the next one is
    this.#feed((inputs) => inputs.woke());
  }

  // The runtime has answered pings that the room has not seen.
  #hearPings(): void {
    const pings = this.#sessions.takePings();
    if (pings.length === 0) return;
    this.#feed(...pings.map((index) => (inputs: Inputs) => inputs.heard(index)));
  }

  // --- The application's code

  async #runProcedure(effect: Extract<Effect, { kind: "runProcedure" }>): Promise<void> {
    const { ticket } = effect;
    const done = this.#owe(ticket);
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
    const done = this.#owe(ticket);
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
    const state = { isOver: false };
    try {
      const encodedState = this.#encodedState(document, state);
      await this.#calls?.listen({ ...effect, document: encodedState });
    } catch (failure) {
      this.#log("error", "listener_failed", { room: this.#room, error: messageOf(failure) });
    }
    state.isOver = true;
    if (this.#instance !== instance) return;
    if (document !== 0) instance?.releaseDocument(document);
    if (ticket !== 0) done((inputs) => inputs.listenerDone(ticket));
  }

  // Valid until the listener is done. Afterwards it throws: a document that is gone must not be
  // taken for an empty one, and saved.
  #encodedState(document: number, state: { isOver: boolean }): EncodedState {
    const instance = this.#instance;
    const bytes = (): Uint8Array => {
      if (document === 0) return new Uint8Array();
      if (state.isOver) throw new Error("encodedState was read after its listener had ended");
      if (!instance || this.#instance !== instance) {
        throw new Error("the room was restarted while its listener was at work");
      }
      return this.#read(() => instance.document(document));
    };
    return {
      exists: () => bytes().length > 0,
      bytes,
      base64: () => toBase64(bytes()),
    };
  }

  // Of the instance, which is broken when it throws.
  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (failure) {
      this.#recover(failure);
      throw failure;
    }
  }

  #start(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  // The latest event lasts as long as the work, or the object could be evicted.
  async #rest(): Promise<void> {
    this.#relieve(); // the event before need not wait any more
    let isRelieved = false;
    const relief = new Promise<void>((resolve) => {
      this.#relieve = () => {
        isRelieved = true;
        resolve();
      };
    });
    this.#resting += 1;
    while (!isRelieved && (this.#work.size > 0 || this.#clock.timer)) {
      await Promise.race([relief, this.#clock.timer ?? Promise.all(this.#work)]);
    }
    this.#resting -= 1;
  }
}

function requireString(what: string, value: unknown): void {
  if (typeof value !== "string") throw new TypeError(`${what} must be a string`);
}

function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It was closed meanwhile.
  }
}

// What the application's log throws harms nothing.
function quietly(log: Log): Log {
  return (level, event, fields) => {
    try {
      log(level, event, fields);
    } catch {
      // There is nowhere to say so.
    }
  };
}

function isLonger(data: string | Uint8Array, bytesMax: number): boolean {
  if (typeof data !== "string") return data.length > bytesMax;
  if (data.length * 3 <= bytesMax) return false;
  return data.length > bytesMax || new TextEncoder().encode(data).length > bytesMax;
}

function pongText(room: string): string {
  return JSON.stringify({ connectionId: pongSession, data: {}, room, type: "$pong", user: null });
}

function errorText(room: string, message: string): string {
  const data = { message, stack: null };
  return JSON.stringify({ connectionId: null, data, room, type: "$error", user: null });
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

function logToConsole(level: "info" | "warn" | "error", event: string, fields: object): void {
  console[level](JSON.stringify({ event, ...fields }));
}
