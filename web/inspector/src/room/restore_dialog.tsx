// Says what restoring does before it is done.

import { api } from "../api";
import { formatMoment } from "../format";
import { announce } from "../parts/announcements";
import { ConfirmDialog } from "../parts/confirm_dialog";
import type { KeptVersion } from "./use_history";

interface RestoreDialogProps {
  room: string;
  entry: KeptVersion;
  onRestored: () => void;
  onClose: () => void;
}

export function RestoreDialog({ room, entry, onRestored, onClose }: RestoreDialogProps) {
  return (
    <ConfirmDialog
      title={`Restore version ${entry.number}?`}
      action="Restore"
      weight="normal"
      onClose={onClose}
      onConfirm={async () => {
        await api.restore(room, entry.number);
        announce(`Version ${entry.number} is restored.`);
        onRestored();
      }}
    >
      <p>
        The document of <b>{room}</b> becomes what it was at {formatMoment(entry.at_unix_ms)}.
        Everybody in the room sees it change at once, as if somebody had edited it.
      </p>
      <p>
        Nothing is lost: what the document says now stays in the history, and you can restore that
        again.
      </p>
    </ConfirmDialog>
  );
}
