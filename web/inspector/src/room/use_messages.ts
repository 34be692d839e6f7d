// The messages of a room as they pass, the newest few thousand of them.

import { api } from "../api";
import type { Message } from "../api_types";
import { type Polled, usePoll } from "../use_poll";
import type { MessageFilter } from "./message_filter";

const kept = 2_000;
const perAnswer = 1_000; // what pluvd gives at most
const restMs = 400;
const hurryMs = 40; // there are more than one answer holds

export interface MessageStream {
  messages: readonly Message[];
  last: number;
  dropped: number;
  hurried: boolean;
}

export function useMessages(
  room: string,
  filter: Pick<MessageFilter, "type" | "session">,
  flow: "running" | "paused",
): Polled<MessageStream> {
  const { type, session } = filter;
  return usePoll<MessageStream>({
    key: JSON.stringify([room, type, session]),
    periodMs: (stream) => (stream.hurried ? hurryMs : restMs),
    paused: flow === "paused",
    ask: async (signal, before) => {
      const question = { room, type, session, after: before?.last, limit: perAnswer };
      const answer = await api.messages(question, signal);
      const hurried = answer.messages.length >= perAnswer;
      const dropped = (before?.dropped ?? 0) + (before ? answer.dropped : 0);
      const quiet = answer.messages.length === 0 && answer.last === before?.last;
      if (before && quiet && dropped === before.dropped && hurried === before.hurried) return before;
      const messages = before ? [...before.messages, ...answer.messages] : answer.messages;
      return { messages: messages.slice(-kept), last: answer.last, dropped, hurried };
    },
  });
}
