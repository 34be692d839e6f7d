// Who else is in the room. Sessions of one user (the same id in their tokens) share one presence, so
// a change of one is a change of all of them.
import type { Person } from "./types";
import { isObject, type Json } from "./wire";

function idOf(user: unknown): string | null {
  return isObject(user) && typeof user.id === "string" ? user.id : null;
}

export function isSameUser(a: unknown, b: unknown): boolean {
  const id = idOf(a);
  return id !== null && id === idOf(b);
}

export class People<User, Presence> {
  #byId = new Map<string, Person<User, Presence>>();
  #list: readonly Person<User, Presence>[] = [];

  // The same array until something changes.
  get list(): readonly Person<User, Presence>[] {
    return this.#list;
  }

  get(sessionId: string): Person<User, Presence> | undefined {
    return this.#byId.get(sessionId);
  }

  // Each of these answers whether anything has changed.

  clear(): boolean {
    return this.#byId.size > 0 && this.#replace(new Map());
  }

  // The others of $othersReceived: all that there are.
  setAll(others: Json, ownId: string): boolean {
    const byId = new Map<string, Person<User, Presence>>();
    for (const [sessionId, other] of Object.entries(others)) {
      if (sessionId === ownId || !isObject(other)) continue;
      byId.set(sessionId, person<User, Presence>(sessionId, other.user, other.presence));
    }
    return this.#replace(byId);
  }

  add(sessionId: string, user: unknown, presence: unknown): boolean {
    this.#byId.set(sessionId, person<User, Presence>(sessionId, user, presence));
    return this.#changed();
  }

  setPresence(sessionId: string, user: unknown, presence: unknown): boolean {
    let found = false;
    for (const [id, other] of this.#byId) {
      if (id !== sessionId && !isSameUser(other.user, user)) continue;
      this.#byId.set(id, { ...other, presence: presence as Presence });
      found = true;
    }
    return found && this.#changed();
  }

  remove(sessionId: string): boolean {
    return this.#byId.delete(sessionId) && this.#changed();
  }

  keepOnly(sessionIds: readonly unknown[]): boolean {
    const kept = new Map([...this.#byId].filter(([id]) => sessionIds.includes(id)));
    return kept.size !== this.#byId.size && this.#replace(kept);
  }

  #replace(byId: Map<string, Person<User, Presence>>): boolean {
    this.#byId = byId;
    return this.#changed();
  }

  #changed(): boolean {
    this.#list = [...this.#byId.values()];
    return true;
  }
}

// What other clients of the same application wrote; the server checks its size and nothing else.
function person<User, Presence>(sessionId: string, user: unknown, presence: unknown):
    Person<User, Presence> {
  return {
    sessionId,
    user: (user ?? null) as User,
    presence: (isObject(presence) ? presence : {}) as Presence,
  };
}
