// Names of places in a JSON value.

import type { Json } from "../api_types";

// A JSON pointer (RFC 6901): "/notes/0/title", unique within a value.
export function pointerTo(parent: string, step: string | number): string {
  return `${parent}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

// The same place as code would name it: notes[0].title
export function readablePath(steps: readonly (string | number)[]): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(step)) path += path ? `.${step}` : step;
    else path += `[${JSON.stringify(step)}]`;
  }
  return path;
}

export function isContainer(value: Json): value is Json[] | { [name: string]: Json } {
  return value !== null && typeof value === "object";
}

export function entryCount(value: Json): number {
  if (Array.isArray(value)) return value.length;
  return isContainer(value) ? Object.keys(value).length : 0;
}
