// What is nested more deeply than anybody reads, and than functions that call themselves can follow.

import type { Json } from "../api_types";
import { isContainer } from "./json_path";

export const levelsMax = 200;

// Stands for what was left out.
export const leftOut = `… nested more deeply than ${levelsMax} levels`;

export function isTooDeep(value: Json, levels = levelsMax): boolean {
  if (!isContainer(value)) return false;
  return levels === 0 || Object.values(value).some((part) => isTooDeep(part, levels - 1));
}

// The value down to levelsMax; itself when it is no deeper.
export function cutDeep(value: Json): Json {
  return isTooDeep(value) ? cut(value, levelsMax) : value;
}

function cut(value: Json, levels: number): Json {
  if (!isContainer(value)) return value;
  if (levels === 0) return leftOut;
  if (Array.isArray(value)) return value.map((part) => cut(part, levels - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, cut(part, levels - 1)]),
  );
}
