// What a room may be called. A name is part of a URL, of a token and of the id of the room's
// Durable Object, so it is plain everywhere.

/** As many characters as a name may have. */
export const roomNameCharsMax = 256;

const roomName = /^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/;

/** Letters, digits, "-" and "_", beginning and ending with a letter or digit. */
export function isRoomName(name: unknown): name is string {
  return typeof name === "string" && name.length <= roomNameCharsMax && roomName.test(name);
}

/** The name, or a RangeError (a TypeError for what is no string). For code of the server's own. */
export function requireRoomName(name: unknown): string {
  if (typeof name !== "string") throw new TypeError("A room's name is a string");
  if (!isRoomName(name)) throw new RangeError("Unsupported room name");
  return name;
}
