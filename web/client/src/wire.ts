// The messages of a socket, as docs/protocol.md has them. What is not of this form is ignored: a
// newer server may say more than this client knows.
export type Json = Record<string, unknown>;

export interface ServerMessage {
  type: string;
  data: Json;
  connectionId: string | null;
  user: unknown;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOr<Else>(value: unknown, otherwise: Else): string | Else {
  return typeof value === "string" ? value : otherwise;
}

export function readMessage(text: unknown): ServerMessage | null {
  if (typeof text !== "string") return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value) || typeof value.type !== "string") return null;
  return {
    type: value.type,
    data: isObject(value.data) ? value.data : {},
    connectionId: textOr(value.connectionId, null),
    user: value.user ?? null,
  };
}

export function writeMessage(type: string, data: object): string {
  return JSON.stringify({ type, data });
}

// Codes after which coming back would end the same: no token, a rule that was broken, a message
// that is too large, and being sent away.
const finalCodes = new Set([3000, 1008, 1009, 4001]);

export function isFinal(code: number): boolean {
  return finalCodes.has(code);
}
