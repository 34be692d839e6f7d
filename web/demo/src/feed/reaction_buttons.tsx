import { useSession } from "../use_room";

const reactions = [
  { emoji: "👏", name: "Applause" },
  { emoji: "🎉", name: "Party" },
  { emoji: "❤️", name: "Heart" },
  { emoji: "🔥", name: "Fire" },
] as const;

// What flies up on everybody's screen, from where it is pressed.
export function ReactionButtons({ disabled }: { disabled: boolean }) {
  const { room } = useSession();
  const react = (emoji: string, button: HTMLElement) => {
    const box = button.getBoundingClientRect();
    const within = (value: number) => Math.min(1, Math.max(0, value));
    room.broadcast("react", {
      emoji,
      x: within((box.left + box.width / 2) / innerWidth),
      y: within(box.top / innerHeight),
    });
  };
  return (
    <div className="reactions" role="group" aria-label="React">
      {reactions.map(({ emoji, name }) => (
        <button key={name} type="button" className="button button-quiet button-icon reaction"
          disabled={disabled} aria-label={name} title={name}
          onClick={(event) => react(emoji, event.currentTarget)}>
          <span aria-hidden="true">{emoji}</span>
        </button>
      ))}
    </div>
  );
}
