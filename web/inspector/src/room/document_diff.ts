// What differs between two states of a document, root by root: texts by their lines, everything
// else by the lines of its indented JSON.

import type { Json, JsonObject } from "../api_types";
import { sameJson } from "../parts/json_changes";
import { type DiffLine, lineDiff } from "./line_diff";

export interface RootDiff {
  root: string;
  kind: "changed" | "added" | "removed";
  added: number;
  removed: number;
  lines: DiffLine[];
}

export interface DocumentDiff {
  changed: RootDiff[];
  unchanged: string[];
}

function textOf(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function kindOf(before: Json | undefined, after: Json | undefined): RootDiff["kind"] {
  if (before === undefined) return "added";
  return after === undefined ? "removed" : "changed";
}

export function documentDiff(before: JsonObject, after: JsonObject): DocumentDiff {
  const roots = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const diff: DocumentDiff = { changed: [], unchanged: [] };
  for (const root of roots) {
    if (sameJson(before[root], after[root])) {
      diff.unchanged.push(root);
      continue;
    }
    const lines = lineDiff(textOf(before[root]), textOf(after[root]));
    diff.changed.push({
      root,
      kind: kindOf(before[root], after[root]),
      added: lines.filter((line) => line.kind === "added").length,
      removed: lines.filter((line) => line.kind === "removed").length,
      lines,
    });
  }
  return diff;
}
