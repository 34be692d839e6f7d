// The least that a room can be on this platform: each message goes to all sockets as it came.
import { DurableObject } from "cloudflare:workers";

import { benchRoute, countObject, toRoom } from "./bench_routes.js";

export class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    countObject();
  }
  fetch() {
    const { 0: client, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(_, data) {
    for (const socket of this.ctx.getWebSockets()) socket.send(data);
  }
}

export default {
  fetch: (request, env) => benchRoute(request) ?? toRoom(request, env),
};
