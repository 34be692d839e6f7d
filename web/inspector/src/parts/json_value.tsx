// A value on one line, coloured by its type.

import type { Json } from "../api_types";
import { isContainer } from "./json_path";

const charactersMax = 160;

export function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

export function JsonValue({ value }: { value: Json }) {
  if (isContainer(value)) return null;
  const whole = JSON.stringify(value);
  const text = whole.length > charactersMax ? `${whole.slice(0, charactersMax)}…` : whole;
  return <span className={`json-${typeOf(value)}`}>{text}</span>;
}
