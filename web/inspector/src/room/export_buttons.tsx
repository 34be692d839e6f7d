// Downloads of the document. They are fetched, not linked to, so that the token goes with them.

import { useState } from "react";
import { type ExportFormat, api } from "../api";
import { asApiError } from "../api_error";
import { announce } from "../parts/announcements";

const endings: Record<ExportFormat, string> = { update: "yjs", json: "json" };

function save(blob: Blob, fileName: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  // The browser has taken the bytes over by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function fileNameOf(room: string, format: ExportFormat): string {
  const safe = room.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 80);
  return `${safe || "room"}.${endings[format]}`;
}

export function ExportButtons({ room }: { room: string }) {
  const [busy, setBusy] = useState(false);
  const download = async (format: ExportFormat) => {
    setBusy(true);
    try {
      save(await api.exported(room, format), fileNameOf(room, format));
    } catch (caught) {
      announce(`Not downloaded: ${asApiError(caught).message}`, "failed");
    }
    setBusy(false);
  };
  return (
    <span className="button-group">
      <button
        type="button"
        className="button small"
        disabled={busy}
        onClick={() => void download("json")}
      >
        Download JSON
      </button>
      <button
        type="button"
        className="button small"
        disabled={busy}
        title="One Yjs update, version 1, that makes the whole document"
        onClick={() => void download("update")}
      >
        Download update
      </button>
    </span>
  );
}
