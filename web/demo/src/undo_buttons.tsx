import type * as Y from "yjs";

import { Icon } from "../../shared/icon";
import { useUndo } from "./use_undo";

// what: "in the text", for who hears the page. after: where the focus goes next.
export function UndoButtons({ undo, what, after }:
    { undo: Y.UndoManager; what: string; after?: () => void }) {
  const { canUndo, canRedo } = useUndo(undo);
  const button = (name: "undo" | "redo", label: string, enabled: boolean) => (
    <button type="button" className="button button-quiet button-icon" disabled={!enabled}
      aria-label={`${label} ${what}`} title={label}
      onClick={() => {
        if (name === "undo") undo.undo();
        else undo.redo();
        after?.();
      }}>
      <Icon name={name} />
    </button>
  );
  return (
    <>
      {button("undo", "Undo", canUndo)}
      {button("redo", "Redo", canRedo)}
    </>
  );
}
