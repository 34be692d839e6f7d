// Chooses one of the kept versions: a slider under a strip that shows how much each added and which are
// snapshots.

import { formatBytes, formatMoment } from "../format";
import type { KeptVersion } from "./use_history";

interface VersionSliderProps {
  versions: readonly KeptVersion[]; // oldest first, not empty
  index: number;
  onIndex: (index: number) => void;
}

export function describeVersion(version: KeptVersion): string {
  const kind = version.isSnapshot ? ", snapshot" : "";
  return `Version ${version.number}, ${formatMoment(version.at_unix_ms)}, ${formatBytes(version.bytes)}${kind}`;
}

export function VersionSlider({ versions, index, onIndex }: VersionSliderProps) {
  const version = versions[index];
  const first = versions[0];
  const last = versions[versions.length - 1];
  return (
    <div className="version-slider">
      <Strip versions={versions} index={index} />
      <input
        type="range"
        className="slider"
        aria-label="Version"
        aria-valuetext={version ? describeVersion(version) : undefined}
        min={0}
        max={Math.max(0, versions.length - 1)}
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
  from: number; // index of its first version
  to: number;
  bytes: number;
  hasSnapshot: boolean;
}

const barsMax = 240;
const lowest = 3;
const highest = 24;

// One bar a version, or a bar for several when there are more than fit.
function barsOf(versions: readonly KeptVersion[]): Bar[] {
  const each = Math.max(1, Math.ceil(versions.length / barsMax));
  const bars: Bar[] = [];
  for (let from = 0; from < versions.length; from += each) {
    const part = versions.slice(from, from + each);
    bars.push({
      from,
      to: from + part.length,
      bytes: part.reduce((sum, version) => sum + version.bytes, 0),
      hasSnapshot: part.some((version) => version.isSnapshot),
    });
  }
  return bars;
}

function Strip({ versions, index }: { versions: readonly KeptVersion[]; index: number }) {
  const bars = barsOf(versions);
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
