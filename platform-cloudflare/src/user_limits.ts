// How large a user may be: it rides on every message of its sessions.
export const userIdCharsMax = 128; // UTF-16 code units
export const userBytesMax = 512; // of its JSON

// What is wrong with a user, and of which kind the error is; undefined when nothing is.
// json: the user's JSON text, without white space; user: its value.
export function problemOfUser(
  json: string,
  user: unknown,
): { text: string; isLimit: boolean } | undefined {
  if (typeof user !== "object" || user === null || Array.isArray(user)) {
    return { text: "the user is not an object", isLimit: false };
  }
  if (!Object.hasOwn(user, "id")) return { text: "the user has no id", isLimit: false };
  const id: unknown = (user as { id: unknown }).id;
  if (typeof id !== "string") return { text: "the user's id is not a string", isLimit: false };
  if (id.length > userIdCharsMax) return { text: "the user's id is too long", isLimit: true };
  if (new TextEncoder().encode(json).length > userBytesMax) {
    return { text: "the user is too large", isLimit: true };
  }
  return undefined;
}
