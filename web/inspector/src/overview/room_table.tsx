// The table of live rooms: search, order, a page at a time.

import { useState } from "react";
import type { RoomOrder, RoomSummary } from "../api_types";
import { formatBytes, formatCount, formatRate } from "../format";
import { Link } from "../parts/link";
import { Empty, ErrorNote, Loading } from "../parts/notes";
import { useRestingText } from "../parts/use_resting_text";
import { roomAddress } from "../route";
import { isWaiting } from "../use_poll";
import { useSteadyRows } from "./steady_rows";
import { type RoomPages, roomsPerPage, useRoomPages } from "./use_room_pages";

export function RoomTable() {
  const pages = useRoomPages();
  const { page } = pages;
  return (
    <section className="card rooms-panel" aria-labelledby="rooms-title">
      <header className="card-head">
        <h2 id="rooms-title">Rooms</h2>
        <span className="count">{page.data ? formatCount(page.data.total) : ""}</span>
        <SearchField search={pages.search} onSearch={pages.setSearch} />
      </header>
      {page.error && <ErrorNote error={page.error} />}
      {isWaiting(page) && <Loading what="rooms" />}
      {page.data && <Rooms pages={pages} />}
      <Pager pages={pages} />
    </section>
  );
}

function SearchField({ search, onSearch }: { search: string; onSearch: (text: string) => void }) {
  const [text, setText] = useRestingText(search, onSearch);
  return (
    <input
      type="search"
      className="field search"
      aria-label="Search rooms"
      placeholder="Search rooms"
      value={text}
      maxLength={200}
      spellCheck={false}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

function Rooms({ pages }: { pages: RoomPages }) {
  const { page, search, order, pageNumber } = pages;
  const [hold, setHold] = useState<"held" | "free">("free");
  const rooms = page.data?.rooms ?? [];
  const pageKey = page.stale ? undefined : `${order} ${pageNumber} ${search}`;
  const rows = useSteadyRows(rooms, pageKey, hold);

  if (rows.length === 0) {
    if (search)
      return <Empty title="No room matches">No live room has “{search}” in its name.</Empty>;
    if (pageNumber > 0) return <Empty title="No more rooms">They have ended since.</Empty>;
    return <Empty title="No room is live">A room appears here when somebody joins it.</Empty>;
  }
  return (
    <div className={page.stale ? "table-scroll stale" : "table-scroll"} aria-busy={page.stale}>
      <table className="table rooms-table">
        <thead>
          <tr>
            <OrderHeader pages={pages} order="name" direction="ascending" name="Room" />
            <OrderHeader pages={pages} order="sessions" direction="descending" name="Sessions" />
            <th scope="col" className="numeric wide-only">
              Users
            </th>
            <OrderHeader pages={pages} order="messages" direction="descending" name="Messages/s" />
            <th scope="col" className="numeric wide-only">
              Document
            </th>
          </tr>
        </thead>
        <tbody
          onPointerEnter={() => setHold("held")}
          onPointerLeave={() => setHold("free")}
          onFocus={() => setHold("held")}
          onBlur={() => setHold("free")}
        >
          {rows.map((row) => (
            <RoomRow key={row.summary.room} summary={row.summary} gone={row.gone} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface OrderHeaderProps {
  pages: RoomPages;
  order: RoomOrder;
  direction: "ascending" | "descending";
  name: string;
}

function OrderHeader({ pages, order, direction, name }: OrderHeaderProps) {
  const ordered = pages.order === order;
  return (
    <th
      scope="col"
      className={order === "name" ? undefined : "numeric"}
      aria-sort={ordered ? direction : undefined}
    >
      <button
        type="button"
        className="order-button"
        title={`Order by ${name.toLowerCase()}`}
        onClick={() => pages.setOrder(order)}
      >
        {name}
        <span className={ordered ? `order-mark ${direction}` : "order-mark"} aria-hidden="true" />
      </button>
    </th>
  );
}

function RoomRow({ summary, gone }: { summary: RoomSummary; gone: boolean }) {
  const { room, sessions, users, messages_per_second: rate, document_bytes: bytes, idle } = summary;
  return (
    <tr className={gone ? "gone" : undefined}>
      <th scope="row">
        <span className="room-cell">
          <Link to={roomAddress(room)} className="room-link" title={room}>
            {room || "(no name)"}
          </Link>
          {gone && <span className="badge">not on this page now</span>}
          {idle && !gone && <span className="badge">idle</span>}
        </span>
      </th>
      <td className="numeric">{formatCount(sessions)}</td>
      <td className="numeric wide-only">{formatCount(users)}</td>
      <td className={rate > 0 ? "numeric" : "numeric soft"}>{formatRate(rate)}</td>
      <td className={`numeric wide-only${bytes > 0 ? "" : " soft"}`}>
        {bytes > 0 ? formatBytes(bytes) : "none"}
      </td>
    </tr>
  );
}

function Pager({ pages }: { pages: RoomPages }) {
  const { page, pageNumber } = pages;
  const { data } = page;
  if (!data || (pageNumber === 0 && !data.next)) return null;
  const first = pageNumber * roomsPerPage + 1;
  const last = first + data.rooms.length - 1;
  return (
    <nav className="pager" aria-label="Pages of rooms">
      <span className="pager-place">
        {data.rooms.length > 0
          ? `${formatCount(first)}–${formatCount(last)} of ${formatCount(data.total)}`
          : ""}
      </span>
      <button
        type="button"
        className="button small"
        disabled={pageNumber === 0}
        onClick={pages.previous}
      >
        Previous page
      </button>
      <button
        type="button"
        className="button small"
        disabled={!data.next || page.stale}
        onClick={pages.next}
      >
        Next page
      </button>
    </nav>
  );
}
