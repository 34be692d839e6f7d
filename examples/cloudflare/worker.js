// The chat of examples/chat on Cloudflare Workers: the same C++ router, here as WebAssembly in a
// Durable Object, and one more event in JavaScript. docs/cloudflare.md says how to run it.
import { createRoomDurableObject, createRoomHandler, procedure } from "@pluv-cpp/platform-cloudflare";

import module from "./chat_room.wasm";

// Who may enter, and who is who: an application would look at its session cookie here.
const authorize = ({ env }) => ({ secret: env.PLUV_AUTH_SECRET });
function authorizeUser({ request }) {
  const name = new URL(request.url).searchParams.get("name");
  return name ? { id: name, name } : null;
}

const whoIsThere = procedure().self((_, { context, session }) => ({
  thereAre: { visits: context.visits, you: session?.user?.name ?? null },
}));

export class Room extends createRoomDurableObject({
  module,
  authorize,
  context: () => ({ visits: 0 }),
  router: { whoIsThere },
  onUserConnected: ({ context }) => {
    context.visits += 1;
  },
}) {}

const rooms = createRoomHandler({ binding: (env) => env.ROOMS, authorize, authorizeUser });

export default {
  async fetch(request, env, ctx) {
    const answer = await rooms.fetch(request, env, ctx);
    if (answer) return answer;
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname.startsWith("/announce/")) {
      // From the Worker's own code to everybody in a room.
      const room = env.ROOMS.get(env.ROOMS.idFromName(pathname.slice("/announce/".length)));
      await room.broadcast("sendMessage", { message: await request.text() });
      return new Response("announced\n");
    }
    return new Response("Not found\n", { status: 404 });
  },
};
