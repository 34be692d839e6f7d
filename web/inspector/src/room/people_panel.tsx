// Who is in the room: users, their sessions, what each says of its presence.

import { memo, useState } from "react";
import type { Session } from "../api_types";
import { formatAge, formatDuration, plural } from "../format";
import { CopyButton } from "../parts/copy_button";
import { noChanges } from "../parts/json_changes";
import { isContainer, entryCount } from "../parts/json_path";
import { JsonTree } from "../parts/json_tree";
import { Empty } from "../parts/notes";
import { type Person, colourOf, initialsOf, peopleOf, shortId } from "./people";
import type { RoomNow } from "./use_room";

interface PeoplePanelProps {
  now: RoomNow;
  onEvict: (session: Session) => void;
  onShowMessages: (session: Session) => void;
}

const shownAtOnce = 30;

// Handlers only differ in the render that they were made in, and do the same.
export const PeoplePanel = memo(People, (before, after) => before.now === after.now);

function People(props: PeoplePanelProps) {
  const { sessions, sessions_total } = props.now.detail;
  const people = peopleOf(sessions);
  const [limit, setLimit] = useState(shownAtOnce);
  return (
    <section className="card people-panel" aria-labelledby="people-title">
      <header className="card-head">
        <h2 id="people-title">People</h2>
        <span className="count">{plural(people.length, "user")}</span>
      </header>
      {sessions_total > sessions.length && (
        <p className="note">The first {plural(sessions.length, "session")} are shown.</p>
      )}
      {people.length === 0 && <Empty title="Nobody is here" />}
      <ul className="people">
        {people.slice(0, limit).map((person) => (
          <PersonItem key={person.userId || person.sessions[0]?.id} person={person} {...props} />
        ))}
      </ul>
      {people.length > limit && (
        <button type="button" className="button more" onClick={() => setLimit(limit + shownAtOnce)}>
          Show more of {plural(people.length - limit, "user")}
        </button>
      )}
    </section>
  );
}

function PersonItem({ person, ...props }: PeoplePanelProps & { person: Person }) {
  const count = person.sessions.length;
  return (
    <li className="person">
      <div className="person-head">
        <span className="avatar" style={{ "--user": colourOf(person.userId || person.name) }} aria-hidden="true">
          {initialsOf(person.name)}
        </span>
        <span className="person-name">{person.name}</span>
        {person.name !== person.userId && person.userId && (
          <code className="person-id" title={person.userId}>
            {person.userId}
          </code>
        )}
        {count > 1 && <span className="badge">{plural(count, "session")}</span>}
      </div>
      <ul className="sessions">
        {person.sessions.map((session) => (
          <SessionItem key={session.id} session={session} person={person} {...props} />
        ))}
      </ul>
    </li>
  );
}

interface SessionItemProps extends PeoplePanelProps {
  session: Session;
  person: Person;
}

function SessionItem({ session, person, now, onEvict, onShowMessages }: SessionItemProps) {
  const whose = `${person.name}, session ${shortId(session.id)}`;
  const { presence } = session;
  const hasPresence = presence !== null && (!isContainer(presence) || entryCount(presence) > 0);
  return (
    <li className="session">
      <div className="session-head">
        <code title={session.id}>{shortId(session.id)}</code>
        <Idle ms={session.idle_ms} />
        <span className="session-buttons">
          <CopyButton name={`Copy the id of ${whose}`} look="icon" text={() => session.id} />
          <button
            type="button"
            className="button button-quiet small"
            aria-label={`Messages of ${whose}`}
            onClick={() => onShowMessages(session)}
          >
            Messages
          </button>
          <button
            type="button"
            className="button button-quiet small"
            aria-label={`Evict ${whose}`}
            onClick={() => onEvict(session)}
          >
            Evict…
          </button>
        </span>
      </div>
      {hasPresence ? (
        <JsonTree
          value={presence}
          label={`Presence of ${whose}`}
          changes={now.presenceChanges.get(session.id) ?? noChanges}
        />
      ) : (
        <p className="soft no-presence">no presence</p>
      )}
    </li>
  );
}

const activeMs = 5_000;

function Idle({ ms }: { ms: number }) {
  if (ms < activeMs) return <span className="idle active">active</span>;
  return (
    <span className="idle" title={`idle for ${formatDuration(ms)}`}>
      idle {formatAge(ms)}
    </span>
  );
}
