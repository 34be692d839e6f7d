// All of the server: its facts, its rooms, its load.

import { api } from "../api";
import type { ServerFacts as Facts } from "../api_types";
import { ErrorNote } from "../parts/notes";
import { useTitle } from "../parts/use_title";
import { usePoll } from "../use_poll";
import { LoadPanel } from "./load_panel";
import { RoomTable } from "./room_table";
import { ServerFacts } from "./server_facts";
import { useLoad } from "./use_load";

export function OverviewPage() {
  useTitle("Overview");
  const facts = usePoll<Facts>({
    key: "server",
    periodMs: 1000,
    ask: (signal) => api.server(signal),
  });
  const load = useLoad();
  return (
    <>
      <h1 className="visually-hidden">Overview</h1>
      {facts.error && <ErrorNote error={facts.error} />}
      {facts.data && <ServerFacts facts={facts.data} load={load.data} />}
      <div className="overview">
        <RoomTable />
        <LoadPanel load={load} />
      </div>
    </>
  );
}
