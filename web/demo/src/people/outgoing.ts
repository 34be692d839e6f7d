import type { Presence } from "./presence";

// Twenty times a second looks smooth, and is all that a room of many can be asked to hear.
const everyMs = 50;

// Gathers changes of the own presence and passes them on together, so often and no more; the first
// of a while goes at once.
export class Outgoing {
  readonly #pass: (patch: Partial<Presence>) => void;
  #gathered: Partial<Presence> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pass: (patch: Partial<Presence>) => void) {
    this.#pass = pass;
  }

  set(patch: Partial<Presence>): void {
    this.#gathered = { ...this.#gathered, ...patch };
    if (this.#timer === undefined) this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#gathered === null) return;
    const patch = this.#gathered;
    this.#gathered = null;
    this.#timer = setTimeout(() => this.#flush(), everyMs);
    this.#pass(patch);
  }
}
