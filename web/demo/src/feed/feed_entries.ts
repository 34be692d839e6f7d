// What happened in the room while this page was open: what people said, who came and who left.
// Events are passed on and not kept; a document is what is kept.
import { useEffect, useReducer } from "react";

import { readPresence } from "../people/presence";
import type { DemoRoom } from "../session";
import { useSession } from "../use_room";

export interface Entry {
  id: number;
  kind: "message" | "joined" | "left" | "error";
  name: string;
  colour: number;
  isOwn: boolean;
  text: string;
  atMs: number;
}

type NewEntry = Omit<Entry, "id" | "atMs">;

const shownMax = 100;
// After the own coming back everybody seems to come; that is no news.
const settledMs = 1_500;

function addTo(entries: readonly Entry[], entry: NewEntry): readonly Entry[] {
  const id = (entries.at(-1)?.id ?? 0) + 1;
  return [...entries, { ...entry, id, atMs: Date.now() }].slice(-shownMax);
}

function senderOf(room: DemoRoom, sessionId: string | null): Pick<Entry, "name" | "colour" | "isOwn"> {
  const isOwn = sessionId === room.myself.sessionId;
  const presence = isOwn ? room.myself.presence
    : room.others.find((person) => person.sessionId === sessionId)?.presence;
  const { name, colour } = readPresence(presence ?? {});
  return { name, colour, isOwn };
}

// Tells who comes and goes, once it is known who was there before.
function watchPeople(room: DemoRoom, add: (entry: NewEntry) => void): () => void {
  let known = new Map<string, { name: string; colour: number }>();
  let settledAtMs = Infinity;
  const stopStatus = room.subscribe.status((status) => {
    if (status === "connected") settledAtMs = Date.now() + settledMs;
    if (status === "reconnecting" || status === "closed") settledAtMs = Infinity;
  });
  const stopOthers = room.subscribe.others((others) => {
    const now = new Map(others.map(({ sessionId, presence }) => [sessionId, readPresence(presence)]));
    if (Date.now() > settledAtMs) {
      for (const [id, { name, colour }] of now) {
        if (!known.has(id)) add({ kind: "joined", name, colour, isOwn: false, text: "" });
      }
      for (const [id, { name, colour }] of known) {
        if (!now.has(id)) add({ kind: "left", name, colour, isOwn: false, text: "" });
      }
    }
    known = now;
  });
  return () => {
    stopStatus();
    stopOthers();
  };
}

export function useFeed(): readonly Entry[] {
  const { room } = useSession();
  const [entries, add] = useReducer(addTo, []);
  useEffect(() => {
    const stops = [
      room.on("receiveMessage", ({ data, sessionId }) => {
        add({ kind: "message", ...senderOf(room, sessionId), text: String(data.message) });
      }),
      room.subscribe.error(({ message }) => {
        add({ kind: "error", name: "", colour: 0, isOwn: false, text: message });
      }),
      watchPeople(room, add),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [room]);
  return entries;
}
