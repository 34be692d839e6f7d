// Moving about in a tree with the keyboard, as the ARIA pattern for trees has it.

import { type KeyboardEvent, useRef, useState } from "react";
import type { TreeRow } from "./tree_rows";

export interface TreeKeys {
  activeId: string | undefined;
  activate: (id: string) => void;
  rowRef: (id: string, element: HTMLElement | null) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

export function useTreeKeys(
  rows: readonly TreeRow[],
  setOpen: (rows: readonly TreeRow[], open: boolean) => void,
): TreeKeys {
  const [chosenId, activate] = useState<string | undefined>(undefined);
  const elements = useRef(new Map<string, HTMLElement>());
  const typed = useRef({ text: "", atMs: 0 });
  const index = Math.max(
    0,
    rows.findIndex((row) => row.id === chosenId),
  );
  const active = rows[index];

  const goTo = (row: TreeRow | undefined) => {
    if (!row) return;
    activate(row.id);
    elements.current.get(row.id)?.focus();
  };

  const goToTyped = (character: string) => {
    const now = Date.now();
    const text = now - typed.current.atMs < 700 ? typed.current.text + character : character;
    typed.current = { text, atMs: now };
    const from = text.length === 1 ? index + 1 : index;
    const order = [...rows.slice(from), ...rows.slice(0, from)];
    goTo(order.find((row) => row.name.toLowerCase().startsWith(text.toLowerCase())));
  };

  const keys: Record<string, (row: TreeRow) => void> = {
    ArrowDown: () => goTo(rows[index + 1]),
    ArrowUp: () => goTo(rows[index - 1]),
    Home: () => goTo(rows[0]),
    End: () => goTo(rows[rows.length - 1]),
    ArrowRight: (row) => {
      if (row.opens && !row.isOpen) setOpen([row], true);
      else if (rows[index + 1]?.parent === row.id) goTo(rows[index + 1]);
    },
    ArrowLeft: (row) => {
      if (row.isOpen) setOpen([row], false);
      else goTo(rows.find((other) => other.id === row.parent));
    },
    Enter: (row) => setOpen([row], !row.isOpen),
    " ": (row) => setOpen([row], !row.isOpen),
    "*": (row) =>
      setOpen(
        rows.filter((other) => other.parent === row.parent),
        true,
      ),
  };

  return {
    activeId: active?.id,
    activate,
    rowRef: (id, element) => {
      if (element) elements.current.set(id, element);
      else elements.current.delete(id);
    },
    onKeyDown: (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !active) return;
      const move = keys[event.key];
      if (move) move(active);
      else if (event.key.length === 1) goToTyped(event.key);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}
