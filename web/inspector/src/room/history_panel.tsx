// The document as it was: choose a version, look at it, compare it with now, bring it back.

import { useState } from "react";
import type { JsonObject } from "../api_types";
import { formatDuration, plural } from "../format";
import { JsonTree } from "../parts/json_tree";
import { Empty, ErrorNote, Loading } from "../parts/notes";
import { DiffView } from "./diff_view";
import { RestoreDialog } from "./restore_dialog";
import { type History, type KeptVersion, useHistory } from "./use_history";
import { type Version, useVersion } from "./use_version";
import { VersionSlider, describeVersion } from "./version_slider";

interface HistoryPanelProps {
  room: string;
  now: JsonObject | null | undefined; // the document
}

export function HistoryPanel({ room, now }: HistoryPanelProps) {
  const history = useHistory(room);
  if (history.versions.length > 0) return <Versions room={room} now={now} history={history} />;
  if (history.error?.kind === "missing") {
    return <Empty title="No history">{history.error.message}</Empty>;
  }
  if (history.error && history.error.kind !== "unreachable")
    return <ErrorNote error={history.error} />;
  if (!history.loaded) return <Loading what="versions" />;
  return <Empty title="No versions yet">Each edit of the document becomes one.</Empty>;
}

interface VersionsProps extends HistoryPanelProps {
  history: History;
}

function Versions({ room, now, history }: VersionsProps) {
  const { versions } = history;
  // undefined: the newest, whichever that is.
  const [number, setNumber] = useState<number | undefined>(undefined);
  const [view, setView] = useState<"tree" | "diff">("tree");
  const [restoring, setRestoring] = useState(false);
  const newest = versions.length - 1;
  const found = versions.findIndex((entry) => entry.number === number);
  const index = found < 0 ? newest : found;
  const entry = versions[index];
  const version = useVersion(room, entry?.number);

  const goTo = (place: number) => {
    setNumber(place >= newest ? undefined : versions[Math.max(0, place)]?.number);
  };
  if (!entry) return null;
  return (
    <div className="history">
      <div className="version-bar">
        <VersionSlider versions={versions} index={index} onIndex={goTo} />
        <div className="version-steps">
          <VersionText entry={entry} />
          <span className="button-group">
            <button
              type="button"
              className="button small"
              disabled={index === 0}
              onClick={() => goTo(index - 1)}
            >
              Older
            </button>
            <button
              type="button"
              className="button small"
              disabled={index === newest}
              onClick={() => goTo(index + 1)}
            >
              Newer
            </button>
            <button
              type="button"
              className="button small"
              disabled={index === newest}
              onClick={() => goTo(newest)}
            >
              Newest
            </button>
            {history.hasOlder && (
              <button
                type="button"
                className="button small"
                disabled={history.loadingOlder}
                onClick={history.loadOlder}
              >
                Load older versions
              </button>
            )}
          </span>
        </div>
      </div>
      {history.error && <ErrorNote error={history.error} />}
      <div className="toolbar">
        <div className="segments" role="group" aria-label="Show the version">
          <button type="button" aria-pressed={view === "tree"} onClick={() => setView("tree")}>
            As it was
          </button>
          <button type="button" aria-pressed={view === "diff"} onClick={() => setView("diff")}>
            Changes since
          </button>
        </div>
        <span className="count">{plural(versions.length, "version")} loaded</span>
        <button
          type="button"
          className="button button-primary small push"
          disabled={index === newest}
          onClick={() => setRestoring(true)}
        >
          Restore this version…
        </button>
      </div>
      <VersionContent version={version} view={view} now={now} />
      {restoring && (
        <RestoreDialog
          room={room}
          entry={entry}
          onClose={() => setRestoring(false)}
          onRestored={() => {
            setNumber(undefined);
            history.refresh();
          }}
        />
      )}
    </div>
  );
}

function VersionText({ entry }: { entry: KeptVersion }) {
  const ago = Date.now() - entry.at_unix_ms;
  return (
    <p className="version-text">
      <b>{describeVersion(entry)}</b>
      <span className="soft"> {ago < 1000 ? "just now" : `${formatDuration(ago)} ago`}</span>
    </p>
  );
}

interface VersionContentProps {
  version: Version;
  view: "tree" | "diff";
  now: JsonObject | null | undefined;
}

function VersionContent({ version, view, now }: VersionContentProps) {
  const { shown, stale, error, changes } = version;
  if (error && stale) return <ErrorNote error={error} />;
  if (!shown) return <Loading what="the version" />;
  if (shown.truncated || !shown.document) {
    return <Empty title="Too large to show here">It can be restored all the same.</Empty>;
  }
  return (
    <div className={stale ? "version-content stale" : "version-content"} aria-busy={stale}>
      {view === "tree" ? (
        <JsonTree
          value={shown.document}
          label={`Document at version ${shown.number}`}
          changes={changes}
          details="shown"
        />
      ) : now ? (
        <DiffView before={shown.document} after={now} />
      ) : (
        <Empty title="Nothing to compare with">The document of now is too large to show.</Empty>
      )}
    </div>
  );
}
