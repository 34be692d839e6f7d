// The samples behind the charts, as a table: the newest first.

import type { LoadAnswer, LoadSample } from "../api_types";
import { formatClock } from "../format";
import { type ChartKind, type Series, measuredKinds } from "./load_series";

interface Column {
  kind: ChartKind;
  series: Series;
}

export function LoadTable({ load }: { load: LoadAnswer }) {
  const columns = measuredKinds(load.samples).flatMap((kind) =>
    kind.series.map((series) => ({ kind, series })),
  );
  const newestFirst = [...load.samples].reverse();
  return (
    <div className="table-scroll load-table" role="region" aria-label="Load as a table" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {columns.map(({ kind, series }) => (
              <th scope="col" className="numeric" key={`${kind.title} ${series.name}`}>
                {kind.column} {series.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((sample) => (
            <LoadRow
              key={sample.at_unix_ms}
              sample={sample}
              columns={columns}
              intervalMs={load.interval_ms}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface LoadRowProps {
  sample: LoadSample;
  columns: readonly Column[];
  intervalMs: number;
}

function LoadRow({ sample, columns, intervalMs }: LoadRowProps) {
  return (
    <tr>
      <th scope="row">{formatClock(sample.at_unix_ms)}</th>
      {columns.map(({ kind, series }) => {
        const value = series.valueOf(sample, intervalMs);
        return (
          <td className="numeric" key={`${kind.title} ${series.name}`}>
            {value === null ? "–" : kind.format(value)}
          </td>
        );
      })}
    </tr>
  );
}
