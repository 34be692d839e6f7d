// A procedure: what happens when a client sends an event. Built in steps, each of which returns a
// new procedure, so a half-built one can be shared and extended:
//
//   const sendMessage = procedure<App, User, Env>()
//     .input((value) => readMessage(value))
//     .broadcast(({ message }, ctx) => ({ receiveMessage: { message } }));
//
// Handlers of one room never run at the same time. What a resolver throws becomes an $error at the
// sender; the room and the session go on. Nothing of a call is sent unless all of its resolvers
// succeed.
import { requireEventName } from "./event_name.js";
import type {
  BuiltProcedure,
  JsonObject,
  Procedure,
  Resolver,
  Router,
  RouterProcedure,
} from "./host_types.js";
import { requireSchema, type Schema } from "./schema.js";

type Step = "input" | "broadcast" | "self" | "sync";

interface Steps<Input, Context, User, Env, Left extends Step> {
  /**
   * What the event's data must be; else the sender gets an $error and nothing else happens.
   * Without an input any object is accepted. Comes before the resolvers that take it.
   */
  input<T>(schema: Schema<T>): ProcedureBuilder<T, Context, User, Env, Exclude<Left, "input">>;
  /** Its output goes to every session, the sender included. */
  broadcast(
    resolver: Resolver<Input, Context, User, Env>,
  ): ProcedureBuilder<Input, Context, User, Env, Exclude<Left, "input" | "broadcast">>;
  /** Its output goes to the sender alone. */
  self(
    resolver: Resolver<Input, Context, User, Env>,
  ): ProcedureBuilder<Input, Context, User, Env, Exclude<Left, "input" | "self">>;
  /**
   * Runs on every server node that holds the room, which here is one; its output goes to every
   * session of it.
   */
  sync(
    resolver: Resolver<Input, Context, User, Env>,
  ): ProcedureBuilder<Input, Context, User, Env, Exclude<Left, "input" | "sync">>;
}

/** A procedure as far as it is built. Left: the steps that may still come. */
export type ProcedureBuilder<Input, Context, User, Env, Left extends Step = Step> = {
  readonly parts: Procedure<Input, Context, User, Env>;
} & Pick<Steps<Input, Context, User, Env, Left>, Left>;

class Builder<Input, Context, User, Env> implements Steps<Input, Context, User, Env, Step> {
  readonly parts: Procedure<Input, Context, User, Env>;

  constructor(parts: Procedure<Input, Context, User, Env>) {
    this.parts = Object.freeze(parts);
  }

  input<T>(schema: Schema<T>): Builder<T, Context, User, Env> {
    requireSchema(schema);
    const { input, ...resolvers } = this.parts;
    if (input !== undefined) throw new TypeError("input was already defined for this procedure");
    if (Object.keys(resolvers).length > 0) {
      throw new TypeError("input comes before the resolvers that take it");
    }
    return new Builder<T, Context, User, Env>({ input: schema });
  }

  broadcast(resolver: Resolver<Input, Context, User, Env>): this {
    return this.#with("broadcast", resolver);
  }

  self(resolver: Resolver<Input, Context, User, Env>): this {
    return this.#with("self", resolver);
  }

  sync(resolver: Resolver<Input, Context, User, Env>): this {
    return this.#with("sync", resolver);
  }

  #with(step: "broadcast" | "self" | "sync", resolver: Resolver<Input, Context, User, Env>): this {
    requireResolver(step, resolver);
    if (this.parts[step] !== undefined) {
      throw new TypeError(`${step} was already defined for this procedure`);
    }
    return new Builder({ ...this.parts, [step]: resolver }) as this;
  }
}

/** An empty procedure to build on. */
export function procedure<Context = unknown, User = unknown, Env = unknown>(): ProcedureBuilder<
  JsonObject,
  Context,
  User,
  Env
> {
  return new Builder<JsonObject, Context, User, Env>({});
}

/**
 * Procedures by the names of the events that call them, checked: a TypeError for a name that is
 * none, for what is no procedure, and for one without a resolver.
 */
export function readRouter<Context, User, Env>(
  router: Router<Context, User, Env> | undefined,
): ReadonlyMap<string, RouterProcedure<Context, User, Env>> {
  const procedures = new Map<string, RouterProcedure<Context, User, Env>>();
  for (const [name, given] of Object.entries(router ?? {})) {
    requireEventName(name);
    procedures.set(name, checkProcedure(name, given));
  }
  return procedures;
}

function checkProcedure<Context, User, Env>(
  name: string,
  given: RouterProcedure<Context, User, Env> | BuiltProcedure<Context, User, Env>,
): RouterProcedure<Context, User, Env> {
  if (typeof given !== "object" || (given as unknown) === null) {
    throw new TypeError(`"${name}" is no procedure`);
  }
  const parts = given.parts ?? given;
  const { input, broadcast, self, sync } = parts;
  if (input !== undefined) requireSchema(input);
  const resolvers = Object.entries({ broadcast, self, sync }).filter(([, fn]) => fn !== undefined);
  if (resolvers.length === 0) {
    throw new TypeError(`"${name}" has no resolver: add broadcast, self or sync`);
  }
  for (const [step, resolver] of resolvers) requireResolver(step, resolver);
  return parts;
}

function requireResolver(step: string, resolver: unknown): void {
  if (typeof resolver !== "function") throw new TypeError(`${step} takes a function`);
}

/** One output event. data: a JSON object's text. */
export interface OutputEvent {
  name: string;
  data: string;
}

/**
 * What a resolver has returned, in its order. A TypeError for a name that is none and for data that
 * is no JSON object.
 */
export function readOutputs(outputs: unknown): OutputEvent[] {
  if (outputs === undefined) return [];
  if (typeof outputs !== "object" || outputs === null || Array.isArray(outputs)) {
    throw new TypeError("A resolver returns an object of events, or nothing");
  }
  return Object.entries(outputs).map(([name, payload]: [string, unknown]) => {
    requireEventName(name);
    const data = JSON.stringify(payload) as string | undefined;
    if (data === undefined || !data.startsWith("{")) {
      throw new TypeError(`The data of "${name}" is not an object`);
    }
    return { name, data };
  });
}
