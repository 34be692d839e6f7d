// The mice of others, over the same things as theirs are.
import { useEffect, useReducer, useRef } from "react";

import { useOthers, useSession } from "../use_room";
import { readPresence, userColour, type Pointer } from "./presence";

const areaAttribute = "data-area";
// About as wide as a name gets: closer to the edge it stands on the other side.
const nameWidth = 170;

function areaAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(`[${areaAttribute}]`) : null;
}

function areaNamed(name: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[${areaAttribute}="${CSS.escape(name)}"]`);
}

function pointerOf(event: PointerEvent): Pointer | null {
  const area = areaAt(event.target);
  if (area === null) return null;
  const box = area.getBoundingClientRect();
  const rounded = (value: number) => Math.round(value * 1e4) / 1e4;
  return {
    area: area.getAttribute(areaAttribute) ?? "",
    x: rounded((event.clientX - box.left) / box.width),
    y: rounded((event.clientY - box.top) / box.height),
  };
}

// Tells the others where the own pointer is. A finger is somewhere only while it touches.
export function useSharedPointer(): void {
  const { presence } = useSession();
  useEffect(() => {
    const move = (event: PointerEvent) => presence.set({ pointer: pointerOf(event) });
    const leave = () => presence.set({ pointer: null });
    const lift = (event: PointerEvent) => {
      if (event.pointerType !== "mouse") leave();
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", lift);
    document.addEventListener("pointercancel", lift);
    document.documentElement.addEventListener("pointerleave", leave);
    return () => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", lift);
      document.removeEventListener("pointercancel", lift);
      document.documentElement.removeEventListener("pointerleave", leave);
    };
  }, [presence]);
}

// Areas move when the window or what is in them changes its size.
function useLayoutChanges(): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const observer = new ResizeObserver(again);
    for (const area of document.querySelectorAll(`[${areaAttribute}]`)) observer.observe(area);
    return () => observer.disconnect();
  }, []);
}

export function PointerLayer() {
  const others = useOthers();
  const layer = useRef<HTMLDivElement>(null);
  useLayoutChanges();

  const origin = layer.current?.getBoundingClientRect();
  const pointers = origin === undefined ? [] : others.flatMap(({ sessionId, presence }) => {
    const { name, colour, pointer } = readPresence(presence);
    const box = pointer && areaNamed(pointer.area)?.getBoundingClientRect();
    if (!pointer || !box) return [];
    const x = box.left - origin.left + pointer.x * box.width;
    const y = box.top - origin.top + pointer.y * box.height;
    const kind = x > origin.width - nameWidth ? "pointer pointer-at-edge" : "pointer";
    return [{ sessionId, name, colour, kind, transform: `translate(${x}px, ${y}px)` }];
  });

  return (
    <div className="pointer-layer" ref={layer} aria-hidden="true">
      {pointers.map(({ sessionId, name, colour, kind, transform }) => (
        <div key={sessionId} className={kind} data-testid={`pointer of ${name}`}
          style={{ transform, "--user": userColour(colour) } as React.CSSProperties}>
          <svg viewBox="0 0 20 20">
            <path d="M3 2.2l13.5 6.3-5.8 1.9-2.6 5.6z" />
          </svg>
          <span>{name}</span>
        </div>
      ))}
    </div>
  );
}
