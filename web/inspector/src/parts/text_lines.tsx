// A long string, line by line and with line numbers, with the lines that changed highlighted.

import { type Changes, areFresh } from "./json_changes";

const linesMax = 400;

// The first and the one past the last line that differ.
function changedLines(before: string[], after: string[]): [number, number] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < shorter - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail += 1;
  }
  return [head, after.length - tail];
}

export function TextLines({ text, id, changes }: { text: string; id: string; changes: Changes }) {
  const lines = text.split("\n");
  const before = areFresh(changes) ? changes.textBefore.get(id)?.split("\n") : undefined;
  const [from, to] = before ? changedLines(before, lines) : [0, 0];
  const shown = lines.slice(0, linesMax);
  return (
    <div className="text-lines">
      {shown.map((line, index) => {
        const changed = index >= from && index < to;
        return (
          <div
            key={changed ? `${index}@${changes.tick}` : index}
            className={changed ? "text-line changed" : "text-line"}
          >
            {line || "\u200b"}
          </div>
        );
      })}
      {lines.length > linesMax && (
        <div className="text-more">
          and {lines.length - linesMax} more lines; copy the value to see them
        </div>
      )}
    </div>
  );
}
