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
  const found = keptForGood.keysFrom(prefix);
  for (const key of found) offer(room.doc, key);

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
      for (const key of [own, ...found]) keptForGood.remove(key);
    }, arrivedMs);
  });
}

function offer(doc: Y.Doc, key: string): void {
  try {
    Y.applyUpdate(doc, fromBase64(keptForGood.get(key) ?? ""));
  } catch {
    keptForGood.remove(key);
  }
}
