// One chart: lines over time, drawn by uPlot; the values under the pointer stand in its head.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import type { LoadSample } from "../api_types";
import { formatClock } from "../format";
import { type ChartKind, summaryOf } from "./load_series";
import { useColourScheme } from "./use_colour_scheme";

interface LoadChartProps {
  kind: ChartKind;
  samples: readonly LoadSample[];
  intervalMs: number;
  // The sample that is pointed at, in any of the charts.
  pointed: number | undefined;
  onPoint: (index: number | undefined) => void;
}

const chartHeight = 104;
const narrowestSpanS = 600;
const hourS = 3600;

export function LoadChart(props: LoadChartProps) {
  const { kind, samples, intervalMs, pointed } = props;
  const shown = samples[pointed ?? samples.length - 1];
  return (
    <figure className="chart">
      <figcaption className="chart-head">
        <span className="chart-title">{kind.title}</span>
        {kind.series.map((series) => {
          const value = shown ? series.valueOf(shown, intervalMs) : null;
          return (
            <span key={series.name} className="chart-key">
              <i className={`swatch ${series.colour}`} aria-hidden="true" />
              {series.name} <b>{value === null ? "–" : kind.format(value)}</b>
            </span>
          );
        })}
      </figcaption>
      <div role="img" aria-label={summaryOf(kind, samples, intervalMs)}>
        <Plot {...props} />
      </div>
    </figure>
  );
}

function dataOf({ kind, samples, intervalMs }: LoadChartProps): uPlot.AlignedData {
  return [
    samples.map((sample) => sample.at_unix_ms / 1000),
    ...kind.series.map((series) => samples.map((sample) => series.valueOf(sample, intervalMs))),
  ];
}

function Plot(props: LoadChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const scheme = useColourScheme();
  const { kind, samples } = props;

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const made = new uPlot(
      optionsOf(kind, element, (index) => latest.current.onPoint(index)),
      dataOf(latest.current),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: chartHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [kind, scheme]);

  useEffect(() => {
    plot.current?.setData(dataOf(latest.current));
  }, [samples]);

  return <div ref={host} className="plot" />;
}

// At least ten minutes wide, so that a server that has just begun does not show two points as a
// trend.
function timeRange(_plot: uPlot, first: number, last: number): [number, number] {
  const end = last ?? Date.now() / 1000;
  const span = Math.min(hourS, Math.max(narrowestSpanS, end - (first ?? end)));
  return [end - span, end];
}

// A colour as a canvas takes it: variables and light-dark() are the style sheet's alone.
function paintable(element: HTMLElement, colour: string): string {
  // Or the computed one is what a transition, however short, begins with.
  element.style.setProperty("transition", "none", "important");
  element.style.color = colour;
  const painted = getComputedStyle(element).color;
  element.style.color = "";
  element.style.removeProperty("transition");
  return painted;
}

function optionsOf(
  kind: ChartKind,
  element: HTMLElement,
  onPoint: (index: number | undefined) => void,
): uPlot.Options {
  const colour = (name: string) => paintable(element, `var(--chart-${name})`);
  const font = `10.5px ${getComputedStyle(element).fontFamily}`;
  const axis: uPlot.Axis = {
    stroke: colour("text"),
    grid: { stroke: colour("grid"), width: 1 },
    ticks: { show: false },
    font,
  };
  return {
    width: element.clientWidth,
    height: chartHeight,
    padding: [6, 18, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: "load", setSeries: false },
      drag: { x: false, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: timeRange },
      y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 20,
        gap: 4,
        grid: { show: false },
        space: 70,
        values: (_plot, times) => times.map((time) => formatClock(time * 1000).slice(0, 5)),
      },
      {
        ...axis,
        size: 58,
        gap: 6,
        space: 28,
        values: (_plot, values) => values.map((value) => kind.format(value)),
      },
    ],
    series: [
      {},
      ...kind.series.map((series) => ({
        label: series.name,
        stroke: colour(series.colour),
        fill: series.colour === "first" ? colour("fill") : undefined,
        width: 1.5,
        points: { show: false },
      })),
    ] as uPlot.Series[],
    hooks: {
      setCursor: [
        (self) => {
          const { idx, left } = self.cursor;
          onPoint(typeof idx === "number" && left !== undefined && left >= 0 ? idx : undefined);
        },
      ],
    },
  };
}
