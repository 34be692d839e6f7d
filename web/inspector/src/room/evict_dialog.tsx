// Says what evicting does before it is done.

import { api } from "../api";
import type { Session } from "../api_types";
import { plural } from "../format";
import { announce } from "../parts/announcements";
import { ConfirmDialog } from "../parts/confirm_dialog";
import { nameOf, shortId } from "./people";

interface EvictDialogProps {
  room: string;
  target: Session | "everyone";
  sessions: number;
  onClose: () => void;
}

export function EvictDialog({ room, target, sessions, onClose }: EvictDialogProps) {
  const everyone = target === "everyone";
  const who = everyone ? "everyone" : nameOf(target);
  return (
    <ConfirmDialog
      title={everyone ? "Evict everyone?" : `Evict ${who}?`}
      action={everyone ? `Evict ${plural(sessions, "session")}` : `Evict ${who}`}
      weight="danger"
      onClose={onClose}
      onConfirm={async () => {
        await api.evict(room, everyone ? undefined : target.id);
        announce(everyone ? "Everyone was evicted." : `${who} was evicted.`);
      }}
    >
      {everyone ? (
        <p>
          All {plural(sessions, "connection")} of <b>{room}</b> are closed.
        </p>
      ) : (
        <p>
          The connection of {who} (session <code>{shortId(target.id)}</code>) to <b>{room}</b> is
          closed.
        </p>
      )}
      <p>
        What they have written stays. Their pages do not come back by themselves, but may when they
        are loaded again: to keep somebody out, give out no more tokens.
      </p>
    </ConfirmDialog>
  );
}
