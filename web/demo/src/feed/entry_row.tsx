import { initialsOf, userColour } from "../people/presence";
import type { Entry } from "./feed_entries";

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export function EntryRow({ entry }: { entry: Entry }) {
  const { kind, name, colour, isOwn, text, atMs } = entry;
  if (kind === "error") return <p className="feed-note feed-error">{text}</p>;
  if (kind !== "message") {
    return <p className="feed-note">{name} {kind === "joined" ? "came in" : "has left"}</p>;
  }
  return (
    <div className="message">
      <span className="avatar" aria-hidden="true"
        style={{ "--user": userColour(colour) } as React.CSSProperties}>{initialsOf(name)}</span>
      <div>
        <p className="message-head">
          <strong>{isOwn ? "You" : name}</strong>{" "}
          <time dateTime={new Date(atMs).toISOString()}>{time.format(atMs)}</time>
        </p>
        <p className="message-text">{text}</p>
      </div>
    </div>
  );
}
