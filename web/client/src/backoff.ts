// How long to wait before the next attempt: up to 1 s, then up to twice as long each time and to 10 s
// at most. It is chance all the way from 0, so that those whom a server loses come back one by one.
const firstMs = 1_000;
const longestMs = 10_000;
// Who was in for so long begins anew; a server that lets in and throws out is not hammered.
const steadyMs = 5_000;

export class Backoff {
  #attempts = 0;

  // Attempts since the last steady connection.
  get attempts(): number {
    return this.#attempts;
  }

  nextMs(): number {
    const ceiling = Math.min(longestMs, firstMs * 2 ** this.#attempts);
    ++this.#attempts;
    return ceiling * Math.random();
  }

  connectedFor(ms: number): void {
    if (ms >= steadyMs) this.reset();
  }

  reset(): void {
    this.#attempts = 0;
  }
}
