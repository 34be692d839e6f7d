// Edits made while nothing is connected outlive the window: they are kept by the browser until the
// room has them, and offered by the next window that opens the room.
import { fromBase64, toBase64 } from "@pluv-cpp/client";
import * as Y from "yjs";

import { keptForGood } from "../../shared/kept";
import type { DemoRoom } from "./session";

const pauseMs = 300;
// What a socket has taken is with the server soon after; nobody says when.
const arrivedMs = 3_000;

export function keepUnsent(room: DemoRoom): void {
  const prefix = `pluv-demo-unsent:${room.name}:`;
  const own = prefix + room.doc.clientID;
  const offered = new Map<string, string>();
  for (const key of keptForGood.keysFrom(prefix)) {
    const value = offer(room.doc, key);
    if (value !== null) offered.set(key, value);
  }

  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    keptForGood.set(own, toBase64(Y.encodeStateAsUpdate(room.doc)));
  };
  room.doc.on("update", () => {
    if (room.status !== "synced") timer ??= setTimeout(save, pauseMs);
  });
  addEventListener("pagehide", () => {
    if (timer !== undefined && room.status !== "synced") save();
  });
  room.subscribe.status((status) => {
    if (status !== "synced") return;
    clearTimeout(timer);
    timer = undefined;
    setTimeout(() => {
      if (room.status !== "synced") return;
      keptForGood.remove(own);
      // What another window has kept since is not in this document.
      for (const [key, value] of offered) {
        if (keptForGood.get(key) === value) keptForGood.remove(key);
      }
      offered.clear();
    }, arrivedMs);
  });
}

// Answers what the document has taken; null: nothing.
function offer(doc: Y.Doc, key: string): string | null {
  const value = keptForGood.get(key);
  if (value === null) return null;
  try {
    Y.applyUpdate(doc, fromBase64(value));
    return value;
  } catch {
    keptForGood.remove(key);
    return null;
  }
}
