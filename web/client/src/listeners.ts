import type { Unsubscribe } from "./types";

// Functions that are told the same thing. One that throws is reported and keeps nobody from hearing.
export class Listeners<Value> {
  readonly #functions = new Set<(value: Value) => void>();

  add(listener: (value: Value) => void): Unsubscribe {
    // Of its own, so that one that was added twice is removed once.
    const own = (value: Value) => listener(value);
    this.#functions.add(own);
    return () => this.#functions.delete(own);
  }

  tell(value: Value): void {
    for (const listener of [...this.#functions]) {
      try {
        listener(value);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
