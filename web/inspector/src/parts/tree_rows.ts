// A JSON value as the rows of a tree, of which only those are made that show. Long arrays and objects
// are shown in groups of a hundred, so that a large document costs no more than what is open of it.

import type { Json } from "../api_types";
import { entryCount, isContainer, pointerTo, readablePath } from "./json_path";

export interface TreeRow {
  id: string; // the pointer; a group's has where it begins after it
  pointer: string;
  // The steps to the value; a group's are those of what it is a part of.
  steps: readonly (string | number)[];
  name: string;
  value: Json;
  level: number; // from 1
  position: number; // from 1, among its siblings
  siblings: number;
  parent: string | undefined;
  opens: boolean;
  isOpen: boolean;
  group: { from: number; to: number } | undefined; // entries [from, to)
}

const groupSize = 100;

// What is larger is closed until somebody opens it.
const openEntriesMax = 30;
const openCharactersMax = 5_000;

// A string that one row does not show well.
export function isLongText(value: Json): value is string {
  return typeof value === "string" && (value.length > 100 || value.includes("\n"));
}

export interface TreeShape {
  // What somebody opened or closed, by id.
  chosen: ReadonlyMap<string, boolean>;
  // Down to which level rows are open by themselves; 0: all closed.
  openLevels: number;
}

type Entry = { step: string | number; value: Json };
type Parent = Pick<TreeRow, "id" | "pointer" | "steps" | "level">;

class RowWriter {
  readonly rows: TreeRow[] = [];

  constructor(private readonly shape: TreeShape) {}

  write(value: Json[] | { [name: string]: Json }): void {
    this.writeEntries(entriesOf(value), { id: "", pointer: "", steps: [], level: 0 });
  }

  private writeEntries(entries: Entry[], parent: Parent): void {
    if (entries.length > groupSize) {
      this.writeGroups(entries, parent);
      return;
    }
    entries.forEach(({ step, value }, index) => {
      const opens = isLongText(value) || entryCount(value) > 0;
      const pointer = pointerTo(parent.pointer, step);
      const row = this.add({
        id: pointer,
        pointer,
        steps: [...parent.steps, step],
        name: String(step),
        value,
        level: parent.level + 1,
        position: index + 1,
        siblings: entries.length,
        parent: parent.id || undefined,
        opens,
        group: undefined,
      });
      if (row.isOpen && isContainer(value)) this.writeEntries(entriesOf(value), row);
    });
  }

  private writeGroups(entries: Entry[], parent: Parent): void {
    const groups = Math.ceil(entries.length / groupSize);
    for (let index = 0; index < groups; index += 1) {
      const from = index * groupSize;
      const to = Math.min(from + groupSize, entries.length);
      const part = entries.slice(from, to);
      const row = this.add({
        id: `${parent.pointer}#${from}`,
        pointer: parent.pointer,
        steps: parent.steps,
        name: groupName(part),
        value: null,
        level: parent.level + 1,
        position: index + 1,
        siblings: groups,
        parent: parent.id || undefined,
        opens: true,
        group: { from, to },
      });
      if (row.isOpen) this.writeEntries(part, row);
    }
  }

  private add(row: Omit<TreeRow, "isOpen">): TreeRow {
    const byItself = row.level <= this.shape.openLevels && opensByItself(row);
    const whole = { ...row, isOpen: row.opens && (this.shape.chosen.get(row.id) ?? byItself) };
    this.rows.push(whole);
    return whole;
  }
}

function opensByItself(row: Omit<TreeRow, "isOpen">): boolean {
  if (row.group) return false;
  if (typeof row.value === "string") return row.value.length <= openCharactersMax;
  return entryCount(row.value) <= openEntriesMax;
}

function groupName(part: Entry[]): string {
  return `${part[0]?.step ?? ""} … ${part[part.length - 1]?.step ?? ""}`;
}

function entriesOf(value: Json[] | { [name: string]: Json }): Entry[] {
  if (Array.isArray(value)) return value.map((item, index) => ({ step: index, value: item }));
  return Object.entries(value).map(([step, item]) => ({ step, value: item }));
}

export function treeRows(value: Json, shape: TreeShape): TreeRow[] {
  const writer = new RowWriter(shape);
  writer.write(isContainer(value) ? value : { value });
  return writer.rows;
}

// How much is in the row's value: "{ 3 }", "[ 12 ]".
export function summaryOf(row: TreeRow): string {
  if (row.group) return "";
  const { value } = row;
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[ ${value.length} ]`;
  if (isContainer(value)) {
    const count = entryCount(value);
    return count === 0 ? "{}" : `{ ${count} }`;
  }
  return "";
}

export function rowPath(row: TreeRow): string {
  return readablePath(row.steps);
}
