// Copies a text and says so.

import { useEffect, useState } from "react";

const saidMs = 1_500;

export function CopyButton({ name, text }: { name: string; text: () => string }) {
  const [outcome, setOutcome] = useState<"copied" | "failed" | undefined>(undefined);
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(undefined), saidMs);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setOutcome("copied");
    } catch {
      setOutcome("failed"); // no permission, or not a secure context
    }
  };
  return (
    <button type="button" className="button small" onClick={() => void copy()}>
      {name}
      <span role="status" className="copied">
        {outcome === "copied" && " ✓ copied"}
        {outcome === "failed" && " not allowed"}
      </span>
    </button>
  );
}
