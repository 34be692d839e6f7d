// A room is named by the page's address: /demo/{room}. The server's own rule for names.
const rule = /^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/;
const longest = 64;

const colours = ["amber", "azure", "coral", "golden", "hazel", "indigo", "ivory", "jade", "lilac",
  "olive", "pearl", "rosy", "ruby", "russet", "silver", "teal"];
const moods = ["bright", "brisk", "calm", "clever", "gentle", "happy", "kind", "lively", "lucky",
  "merry", "proud", "quick", "quiet", "sunny", "warm", "wise"];
const places = ["bay", "brook", "cliff", "cove", "delta", "dune", "field", "forest", "garden",
  "grove", "harbor", "hill", "island", "lagoon", "meadow", "valley"];

export function pick<Value>(values: readonly Value[]): Value {
  const value = values[Math.floor(Math.random() * values.length)];
  if (value === undefined) throw new RangeError("nothing to pick from");
  return value;
}

export function randomRoomName(): string {
  return `${pick(moods)}-${pick(colours)}-${pick(places)}`;
}

export function isRoomName(name: string): boolean {
  return name.length <= longest && rule.test(name);
}

// Empty: none is named, and one is to be made up.
export function roomNameOf(path: string): string {
  return path.replace(/^\/demo\/?/, "").replace(/\/$/, "");
}
