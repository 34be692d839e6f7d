// A room's people, and what changed in their presence since the last answer.

import { api } from "../api";
import type { RoomDetail } from "../api_types";
import { type Changes, changesBetween, noChanges } from "../parts/json_changes";
import { type Polled, usePoll } from "../use_poll";

export interface RoomNow {
  detail: RoomDetail;
  presenceChanges: ReadonlyMap<string, Changes>; // by session
}

export function useRoom(room: string): Polled<RoomNow> {
  return usePoll<RoomNow>({
    key: room,
    // Without anybody in it nothing changes, and pluvd has to look into its file.
    periodMs: (now) => (now.detail.sessions.length > 0 ? 500 : 2_000),
    ask: async (signal, before) => {
      const detail = await api.room(room, signal);
      const sessionsBefore = new Map(before?.detail.sessions.map((session) => [session.id, session]));
      const presenceChanges = new Map<string, Changes>();
      for (const session of detail.sessions) {
        const last = sessionsBefore.get(session.id);
        const lastChanges = before?.presenceChanges.get(session.id) ?? noChanges;
        presenceChanges.set(
          session.id,
          last ? changesBetween(last.presence, session.presence, lastChanges) : lastChanges,
        );
      }
      return { detail, presenceChanges };
    },
  });
}
