import { useSession, useStatus } from "./use_room";

// When the server has said that this is the end.
export function ClosedNotice() {
  const { room } = useSession();
  const status = useStatus();
  const why = room.closeReason;
  if (status !== "closed" || why === null) return null;
  const reason = why.code === 4001 ? "You were removed from this room."
    : `The server closed the connection: ${why.reason || "no reason given"} (${why.code}).`;
  return (
    <div className="notice notice-bad" role="alert">
      <span>{reason} What you have written is still on this page.</span>
      <button type="button" className="button push" onClick={() => room.connect()}>
        Connect again
      </button>
    </div>
  );
}
