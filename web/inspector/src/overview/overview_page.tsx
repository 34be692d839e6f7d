// All of the server: its facts, its rooms, its load.

import { api } from "../api";
import type { ServerFacts as Facts } from "../api_types";
import { ErrorBoundary } from "../parts/error_boundary";
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
      <ErrorBoundary what="The server">
        {facts.data && <ServerFacts facts={facts.data} load={load.data} />}
      </ErrorBoundary>
      <div className="overview">
        <ErrorBoundary what="The list of rooms">
          <RoomTable />
        </ErrorBoundary>
        <ErrorBoundary what="The load">
          <LoadPanel load={load} />
        </ErrorBoundary>
      </div>
    </>
  );
}
