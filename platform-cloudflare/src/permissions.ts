// The claim "permissions" of a token: what its user may do, in which rooms. The native server reads
// it by the same rules (src/auth/token_permissions.h); the room enforces what comes out.
import { Unauthorized } from "./join_errors.js";
import { isRoomName, roomNameCharsMax } from "./room_name.js";

export const permissionsMax = 64;
export const permissionNameCharsMax = 64;
export const permissionsCharsMax = 2 * 1024;
export const permissionPatternsMax = 64;

/** What a room takes for everything. */
export const allPermissions = "*";

const name = /^[A-Za-z0-9_:.-]+$/;
const eventPrefix = "event:";

function isPermission(value: string): boolean {
  if (value === "*") return true;
  const plain = value.startsWith(eventPrefix) ? value.slice(eventPrefix.length) : value;
  if (plain === "*") return true;
  return plain.length <= permissionNameCharsMax && name.test(plain);
}

/** A room's name, the beginning of one and "*", or "*" alone. */
export function isRoomPattern(text: string): boolean {
  if (!text.endsWith("*")) return isRoomName(text);
  const begin = text.slice(0, -1);
  if (begin === "") return true;
  return begin.length < roomNameCharsMax && isRoomName(begin.replace(/[-_]+$/, ""));
}

/** Both are what they should be. */
export function matchesRoom(pattern: string, room: string): boolean {
  return pattern.endsWith("*") ? room.startsWith(pattern.slice(0, -1)) : pattern === room;
}

/** Whether a token of this claim may have a pattern for its room. */
export function mayHaveRoomPattern(claim: unknown): claim is object {
  return typeof claim === "object" && claim !== null && !Array.isArray(claim);
}

/**
 * What the claim allows in the room, as the room takes it: names with one space between them.
 * Throws Unauthorized for a claim of another form, a room that is none of it, and without "read".
 */
export function permissionsIn(claim: unknown, room: string): string {
  const allowed = Array.isArray(claim) ? readNames(claim) : fromPatterns(claim, room);
  if (allowed === undefined) {
    throw new Unauthorized("the token has no permissions for this room");
  }
  if (!allowed.some((one) => one === "read" || one === "write" || one === "*")) {
    throw new Unauthorized("the token's permissions do not allow to read");
  }
  return allowed.join(" ");
}

// All of the claim is read, whatever it holds for the room: a malformed one opens none.
function fromPatterns(claim: unknown, room: string): readonly string[] | undefined {
  if (!mayHaveRoomPattern(claim)) {
    throw new Unauthorized("the permissions are neither a list nor an object");
  }
  const patterns = Object.entries(claim);
  let best: { length: number; names: readonly string[] } | undefined;
  for (const [pattern, value] of patterns) {
    if (!isRoomPattern(pattern)) {
      throw new Unauthorized("a pattern of the permissions is not allowed");
    }
    if (!Array.isArray(value)) throw new Unauthorized("the permissions are not a list");
    const names = readNames(value);
    const length = pattern === room ? Infinity : pattern.length;
    if (matchesRoom(pattern, room) && length > (best?.length ?? 0)) best = { length, names };
  }
  if (patterns.length > permissionPatternsMax) {
    throw new Unauthorized("there are too many patterns of permissions");
  }
  return best?.names;
}

function readNames(list: readonly unknown[]): readonly string[] {
  const names = list.map((value) => {
    if (typeof value !== "string") throw new Unauthorized("a permission is not a string");
    if (!isPermission(value)) throw new Unauthorized("a permission's name is not allowed");
    return value;
  });
  if (names.length > permissionsMax) throw new Unauthorized("there are too many permissions");
  if (names.join(" ").length > permissionsCharsMax) {
    throw new Unauthorized("the permissions are too long");
  }
  return names;
}
