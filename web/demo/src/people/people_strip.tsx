import { useMemo } from "react";

import { useMyself, useOthers } from "../use_room";
import { OwnProfile } from "./own_profile";
import { initialsOf, readPresence, userColour } from "./presence";

const shownMax = 5;

// Who is here: the others, and oneself.
export function PeopleStrip() {
  const others = useOthers();
  const { presence } = useMyself();
  // Pointers move twenty times a second; names and colours hardly ever.
  const key = JSON.stringify(others.map(({ sessionId, presence: of }) => {
    const { name, colour } = readPresence(of);
    return { sessionId, name, colour };
  }));
  const people = useMemo(
    () => JSON.parse(key) as { sessionId: string; name: string; colour: number }[], [key]);
  const shown = people.slice(0, shownMax);
  const count = people.length === 0 ? "Only you here" : `${people.length + 1} people here`;
  return (
    <div className="people">
      <ul className="people-list" aria-label={count}>
        {shown.map(({ sessionId, name, colour }) => (
          <li key={sessionId} title={name}>
            <span className="avatar" style={{ "--user": userColour(colour) } as React.CSSProperties}>
              <span aria-hidden="true">{initialsOf(name)}</span>
              <span className="visually-hidden">{name}</span>
            </span>
          </li>
        ))}
        {people.length > shown.length &&
          <li><span className="avatar avatar-more">+{people.length - shown.length}</span></li>}
      </ul>
      <OwnProfile name={presence.name} colour={presence.colour} />
    </div>
  );
}
