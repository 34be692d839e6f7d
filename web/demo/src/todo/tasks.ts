// The to-do list in the document: a map for each task. Where it stands is a number of its own
// between its neighbours', so that two people who move things at the same time never copy any.
import * as Y from "yjs";

export type Task = Y.Map<string | number | boolean>;

export interface TaskView {
  id: string;
  text: string;
  done: boolean;
  at: number;
}

export const textSizeMax = 200;
// Closer than that and halving would run out of digits.
const closest = 1e-6;

function viewOf(task: Task): TaskView {
  const text = task.get("text");
  const at = task.get("at");
  return {
    id: String(task.get("id")),
    text: typeof text === "string" ? text : "",
    done: task.get("done") === true,
    at: typeof at === "number" ? at : 0,
  };
}

export function readTasks(tasks: Y.Array<Task>): TaskView[] {
  return tasks.map(viewOf).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function find(tasks: Y.Array<Task>, id: string): Task | undefined {
  return tasks.toArray().find((task) => task.get("id") === id);
}

export function addTask(tasks: Y.Array<Task>, text: string): void {
  const last = readTasks(tasks).at(-1);
  const task: Task = new Y.Map();
  task.set("id", crypto.getRandomValues(new Uint32Array(2)).join("-"));
  task.set("text", text.slice(0, textSizeMax));
  task.set("done", false);
  task.set("at", (last?.at ?? 0) + 1);
  tasks.push([task]);
}

export function setDone(tasks: Y.Array<Task>, id: string, done: boolean): void {
  find(tasks, id)?.set("done", done);
}

export function renameTask(tasks: Y.Array<Task>, id: string, text: string): void {
  find(tasks, id)?.set("text", text.slice(0, textSizeMax));
}

export function removeTask(tasks: Y.Array<Task>, id: string): void {
  const at = tasks.toArray().findIndex((task) => task.get("id") === id);
  if (at >= 0) tasks.delete(at);
}

// One place up (-1) or down (1).
export function moveTask(tasks: Y.Array<Task>, id: string, by: -1 | 1): void {
  const rest = readTasks(tasks);
  const from = rest.findIndex((task) => task.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= rest.length) return;
  const [moved] = rest.splice(from, 1);
  if (moved === undefined) return;
  const before = rest[to - 1]?.at ?? (rest[to]?.at ?? 0) - 2;
  const after = rest[to]?.at ?? before + 2;
  if (after - before > closest) {
    find(tasks, id)?.set("at", (before + after) / 2);
    return;
  }
  rest.splice(to, 0, moved);
  tasks.doc?.transact(() => {
    for (const [place, task] of rest.entries()) find(tasks, task.id)?.set("at", place + 1);
  });
}
