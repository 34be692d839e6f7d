// The message stream of the room: filters, the list, the chosen message in full.

import { useRef, useState } from "react";
import type { Message, Session } from "../api_types";
import { formatCount, plural } from "../format";
import { Empty, ErrorNote, Loading } from "../parts/notes";
import { isWaiting } from "../use_poll";
import { MessageDetail } from "./message_detail";
import { type MessageFilter, everyMessage, filtered, isFiltered } from "./message_filter";
import { MessageFilters } from "./message_filters";
import { MessageList } from "./message_list";
import { nameOf } from "./people";
import { type MessageStream, useMessages } from "./use_messages";

interface MessagePanelProps {
  room: string;
  sessions: readonly Session[];
  filter: MessageFilter;
  onFilter: (filter: MessageFilter) => void;
}

export function MessagePanel({ room, sessions, filter, onFilter }: MessagePanelProps) {
  const [flow, setFlow] = useState<"running" | "paused">("running");
  const [chosen, setChosen] = useState<Message | undefined>(undefined);
  const [clearedUpTo, setClearedUpTo] = useState(0);
  const stream = useMessages(room, filter, flow);
  const types = useSeenTypes(stream.data?.messages ?? []);
  const messages = filtered(stream.data?.messages ?? [], filter).filter(
    (message) => message.seq > clearedUpTo,
  );
  const paused = flow === "paused";
  const names = new Map(sessions.map((session) => [session.id, nameOf(session)]));

  return (
    <>
      <div className="toolbar">
        <MessageFilters filter={filter} onFilter={onFilter} sessions={sessions} types={types} />
        <span className="button-group">
          <button
            type="button"
            className={paused ? "button button-primary small" : "button small"}
            onClick={() => setFlow(paused ? "running" : "paused")}
          >
            {paused ? "Resume" : "Pause"}
          </button>
          <button
            type="button"
            className="button small"
            onClick={() => setClearedUpTo(stream.data?.last ?? 0)}
          >
            Clear
          </button>
        </span>
      </div>
      {stream.error && <ErrorNote error={stream.error} />}
      <StreamState stream={stream.data} shown={messages.length} paused={paused} />
      {isWaiting(stream) && <Loading what="messages" />}
      <div className={chosen ? "messages with-detail" : "messages"}>
        {messages.length > 0 ? (
          <MessageList
            key={JSON.stringify([filter, clearedUpTo])}
            messages={messages}
            names={names}
            chosen={chosen}
            onChoose={setChosen}
          />
        ) : !stream.data ? null : isFiltered(filter) ? (
          <Empty title="No message matches">
            <button type="button" className="button" onClick={() => onFilter(everyMessage)}>
              Clear filters
            </button>
          </Empty>
        ) : (
          <Empty title="No messages yet">
            Recording began when you opened this; messages appear as they pass.
          </Empty>
        )}
        {chosen && <MessageDetail message={chosen} onClose={() => setChosen(undefined)} />}
      </div>
    </>
  );
}

interface StreamStateProps {
  stream: MessageStream | undefined;
  shown: number;
  paused: boolean;
}

function StreamState({ stream, shown, paused }: StreamStateProps) {
  if (!stream) return null;
  return (
    <p className="stream-state">
      <span className={paused ? "pulse paused" : "pulse"} aria-hidden="true" />
      {paused ? "Paused" : "Live"}, {plural(shown, "message")}
      {stream.dropped > 0 && (
        <span className="warning" title="They passed faster than they could be shown.">
          {formatCount(stream.dropped)} dropped
        </span>
      )}
    </p>
  );
}

// Every type that has passed, also those that the filter holds back now.
function useSeenTypes(messages: readonly Message[]): readonly string[] {
  const seen = useRef(new Set<string>());
  for (const message of messages) seen.current.add(message.type);
  return [...seen.current].sort();
}
