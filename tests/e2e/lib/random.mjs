// Random choices that a seed repeats.
import process from "node:process";

// Of E2E_SEED or new; printed, so that a failure can be tried again. (What the network does between
// the choices is not repeated.)
export function seedOf(name) {
  const seed = process.env.E2E_SEED ? Number(process.env.E2E_SEED)
                                    : Math.floor(Math.random() * 2 ** 32);
  console.log(`# ${name}: E2E_SEED=${seed}`);
  return seed;
}

export class Random {
  #state;
  constructor(seed) {
    this.#state = seed >>> 0;
  }
  // mulberry32; in [0, 1).
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  below(count) {
    return Math.floor(this.next() * count);
  }
  chance(probability) {
    return this.next() < probability;
  }
  of(list) {
    return list[this.below(list.length)];
  }
}
