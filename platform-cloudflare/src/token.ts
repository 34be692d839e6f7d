// Room tokens: who a connection is and which room it may enter, as an encrypted JWT (RFC 7519 in a
// JWE, see jwe.ts). The native server, and existing deployments by npm jose, make and read the same
// tokens. Nothing here logs, and no error names a secret or a part of a token.
import { openJwe, sealJwe } from "./jwe.js";
import {
  allPermissions, isRoomPattern, matchesRoom, mayHaveRoomPattern, permissionsIn,
} from "./permissions.js";
import { jsonDepth, jsonDepthMax, rawMember } from "./raw_json.js";
import { requireRoomName } from "./room_name.js";
import { TokenKeys } from "./token_keys.js";
import { Unauthorized } from "./join_errors.js";
import { problemOfUser } from "./user_limits.js";

export { TokenKeys } from "./token_keys.js";
export { Unauthorized } from "./join_errors.js";

export const tokenBytesMax = 8 * 1024; // before it is decrypted, or parsed at all
export const tokenAgeMsDefault = 60_000;
export const tokenAgeMsMax = 366 * 24 * 3600 * 1000; // a year
/** Clocks of the server that made a token and of the one that reads it may differ by so much. */
export const tokenClockToleranceMs = 15_000;

const msASecond = 1000;

export interface TokenUser {
  /** Says whose sessions belong together. At most 128 characters. */
  readonly id: string;
}

export interface TokenOptions<User extends TokenUser = TokenUser> {
  /** What the room's `authorize` answers: of several the first, the newest one, signs. */
  secret: string | readonly string[];
  /** The one room that the token opens. */
  room: string;
  /** What others see of the user, at most 512 bytes of JSON. */
  user: User;
  /**
   * Until the token expires, 60 s unless given, at most a year. Clients ask for a new token at
   * every connection, so a short life is enough.
   */
  maxAgeMs?: number;
  /** Unix time in milliseconds; left out: now. */
  now?: number;
}

/**
 * A token for one user and one room, made of letters, digits, "-", "_" and "." (safe in a URL).
 * A TypeError for a value of another type, a RangeError for one that is out of range.
 */
export async function createToken<User extends TokenUser>(
  options: TokenOptions<User>,
): Promise<string> {
  const { maxAgeMs = tokenAgeMsDefault, now = Date.now() } = options;
  const keys = TokenKeys.from(options.secret);
  const room = requireRoomName(options.room);
  requireTime("now", now, 0, Number.MAX_SAFE_INTEGER - tokenAgeMsMax);
  requireTime("maxAgeMs", maxAgeMs, 1, tokenAgeMsMax);
  const { id, json } = writeUser(options.user);
  const claims =
    `{"room":"${room}","sub":${JSON.stringify(`${room}|${id}`)},"user":${json}` +
    `,"iat":${Math.floor(now / msASecond)},"exp":${Math.ceil((now + maxAgeMs) / msASecond)}` +
    `,"jti":"${crypto.randomUUID()}"}`;
  const token = await sealJwe(keys, claims);
  if (token.length > tokenBytesMax) throw new RangeError("The token is too large");
  return token;
}

/** What a token that was accepted says. */
export interface OpenedToken {
  userId: string;
  /** An object's JSON without white space, spelled as the token has it. */
  userJson: string;
  /** Its value. It still has to pass the application's schema. */
  user: TokenUser;
  /** What it allows in the room, as a room takes it: names with one space between them. */
  permissions: string;
  /** Unix time in milliseconds. */
  expiresAt: number;
}

/**
 * The claims of a token for this room that is not expired. The token may be percent-encoded, once
 * or twice: clients encode it before it is put, and encoded again, into a query. Like npm jose it
 * takes a token of the future ("iat") but none that is not valid yet ("nbf"). Throws Unauthorized.
 */
export async function openToken(
  keys: TokenKeys,
  token: string,
  room: string,
  nowMs: number,
): Promise<OpenedToken> {
  const normal = normalizeToken(token);
  if (normal === "") throw new Unauthorized("the token is empty");
  const text = readText(await openJwe(keys, normal));
  const claims = parseClaims(text);
  const expiresAtS = checkTime(claims, nowMs);
  const roomOfToken = claims.get("room");
  if (typeof roomOfToken !== "string") throw new Unauthorized("the token has no room");
  const permissions = checkRoom(roomOfToken, parseObject(text), room);
  const userJson = rawMember(text, "user");
  if (userJson === undefined) throw new Unauthorized("the token has no user");
  const user = readUser(userJson);
  const subject = claims.get("sub");
  if (typeof subject !== "string") throw new Unauthorized("the token has no sub");
  if (subject.toWellFormed() !== `${roomOfToken}|${user.id.toWellFormed()}`) {
    throw new Unauthorized("the token's sub is not its room and user");
  }
  return {
    userId: user.id.toWellFormed(),
    userJson,
    user,
    permissions,
    expiresAt: Math.floor(expiresAtS) * msASecond,
  };
}

// What the token allows in the room that it is presented for.
function checkRoom(roomOfToken: string, claims: object, room: string): string {
  const claim: unknown = "permissions" in claims ? claims.permissions : undefined;
  const hasPattern = mayHaveRoomPattern(claim) && isRoomPattern(roomOfToken);
  if (hasPattern ? !matchesRoom(roomOfToken, room) : roomOfToken !== room) {
    throw new Unauthorized("the token is for another room");
  }
  return claim === undefined ? allPermissions : permissionsIn(claim, room);
}

function requireTime(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== "number") throw new TypeError(`${name} is not a number`);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${name} is not a whole number of milliseconds`);
  }
  if (value < min || value > max) throw new RangeError(`${name} is not in ${min} to ${max}`);
}

function writeUser(user: unknown): { id: string; json: string } {
  // undefined for a function, a symbol or nothing at all, which its types do not say.
  const json = JSON.stringify(user) as string | undefined;
  if (json === undefined) throw new TypeError("the user is not an object");
  // What was written and not what was given: toJSON may have made something else of it.
  const written: unknown = JSON.parse(json);
  const problem = problemOfUser(json, written);
  if (problem?.isLimit === true) throw new RangeError(problem.text);
  if (problem !== undefined) throw new TypeError(problem.text);
  if (jsonDepth(json) >= jsonDepthMax) throw new RangeError("the user is nested too deep");
  return { id: (written as { id: string }).id, json };
}

// Undoes percent-encoding done once or twice.
function normalizeToken(token: string): string {
  // Encoded twice, a character has five: more cannot become a token of the right size.
  if (token.length > 5 * tokenBytesMax + 4) throw new Unauthorized("the token is too large");
  let text = token;
  for (let encodings = 0; text.includes("%"); ++encodings) {
    if (encodings === 2) {
      throw new Unauthorized("the token is percent-encoded more than twice");
    }
    text = percentDecode(text);
  }
  if (text.length > tokenBytesMax) throw new Unauthorized("the token is too large");
  return text;
}

// Byte by byte: what is no ASCII then is no base64url either.
function percentDecode(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) {
    throw new Unauthorized("the token's percent-encoding is malformed");
  }
  return text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function readText(plaintext: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch {
    throw new Unauthorized("the token's claims are not JSON");
  }
}

// The claims that are read, each of its type, not judged yet.
type Claims = ReadonlyMap<string, string | number>;

function parseClaims(text: string): Claims {
  if (!/^[ \t\n\r]*\{/.test(text)) {
    throw new Unauthorized("the token's claims are not an object");
  }
  const claims = new Map<string, string | number>();
  for (const [name, value] of Object.entries(parseObject(text))) {
    if (name === "room" || name === "sub" || name === "jti") {
      if (typeof value !== "string") throw new Unauthorized(`the token's ${name} is not a string`);
      claims.set(name, value);
    } else if (name === "iat" || name === "nbf" || name === "exp") {
      if (typeof value !== "number" || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
        throw new Unauthorized(`the token's ${name} is not a time`);
      }
      claims.set(name, value);
    }
  }
  return claims;
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Unauthorized("the token's claims are not JSON");
  }
  if (typeof value !== "object" || value === null || jsonDepth(text) > jsonDepthMax) {
    throw new Unauthorized("the token's claims are not JSON");
  }
  return value;
}

// Answers "exp". In seconds, as npm jose compares, so that all sides end a token at one moment.
function checkTime(claims: Claims, nowMs: number): number {
  const nowS = Math.floor(nowMs / msASecond);
  const toleranceS = tokenClockToleranceMs / msASecond;
  const expiresAtS = claims.get("exp");
  if (typeof expiresAtS !== "number") throw new Unauthorized("the token has no exp");
  // Not ">": a time that is none (NaN) is refused as well.
  if (!(expiresAtS > nowS - toleranceS)) throw new Unauthorized("the token has expired");
  const notBeforeS = claims.get("nbf");
  if (typeof notBeforeS === "number" && notBeforeS > nowS + toleranceS) {
    throw new Unauthorized("the token is not valid yet");
  }
  return expiresAtS;
}

function readUser(json: string): TokenUser {
  const user: unknown = JSON.parse(json);
  const problem = problemOfUser(json, user);
  if (problem !== undefined) throw new Unauthorized(problem.text);
  return user as TokenUser;
}
