import { useState } from "react";

import { useSession } from "../use_room";
import { colourCount, initialsOf, nameSizeMax, userColour } from "./presence";
import { saveColour, saveName } from "./profile";

// The own name, to be changed in place, and the own colour.
export function OwnProfile({ name, colour }: { name: string; colour: number }) {
  const { presence } = useSession();
  const [draft, setDraft] = useState<string | null>(null);
  const style = { "--user": userColour(colour) } as React.CSSProperties;

  const rename = () => {
    if (draft !== null && draft.trim() !== name) presence.set({ name: saveName(draft) });
    setDraft(null);
  };
  const recolour = () => {
    const next = (colour + 1) % colourCount;
    saveColour(next);
    presence.set({ colour: next });
  };

  return (
    <div className="own-profile" style={style}>
      <button type="button" className="avatar own-avatar" onClick={recolour}
        title="Take another colour">
        <span aria-hidden="true">{initialsOf(name)}</span>
        <span className="visually-hidden">Take another colour</span>
      </button>
      <input className="own-name" aria-label="Your name" value={draft ?? name}
        maxLength={nameSizeMax} size={Math.max(6, (draft ?? name).length)} spellCheck={false}
        autoComplete="off"
        onChange={(event) => setDraft(event.target.value)}
        onBlur={rename}
        onKeyDown={(event) => {
          if (event.key === "Escape") setDraft(null);
          if (event.key === "Enter") event.currentTarget.blur();
        }} />
    </div>
  );
}
