// The live rooms, a page at a time: pluvd searches, orders and counts them, this only turns the
// pages.

import { useState } from "react";
import { api } from "../api";
import type { RoomOrder, RoomPage } from "../api_types";
import { navigate, overviewAddress } from "../route";
import { type Polled, usePoll } from "../use_poll";

export const roomsPerPage = 50;

export interface RoomPages {
  search: string;
  order: RoomOrder;
  pageNumber: number; // from 0
  page: Polled<RoomPage>;
  setSearch: (search: string) => void;
  setOrder: (order: RoomOrder) => void;
  next: () => void;
  previous: () => void;
}

interface Question {
  search: string;
  order: RoomOrder;
  // Where the pages up to this one begin; the first begins at the beginning.
  cursors: readonly string[];
}

const orders: readonly RoomOrder[] = ["name", "sessions", "messages"];

function questionInAddress(): Question {
  const parameters = new URLSearchParams(location.search);
  const order = orders.find((known) => known === parameters.get("order")) ?? "sessions";
  return { search: parameters.get("search") ?? "", order, cursors: [] };
}

function keepInAddress(question: Question): void {
  const parameters = new URLSearchParams();
  if (question.search) parameters.set("search", question.search);
  if (question.order !== "sessions") parameters.set("order", question.order);
  const text = parameters.toString();
  navigate(text ? `${overviewAddress}?${text}` : overviewAddress, "replace");
}

export function useRoomPages(): RoomPages {
  const [question, setQuestion] = useState(questionInAddress);
  const { search, order, cursors } = question;
  const after = cursors[cursors.length - 1];

  const page = usePoll<RoomPage>({
    key: JSON.stringify(question),
    periodMs: 1000,
    ask: (signal) => api.rooms({ search, order, after, limit: roomsPerPage }, signal),
  });

  const ask = (next: Question) => {
    setQuestion(next);
    keepInAddress(next);
  };
  const next = page.data?.next;
  return {
    search,
    order,
    pageNumber: cursors.length,
    page,
    setSearch: (text) => ask({ ...question, search: text, cursors: [] }),
    setOrder: (chosen) => ask({ ...question, order: chosen, cursors: [] }),
    next: () => {
      if (next && !page.stale) ask({ ...question, cursors: [...cursors, next] });
    },
    previous: () => ask({ ...question, cursors: cursors.slice(0, -1) }),
  };
}
