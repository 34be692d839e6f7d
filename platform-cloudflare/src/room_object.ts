// The Durable Object of a room: createRoomDurableObject(options) answers the class that a Worker
// exports.
//
//   export class Room extends createRoomDurableObject<Env>({ module }) {}
import { DurableObject } from "cloudflare:workers";

import { authorizeJoin } from "./authorize.js";
import type { RoomObjectOptions } from "./host_types.js";
import { Unauthorized } from "./join_errors.js";
import { allPermissions } from "./permissions.js";
import { askToRefuse, refuseForNow, refuseUnauthorized } from "./refusal.js";
import { RoomHost } from "./room_host.js";
import { isRoomName } from "./room_name.js";
import { roomOfRequest, wantsWebSocket } from "./room_request.js";

// What the Worker's own code may call, by RPC: `env.ROOMS.getByName("lobby").broadcast(...)`. Of a
// room without sessions there is nobody to hear.
export interface RoomMethods {
  // A procedure's name runs its broadcast resolver without a session; any other name is sent to
  // everybody as it is. Rejects with a TypeError for data that is not an object or null, a name
  // with "$", and data that does not pass the procedure's schema.
  broadcast(name: string, data: object | null): Promise<void>;
  // Sends an event as it is to everybody.
  emit(name: string, data: object | null): Promise<void>;
  // Closes a session for good (4001).
  evict(sessionId: string): Promise<void>;
  evictAll(): Promise<void>;
  // Closes sessions that are silent, and tells the others who is left.
  garbageCollect(): Promise<void>;
  getSize(): number;
  // Merges an update (Yjs, version 1) into the room's document as a client's edit. Resolves when it
  // was kept; rejects when it is none, or the document cannot be loaded.
  applyUpdate(update: Uint8Array): Promise<void>;
}

export type RoomObject<Env> = DurableObject<Env> & RoomMethods;

// The options are checked when the first object is made.
export function createRoomDurableObject<Env = unknown, User = unknown, Context = undefined>(
  options: RoomObjectOptions<Env, User, Context>,
): new (ctx: DurableObjectState, env: Env) => RoomObject<Env> {
  return class RoomDurableObject extends DurableObject<Env> implements RoomMethods {
    readonly #host: RoomHost<Env, User, Context>;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#host = new RoomHost(ctx, env, options);
    }

    override async fetch(request: Request): Promise<Response> {
      const room = this.#roomOf(request);
      if (room === undefined) return new Response("Unsupported room name", { status: 400 });
      if (!wantsWebSocket(request)) {
        return new Response("Upgrade Required", {
          status: 426,
          headers: { Connection: "Upgrade", Upgrade: "websocket" },
        });
      }
      let user = { id: "", json: "", permissions: allPermissions };
      try {
        if (options.authorize) {
          const { authorize, user: schema } = options;
          const from = { env: this.env, request, room };
          user = await authorizeJoin({ authorize, user: schema }, from, Date.now());
        }
        await this.#host.prepare(room, request);
        const { 0: client, 1: server } = new WebSocketPair();
        this.#host.join(room, user, server);
        return new Response(null, { status: 101, webSocket: client });
      } catch (failure) {
        const refused = failure instanceof Unauthorized;
        this.#host.logRefusal(room, failure);
        // A Worker may hold a socket for nothing; an object is paid for as long as it is awake.
        if (roomOfRequest(request) !== undefined) {
          return askToRefuse(refused ? "unauthorized" : "for now");
        }
        const accept = (server: WebSocket): void => this.ctx.acceptWebSocket(server);
        return refused ? refuseUnauthorized(room, accept) : refuseForNow(accept);
      }
    }

    override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> | void {
      return this.#host.message(socket, data);
    }
    override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
      // Our half of the closing handshake; what comes from nobody cannot be sent.
      const sendable = code === 1000 || (code >= 3000 && code <= 4999) ? code : 1000;
      try {
        socket.close(sendable, reason);
      } catch {
        // It is closed on our side already.
      }
      await this.#host.closed(socket);
    }
    override async webSocketError(socket: WebSocket): Promise<void> {
      await this.#host.closed(socket);
    }
    override async alarm(): Promise<void> {
      await this.#host.alarm();
    }

    async broadcast(name: string, data: object | null): Promise<void> {
      this.#host.broadcast(name, data);
    }
    async emit(name: string, data: object | null): Promise<void> {
      this.#host.emit(name, data);
    }
    async evict(sessionId: string): Promise<void> {
      this.#host.evict(sessionId);
    }
    async evictAll(): Promise<void> {
      this.#host.evictAll();
    }
    async garbageCollect(): Promise<void> {
      this.#host.garbageCollect();
    }
    getSize(): number {
      return this.#host.size();
    }
    async applyUpdate(update: Uint8Array): Promise<void> {
      const room = this.ctx.id.name;
      if (room === undefined) throw new Error("the object's id was not made of the room's name");
      await this.#host.applyUpdate(room, update);
    }

    // The id says it where it was made of the name, which is the only way that names one object:
    // an application's own Worker may hand on a request whose header is the client's.
    #roomOf(request: Request): string | undefined {
      const { name } = this.ctx.id;
      return isRoomName(name) ? name : roomOfRequest(request);
    }
  };
}
