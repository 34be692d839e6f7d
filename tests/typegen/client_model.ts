// What the public interface of the original's client (@pluv/client 5) makes of a server's type, as
// far as a program's types depend on it: the user, the inputs and the outputs come out of `_defs` by
// inference. A model of its own, so that the test needs no other package; nothing of it ever runs.

/** A parser as zod has it, of which only the result matters here. */
interface Parser<Data> {
  parse: (data: unknown) => Data;
  _input: Data;
}

interface Documents<Factory> {
  doc: (value: never) => Factory;
  kind: "loro" | "yjs";
}

interface Procedure<Input, Outputs> {
  config: { resolver: (data: Input, ...more: never[]) => Outputs | Promise<Outputs> };
}

type Procedures = Record<string, Procedure<never, object>>;

export interface Io {
  _defs: {
    authorize: { secret?: string; user: Parser<{ id: string }> } | null;
    crdt: Documents<unknown>;
    events: Procedures;
  };
}

type Both<Union> = (Union extends unknown ? (one: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

export type UserOf<T extends Io> = T["_defs"]["authorize"] extends {
  user: Parser<infer User>;
}
  ? User
  : null;

export type InputsOf<T extends Io> = {
  [Name in keyof T["_defs"]["events"]]: T["_defs"]["events"][Name] extends Procedure<
    infer Input,
    object
  >
    ? Input
    : never;
};

export type OutputsOf<T extends Io> = Both<
  {
    [Name in keyof T["_defs"]["events"]]: T["_defs"]["events"][Name] extends Procedure<
      never,
      infer Outputs
    >
      ? Outputs
      : never;
  }[keyof T["_defs"]["events"]]
>;

/** Where documents are kept, the client may give what a new one begins with. */
type Storage<T extends Io> =
  ReturnType<T["_defs"]["crdt"]["doc"]> extends { resolveEncodedState: unknown }
    ? { initialStorage?: "[no documents]" }
    : { initialStorage?: object };

/** Users have to be let in somewhere. */
type Endpoints<T extends Io> =
  UserOf<T> extends { id: string } ? { authEndpoint: string } : { authEndpoint?: undefined };

export interface Received<Data, User> {
  data: Data;
  user: User;
}

export interface Room<T extends Io> {
  broadcast<Name extends keyof InputsOf<T>>(name: Name, data: InputsOf<T>[Name]): void;
  event<Name extends keyof OutputsOf<T>>(
    name: Name,
    callback: (message: Received<OutputsOf<T>[Name], UserOf<T>>) => void,
  ): void;
  myself: { user: UserOf<T> };
}

export declare function infer<T extends Io>(
  callback: (i: <Value>(value: Value) => Value) => { io: (io: T) => T },
): { io: T };

export declare function createClient<T extends Io>(
  options: { types: { io: T }; wsEndpoint: string } & Endpoints<T> & Storage<T>,
): { createRoom(name: string): Room<T> };
