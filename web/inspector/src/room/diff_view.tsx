// Two states of a document beside each other, line by line; what is alike is folded away, and what
// is too much to read.

import { useMemo, useState } from "react";
import type { JsonObject } from "../api_types";
import { plural } from "../format";
import { Empty } from "../parts/notes";
import { type RootDiff, documentDiff } from "./document_diff";
import type { DiffLine } from "./line_diff";

interface DiffViewProps {
  before: JsonObject;
  after: JsonObject;
}

export function DiffView({ before, after }: DiffViewProps) {
  const diff = useMemo(() => documentDiff(before, after), [before, after]);
  if (diff.changed.length === 0) return <Empty title="Nothing has changed since this version" />;
  return (
    <div className="diff">
      {diff.changed.map((root) => (
        <Root key={root.root} diff={root} />
      ))}
      {diff.unchanged.length > 0 && (
        <p className="soft">Unchanged since: {diff.unchanged.join(", ")}</p>
      )}
    </div>
  );
}

const kindWords: Record<RootDiff["kind"], string> = {
  changed: "",
  added: "new since",
  removed: "gone since",
};

function Root({ diff }: { diff: RootDiff }) {
  const hunks = useMemo(() => folded(diff.lines), [diff]);
  return (
    <section className="diff-root" aria-label={`Changes in ${diff.root}`}>
      <h3>
        {diff.root}
        {diff.kind !== "changed" && <span className="badge">{kindWords[diff.kind]}</span>}
        <span className="diff-added">+{diff.added}</span>
        <span className="diff-removed">−{diff.removed}</span>
      </h3>
      <div className="diff-lines">
        {hunks.map((hunk, index) =>
          hunk.fold ? (
            <Fold key={index} lines={hunk.lines} />
          ) : (
            hunk.lines.map((line, place) => <Line key={`${index}.${place}`} line={line} />)
          ),
        )}
      </div>
    </section>
  );
}

const marks: Record<DiffLine["kind"], string> = { same: " ", removed: "−", added: "+" };
const words: Record<DiffLine["kind"], string> = { same: "", removed: "was: ", added: "now: " };

function Line({ line }: { line: DiffLine }) {
  return (
    <div className={`diff-line ${line.kind}`}>
      <span className="diff-number">{line.before ?? ""}</span>
      <span className="diff-number">{line.after ?? ""}</span>
      <span className="diff-mark" aria-hidden="true">
        {marks[line.kind]}
      </span>
      <span className="visually-hidden">{words[line.kind]}</span>
      <span className="diff-text">{line.text || "\u200b"}</span>
    </div>
  );
}

const foldWords: Record<DiffLine["kind"], string> = {
  same: "unchanged line",
  removed: "more removed line",
  added: "more added line",
};

function Fold({ lines }: { lines: DiffLine[] }) {
  const [open, setOpen] = useState(false);
  if (open) return lines.map((line, place) => <Line key={place} line={line} />);
  return (
    <button type="button" className="diff-fold" onClick={() => setOpen(true)}>
      Show {plural(lines.length, foldWords[lines[0]?.kind ?? "same"])}
    </button>
  );
}

interface Hunk {
  fold: boolean;
  lines: DiffLine[];
}

const context = 3;
const changedRunMax = 200;

// Runs of lines of one kind: of those alike only the ones beside a change show, of the others the
// first.
function folded(lines: DiffLine[]): Hunk[] {
  const hunks: Hunk[] = [];
  let index = 0;
  while (index < lines.length) {
    const kind = lines[index]?.kind;
    let end = index;
    while (end < lines.length && lines[end]?.kind === kind) end += 1;
    let from = end;
    let to = end;
    if (kind === "same") {
      from = index > 0 ? index + context : index;
      to = end < lines.length ? end - context : end;
    } else if (end - index > changedRunMax) {
      from = index + changedRunMax;
    }
    if (to - from > 1) {
      hunks.push({ fold: false, lines: lines.slice(index, from) });
      hunks.push({ fold: true, lines: lines.slice(from, to) });
      hunks.push({ fold: false, lines: lines.slice(to, end) });
    } else {
      hunks.push({ fold: false, lines: lines.slice(index, end) });
    }
    index = end;
  }
  return hunks;
}
