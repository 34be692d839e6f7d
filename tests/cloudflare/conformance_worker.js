// The worker behind the end-to-end suites: the same events as conformance_server's, those of them
// that wait or fail in TypeScript, the others in the module's C++.
import flags from "flags.js";
import { createRoomDurableObject } from "platform-cloudflare/index.js";
import { procedure } from "platform-cloudflare/procedure.js";
import { createRoomHandler } from "platform-cloudflare/worker.js";
import module from "room.wasm";

const secret = flags.secret;
const authorize = secret ? () => ({ secret }) : undefined;

function readValue(data) {
  if (typeof data.value !== "number") {
    throw new Error(`value: expected number, received ${typeof data.value}`);
  }
  return { value: data.value };
}
function readUser(user) {
  if (typeof user.name !== "string") throw new Error("name: expected string");
  return { id: user.id, name: user.name };
}

const doubleNumber = procedure()
  .input(readValue)
  .self(async ({ value }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return { doubledNumber: { value: value * 2 } };
  });
const boom = procedure().broadcast(() => {
  throw new Error("boom: the handler failed");
});

export class Room extends createRoomDurableObject({
  module,
  ...(authorize && { authorize, user: readUser }),
  router: { doubleNumber, boom },
  strict: flags.strict ?? false,
  limits: flags.limits ?? {},
}) {}

const rooms = createRoomHandler({
  binding: (env) => env.ROOMS,
  ...(authorize && {
    authorize,
    authorizeUser: ({ request }) => {
      const query = new URL(request.url).searchParams;
      const id = query.get("id") ?? "";
      return { id, name: query.get("name") ?? id };
    },
  }),
});

export default {
  async fetch(request, env, ctx) {
    return (await rooms.fetch(request, env, ctx)) ?? new Response("Not found", { status: 404 });
  },
};
