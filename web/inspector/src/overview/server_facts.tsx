// The server in a line of figures.

import type { LoadAnswer, ServerFacts as Facts } from "../api_types";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  plural,
} from "../format";

interface ServerFactsProps {
  facts: Facts;
  load: LoadAnswer | undefined;
}

export function ServerFacts({ facts, load }: ServerFactsProps) {
  const sample = load?.samples[load.samples.length - 1];
  const perSecond = (count: number) => formatRate((count * 1000) / (load?.interval_ms ?? 1000));
  return (
    <dl className="facts" aria-label="Server">
      <Fact name="Rooms" value={formatCount(facts.rooms)} />
      <Fact name="Sessions" value={formatCount(facts.sessions)} />
      <Fact
        name="Messages/s"
        value={sample ? perSecond(sample.messages_in) : "–"}
        more={sample ? `in, ${perSecond(sample.messages_out)} out` : undefined}
      />
      <Fact
        name="CPU"
        value={sample && load ? formatPercent(sample.cpu_ms / load.interval_ms) : "–"}
        more="of one core"
      />
      <Fact name="Memory" value={formatBytes(facts.memory_bytes)} />
      <Fact
        name="Storage"
        value={facts.storage === "sqlite" ? "SQLite" : "memory"}
        more={facts.history ? "with history" : "without history"}
      />
      <Fact name="Uptime" value={formatDuration(facts.now_unix_ms - facts.started_unix_ms)} />
      <Fact
        name="Version"
        value={facts.version}
        more={`${plural(facts.threads, "thread")}${facts.dev ? ", development" : ""}`}
      />
    </dl>
  );
}

function Fact(props: { name: string; value: string; more?: string | undefined }) {
  return (
    <div className="fact">
      <dt>{props.name}</dt>
      <dd>
        {props.value}
        {props.more && <span className="fact-more"> {props.more}</span>}
      </dd>
    </div>
  );
}
