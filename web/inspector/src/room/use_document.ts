// A room's document as it is now, and what changed since the last answer.

import { api } from "../api";
import type { DocumentContent } from "../api_types";
import { type Changes, changesBetween, noChanges } from "../parts/json_changes";
import { type Polled, usePoll } from "../use_poll";

export interface DocumentNow {
  content: DocumentContent;
  changes: Changes;
}

export function useDocument(room: string, watch: "closely" | "idly" | "paused"): Polled<DocumentNow> {
  return usePoll<DocumentNow>({
    key: room,
    // A large document costs both sides: a second more for each megabyte.
    periodMs: ({ content }) => (watch === "closely" ? 400 : 2_000) + content.bytes / 1000,
    paused: watch === "paused",
    ask: async (signal, before) => {
      const answer = await api.document(room, before?.content.version, signal);
      if ("unchanged" in answer) {
        if (before) return before;
        throw new Error("pluvd left out a document that it was asked for.");
      }
      const changes =
        before && before.content.document && answer.document
          ? changesBetween(before.content.document, answer.document, before.changes)
          : noChanges;
      return { content: answer, changes };
    },
  });
}
