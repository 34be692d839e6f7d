// How long to wait before the next attempt: from 0.25 s, twice as long each time, up to 10 s, and
// less by chance, so that the clients of a server that comes back do not come all at once.
const firstMs = 250;
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
    return ceiling * (0.5 + Math.random() / 2);
  }

  connectedFor(ms: number): void {
    if (ms >= steadyMs) this.reset();
  }

  reset(): void {
    this.#attempts = 0;
  }
}
