// The messages, one a row, the newest at the bottom. The list follows the newest until somebody scrolls
// up; then it holds still.

import { type KeyboardEvent, memo, useId, useLayoutEffect, useRef, useState } from "react";
import type { Message } from "../api_types";
import { formatBytes, formatClockMs } from "../format";
import { shortId } from "./people";

interface MessageListProps {
  messages: readonly Message[];
  names: ReadonlyMap<string, string>; // of those who are here, by session
  chosen: Message | undefined;
  onChoose: (message: Message) => void;
}

const rowsMax = 300;
const bottomSlackPx = 24;

export function MessageList({ messages, names, chosen, onChoose }: MessageListProps) {
  const idPrefix = useId();
  const list = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const held = useRef<readonly Message[]>([]);
  if (following) held.current = messages.slice(-rowsMax);
  const shown = held.current;
  const chosenIsShown = shown.some((message) => message.seq === chosen?.seq);

  const toBottom = () => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  useLayoutEffect(() => {
    if (following) toBottom();
  }, [following, messages]);

  const choose = (message: Message | undefined) => {
    if (!message) return;
    onChoose(message);
    document.getElementById(`${idPrefix}${message.seq}`)?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const index = shown.findIndex((message) => message.seq === chosen?.seq);
    const targets: Record<string, Message | undefined> = {
      ArrowDown: shown[index < 0 ? shown.length - 1 : index + 1],
      ArrowUp: shown[index < 0 ? shown.length - 1 : index - 1],
      Home: shown[0],
      End: shown[shown.length - 1],
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    choose(targets[event.key]);
  };

  return (
    <div className="message-list-frame">
      <div
        ref={list}
        role="listbox"
        aria-label="Messages"
        aria-activedescendant={chosen && chosenIsShown ? `${idPrefix}${chosen.seq}` : undefined}
        tabIndex={0}
        className="message-list"
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          setFollowing(scrollHeight - scrollTop - clientHeight < bottomSlackPx);
        }}
      >
        {shown.map((message) => (
          <MessageRow
            key={message.seq}
            id={`${idPrefix}${message.seq}`}
            message={message}
            who={whoOf(message, names)}
            chosen={message.seq === chosen?.seq}
            onChoose={onChoose}
          />
        ))}
      </div>
      {!following && (
        <button
          type="button"
          className="button small to-newest"
          onClick={() => {
            toBottom();
            setFollowing(true);
          }}
        >
          ↓ Newest
        </button>
      )}
    </div>
  );
}

function whoOf({ session, user_id, receivers }: Message, names: MessageListProps["names"]): string {
  if (!session) return `to ${receivers}`;
  return names.get(session) ?? shortId(user_id ?? session);
}

interface MessageRowProps {
  id: string;
  message: Message;
  who: string;
  chosen: boolean;
  onChoose: (message: Message) => void;
}

const previewCharacters = 240;

const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { id, message, who, chosen, onChoose } = props;
  return (
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      className="message-row"
      onClick={() => onChoose(message)}
    >
      <span className="message-time">{formatClockMs(message.at_unix_ms)}</span>
      <span className={`direction ${message.direction}`}>{message.direction}</span>
      <span className="message-type">{message.type}</span>
      <span className="message-session">{who}</span>
      <span className="message-bytes">{formatBytes(message.bytes)}</span>
      <span className="message-preview">{message.data.slice(0, previewCharacters)}</span>
    </div>
  );
});
