// The tabs of a room's page, as the ARIA pattern has them; the address keeps which is open.

import { type KeyboardEvent, type ReactNode, useRef } from "react";
import { type RoomTab, navigate, roomAddress, roomTabs } from "../route";

const names: Record<RoomTab, string> = {
  document: "Document",
  messages: "Messages",
  history: "History",
};

interface TabsProps {
  room: string;
  open: RoomTab;
  children: ReactNode; // the content of the open tab
}

export function Tabs({ room, open, children }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const show = (tab: RoomTab) => navigate(roomAddress(room, tab), "replace");

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = roomTabs.indexOf(open) + step;
    const tab = roomTabs[(index + roomTabs.length) % roomTabs.length] ?? open;
    show(tab);
    list.current?.querySelector<HTMLElement>(`#tab-${tab}`)?.focus();
  };
  return (
    <section className="card tabs-panel">
      <div ref={list} role="tablist" aria-label="Room" className="tabs" onKeyDown={onKeyDown}>
        {roomTabs.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`tab-${tab}`}
            aria-selected={tab === open}
            aria-controls={tab === open ? "tab-content" : undefined}
            tabIndex={tab === open ? 0 : -1}
            onClick={() => show(tab)}
          >
            {names[tab]}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-content" aria-labelledby={`tab-${open}`} className="tab-content">
        {children}
      </div>
    </section>
  );
}
