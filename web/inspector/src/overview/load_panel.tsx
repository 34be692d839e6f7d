// How busy the server is and was over the last hour: charts, or the same as a table.

import { useState } from "react";
import type { LoadAnswer } from "../api_types";
import { formatClock } from "../format";
import { Empty, ErrorNote, Loading } from "../parts/notes";
import { type Polled, isWaiting } from "../use_poll";
import { LoadChart } from "./load_chart";
import { measuredKinds } from "./load_series";
import { LoadTable } from "./load_table";

export function LoadPanel({ load }: { load: Polled<LoadAnswer> }) {
  const [view, setView] = useState<"charts" | "table">("charts");
  const [pointed, setPointed] = useState<number | undefined>(undefined);
  const samples = load.data?.samples ?? [];
  const sample = pointed === undefined ? undefined : samples[pointed];
  return (
    <section className="card load-panel" aria-labelledby="load-title">
      <header className="card-head">
        <h2 id="load-title">Load</h2>
        <span className="count">
          {sample ? `at ${formatClock(sample.at_unix_ms)}` : "last hour"}
        </span>
        <button
          type="button"
          className="button small push"
          aria-pressed={view === "table"}
          onClick={() => setView(view === "table" ? "charts" : "table")}
        >
          Show as table
        </button>
      </header>
      {load.error && <ErrorNote error={load.error} />}
      {isWaiting(load) && <Loading what="load" />}
      {load.data && samples.length === 0 && (
        <Empty title="Nothing measured yet">
          pluvd takes a sample every {Math.round(load.data.interval_ms / 1000)} seconds.
        </Empty>
      )}
      {load.data && samples.length > 0 && view === "table" && <LoadTable load={load.data} />}
      {load.data && samples.length > 0 && view === "charts" && (
        <div className="charts">
          {measuredKinds(samples).map((kind) => (
            <LoadChart
              key={kind.title}
              kind={kind}
              samples={samples}
              intervalMs={load.data?.interval_ms ?? 1}
              pointed={sample ? pointed : undefined}
              onPoint={setPointed}
            />
          ))}
        </div>
      )}
    </section>
  );
}
