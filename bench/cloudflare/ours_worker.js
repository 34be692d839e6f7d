// Rooms of this package, with the plain module and all that is on by default.
import { createRoomDurableObject } from "platform-cloudflare/index.js";
import { RoomInstance } from "platform-cloudflare/module.js";
import { createRoomHandler } from "platform-cloudflare/worker.js";
import module from "room.wasm";

import { benchRoute, countObject } from "./bench_routes.js";

export class Room extends createRoomDurableObject({ module }) {
  constructor(ctx, env) {
    super(ctx, env);
    countObject();
  }
}

// The clock stands still while a worker works, so the bench looks at its own.
function makeInstances(count) {
  const config = {
    room: "room", authorizes: false, documents: true, strict: false, detailedErrors: true,
    listeners: [], procedures: [], limits: {},
  };
  for (let made = 0; made < count; ++made) new RoomInstance(module, config);
}

const rooms = createRoomHandler({ binding: (env) => env.ROOMS });

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/bench/instances") {
      makeInstances(Number(searchParams.get("count")));
      return new Response(null, { status: 204 });
    }
    return benchRoute(request) ?? (await rooms.fetch(request, env, ctx)) ??
           new Response("Not found", { status: 404 });
  },
};
