// The sessions of a room by the users who hold them.

import type { Session } from "../api_types";
import { isContainer } from "../parts/json_path";

export interface Person {
  userId: string; // empty: not known
  name: string;
  sessions: Session[];
}

// What the token says, or else what they call themselves: many applications have a name in the presence.
export function nameOf(session: Session): string {
  const { user, presence, user_id } = session;
  const ownName = isContainer(presence) && !Array.isArray(presence) ? presence["name"] : undefined;
  for (const name of [user?.["name"], user_id, ownName]) {
    if (typeof name === "string" && name) return name;
  }
  return "anonymous";
}

export function peopleOf(sessions: readonly Session[]): Person[] {
  const people = new Map<string, Person>();
  for (const session of sessions) {
    // Without a user id nothing says that two sessions are the same person's.
    const key = session.user_id ? `user ${session.user_id}` : `session ${session.id}`;
    const known = people.get(key);
    if (known) known.sessions.push(session);
    else people.set(key, { userId: session.user_id ?? "", name: nameOf(session), sessions: [session] });
  }
  return [...people.values()];
}

const userColours = 8; // of theme.css

// A colour of the user's own, the same wherever they appear.
export function colourOf(userId: string): string {
  let hash = 0;
  for (const character of userId) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return `var(--user-${hash % userColours})`;
}

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).slice(0, 2);
  const initials = words.map((word) => String.fromCodePoint(word.codePointAt(0) ?? 63)).join("");
  return initials.toUpperCase();
}

const shownCharacters = 8;

// The beginning of a long id, enough to tell sessions of a room apart.
export function shortId(id: string): string {
  return id.length > shownCharacters + 2 ? `${id.slice(0, shownCharacters)}…` : id;
}
