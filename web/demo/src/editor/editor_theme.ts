import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { height: "100%", backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--font)",
    fontSize: "1.0625rem",
    lineHeight: "1.7",
    padding: "1.6rem 0 1.25rem",
  },
  ".cm-content": { padding: "0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 1.5rem" },
  ".cm-cursor": { borderLeft: "2px solid var(--accent)" },
  ".cm-placeholder": { color: "var(--ink-soft)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { background: "color-mix(in srgb, var(--accent) 24%, transparent)" },
});

// Markdown, quietly.
const marks = HighlightStyle.define([
  { tag: tags.heading1, fontSize: "1.5em", fontWeight: "700", letterSpacing: "-0.015em" },
  { tag: tags.heading2, fontSize: "1.25em", fontWeight: "680", letterSpacing: "-0.01em" },
  { tag: tags.heading, fontWeight: "650" },
  { tag: tags.strong, fontWeight: "680" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.monospace, fontFamily: "var(--font-code)", fontSize: "0.92em" },
  { tag: tags.link, color: "var(--accent-ink)" },
  { tag: tags.url, color: "var(--accent-ink)" },
  { tag: tags.quote, color: "var(--ink-soft)" },
  { tag: tags.processingInstruction, color: "var(--ink-soft)" },
]);

export const editorTheme = [look, syntaxHighlighting(marks)];
