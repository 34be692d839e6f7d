// Which page the address names: /inspector is the overview, /inspector/rooms/{room} a room, whose
// tab is in the hash.

import { useSyncExternalStore } from "react";

export type RoomTab = "document" | "messages" | "history";

export type Route = { page: "overview" } | { page: "room"; room: string } | { page: "unknown" };

export const roomTabs: readonly RoomTab[] = ["document", "messages", "history"];

export function roomAddress(room: string, tab: RoomTab = "document"): string {
  const hash = tab === "document" ? "" : `#${tab}`;
  return `/inspector/rooms/${encodeURIComponent(room)}${hash}`;
}

export const overviewAddress = "/inspector";

export function routeOf(path: string): Route {
  if (/^\/inspector\/?(index\.html)?$/.test(path)) return { page: "overview" };
  const encoded = /^\/inspector\/rooms\/(.+)$/.exec(path)?.[1];
  if (encoded === undefined) return { page: "unknown" };
  try {
    return { page: "room", room: decodeURIComponent(encoded) };
  } catch {
    return { page: "unknown" };
  }
}

export function tabOf(hash: string): RoomTab {
  return roomTabs.find((tab) => `#${tab}` === hash) ?? "document";
}

const moved = "pluv-moved";

export function navigate(address: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  window.dispatchEvent(new Event(moved));
}

function subscribe(listener: () => void): () => void {
  const events = ["popstate", "hashchange", moved];
  for (const event of events) window.addEventListener(event, listener);
  return () => {
    for (const event of events) window.removeEventListener(event, listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => location.hash);
}
