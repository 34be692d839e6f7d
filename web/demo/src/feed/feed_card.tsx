import { useEffect, useRef, useState } from "react";

import { Icon } from "../../../shared/icon";
import { useSession, useStatus } from "../use_room";
import { EntryRow } from "./entry_row";
import { useFeed } from "./feed_entries";
import { ReactionButtons } from "./reaction_buttons";

const messageSizeMax = 500;

export function FeedCard() {
  const { room } = useSession();
  const status = useStatus();
  const entries = useFeed();
  const [draft, setDraft] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const isIn = status === "synced" || status === "connected";

  useEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [entries]);

  const send = (event: React.FormEvent) => {
    event.preventDefault();
    const message = draft.trim();
    if (message !== "" && room.broadcast("sendMessage", { message })) setDraft("");
  };

  return (
    <section className="card feed-card" data-area="feed" aria-labelledby="feed-title">
      <div className="card-head">
        <h2 id="feed-title">Events</h2>
        <span className="push" />
        <ReactionButtons disabled={!isIn} />
      </div>
      <div className="feed" ref={list} role="log" aria-label="Messages" tabIndex={0}>
        {entries.length === 0
          ? <p className="empty small">What is said here is heard by who is here now, and not kept.</p>
          : entries.map((entry) => <EntryRow key={entry.id} entry={entry} />)}
      </div>
      <form className="card-foot row" onSubmit={send}>
        <input className="field" aria-label="Message" placeholder="Say something" value={draft}
          maxLength={messageSizeMax} onChange={(event) => setDraft(event.target.value)} />
        <button type="submit" className="button button-icon" aria-label="Send" title="Send"
          disabled={!isIn}>
          <Icon name="send" />
        </button>
        <button type="button" className="button" disabled={!isIn}
          onClick={() => room.broadcast("wave", {})}>
          Wave
        </button>
      </form>
    </section>
  );
}
