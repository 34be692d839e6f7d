// What must not compile: tsc fails where an error that is expected here does not come.
import type { RoomObjectOptions } from "../src/host_types.js";
import { procedure } from "../src/procedure.js";
import { createToken } from "../src/token.js";
import { createRoomHandler } from "../src/worker.js";

interface Env {
  ROOMS: DurableObjectNamespace;
  SECRET: string;
}
interface User {
  id: string;
  name: string;
}
interface App {
  count: number;
}
interface Message {
  text: string;
}

// A schema as zod's are.
declare const messages: { parse(value: unknown): Message };

const ours = () => procedure<App, User, Env>();

export const say = ours()
  .input(messages)
  .broadcast(({ text }, { context, session, env, now }) => {
    const name: string | undefined = session?.user?.name;
    return { said: { text, name, count: context.count, secret: env.SECRET, now } };
  })
  .self(async () => undefined);

export const wave = ours().broadcast(() => ({ waved: {} }));

// @ts-expect-error: the same step twice
ours().broadcast(() => ({})).broadcast(() => ({}));
// @ts-expect-error: the same step twice
ours().input(messages).input(messages);
// @ts-expect-error: input comes first
ours().self(() => ({})).input(messages);
// @ts-expect-error: no such member of the input
ours().input(messages).broadcast(({ volume }) => ({ said: { volume } }));
// @ts-expect-error: the data of an event is an object
ours().broadcast(() => ({ said: "text" }));
// @ts-expect-error: no such member of the context
ours().broadcast((_, { context }) => ({ said: { x: context.total } }));

declare const module: WebAssembly.Module;

export const options: RoomObjectOptions<Env, User, App> = {
  module,
  authorize: ({ env }) => ({ secret: env.SECRET }),
  user: (value) => value as User,
  context: () => ({ count: 0 }),
  getInitialStorage: async () => null,
  router: {
    say,
    wave,
    plain: { input: messages, self: ({ text }: Message) => ({ heard: { text } }) },
  },
  onUserConnected: ({ user, context, encodedState }) => {
    context.count += (user?.name.length ?? 0) + encodedState.bytes().length;
  },
  limits: { presenceBytesMax: 1024 },
};

export const more: RoomObjectOptions<Env, User, App>[] = [
  // @ts-expect-error: the module must be given
  {},
  // @ts-expect-error: secrets are strings
  { module, authorize: () => ({ secret: 1 }) },
  // @ts-expect-error: one of secret and secrets
  { module, authorize: () => ({ secret: "a", secrets: ["b"] }) },
  // @ts-expect-error: no such limit
  { module, limits: { presenceBytes: 1 } },
  // @ts-expect-error: the procedure is for rooms with another context
  { module, router: { other: procedure<{ total: number }, User, Env>().self(() => ({})) } },
];

export const rooms = createRoomHandler<Env>({
  binding: (env) => env.ROOMS,
  authorize: ({ env }) => ({ secrets: [env.SECRET] }),
  authorizeUser: (): User => ({ id: "u", name: "Ann" }),
});

export const worker = {
  async fetch(request, env, ctx) {
    return (await rooms.fetch(request, env, ctx)) ?? new Response("Not found", { status: 404 });
  },
} satisfies ExportedHandler<Env>;

export const tokens = [
  createToken({ secret: "a", room: "r", user: { id: "u", name: "Ann" } }),
  createToken({ secret: ["a", "b"], room: "r", user: { id: "u" } as User, maxAgeMs: 1_000 }),
  // @ts-expect-error: a user has an id
  createToken({ secret: "a", room: "r", user: { name: "Ann" } }),
];
