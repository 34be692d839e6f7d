// A worker whose objects tell on the console what happens to them, and whose methods can be called
// over HTTP: POST /call/{room}/{method} with a JSON list of arguments.
import flags from "flags.js";
import { createRoomDurableObject } from "platform-cloudflare/index.js";
import { DocumentTable } from "platform-cloudflare/document_table.js";
import { RoomInstance } from "platform-cloudflare/module.js";
import { Inputs } from "platform-cloudflare/wire.js";
import { procedure } from "platform-cloudflare/procedure.js";
import { createRoomHandler } from "platform-cloudflare/worker.js";
import module from "room.wasm";

const tell = (what, fields) => console.log(`@${JSON.stringify({ what, ...fields })}`);

const visits = procedure().self((_, { context, session, room }) => ({
  visited: { visits: ++context.visits, by: session?.user?.name ?? null, room },
}));
const wait = procedure().broadcast(async ({ ms, text }) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return { waited: { text } };
});
const loud = procedure()
  .input({
    parse(data) {
      if (typeof data.text !== "string") throw new Error("text: expected string");
      return data.text.toUpperCase();
    },
  })
  .broadcast((text) => ({ shouted: { text } }))
  .self((text) => ({ echoed: { length: text.length } }));
// The room's own object is called while it waits for this.
const viaStub = procedure().broadcast(async (_, { env, room }) => {
  const self = env.ROOMS.get(env.ROOMS.idFromName(room));
  await self.broadcast("announced", { size: await self.getSize() });
  return { viaStub: {} };
});
const bad = procedure().self(() => ({ $exit: {} }));
const quiet = procedure().self(() => undefined);

const authorize = flags.secret ? ({ env }) => ({ secret: env.SECRET }) : undefined;
const fields = ({ room, sessionId, user, encodedState, message }) => ({
  room, sessionId, user, message,
  ...(encodedState && { bytes: encodedState.bytes().length, exists: encodedState.exists() }),
});
let stateOfOld;
const listeners = {
  getInitialStorage: (event) => {
    tell("getInitialStorage", fields(event));
    if (flags.storageFails) throw new Error("the database is down");
    return flags.initial;
  },
  onRoomDestroyed: (event) => tell("onRoomDestroyed", fields(event)),
  onStorageDestroyed: (event) =>
    tell("onStorageDestroyed", { ...fields(event), base64: event.encodedState.base64() }),
  onRoomMessage: (event) => tell("onRoomMessage", fields(event)),
  onStorageUpdated: (event) => tell("onStorageUpdated", fields(event)),
  onUserConnected: (event) => {
    stateOfOld = event.encodedState;
    tell("onUserConnected", fields(event));
  },
  onUserDisconnected: (event) => {
    tell("onUserDisconnected", fields(event));
    if (flags.listenerFails) throw new Error("the listener failed");
  },
};

const Base = createRoomDurableObject({
  module,
  ...(authorize && { authorize }),
  router: { visits, wait, loud, viaStub, bad, quiet },
  context: ({ request, room }) => {
    tell("context", { room, url: request?.url ?? null });
    if (flags.contextFails) throw new Error("no context today");
    return { visits: 0 };
  },
  ...(flags.listens && listeners),
  limits: flags.limits ?? {},
});

// Modules that break at inputs of this kind ("opened", "restored"), so many times.
let broken = { kind: "", times: 0 };
let given = "";
for (const kind of ["opened", "restored"]) {
  const make = Inputs.prototype[kind];
  Inputs.prototype[kind] = function (...args) {
    given = kind;
    return make.apply(this, args);
  };
}
const { step } = RoomInstance.prototype;
const instances = new WeakSet();
RoomInstance.prototype.step = function (input) {
  if (!instances.has(this)) tell("instance", { room: "any" });
  instances.add(this);
  const kind = given;
  given = "";
  if (kind !== "" && kind === broken.kind && broken.times-- > 0) {
    throw new WebAssembly.RuntimeError("broken on purpose");
  }
  return step.call(this, input);
};

// Writes of documents that fail, so many.
let failing = 0;
for (const method of ["append", "compact"]) {
  const work = DocumentTable.prototype[method];
  DocumentTable.prototype[method] = function (...args) {
    if (failing-- > 0) throw new Error("the disk is full");
    return work.apply(this, args);
  };
}

export class Room extends Base {
  constructor(ctx, env) {
    super(ctx, env);
    tell("constructed", { room: ctx.id.name, sockets: ctx.getWebSockets().length });
  }
  breakAt(kind, times) {
    broken = { kind, times };
  }
  readLate() {
    return stateOfOld.bytes().length;
  }
  failWrites(times) {
    failing = times;
  }
  countRows(table) {
    return this.ctx.storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one().n;
  }
}

const rooms = createRoomHandler({ binding: (env) => env.ROOMS });

export default {
  async fetch(request, env) {
    const [, first, room, method] = new URL(request.url).pathname.split("/");
    // As a Worker without createRoomHandler may do it.
    if (first === "raw") return env.ROOMS.get(env.ROOMS.idFromName(room)).fetch(request);
    if (first !== "call") return (await rooms.fetch(request, env)) ?? new Response("", { status: 404 });
    const given = await request.json();
    const args = given.map((one) => (one?.base64 ? Uint8Array.from(atob(one.base64), (c) => c.charCodeAt(0)) : one));
    try {
      const answer = await env.ROOMS.get(env.ROOMS.idFromName(room))[method](...args);
      return Response.json({ answer: answer ?? null });
    } catch (failure) {
      return Response.json({ error: failure.message });
    }
  },
};
