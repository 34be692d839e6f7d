// What the charts of the overview show, from the samples that pluvd keeps.

import type { LoadSample } from "../api_types";
import { formatBytes, formatMilliseconds, formatPercent, formatRate, formatShort } from "../format";

export interface Series {
  name: string;
  colour: "first" | "second";
  valueOf: (sample: LoadSample, intervalMs: number) => number | null;
}

export interface ChartKind {
  title: string;
  column: string; // in a table, before the name of the series
  format: (value: number) => string;
  series: readonly Series[];
}

const perSecond = (count: number, intervalMs: number) => (count * 1000) / intervalMs;

const chartKinds: readonly ChartKind[] = [
  {
    title: "Messages per second",
    column: "Messages/s",
    format: formatRate,
    series: [
      { name: "in", colour: "first", valueOf: (s, ms) => perSecond(s.messages_in, ms) },
      { name: "out", colour: "second", valueOf: (s, ms) => perSecond(s.messages_out, ms) },
    ],
  },
  {
    title: "Bytes per second",
    column: "Bytes/s",
    format: formatBytes,
    series: [
      { name: "in", colour: "first", valueOf: (s, ms) => perSecond(s.bytes_in, ms) },
      { name: "out", colour: "second", valueOf: (s, ms) => perSecond(s.bytes_out, ms) },
    ],
  },
  {
    title: "Sessions and rooms",
    column: "",
    format: formatShort,
    series: [
      { name: "sessions", colour: "first", valueOf: (s) => s.sessions },
      { name: "rooms", colour: "second", valueOf: (s) => s.rooms },
    ],
  },
  {
    title: "Edits per second",
    column: "Edits/s",
    format: formatRate,
    series: [{ name: "kept", colour: "first", valueOf: (s, ms) => perSecond(s.edits, ms) }],
  },
  {
    title: "Loop turn",
    column: "Turn",
    format: formatMilliseconds,
    series: [
      { name: "p50", colour: "first", valueOf: (s) => s.turn_p50_ms ?? null },
      { name: "p99", colour: "second", valueOf: (s) => s.turn_p99_ms ?? null },
    ],
  },
  {
    title: "CPU",
    column: "CPU",
    format: formatPercent,
    series: [{ name: "of one core", colour: "first", valueOf: (s, ms) => s.cpu_ms / ms }],
  },
  {
    title: "Memory",
    column: "Memory",
    format: formatBytes,
    series: [{ name: "resident", colour: "first", valueOf: (s) => s.memory_bytes }],
  },
];

// Those that pluvd has measured anything for.
export function measuredKinds(samples: readonly LoadSample[]): readonly ChartKind[] {
  return chartKinds.filter((kind) =>
    kind.series.some((series) => samples.some((sample) => series.valueOf(sample, 1) !== null)),
  );
}

// The chart in words, for those who do not see it.
export function summaryOf(
  kind: ChartKind,
  samples: readonly LoadSample[],
  intervalMs: number,
): string {
  const parts = kind.series.map((series) => {
    const values = samples
      .map((sample) => series.valueOf(sample, intervalMs))
      .filter((value) => value !== null);
    const last = values[values.length - 1];
    if (last === undefined) return `${series.name}: no value`;
    const highest = values.reduce((most, value) => Math.max(most, value), 0);
    return `${series.name}: ${kind.format(last)} now, ${kind.format(highest)} at most`;
  });
  return `${kind.title} over the last hour. ${parts.join("; ")}.`;
}
