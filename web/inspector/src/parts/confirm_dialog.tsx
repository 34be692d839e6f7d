// Asks before something is done that cannot simply be taken back, and shows when it fails.

import { type ReactNode, useState } from "react";
import { asApiError } from "../api_error";
import { Dialog } from "./dialog";

interface ConfirmDialogProps {
  title: string;
  action: string; // what the button says, a verb
  weight: "danger" | "normal";
  children: ReactNode;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, action, weight, children, onConfirm, onClose } = props;
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");

  const confirm = async () => {
    setBusy(true);
    setFailure("");
    try {
      await onConfirm();
      onClose();
    } catch (caught) {
      setFailure(asApiError(caught).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="dialog-body">{children}</div>
      {failure && (
        <p className="note error" role="alert">
          {failure}
        </p>
      )}
      <div className="dialog-buttons">
        <button type="button" className="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className={weight === "danger" ? "button button-danger" : "button button-primary"}
          disabled={busy}
          onClick={() => void confirm()}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}
