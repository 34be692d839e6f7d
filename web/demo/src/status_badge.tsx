import type { Status } from "@pluv-cpp/client";

import { useLasting, useStatus } from "./use_room";

// A server that restarts is back sooner.
const shortMs = 2_500;

function wordsFor(status: Status, isLong: boolean): { text: string; kind: string } {
  switch (status) {
    case "synced": return { text: "Live", kind: "badge-good" };
    case "connecting":
    case "connected": return { text: "Connecting…", kind: "badge-warn" };
    case "reconnecting":
      return isLong ? { text: "Offline: your changes are kept", kind: "badge-warn" }
        : { text: "Reconnecting…", kind: "badge-warn" };
    case "closed": return { text: "Disconnected", kind: "badge-bad" };
  }
}

export function StatusBadge() {
  const status = useStatus();
  const isLong = useLasting(status === "reconnecting", shortMs);
  const { text, kind } = wordsFor(status, isLong);
  return <span role="status" className={`badge badge-dot status ${kind}`}>{text}</span>;
}
