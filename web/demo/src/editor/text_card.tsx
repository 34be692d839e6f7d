import { defaultKeymap } from "@codemirror/commands";
import { markdown } from "@codemirror/lang-markdown";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { useEffect, useMemo, useRef } from "react";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import * as Y from "yjs";

import { UndoButtons } from "../undo_buttons";
import { useSession } from "../use_room";
import { editorTheme } from "./editor_theme";
import { remoteSelections } from "./remote_selections";

const hint = "Write something. Everybody in this room sees it as you type.";

export function TextCard() {
  const session = useSession();
  const { text } = session;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const undo = useMemo(() => new Y.UndoManager(text, { captureTimeout: 400 }), [text]);

  useEffect(() => {
    if (place.current === null) return undefined;
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text.toString(),
        extensions: [
          yCollab(text, null, { undoManager: undo }),
          remoteSelections(session),
          keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
          markdown(),
          EditorView.lineWrapping,
          drawSelection(),
          placeholder(hint),
          EditorView.contentAttributes.of({
            "aria-label": "Shared text",
            spellcheck: "true",
            autocapitalize: "sentences",
          }),
          editorTheme,
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [session, text, undo]);

  return (
    <section className="card text-card" data-area="text" aria-labelledby="text-title">
      <div className="card-head">
        <h2 id="text-title">Text</h2>
        <span className="push" />
        <UndoButtons undo={undo} what="in the text" after={() => view.current?.focus()} />
      </div>
      <div className="editor" ref={place} />
    </section>
  );
}
