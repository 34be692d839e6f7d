// Where others are in the text: a caret with a name, and what they have selected. Theirs come with
// their presence, as positions that Yjs keeps in place while the text changes.
import { StateEffect, StateField, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate }
  from "@codemirror/view";
import { fromBase64, toBase64 } from "@pluv-cpp/client";
import * as Y from "yjs";

import { readPresence, userColour, type Selection } from "../people/presence";
import type { DemoRoom, Session } from "../session";

interface RemoteSelection {
  sessionId: string;
  name: string;
  colour: number;
  anchor: number;
  head: number;
}

export function encodeSelection(text: Y.Text, anchor: number, head: number): Selection {
  const encode = (at: number) =>
    toBase64(Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, at)));
  return { anchor: encode(anchor), head: encode(head) };
}

// null: it is in a part of the text that has not come yet, or in none.
function positionIn(text: Y.Text, encoded: string): number | null {
  if (text.doc === null) return null;
  try {
    const relative = Y.decodeRelativePosition(fromBase64(encoded));
    const found = Y.createAbsolutePositionFromRelativePosition(relative, text.doc);
    return found?.type === text ? found.index : null;
  } catch {
    return null;
  }
}

function selectionsOf(room: DemoRoom, text: Y.Text): RemoteSelection[] {
  return room.others.flatMap(({ sessionId, presence }) => {
    const { name, colour, selection } = readPresence(presence);
    if (selection === null) return [];
    const anchor = positionIn(text, selection.anchor);
    const head = positionIn(text, selection.head);
    return anchor === null || head === null ? [] : [{ sessionId, name, colour, anchor, head }];
  });
}

class Caret extends WidgetType {
  constructor(readonly name: string, readonly colour: number, readonly at: number) {
    super();
  }

  // One that has moved is made anew, so that its name shows again for a while.
  override eq(other: Caret): boolean {
    return other.name === this.name && other.colour === this.colour && other.at === this.at;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = "remote-caret";
    caret.style.setProperty("--user", userColour(this.colour));
    // Who hears the page hears of people elsewhere, not in the middle of the text.
    caret.setAttribute("aria-hidden", "true");
    caret.dataset.testid = `caret of ${this.name}`;
    // Shown by the style: the text that is copied has no names in it.
    caret.appendChild(document.createElement("span")).dataset.name = this.name;
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function decorationsOf(selections: readonly RemoteSelection[], doc: Text): DecorationSet {
  const within = (at: number) => Math.min(doc.length, Math.max(0, at));
  return Decoration.set(selections.flatMap(({ name, colour, anchor, head }) => {
    const from = within(Math.min(anchor, head));
    const to = within(Math.max(anchor, head));
    const widget = new Caret(name, colour, within(head));
    const caret = Decoration.widget({ widget, side: head > anchor ? -1 : 1 }).range(within(head));
    if (from === to) return [caret];
    const mark = Decoration.mark({
      attributes: { class: "remote-selection", style: `--user: ${userColour(colour)}` },
    });
    return [mark.range(from, to), caret];
  }), true);
}

const setSelections = StateEffect.define<readonly RemoteSelection[]>();

// Between two presences the text may change: then they move with it.
const decorations = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(before, transaction) {
    let now = before.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setSelections)) now = decorationsOf(effect.value, transaction.newDoc);
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export function remoteSelections({ room, text, presence }: Session): Extension {
  const plugin = ViewPlugin.define((view) => {
    let shown = "";
    let sent = "";
    let scheduled = false;

    // Not within an update of the editor, which may be what calls.
    const show = () => {
      if (scheduled) return;
      scheduled = true;
      requestAnimationFrame(() => {
        scheduled = false;
        const selections = selectionsOf(room, text);
        const key = JSON.stringify(selections);
        if (key === shown) return;
        shown = key;
        view.dispatch({ effects: setSelections.of(selections) });
      });
    };

    const send = () => {
      const { anchor, head } = view.state.selection.main;
      const selection = encodeSelection(text, anchor, head);
      const key = JSON.stringify(selection);
      if (key === sent) return;
      sent = key;
      presence.set({ selection });
    };

    const stop = room.subscribe.others(show);
    show();
    return {
      update(update: ViewUpdate) {
        if (update.docChanged) show();
        const moved = update.docChanged || update.selectionSet || update.focusChanged;
        if (moved && update.view.hasFocus) send();
      },
      destroy() {
        stop();
        presence.set({ selection: null });
      },
    };
  });
  return [decorations, plugin];
}
