import { useMemo, useState } from "react";
import * as Y from "yjs";

import { Icon } from "../../../shared/icon";
import { userColour } from "../people/presence";
import { UndoButtons } from "../undo_buttons";
import { useMyself, useSession } from "../use_room";
import { Drawing } from "./drawing";
import { widths } from "./strokes";

const inks = ["Violet", "Blue", "Teal", "Green", "Amber", "Orange", "Pink", "Slate"];
const widthNames = ["Thin", "Medium", "Thick"];
// One stroke is one step, however long it takes.
const strokeMsMax = 600_000;

export function BoardCard() {
  const { strokes } = useSession();
  const { presence } = useMyself();
  const [chosen, setChosen] = useState<number | null>(null);
  const [width, setWidth] = useState<number>(widths[1]);
  const [origin] = useState(() => ({}));
  const undo = useMemo(() => new Y.UndoManager(strokes, {
    trackedOrigins: new Set([origin]),
    captureTimeout: strokeMsMax,
  }), [strokes, origin]);
  const colour = chosen ?? presence.colour;

  const clear = () => {
    undo.stopCapturing();
    strokes.doc?.transact(() => strokes.delete(0, strokes.length), origin);
    undo.stopCapturing();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) undo.redo();
    else undo.undo();
  };

  return (
    <section className="card board-card" data-area="board" aria-labelledby="board-title"
      onKeyDown={onKeyDown}>
      <div className="card-head">
        <h2 id="board-title">Board</h2>
        <span className="push" />
        <div className="inks" role="group" aria-label="Ink">
          {inks.map((name, number) => (
            <button key={name} type="button" className="ink" aria-label={name} title={name}
              aria-pressed={number === colour} onClick={() => setChosen(number)}
              style={{ "--user": userColour(number) } as React.CSSProperties} />
          ))}
        </div>
        <div className="segments widths" role="group" aria-label="Width">
          {widths.map((one, at) => (
            <button key={one} type="button" aria-pressed={one === width} title={widthNames[at]}
              aria-label={widthNames[at]} onClick={() => setWidth(one)}>
              <span style={{ width: 4 + at * 5, height: 4 + at * 5 }} />
            </button>
          ))}
        </div>
        <div className="row board-tools">
          <UndoButtons undo={undo} what="on the board" />
          <button type="button" className="button button-quiet button-icon" onClick={clear}
            aria-label="Clear the board" title="Clear the board">
            <Icon name="trash" />
          </button>
        </div>
      </div>
      <Drawing colour={colour} width={width} origin={origin}
        onBegin={() => undo.stopCapturing()} />
    </section>
  );
}
