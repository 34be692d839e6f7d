import { useState } from "react";

import { Icon } from "../../shared/icon";

const shownMs = 1_800;

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function openSecondWindow(): void {
  // Without an opener it has its own session storage, and so is somebody else.
  window.open(location.href, "_blank", "noopener,width=1100,height=860");
}

export function ShareButtons() {
  const [copied, setCopied] = useState(false);
  const copyLink = async () => {
    if (!await copy(location.href)) {
      window.prompt("The link to this room", location.href);
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), shownMs);
  };
  return (
    <div className="row share">
      <button type="button" className="button" onClick={() => void copyLink()}>
        <Icon name={copied ? "check" : "copy"} />
        {copied ? "Copied" : "Copy link"}
      </button>
      <button type="button" className="button button-primary" onClick={openSecondWindow}>
        <Icon name="window" />
        Open second window
      </button>
    </div>
  );
}
