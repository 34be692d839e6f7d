// What an application gives to createRoomDurableObject, and what it is given.
//
// Env is the Worker's environment, User what `user` makes of a token's user, Context what `context`
// answers.
import type { Limits } from "./limits.js";
import type { Schema } from "./schema.js";

export type Awaitable<T> = T | Promise<T>;

export type JsonObject = Record<string, unknown>;

/**
 * The room engine, as the bundler gives it to a Worker:
 * `import module from "@pluv-cpp/platform-cloudflare/plain_room.wasm"`.
 */
export type RoomModule = WebAssembly.Module;

/** Either one secret or several: the first signs, all of them read. At most 8. */
export type TokenSecrets =
  | { readonly secret: string; readonly secrets?: undefined }
  | { readonly secrets: readonly string[]; readonly secret?: undefined };

/** What `authorize` is told. */
export interface AuthorizeArguments<Env> {
  readonly env: Env;
  /** The client's request: its URL and headers may name a tenant. */
  readonly request: Request;
  /** The room's name. */
  readonly room: string;
}

/** Says with which secrets tokens are made. Called for every join. */
export type Authorize<Env> = (from: AuthorizeArguments<Env>) => Awaitable<TokenSecrets>;

/** What `context` is told. */
export interface ContextArguments<Env> {
  readonly env: Env;
  /** Of the client that woke the room; undefined when the room comes back after an eviction. */
  readonly request: Request | undefined;
  /** The room's name. */
  readonly room: string;
  /** The Durable Object's own. Its sockets, its alarm and the tables of the room are the room's. */
  readonly state: DurableObjectState;
}

/** A session of the room. */
export interface Session<User> {
  /** `connectionId` on the wire. */
  readonly id: string;
  /** null without `authorize`. */
  readonly user: User | null;
  /** As of the call; null when there is none. */
  readonly presence: JsonObject | null;
}

/** What a resolver is told beside its input. */
export interface ResolverContext<Context, User, Env> {
  readonly context: Context;
  readonly env: Env;
  /** The room's name. */
  readonly room: string;
  /** Who sent the event; undefined when the server's own code did. */
  readonly session?: Session<User> | undefined;
  /** When the message was handled, in unix milliseconds. */
  readonly now: number;
}

/** Output events by their names. The data of each is a JSON object. */
export type Outputs = Readonly<Record<string, object>>;

/** What happens with an event. What it returns is sent; what it throws, the sender is told. */
export type Resolver<Input, Context, User, Env> = (
  input: Input,
  ctx: ResolverContext<Context, User, Env>,
) => Awaitable<Outputs | undefined | void>;

/** What happens when a client sends an event. See `procedure()` for building one in steps. */
export interface Procedure<Input, Context, User, Env> {
  /** What the event's data must be. Left out: any object. */
  readonly input?: Schema<Input>;
  /** Its output goes to every session, the sender included. */
  readonly broadcast?: Resolver<Input, Context, User, Env>;
  /** Its output goes to the sender alone. */
  readonly self?: Resolver<Input, Context, User, Env>;
  /** Its output goes to every session of this server node, which here is the room's only one. */
  readonly sync?: Resolver<Input, Context, User, Env>;
}

/** A procedure whose input's type is not known: its resolvers take what its schema answers. */
export interface RouterProcedure<Context, User, Env> {
  readonly input?: Schema<unknown>;
  readonly broadcast?: Resolver<never, Context, User, Env>;
  readonly self?: Resolver<never, Context, User, Env>;
  readonly sync?: Resolver<never, Context, User, Env>;
  /** Tells the compiler that this is nothing that `procedure()` built. */
  readonly parts?: undefined;
}

/**
 * Procedures under the names of the events that call them: 1 to 64 bytes without "$". Two routers
 * are merged by `{ ...one, ...other }`.
 */
export type Router<Context, User, Env> = Readonly<
  Record<string, RouterProcedure<Context, User, Env> | BuiltProcedure<Context, User, Env>>
>;

/** What `procedure()` builds. */
export interface BuiltProcedure<Context, User, Env> {
  readonly parts: RouterProcedure<Context, User, Env>;
}

/**
 * A room's document, encoded when it is asked for: that costs the document's size. Throws when it
 * is asked after its listener has ended.
 */
export interface EncodedState {
  /** Whether anybody has ever written into it. */
  exists(): boolean;
  /** An update of its kind; empty when there is no document. */
  bytes(): Uint8Array;
  /** The same in base64. */
  base64(): string;
}

/** What every event of a listener says. */
export interface RoomEvent<Context, Env> {
  readonly context: Context;
  readonly env: Env;
  /** The room's name. */
  readonly room: string;
}

/** The room is loaded and its store has no document for it. */
export type InitialStorageEvent<Context, Env> = RoomEvent<Context, Env>;

/** The last session has left. */
export type RoomDestroyedEvent<Context, Env> = RoomEvent<Context, Env>;

/** The same moment, for rooms that have a document. */
export interface StorageDestroyedEvent<Context, Env> extends RoomEvent<Context, Env> {
  readonly encodedState: EncodedState;
}

/** A session has joined, has left. */
export interface UserEvent<Context, User, Env> extends RoomEvent<Context, Env> {
  readonly sessionId: string;
  /** null without `authorize`. */
  readonly user: User | null;
  readonly encodedState: EncodedState;
}

/** A client has said something. */
export interface RoomMessageEvent<Context, User, Env> extends RoomEvent<Context, Env> {
  readonly sessionId: string;
  /** null without `authorize`. */
  readonly user: User | null;
  /** `type` is the event's name, internal ones begin with "$"; `data` is an object. */
  readonly message: { readonly type: string; readonly data: JsonObject };
}

/** The document was changed, and that was kept. */
export interface StorageUpdatedEvent<Context, User, Env> extends RoomEvent<Context, Env> {
  /** Who made the change; undefined for the server's own code. */
  readonly sessionId?: string | undefined;
  /** null without `authorize`, and for the server's own code. */
  readonly user: User | null;
  readonly encodedState: EncodedState;
}

/** Is told of something that has happened. What it throws is logged and harms nothing. */
export type Listener<Event> = (event: Event) => Awaitable<void>;

/** The options of createRoomDurableObject. Only `module` must be given. */
export interface RoomObjectOptions<Env, User, Context> {
  /** The room engine. */
  readonly module: RoomModule;

  /** Who may enter. Left out: everybody, and users are null. */
  readonly authorize?: Authorize<Env>;
  /**
   * What a token's user must be: a function that returns the user or throws, or a schema with
   * `parse` as zod's are. What others see of a user is what it returns; that must be an object with
   * a string `id`. Left out: every object with an `id`.
   */
  readonly user?: Schema<User>;

  /**
   * The room's own value, made when the room is woken and handed to all handlers. When it throws,
   * joins are refused for now.
   */
  readonly context?: (from: ContextArguments<Env>) => Awaitable<Context>;

  /**
   * What the room's document begins with: an update of its kind as bytes or in base64; nothing
   * begins a new document. Asked once when the room is loaded, and not when the object's own
   * storage has the document. When it throws, the room's sessions are sent away for now, and
   * nothing is ever saved in the document's place.
   */
  readonly getInitialStorage?: (
    event: InitialStorageEvent<Context, Env>,
  ) => Awaitable<string | Uint8Array | null | undefined>;

  /** The custom events. Left out: all events are forwarded as they are. */
  readonly router?: Router<Context, User, Env>;
  /** Refuse events that no procedure has, instead of forwarding them. */
  readonly strict?: boolean;

  /** The last session has left. A client that joins now waits until the listener is done. */
  readonly onRoomDestroyed?: Listener<RoomDestroyedEvent<Context, Env>>;
  /** Every valid message of a client but its heartbeat. Frequent: keep it light. */
  readonly onRoomMessage?: Listener<RoomMessageEvent<Context, User, Env>>;
  /** The document was changed. Frequent: the whole state costs its size. */
  readonly onStorageUpdated?: Listener<StorageUpdatedEvent<Context, User, Env>>;
  /** The last session of a room with a document has left. Before onRoomDestroyed. */
  readonly onStorageDestroyed?: Listener<StorageDestroyedEvent<Context, Env>>;
  /** A session has joined. */
  readonly onUserConnected?: Listener<UserEvent<Context, User, Env>>;
  /** A session has left. */
  readonly onUserDisconnected?: Listener<UserEvent<Context, User, Env>>;

  /**
   * What rooms share: Yjs documents, which the object keeps in its own storage, or only presence
   * and events ("noop"). Left out: "yjs".
   */
  readonly crdt?: "yjs" | "noop";
  /** Limits other than the defaults. */
  readonly limits?: Partial<Limits>;
  /** Whether what schemas and handlers say of a failure reaches the sender. Left out: true. */
  readonly detailedErrors?: boolean;
  /** Log all lines, not only warnings and errors. */
  readonly debug?: boolean;
  /** Where log lines go. Left out: the console, as JSON. Never told secrets or tokens. */
  readonly log?: (level: "info" | "warn" | "error", event: string, fields: object) => void;
}
