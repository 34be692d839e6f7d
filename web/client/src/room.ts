// A room as one client sees it: who is there, the events, the document, and a connection that comes
// back by itself. It lives as long as its user wants; sockets come and go below it.
import * as Y from "yjs";

import { Backoff } from "./backoff";
import { Connection, type ConnectionEnd } from "./connection";
import { DocumentSync } from "./document_sync";
import { Listeners } from "./listeners";
import { isSameUser, People } from "./people";
import type { CloseReason, Me, Person, RoomError, RoomEvent, ServerTypes, Status, Unsubscribe }
  from "./types";
import { onWakeup } from "./wakeups";
import { isObject, textOr, type Json, type ServerMessage } from "./wire";

export interface RoomOptions<Presence> {
  initialPresence: Presence;
  // Its content is offered to the room; else a new one is made.
  doc?: Y.Doc;
  onStatus?: (status: Status) => void;
}

type Others<Server extends ServerTypes, Presence> = readonly Person<Server["user"], Presence>[];

// Each is told once it has changed, and answers how to be told no more.
export interface RoomSubscriptions<Server extends ServerTypes, Presence> {
  status(listener: (status: Status) => void): Unsubscribe;
  others(listener: (others: Others<Server, Presence>) => void): Unsubscribe;
  myself(listener: (me: Me<Server["user"], Presence>) => void): Unsubscribe;
  error(listener: (error: RoomError) => void): Unsubscribe;
  permissions(listener: (permissions: readonly string[]) => void): Unsubscribe;
}

export class Room<Server extends ServerTypes, Presence extends object> {
  readonly name: string;
  readonly subscribe: RoomSubscriptions<Server, Presence>;
  readonly #address: (signal: AbortSignal) => Promise<string>;
  readonly #backoff = new Backoff();
  readonly #document: DocumentSync;
  readonly #people = new People<Server["user"], Presence>();
  readonly #onStatus = new Listeners<Status>();
  readonly #onOthers = new Listeners<Others<Server, Presence>>();
  readonly #onMyself = new Listeners<Me<Server["user"], Presence>>();
  readonly #onError = new Listeners<RoomError>();
  readonly #onPermissions = new Listeners<readonly string[]>();
  readonly #onEvent = new Map<string, Listeners<RoomEvent<Json, unknown>>>();
  #connection: Connection | null = null;
  #connectedAtMs = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stopWakeups: Unsubscribe | null = null;
  #status: Status = "closed";
  #myself: Me<Server["user"], Presence>;
  // What was changed of the presence since the room last had all of it.
  #unsentPresence: Partial<Presence> | null = null;
  #error: RoomError | null = null;
  #permissions: readonly string[] | null = null;
  #closeReason: CloseReason | null = null;

  constructor(name: string, address: (signal: AbortSignal) => Promise<string>,
      options: RoomOptions<Presence>) {
    this.name = name;
    this.#address = address;
    this.#myself = { sessionId: null, user: null, presence: options.initialPresence };
    this.#document = new DocumentSync(options.doc ?? new Y.Doc(),
      (type, data) => this.#connection?.send(type, data) ?? false);
    if (options.onStatus) this.#onStatus.add(options.onStatus);
    this.subscribe = {
      status: (listener) => this.#onStatus.add(listener),
      others: (listener) => this.#onOthers.add(listener),
      myself: (listener) => this.#onMyself.add(listener),
      error: (listener) => this.#onError.add(listener),
      permissions: (listener) => this.#onPermissions.add(listener),
    };
  }

  get doc(): Y.Doc {
    return this.#document.doc;
  }

  get status(): Status {
    return this.#status;
  }

  get myself(): Me<Server["user"], Presence> {
    return this.#myself;
  }

  // The same array until something changes. Empty while nothing is connected: who is there then, nobody
  // can say.
  get others(): Others<Server, Presence> {
    return this.#people.list;
  }

  // The last $error that the server sent.
  get error(): RoomError | null {
    return this.#error;
  }

  // Why the server ended it for good; null while it has not.
  get closeReason(): CloseReason | null {
    return this.#closeReason;
  }

  // Attempts since the connection was lost; 0 while all is well.
  get attempts(): number {
    return this.#backoff.attempts;
  }

  // Does nothing when it is connected or about to be.
  connect(): void {
    if (this.#status !== "closed") return;
    this.#closeReason = null;
    this.#backoff.reset();
    this.#stopWakeups = onWakeup(() => this.#wake());
    this.#open();
    this.#become("connecting");
  }

  // The document stays, and is edited on; connect() takes it up again.
  disconnect(): void {
    if (this.#status !== "closed") this.#close();
  }

  // For good: the room is done with its document.
  destroy(): void {
    this.disconnect();
    this.#document.destroy();
  }

  // While nothing is connected the change waits for the next join.
  updateMyPresence(patch: Partial<Presence>): void {
    this.#myself = { ...this.#myself, presence: { ...this.#myself.presence, ...patch } };
    if (!this.#connection?.send("$updatePresence", { presence: patch })) {
      this.#unsentPresence = { ...this.#unsentPresence, ...patch };
    }
    this.#onMyself.tell(this.#myself);
  }

  // Answers whether it was sent: events of who is not connected are dropped.
  broadcast<Name extends keyof Server["inputs"] & string>(name: Name,
      data: Server["inputs"][Name] & object): boolean {
    return this.#connection?.send(name, data) ?? false;
  }

  // Presents a newer token of the same user: what it allows counts from then on, without another
  // join. A token that is no good is answered with an error, and changes nothing. Answers whether it
  // was sent.
  refreshToken(token: string): boolean {
    return this.#connection?.send("$refreshToken", { token }) ?? false;
  }

  // What the last token that was refreshed in this session allows; null: none was.
  get permissions(): readonly string[] | null {
    return this.#permissions;
  }

  on<Name extends keyof Server["outputs"] & string>(name: Name,
      listener: (event: RoomEvent<Server["outputs"][Name], Server["user"]>) => void): Unsubscribe {
    const listeners = this.#onEvent.get(name) ?? new Listeners<RoomEvent<Json, unknown>>();
    this.#onEvent.set(name, listeners);
    // What the server's own types promise.
    return listeners.add(listener as (event: RoomEvent<Json, unknown>) => void);
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const connection = new Connection({
      address: this.#address,
      onMessage: (message) => this.#receive(message),
      onEnd: (end) => this.#lost(end),
    });
    this.#connection = connection;
  }

  #lost(end: ConnectionEnd): void {
    if (this.#connectedAtMs > 0) this.#backoff.connectedFor(Date.now() - this.#connectedAtMs);
    if (end.final) {
      this.#closeReason = { code: end.code, reason: end.reason };
      this.#close();
      return;
    }
    this.#retry = setTimeout(() => this.#open(), this.#backoff.nextMs());
    this.#leave("reconnecting");
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#stopWakeups?.();
    this.#stopWakeups = null;
    this.#connection?.close();
    this.#leave("closed");
  }

  // Forgets what holds for one socket only.
  #leave(status: Status): void {
    this.#connection = null;
    this.#connectedAtMs = 0;
    this.#permissions = null;
    this.#document.disconnected();
    this.#myself = { ...this.#myself, sessionId: null };
    const othersLeft = this.#people.clear();
    this.#become(status);
    this.#othersAre(othersLeft);
    this.#onMyself.tell(this.#myself);
  }

  #wake(): void {
    if (this.#retry !== undefined) this.#open();
    else this.#connection?.probe();
  }

  // Listeners may call disconnect() and connect(). So the room is all that it becomes before it tells
  // anybody, and what it tells after that is what it is by then.
  #become(status: Status): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#onStatus.tell(status);
  }

  #receive(message: ServerMessage): void {
    const { type, data, connectionId, user } = message;
    switch (type) {
      case "$registered": return this.#join(message);
      case "$storageReceived": return this.#exchange(data);
      case "$storageUpdated": return this.#document.receive(data);
      case "$error": return this.#failed(textOr(data.message, "The server sent an error"));
      case "$pong": return;
      case "$tokenRefreshed": return this.#refreshed(data.permissions, user);
      case "$presenceUpdated": return this.#presenceUpdated(message);
      case "$othersReceived": return this.#othersAre(
        this.#people.setAll(isObject(data.others) ? data.others : {}, this.#myself.sessionId ?? ""));
      case "$userJoined":
        if (connectionId !== null && connectionId !== this.#myself.sessionId) {
          this.#othersAre(this.#people.add(connectionId, data.user ?? user, data.presence));
        }
        return;
      case "$exit": return this.#othersAre(this.#people.remove(textOr(data.sessionId, "")));
      case "$syncStateReceived":
        if (Array.isArray(data.connectionIds)) {
          this.#othersAre(this.#people.keepOnly(data.connectionIds));
        }
        return;
      default:
        if (!type.startsWith("$")) {
          this.#onEvent.get(type)?.tell({ data, user, sessionId: connectionId });
        }
    }
  }

  #othersAre(changed: boolean): void {
    if (changed) this.#onOthers.tell(this.#people.list);
  }

  #join({ data, user }: ServerMessage): void {
    this.#connectedAtMs = Date.now();
    const sessionId = textOr(data.sessionId, null);
    // A user's sessions share a presence: who has one in the room already comes in with that.
    const shared = isObject(data.presence) ? (data.presence as Presence) : null;
    const presence = { ...(shared ?? this.#myself.presence), ...this.#unsentPresence };
    this.#myself = { sessionId, user, presence };
    const update = this.#document.firstDocument(data.state !== null);
    this.#connection?.send("$initializeSession", { presence, update });
    if (shared !== null && this.#unsentPresence !== null) {
      this.#connection?.send("$updatePresence", { presence: this.#unsentPresence });
    }
    this.#unsentPresence = null;
    this.#connection?.send("$getOthers", {});
    this.#become("connected");
    this.#onMyself.tell(this.#myself);
  }

  #exchange(data: Json): void {
    const connection = this.#connection;
    this.#document.exchange(data);
    // Observers of the document are listeners, too.
    if (this.#connection === connection) this.#become("synced");
  }

  #presenceUpdated({ data, connectionId, user }: ServerMessage): void {
    // An own change was taken over when it was made, and may have been followed by others since.
    if (connectionId === null || connectionId === this.#myself.sessionId) return;
    const isMine = isSameUser(user, this.#myself.user) && isObject(data.presence);
    if (isMine) this.#myself = { ...this.#myself, presence: data.presence as Presence };
    this.#othersAre(this.#people.setPresence(connectionId, user, data.presence));
    if (isMine) this.#onMyself.tell(this.#myself);
  }

  #refreshed(permissions: unknown, user: unknown): void {
    if (!Array.isArray(permissions)) return;
    this.#permissions = permissions.filter((name) => typeof name === "string");
    this.#myself = { ...this.#myself, user };
    this.#onPermissions.tell(this.#permissions);
  }

  #failed(message: string): void {
    this.#error = { message, atMs: Date.now() };
    this.#onError.tell(this.#error);
  }
}
