// A value on one line, coloured by its type.

import type { Json } from "../api_types";
import { isContainer } from "./json_path";

const charactersMax = 160;

export function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

// Characters that do not show but turn what stands beside them around.
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

export function JsonValue({ value }: { value: Json }) {
  if (isContainer(value)) return null;
  const whole = JSON.stringify(value).replace(turning, escaped);
  const text = whole.length > charactersMax ? `${whole.slice(0, charactersMax)}…` : whole;
  return <span className={`json-${typeOf(value)}`}>{text}</span>;
}
