// The document as it is now, as a tree that changes while people type.

import { formatBytes } from "../format";
import { JsonTree } from "../parts/json_tree";
import { Empty, ErrorNote, Loading } from "../parts/notes";
import { type Polled, isWaiting } from "../use_poll";
import { ExportButtons } from "./export_buttons";
import type { DocumentNow } from "./use_document";

interface DocumentPanelProps {
  room: string;
  document: Polled<DocumentNow>;
}

export function DocumentPanel({ room, document }: DocumentPanelProps) {
  const { data, error } = document;
  return (
    <>
      <div className="toolbar">
        {data && <span className="count">{formatBytes(data.content.bytes)}</span>}
        <ExportButtons room={room} />
      </div>
      {error && <ErrorNote error={error} />}
      {isWaiting(document) && <Loading what="the document" />}
      {data && <Content now={data} />}
    </>
  );
}

function Content({ now }: { now: DocumentNow }) {
  const { content, changes } = now;
  if (content.truncated || !content.document) {
    return (
      <Empty title="Too large to show here">
        The document is larger than a page shows well. Download it to see all of it.
      </Empty>
    );
  }
  if (Object.keys(content.document).length === 0) {
    return <Empty title="The document is empty">What somebody writes into it appears here.</Empty>;
  }
  return <JsonTree value={content.document} label="Document" changes={changes} details="shown" />;
}
