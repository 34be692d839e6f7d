// One message in full: who, when, how large, and its data as indented JSON.

import type { Message } from "../api_types";
import { formatBytes, formatClockMs, plural } from "../format";
import { Icon } from "../../../shared/icon";
import { CopyButton } from "../parts/copy_button";
import { JsonText } from "../parts/json_text";

interface MessageDetailProps {
  message: Message;
  onClose: () => void;
}

export function MessageDetail({ message, onClose }: MessageDetailProps) {
  const text = indented(message.data);
  return (
    <section className="message-detail" aria-label="Message in full">
      <header className="message-detail-head">
        <h3>{message.type}</h3>
        <CopyButton name="Copy JSON" look="icon" text={() => text} />
        <button
          type="button"
          className="button button-quiet button-icon small"
          aria-label="Close the message"
          title="Close"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <dl className="message-facts">
        <dt>When</dt>
        <dd>{formatClockMs(message.at_unix_ms)}</dd>
        <dt>Direction</dt>
        <dd>{message.direction === "in" ? "in, from the client" : message.session ? "out, to the client" : "out, to several clients"}</dd>
        <dt>Session</dt>
        <dd>
          {message.session ? (
            <code>{message.session}</code>
          ) : (
            plural(message.receivers, "receiver")
          )}
        </dd>
        <dt>User</dt>
        <dd>
          <code>{message.user_id ?? "–"}</code>
        </dd>
        <dt>Size</dt>
        <dd>
          {formatBytes(message.bytes)}
          {message.cut && ", of which the beginning is shown"}
        </dd>
      </dl>
      <JsonText text={text} label="Data" />
    </section>
  );
}

function indented(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2);
  } catch {
    return data; // cut, most likely
  }
}
