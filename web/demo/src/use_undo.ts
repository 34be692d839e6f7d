import { useSyncExternalStore } from "react";
import type * as Y from "yjs";

// Whether there is something to undo and to redo.
export function useUndo(undo: Y.UndoManager): { canUndo: boolean; canRedo: boolean } {
  const state = useSyncExternalStore(
    (listener) => {
      const events = ["stack-item-added", "stack-item-popped", "stack-cleared"] as const;
      for (const event of events) undo.on(event, listener);
      return () => {
        for (const event of events) undo.off(event, listener);
      };
    },
    () => (undo.canUndo() ? 1 : 0) + (undo.canRedo() ? 2 : 0));
  return { canUndo: (state & 1) !== 0, canRedo: (state & 2) !== 0 };
}
