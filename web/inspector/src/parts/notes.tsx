// What stands where content would: nothing yet, nothing at all, or an error.

import type { ReactNode } from "react";
import type { ApiError } from "../api_error";

export function Loading({ what }: { what: string }) {
  return (
    <p className="note loading" role="status">
      Loading {what}…
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="note-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

// That pluvd does not answer is said once, at the top of the page.
export function ErrorNote({ error }: { error: ApiError }) {
  if (error.kind === "unreachable" || error.kind === "unauthorized") return null;
  const again = error.kind === "unavailable" ? " Trying again." : "";
  return (
    <p className="note error" role="alert">
      {error.message}
      {again}
    </p>
  );
}
