// Sends an event of one's own to everybody in the room.

import { type FormEvent, useId, useState } from "react";
import { api } from "../api";
import { asApiError } from "../api_error";
import type { Json } from "../api_types";
import { plural } from "../format";
import { announce } from "../parts/announcements";
import { Dialog } from "../parts/dialog";
import { isTooDeep, levelsMax } from "../parts/json_depth";

interface BroadcastDialogProps {
  room: string;
  sessions: number;
  onClose: () => void;
}

type Parsed = { data: Json; problem: "" } | { data: undefined; problem: string };

function parsed(text: string): Parsed {
  try {
    const data = JSON.parse(text) as Json;
    if (data !== null && (typeof data !== "object" || Array.isArray(data))) {
      return { data: undefined, problem: "An object or null is expected." };
    }
    if (isTooDeep(data)) {
      return { data: undefined, problem: `It is nested more deeply than ${levelsMax} levels.` };
    }
    return { data, problem: "" };
  } catch (caught) {
    return { data: undefined, problem: caught instanceof Error ? caught.message : "Not JSON." };
  }
}

function eventProblem(event: string): string {
  if (event === "") return "An event needs a name.";
  if (event.startsWith("$")) return "Names that begin with $ are the protocol's own.";
  return "";
}

export function BroadcastDialog({ room, sessions, onClose }: BroadcastDialogProps) {
  const id = useId();
  const [event, setEvent] = useState("");
  const [eventTouched, setEventTouched] = useState(false);
  const [text, setText] = useState('{\n  "message": "Hello"\n}');
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const { data, problem } = parsed(text);
  const nameProblem = eventProblem(event);
  const shownNameProblem = eventTouched ? nameProblem : "";

  const send = async (submitted: FormEvent) => {
    submitted.preventDefault();
    setEventTouched(true);
    if (data === undefined || nameProblem) return;
    setBusy(true);
    try {
      await api.broadcast(room, event, data);
      announce(`“${event}” was sent to ${plural(sessions, "session")}.`);
      onClose();
    } catch (caught) {
      setFailure(asApiError(caught).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Broadcast to ${room}`} onClose={onClose}>
      <form className="dialog-body" onSubmit={(submitted) => void send(submitted)} noValidate>
        <p>
          The room is told as by the server’s own code: a procedure of that name runs, and without
          one everybody receives the event.
        </p>
        <label className="label" htmlFor={`${id}event`}>
          Event
        </label>
        <input
          id={`${id}event`}
          className="field code"
          autoFocus
          autoComplete="off"
          spellCheck={false}
          placeholder="sendMessage"
          value={event}
          aria-invalid={shownNameProblem !== ""}
          aria-describedby={`${id}event-problem`}
          onChange={(changed) => setEvent(changed.target.value)}
          onBlur={() => setEventTouched(event !== "")}
        />
        <p className="field-problem" id={`${id}event-problem`}>
          {shownNameProblem}
        </p>
        <div className="field-head">
          <label className="label" htmlFor={`${id}data`}>
            Data (JSON)
          </label>
          <button
            type="button"
            className="button small"
            disabled={data === undefined}
            onClick={() => setText(JSON.stringify(data, null, 2))}
          >
            Format
          </button>
        </div>
        <textarea
          id={`${id}data`}
          className="field code json-editor"
          rows={9}
          spellCheck={false}
          value={text}
          aria-invalid={problem !== ""}
          aria-describedby={`${id}data-problem`}
          onChange={(changed) => setText(changed.target.value)}
        />
        <p className="field-problem" id={`${id}data-problem`}>
          {problem}
        </p>
        {failure && (
          <p className="note error" role="alert">
            {failure}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={busy || problem !== ""}>
            Send to {plural(sessions, "session")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
