import { useEffect, useRef, useState } from "react";

import { useSession } from "../use_room";
import { StrokePath } from "./stroke_path";
import { sheet, StrokeInProgress, type Stroke } from "./strokes";

function useStrokes(): readonly Stroke[] {
  const { strokes } = useSession();
  const [list, setList] = useState(() => strokes.toArray());
  useEffect(() => {
    const changed = () => setList(strokes.toArray());
    changed();
    strokes.observe(changed);
    return () => strokes.unobserve(changed);
  }, [strokes]);
  return list;
}

function pointOn(box: DOMRect, event: { clientX: number; clientY: number }): [number, number] {
  return [(event.clientX - box.left) / box.width * sheet.width,
    (event.clientY - box.top) / box.height * sheet.height];
}

// The sheet: mouse, pen or finger draw on it.
export function Drawing({ colour, width, origin, onBegin }:
    { colour: number; width: number; origin: unknown; onBegin: () => void }) {
  const { strokes } = useSession();
  const list = useStrokes();
  const stroke = useRef<StrokeInProgress>(null);

  const draw = (event: React.PointerEvent<SVGSVGElement>) => {
    if (stroke.current === null) return;
    const box = event.currentTarget.getBoundingClientRect();
    // What the browser has gathered since the last frame.
    const gathered = event.nativeEvent.getCoalescedEvents?.() ?? [];
    const events = gathered.length > 0 ? gathered : [event.nativeEvent];
    stroke.current.add(events.map((one) => pointOn(box, one)));
  };
  const begin = (event: React.PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0 || !event.isPrimary) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    onBegin();
    stroke.current = new StrokeInProgress(strokes, { colour, width }, origin);
    draw(event);
  };
  const end = () => {
    stroke.current = null;
  };

  const count = list.length === 1 ? "1 stroke" : `${list.length} strokes`;
  return (
    <svg className="drawing" viewBox={`0 0 ${sheet.width} ${sheet.height}`} role="img"
      aria-label={`Shared drawing, ${count}`}
      onPointerDown={begin} onPointerMove={draw} onPointerUp={end} onPointerCancel={end}>
      <g fill="none" strokeLinecap="round" strokeLinejoin="round">
        {list.map((one) => <StrokePath key={keyOf(one)} stroke={one} />)}
      </g>
    </svg>
  );
}

// Of its place in the document's history, which no other stroke has.
function keyOf(stroke: Stroke): string {
  const id = stroke._item?.id;
  return id ? `${id.client}-${id.clock}` : "new";
}
