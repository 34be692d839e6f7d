import { useEffect, useState } from "react";

import { useSession } from "../use_room";

interface Flying {
  id: number;
  emoji: string;
  x: number;
  y: number;
  drift: number;
}

// As long as the animation in demo.css.
const flightMs = 2_200;
const flyingMax = 60;
// In what fits in there is room for an emoji with all its modifiers, and for no text.
const emojiSizeMax = 16;
const driftMax = 60;

function place(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0.5;
}

export function FlyingReactions() {
  const { room } = useSession();
  const [flying, setFlying] = useState<readonly Flying[]>([]);
  useEffect(() => {
    let next = 0;
    return room.on("reacted", ({ data }) => {
      const one: Flying = {
        id: next++,
        emoji: String(data.emoji).slice(0, emojiSizeMax),
        x: place(data.x),
        y: place(data.y),
        drift: (Math.random() * 2 - 1) * driftMax,
      };
      setFlying((before) => [...before, one].slice(-flyingMax));
      setTimeout(() => setFlying((before) => before.filter(({ id }) => id !== one.id)), flightMs);
    });
  }, [room]);
  return (
    <div className="flying-layer" aria-hidden="true" data-testid="reactions">
      {flying.map(({ id, emoji, x, y, drift }) => (
        <span key={id} style={{
          left: `${x * 100}%`,
          top: `${y * 100}%`,
          "--drift": `${drift}px`,
        } as React.CSSProperties}>{emoji}</span>
      ))}
    </div>
  );
}
