// What a browser keeps for a page: for good, or for as long as its window is open. Where storage is
// forbidden or full it is kept until the page is left.
export class Kept {
  readonly #storage: () => Storage;
  readonly #instead = new Map<string, string>();

  constructor(storage: () => Storage) {
    this.#storage = storage;
  }

  get(key: string): string | null {
    try {
      return this.#storage().getItem(key);
    } catch {
      return this.#instead.get(key) ?? null;
    }
  }

  set(key: string, value: string): void {
    try {
      this.#storage().setItem(key, value);
    } catch {
      this.#instead.set(key, value);
    }
  }

  keysFrom(prefix: string): string[] {
    try {
      return Object.keys(this.#storage()).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  }

  remove(key: string): void {
    try {
      this.#storage().removeItem(key);
    } catch {
      this.#instead.delete(key);
    }
  }
}

export const keptForGood = new Kept(() => localStorage);
export const keptForWindow = new Kept(() => sessionStorage);
