// The fields that choose among the messages.

import { useId } from "react";
import type { Session } from "../api_types";
import { useRestingText } from "../parts/use_resting_text";
import type { MessageFilter } from "./message_filter";
import { nameOf, shortId } from "./people";

interface MessageFiltersProps {
  filter: MessageFilter;
  onFilter: (filter: MessageFilter) => void;
  sessions: readonly Session[];
  types: readonly string[];
}

export function MessageFilters({ filter, onFilter, sessions, types }: MessageFiltersProps) {
  const set = (part: Partial<MessageFilter>) => onFilter({ ...filter, ...part });
  const sessionIsHere = sessions.some((session) => session.id === filter.session);
  return (
    <div className="filters" role="group" aria-label="Filters">
      <TypeField type={filter.type} types={types} onType={(type) => set({ type })} />
      <select
        className="field"
        aria-label="Session"
        value={filter.session}
        onChange={(event) => set({ session: event.target.value })}
      >
        <option value="">All sessions</option>
        {filter.session && !sessionIsHere && (
          <option value={filter.session}>{shortId(filter.session)} (gone)</option>
        )}
        {sessions.map((session) => (
          <option key={session.id} value={session.id}>
            {nameOf(session)}, {shortId(session.id)}
          </option>
        ))}
      </select>
      <select
        className="field"
        aria-label="Direction"
        value={filter.direction}
        onChange={(event) => set({ direction: event.target.value as MessageFilter["direction"] })}
      >
        <option value="both">Both directions</option>
        <option value="in">In: from clients</option>
        <option value="out">Out: to clients</option>
      </select>
      <input
        type="search"
        className="field"
        aria-label="Text in messages"
        placeholder="Text"
        value={filter.text}
        onChange={(event) => set({ text: event.target.value })}
      />
    </div>
  );
}

interface TypeFieldProps {
  type: string;
  types: readonly string[];
  onType: (type: string) => void;
}

function TypeField({ type, types, onType }: TypeFieldProps) {
  const listId = useId();
  const [text, setText] = useRestingText(type, onType);
  return (
    <>
      <input
        type="search"
        className="field"
        aria-label="Message type"
        placeholder="Type"
        list={listId}
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id={listId}>
        <option value="!$">events of the application</option>
        <option value="$*">the protocol’s own</option>
        {types.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
    </>
  );
}
