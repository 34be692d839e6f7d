// One room: its people, its document, its messages, its history, and what can be done to it.

import { useState } from "react";
import type { Session } from "../api_types";
import { formatBytes, plural } from "../format";
import { ErrorBoundary } from "../parts/error_boundary";
import { Link } from "../parts/link";
import { Empty, ErrorNote, Loading } from "../parts/notes";
import { useTitle } from "../parts/use_title";
import { navigate, overviewAddress, roomAddress, tabOf, useHash } from "../route";
import { isWaiting } from "../use_poll";
import { BroadcastDialog } from "./broadcast_dialog";
import { DocumentPanel } from "./document_panel";
import { EvictDialog } from "./evict_dialog";
import { HistoryPanel } from "./history_panel";
import { type MessageFilter, everyMessage } from "./message_filter";
import { MessagePanel } from "./message_panel";
import { peopleOf } from "./people";
import { PeoplePanel } from "./people_panel";
import { Tabs } from "./tabs";
import { useDocument } from "./use_document";
import { type RoomNow, useRoom } from "./use_room";

export function RoomPage({ room }: { room: string }) {
  useTitle(room);
  const polled = useRoom(room);
  const { data, error } = polled;
  return (
    <>
      <nav className="breadcrumb" aria-label="Breadcrumb">
        <Link to={overviewAddress}>Rooms</Link>
        <span aria-hidden="true">/</span>
        <span aria-current="page">{room}</span>
      </nav>
      {isWaiting(polled) && <Loading what={`the room ${room}`} />}
      {(!data || error?.kind === "missing") && <h1 className="room-name">{room}</h1>}
      {error?.kind === "missing" && (
        <Empty title="This room is not live">
          Nobody is in it, and no document of it is kept. This page shows it as soon as somebody
          joins. <Link to={overviewAddress}>Back to all rooms</Link>
        </Empty>
      )}
      {error && error.kind !== "missing" && <ErrorNote error={error} />}
      {data && error?.kind !== "missing" && <Room room={room} now={data} />}
    </>
  );
}

type OpenDialog = "broadcast" | "everyone" | Session | undefined;

function Room({ room, now }: { room: string; now: RoomNow }) {
  const tab = tabOf(useHash());
  const [dialog, setDialog] = useState<OpenDialog>(undefined);
  const [filter, setFilter] = useState<MessageFilter>(everyMessage);
  const { sessions, sessions_total: total, document: summary } = now.detail;
  const watched = summary !== null && tab !== "messages";
  const pace = sessions.length > 0 ? "closely" : "idly";
  const document = useDocument(room, watched ? pace : "paused");
  const closeDialog = () => setDialog(undefined);

  const showMessages = (session: Session) => {
    setFilter({ ...everyMessage, session: session.id });
    navigate(roomAddress(room, "messages"), "replace");
  };
  return (
    <>
      <RoomHead room={room} now={now} onDialog={setDialog} />
      <div className="room">
        <ErrorBoundary what="The list of people">
          <PeoplePanel now={now} onEvict={setDialog} onShowMessages={showMessages} />
        </ErrorBoundary>
        <Tabs room={room} open={tab}>
          <ErrorBoundary key={tab} what="This tab">
            {tab === "document" && summary && <DocumentPanel room={room} document={document} />}
            {tab === "document" && !summary && (
              <Empty title="This room has no document">
                Its sessions share events and presence only.
              </Empty>
            )}
            {tab === "messages" && (
              <MessagePanel room={room} sessions={sessions} filter={filter} onFilter={setFilter} />
            )}
            {tab === "history" && (
              <HistoryPanel room={room} now={document.data?.content.document} />
            )}
          </ErrorBoundary>
        </Tabs>
      </div>
      {dialog === "broadcast" && (
        <BroadcastDialog room={room} sessions={total} onClose={closeDialog} />
      )}
      {dialog !== undefined && dialog !== "broadcast" && (
        <EvictDialog room={room} target={dialog} sessions={total} onClose={closeDialog} />
      )}
    </>
  );
}

interface RoomHeadProps {
  room: string;
  now: RoomNow;
  onDialog: (dialog: OpenDialog) => void;
}

function RoomHead({ room, now, onDialog }: RoomHeadProps) {
  const { sessions, sessions_total: total, document } = now.detail;
  const nobody = total === 0;
  return (
    <header className="room-head">
      <h1 className="room-name">{room}</h1>
      <p className="room-facts">
        {plural(total, "session")}
        {total === sessions.length && `, ${plural(peopleOf(sessions).length, "user")}`}
        {document && document.bytes > 0 && `, ${formatBytes(document.bytes)} of document`}
      </p>
      <span className="button-group push">
        <button
          type="button"
          className="button"
          disabled={nobody}
          onClick={() => onDialog("broadcast")}
        >
          Broadcast…
        </button>
        <button
          type="button"
          className="button button-danger"
          disabled={nobody}
          onClick={() => onDialog("everyone")}
        >
          Evict everyone…
        </button>
      </span>
    </header>
  );
}
