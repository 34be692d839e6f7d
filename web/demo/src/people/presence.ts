// What each person in the room tells the others of themselves, at most 512 bytes of JSON.
export interface Presence {
  name: string;
  colour: number;  // of --user-0 to --user-7
  pointer: Pointer | null;
  selection: Selection | null;
}

// Where the mouse is: in which part of the page, and how far across and down it, 0 to 1. So it is
// over the same thing for everybody, however wide their windows are.
export interface Pointer {
  area: string;
  x: number;
  y: number;
}

// In the text, as relative positions of Yjs in base64: they stay where they are while others type.
export interface Selection {
  anchor: string;
  head: string;
}

export const colourCount = 8;
export const nameSizeMax = 24;

// Without halves of characters, which no JSON parser has to take.
export function cutName(name: string): string {
  const whole = [...name.trim()].filter((character) => !/\p{Surrogate}/u.test(character));
  return whole.slice(0, nameSizeMax).join("");
}

// Others may run anything: what is not as it should be is left out.
export function readPresence(value: Partial<Record<keyof Presence, unknown>>): Presence {
  const name = typeof value.name === "string" ? cutName(value.name) : "";
  const colour = typeof value.colour === "number" ? Math.trunc(Math.abs(value.colour)) : 0;
  return {
    name: name === "" ? "Somebody" : name,
    colour: Number.isFinite(colour) ? colour % colourCount : 0,
    pointer: readPointer(value.pointer),
    selection: readSelection(value.selection),
  };
}

function readPointer(value: unknown): Pointer | null {
  if (typeof value !== "object" || value === null) return null;
  const { area, x, y } = value as Partial<Record<keyof Pointer, unknown>>;
  if (typeof area !== "string" || typeof x !== "number" || typeof y !== "number") return null;
  return { area, x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
}

function readSelection(value: unknown): Selection | null {
  if (typeof value !== "object" || value === null) return null;
  const { anchor, head } = value as Partial<Record<keyof Selection, unknown>>;
  return typeof anchor === "string" && typeof head === "string" ? { anchor, head } : null;
}

export function userColour(colour: number): string {
  return `var(--user-${colour})`;
}

export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? [...(words[words.length - 1] ?? "")][0] ?? "" : "";
  return (first + last).toLocaleUpperCase();
}
