import type { Unsubscribe } from "./types";

// Functions that are told the same thing. One that throws is reported and keeps nobody from hearing.
// One that causes news has everybody told the news, and nobody the old thing after that.
export class Listeners<Value> {
  readonly #functions = new Set<(value: Value) => void>();
  #told = 0;

  add(listener: (value: Value) => void): Unsubscribe {
    // Of its own, so that one that was added twice is removed once.
    const own = (value: Value) => listener(value);
    this.#functions.add(own);
    return () => this.#functions.delete(own);
  }

  tell(value: Value): void {
    const telling = ++this.#told;
    for (const listener of [...this.#functions]) {
      if (this.#told !== telling) return;
      try {
        listener(value);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
