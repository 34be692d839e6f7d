// Which messages of the stream are shown.

import type { Direction, Message } from "../api_types";

export interface MessageFilter {
  type: string; // pluvd filters by type and session ...
  session: string;
  direction: Direction | "both"; // ... and the page by these two
  text: string;
}

export const everyMessage: MessageFilter = { type: "", session: "", direction: "both", text: "" };

export function isFiltered(filter: MessageFilter): boolean {
  return (
    filter.type !== "" || filter.session !== "" || filter.direction !== "both" || filter.text !== ""
  );
}

export function filtered(messages: readonly Message[], filter: MessageFilter): readonly Message[] {
  const text = filter.text.toLowerCase();
  if (filter.direction === "both" && !text) return messages;
  return messages.filter(
    (message) =>
      (filter.direction === "both" || message.direction === filter.direction) &&
      (!text ||
        message.data.toLowerCase().includes(text) ||
        message.type.toLowerCase().includes(text)),
  );
}
