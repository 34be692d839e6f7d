// Copies a text and says so.

import { useEffect, useState } from "react";
import { Icon } from "../../../shared/icon";
import { announce } from "./announcements";

const saidMs = 1_500;

interface CopyButtonProps {
  name: string;
  look?: "words" | "icon";
  text: () => string;
}

export function CopyButton({ name, look = "words", text }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), saidMs);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setCopied(true);
      announce("Copied.");
    } catch {
      announce("The browser does not allow copying here.", "failed");
    }
  };
  const icon = <Icon name={copied ? "check" : "copy"} />;
  if (look === "icon") {
    return (
      <button
        type="button"
        className="button button-quiet button-icon small"
        aria-label={name}
        title={name}
        onClick={() => void copy()}
      >
        {icon}
      </button>
    );
  }
  return (
    <button type="button" className="button small" onClick={() => void copy()}>
      {icon}
      {name}
    </button>
  );
}
