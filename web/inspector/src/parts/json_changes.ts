// Which places of a JSON value differ from the value before it, to be highlighted where they show.

import type { Json } from "../api_types";
import { isContainer, pointerTo } from "./json_path";

// tick counts the changes, so that a highlight starts again when the same place changes again.
export interface Changes {
  tick: number;
  atMs: number; // when they came, by performance.now()
  // Pointers of changed or new values, and of everything that holds one.
  places: ReadonlySet<string>;
  // What strings of several lines said before, to mark their changed lines.
  textBefore: ReadonlyMap<string, string>;
}

export const noChanges: Changes = { tick: 0, atMs: 0, places: new Set(), textBefore: new Map() };

const freshMs = 1_500;

// Whether they are to be highlighted: not any more when a tree is shown again later.
export function areFresh(changes: Changes): boolean {
  return performance.now() - changes.atMs < freshMs;
}

// More than this is a different document, not a change in one.
const placesMax = 5_000;

class Comparison {
  readonly places = new Set<string>();
  readonly textBefore = new Map<string, string>();

  // Whether anything differs at the pointer or below it.
  compare(before: Json | undefined, after: Json, pointer: string): boolean {
    if (this.places.size > placesMax) return false;
    if (before === after) return false;
    let differs: boolean;
    if (before !== undefined && Array.isArray(before) && Array.isArray(after)) {
      differs = this.compareArrays(before, after, pointer);
    } else if (isPlainObject(before) && isPlainObject(after)) {
      differs = Object.keys(before).some((name) => !(name in after));
      for (const [name, value] of Object.entries(after)) {
        if (this.compare(before[name], value, pointerTo(pointer, name))) differs = true;
      }
    } else {
      differs = true;
      if (typeof before === "string") this.textBefore.set(pointer, before);
    }
    if (differs) this.places.add(pointer);
    return differs;
  }

  // What stands alike at both ends has moved at most; the rest is compared place by place.
  private compareArrays(before: Json[], after: Json[], pointer: string): boolean {
    const shorter = Math.min(before.length, after.length);
    let head = 0;
    while (head < shorter && sameJson(before[head], after[head])) head += 1;
    let tail = 0;
    while (
      tail < shorter - head &&
      sameJson(before[before.length - 1 - tail], after[after.length - 1 - tail])
    ) {
      tail += 1;
    }
    const pairs = before.length === after.length;
    for (let index = head; index < after.length - tail; index += 1) {
      const value = after[index];
      if (value !== undefined) {
        this.compare(pairs ? before[index] : undefined, value, pointerTo(pointer, index));
      }
    }
    return head + tail < Math.max(before.length, after.length);
  }
}

function isPlainObject(value: Json | undefined): value is { [name: string]: Json } {
  return value !== undefined && isContainer(value) && !Array.isArray(value);
}

export function sameJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((value, index) => sameJson(value, other[index]))
    );
  }
  if (!isPlainObject(one) || !isPlainObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => sameJson(one[name], other[name]))
  );
}

// The changes from before to after; last itself when there are none.
export function changesBetween(before: Json, after: Json, last: Changes): Changes {
  const comparison = new Comparison();
  if (!comparison.compare(before, after, "")) return last;
  return {
    tick: last.tick + 1,
    atMs: performance.now(),
    places: comparison.places,
    textBefore: comparison.textBefore,
  };
}
