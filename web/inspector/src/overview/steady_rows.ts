// Rows that hold still while somebody points at them: figures change, places do not. A room that is
// gone keeps its row until the pointer leaves.

import { useRef } from "react";
import type { RoomSummary } from "../api_types";

export interface SteadyRow {
  summary: RoomSummary;
  gone: boolean;
}

// pageKey names what rooms are an answer to; undefined while they are another page's.
export function useSteadyRows(
  rooms: readonly RoomSummary[],
  pageKey: string | undefined,
  hold: "held" | "free",
): readonly SteadyRow[] {
  const last = useRef<{ pageKey: string | undefined; rows: readonly SteadyRow[] }>({
    pageKey,
    rows: [],
  });
  let rows: readonly SteadyRow[] = rooms.map((summary) => ({ summary, gone: false }));
  const samePage = pageKey !== undefined && last.current.pageKey === pageKey;
  if (hold === "held" && samePage && last.current.rows.length > 0) {
    const fresh = new Map(rooms.map((summary) => [summary.room, summary]));
    rows = last.current.rows.map((row) => {
      const summary = fresh.get(row.summary.room);
      return summary ? { summary, gone: false } : { summary: row.summary, gone: true };
    });
  }
  last.current = { pageKey, rows };
  return rows;
}
