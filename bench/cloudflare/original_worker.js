// The original's room, set up as its quickstart says. It is bundled with the original's packages,
// which are not here (see bench/README.md).
import { DurableObject } from "cloudflare:workers";

import { yjs } from "@pluv/crdt-yjs";
import { createIO } from "@pluv/io";
import { PersistenceCloudflareTransactionalStorage } from "@pluv/persistence-cloudflare-transactional-storage";
import { platformCloudflare } from "@pluv/platform-cloudflare";

import { benchRoute, countObject, toRoom } from "./bench_routes.js";

const io = createIO(
  platformCloudflare({
    crdt: yjs,
    persistence: new PersistenceCloudflareTransactionalStorage({ mode: "sqlite" }),
  }),
);
const server = io.server();

export class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    countObject();
    this.room = server.createRoom(ctx.id.toString(), { env, state: ctx });
  }

  async fetch(request) {
    const { 0: client, 1: socket } = new WebSocketPair();
    await this.room.register(socket, { env: this.env, request, token: null });
    return new Response(null, { status: 101, webSocket: client });
  }
  async webSocketMessage(socket, data) {
    await this.room.onMessage(socket)({ data });
  }
  async webSocketClose(socket, code, reason) {
    await this.room.onClose(socket)({ code, reason });
  }
  async webSocketError(socket, error) {
    await this.room.onError(socket)({ error, message: error.message });
  }
}

export default {
  fetch: (request, env) => benchRoute(request) ?? toRoom(request, env),
};
