// The application's TypeScript: procedures and listeners that a room calls. Answers with what the
// room is to be told; an exception of the application's never leaves here.
import type { EncodedState, JsonObject, RoomObjectOptions, RouterProcedure, Session } from "./host_types.js";
import { readOutputs, readRouter } from "./procedure.js";
import { runSchema } from "./schema.js";
import { type Audience, callKinds, type CallSession, type OutputEvent } from "./wire.js";

const order: readonly Audience[] = ["broadcast", "self", "sync"];

export interface ProcedureCall {
  name: string;
  broadcastOnly: boolean;
  session: CallSession | null;
  data: string;
}

export interface ListenerCall {
  call: number;
  session: CallSession | null;
  name: string;
  data: string;
  document: EncodedState;
}

// callKinds for which the options have a listener.
export function listenedKinds<Env, User, Context>(
  options: RoomObjectOptions<Env, User, Context>,
): number[] {
  const kinds: number[] = [];
  if (options.onRoomDestroyed || options.onStorageDestroyed) kinds.push(callKinds.roomDestroyed);
  if (options.getInitialStorage) kinds.push(callKinds.initialStorage);
  if (options.onUserConnected) kinds.push(callKinds.userConnected);
  if (options.onUserDisconnected) kinds.push(callKinds.userDisconnected);
  if (options.onRoomMessage) kinds.push(callKinds.roomMessage);
  if (options.onStorageUpdated) kinds.push(callKinds.storageUpdated);
  return kinds;
}

export class HostCalls<Env, User, Context> {
  readonly #procedures: ReadonlyMap<string, RouterProcedure<Context, User, Env>>;

  constructor(
    readonly options: RoomObjectOptions<Env, User, Context>,
    readonly env: Env,
    readonly room: string,
    readonly context: () => Promise<Context>,
  ) {
    this.#procedures = readRouter(options.router);
  }

  get names(): string[] {
    return [...this.#procedures.keys()];
  }
  // Whether the name is no procedure, or one that the server's own code may broadcast.
  mayBroadcast(name: string): boolean {
    return this.#procedures.get(name)?.broadcast !== undefined || !this.#procedures.has(name);
  }

  // Throws what a schema or a resolver throws.
  async run(call: ProcedureCall): Promise<OutputEvent[]> {
    const procedure = this.#procedures.get(call.name);
    if (!procedure) throw new Error(`there is no procedure ${call.name}`);
    const data: unknown = JSON.parse(call.data);
    const input = procedure.input ? runSchema(procedure.input, data) : data;
    const session = this.#session(call.session);
    const context = {
      context: await this.context(),
      env: this.env,
      room: this.room,
      now: Date.now(),
      ...(session && { session }),
    };
    const events: OutputEvent[] = [];
    for (const audience of order) {
      const resolver = procedure[audience];
      if (!resolver || (call.broadcastOnly && audience !== "broadcast")) continue;
      // Whatever its schema answers is what its resolvers take.
      const outputs = readOutputs(await resolver(input as never, context));
      events.push(...outputs.map((event) => ({ audience, ...event })));
    }
    return events;
  }

  // Null: nothing. The room takes base64 as well.
  async initialStorage(): Promise<Uint8Array | null> {
    const state = await this.options.getInitialStorage?.(await this.#common());
    if (state === null || state === undefined || state.length === 0) return null;
    if (state instanceof Uint8Array) return state;
    if (typeof state === "string") return new TextEncoder().encode(state);
    throw new TypeError("getInitialStorage answers bytes or base64");
  }

  // Rejects with what the listener throws.
  async listen(call: ListenerCall): Promise<void> {
    const { options } = this;
    const common = await this.#common();
    const encodedState = call.document;
    const session = this.#session(call.session);
    const sessionId = session?.id ?? "";
    const user = session?.user ?? null;
    switch (call.call) {
      case callKinds.roomDestroyed:
        if (encodedState.exists()) await options.onStorageDestroyed?.({ ...common, encodedState });
        await options.onRoomDestroyed?.(common);
        return;
      case callKinds.userConnected:
        await options.onUserConnected?.({ ...common, sessionId, user, encodedState });
        return;
      case callKinds.userDisconnected:
        await options.onUserDisconnected?.({ ...common, sessionId, user, encodedState });
        return;
      case callKinds.roomMessage: {
        const message = { type: call.name, data: JSON.parse(call.data) as JsonObject };
        await options.onRoomMessage?.({ ...common, sessionId, user, message });
        return;
      }
      case callKinds.storageUpdated:
        await options.onStorageUpdated?.({ ...common, sessionId: session?.id, user, encodedState });
        return;
      default:
        throw new Error(`unknown call ${call.call}`);
    }
  }

  async #common(): Promise<{ context: Context; env: Env; room: string }> {
    return { context: await this.context(), env: this.env, room: this.room };
  }

  #session(session: CallSession | null): Session<User> | undefined {
    if (!session) return undefined;
    return {
      id: session.id,
      user: session.user === null ? null : (JSON.parse(session.user) as User),
      presence: session.presence === null ? null : (JSON.parse(session.presence) as JsonObject),
    };
  }
}
