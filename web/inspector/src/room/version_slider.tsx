// Chooses one of the kept versions: a slider under a strip that shows how much each added and which are
// snapshots.

import type { HistoryEntry } from "../api_types";
import { formatBytes, formatMoment } from "../format";

interface VersionSliderProps {
  entries: readonly HistoryEntry[]; // oldest first, not empty
  index: number;
  onIndex: (index: number) => void;
}

export function describeVersion(entry: HistoryEntry): string {
  const kind = entry.is_snapshot ? ", snapshot" : "";
  return `Version ${entry.number}, ${formatMoment(entry.at_unix_ms)}, ${formatBytes(entry.bytes)}${kind}`;
}

export function VersionSlider({ entries, index, onIndex }: VersionSliderProps) {
  const entry = entries[index];
  const first = entries[0];
  const last = entries[entries.length - 1];
  return (
    <div className="version-slider">
      <Strip entries={entries} index={index} />
      <input
        type="range"
        className="slider"
        aria-label="Version"
        aria-valuetext={entry ? describeVersion(entry) : undefined}
        min={0}
        max={Math.max(0, entries.length - 1)}
        step={1}
        value={index}
        onChange={(event) => onIndex(Number(event.target.value))}
      />
      <div className="slider-ends" aria-hidden="true">
        <span>{first && formatMoment(first.at_unix_ms)}</span>
        <span className="strip-key">
          <i className="strip-mark snapshot" /> snapshot <i className="strip-mark" /> edit
        </span>
        <span>{last && formatMoment(last.at_unix_ms)}</span>
      </div>
    </div>
  );
}

interface Bar {
  from: number; // index of its first entry
  to: number;
  bytes: number;
  hasSnapshot: boolean;
}

const barsMax = 240;
const lowest = 3;
const highest = 24;

// One bar a version, or a bar for several when there are more than fit.
function barsOf(entries: readonly HistoryEntry[]): Bar[] {
  const each = Math.max(1, Math.ceil(entries.length / barsMax));
  const bars: Bar[] = [];
  for (let from = 0; from < entries.length; from += each) {
    const part = entries.slice(from, from + each);
    const edits = part.filter((entry) => !entry.is_snapshot);
    bars.push({
      from,
      to: from + part.length,
      bytes: edits.reduce((sum, entry) => sum + entry.bytes, 0),
      hasSnapshot: edits.length < part.length,
    });
  }
  return bars;
}

function Strip({ entries, index }: { entries: readonly HistoryEntry[]; index: number }) {
  const bars = barsOf(entries);
  const most = Math.max(1, ...bars.map((bar) => Math.log1p(bar.bytes)));
  return (
    <div className="strip" aria-hidden="true">
      {bars.map((bar) => {
        const height = lowest + (Math.log1p(bar.bytes) / most) * (highest - lowest);
        const chosen = index >= bar.from && index < bar.to;
        const kind = bar.hasSnapshot ? "strip-bar snapshot" : "strip-bar";
        return (
          <i
            key={bar.from}
            className={chosen ? `${kind} chosen` : kind}
            style={{ height: bar.hasSnapshot ? highest + 4 : height }}
          />
        );
      })}
    </div>
  );
}
