// Who a client is, by the token that it presents: the application's `authorize` says with which
// secrets tokens are made, its `user` what a user must be.
import type { Authorize, AuthorizeArguments, TokenSecrets } from "./host_types.js";
import { Unauthorized, Unavailable } from "./join_errors.js";
import { runSchema, type Schema } from "./schema.js";
import { type OpenedToken, openToken, type TokenUser } from "./token.js";
import { TokenKeys } from "./token_keys.js";
import { problemOfUser } from "./user_limits.js";

export interface JoinAuthorizer<Env, User> {
  authorize: Authorize<Env>;
  user?: Schema<User> | undefined;
}

export interface AuthorizedUser<User> {
  id: string;
  json: string; // without white space, as others see it
  user: User;
  permissions: string;
}

/**
 * The user of the request's token (?token=). Throws Unauthorized, and Unavailable when `authorize`
 * throws or answers no usable secrets.
 */
export async function authorizeJoin<Env, User>(
  options: JoinAuthorizer<Env, User>,
  from: AuthorizeArguments<Env>,
  nowMs: number,
): Promise<AuthorizedUser<User | TokenUser>> {
  const token = new URL(from.request.url).searchParams.get("token");
  if (token === null) throw new Unauthorized("the request has no token");
  const keys = await resolveKeys(options.authorize, from);
  const opened = await openToken(keys, token, from.room, nowMs);
  if (options.user === undefined) {
    const { userId, userJson, user, permissions } = opened;
    return { id: userId, json: userJson, user, permissions };
  }
  return applySchema(options.user, opened);
}

// Throws Unavailable.
async function resolveKeys<Env>(
  authorize: Authorize<Env>,
  from: AuthorizeArguments<Env>,
): Promise<TokenKeys> {
  try {
    return TokenKeys.from(secretsOf(await authorize(from)));
  } catch (error) {
    throw new Unavailable("authorize gave no usable secret", error);
  }
}

/** All that an answer of `authorize` says. A TypeError for an answer that is none. */
export function secretsOf(answer: TokenSecrets): string | readonly string[] {
  const given: unknown = answer;
  if (typeof given !== "object" || given === null) {
    throw new TypeError("authorize must answer { secret } or { secrets }");
  }
  const { secret, secrets } = answer;
  if (secrets === undefined) return secret;
  if (secret !== undefined) throw new TypeError("authorize must answer one of secret and secrets");
  if (!Array.isArray(secrets)) throw new TypeError("secrets must be a list");
  return secrets;
}

// What others see of a user is what the schema made of it.
function applySchema<User>(schema: Schema<User>, opened: OpenedToken): AuthorizedUser<User> {
  let user: User;
  let json: string | undefined;
  try {
    user = runSchema(schema, opened.user);
    json = JSON.stringify(user) as string | undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : "it was refused";
    throw new Unauthorized(`the token's user is invalid: ${why}`);
  }
  if (json === undefined) throw new Unauthorized("the token's user is invalid");
  const written: unknown = JSON.parse(json);
  const problem = problemOfUser(json, written);
  if (problem !== undefined) throw new Unauthorized(`the token's user is invalid: ${problem.text}`);
  const id = (written as TokenUser).id.toWellFormed();
  return { id, json, user, permissions: opened.permissions };
}
