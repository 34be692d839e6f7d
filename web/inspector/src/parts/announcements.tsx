// Short words about what was just done, in a corner and for screen readers, gone after a while.

import { useEffect } from "react";
import { Store, useStore } from "../store";

interface Announcement {
  text: string;
  tone: "done" | "failed";
}

const shownMs = 5_000;
const current = new Store<Announcement | undefined>(undefined);

export function announce(text: string, tone: Announcement["tone"] = "done"): void {
  current.set({ text, tone });
}

export function Announcements() {
  const announcement = useStore(current);
  useEffect(() => {
    if (!announcement) return;
    const timer = setTimeout(() => current.set(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [announcement]);
  return (
    <div className="announcements" role="status">
      {announcement && <p className={`announcement ${announcement.tone}`}>{announcement.text}</p>}
    </div>
  );
}
