// Asks again and again: the next question comes a while after the last answer, none while the tab
// is hidden, and later and later while answers fail.

const slowestRetryMs = 8_000;

export interface PollLoopOptions {
  // Resolves to how long to wait before the next question, in ms.
  ask: (signal: AbortSignal) => Promise<number>;
  failed: (caught: unknown) => void;
}

export class PollLoop {
  private readonly options: PollLoopOptions;
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;
  private askAgain = false;
  private failures = 0;

  constructor(options: PollLoopOptions) {
    this.options = options;
    document.addEventListener("visibilitychange", this.visibilityChanged);
    window.addEventListener("online", this.now);
    void this.turn();
  }

  stop(): void {
    this.controller.abort();
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.visibilityChanged);
    window.removeEventListener("online", this.now);
  }

  // Asks at once, or right after the answer that is awaited.
  now = (): void => {
    if (this.asking) this.askAgain = true;
    else void this.turn();
  };

  private visibilityChanged = (): void => {
    if (document.hidden) clearTimeout(this.timer);
    else if (!this.asking) void this.turn();
  };

  private async turn(): Promise<void> {
    const { signal } = this.controller;
    if (signal.aborted) return;
    clearTimeout(this.timer);
    this.asking = true;
    let waitMs: number;
    try {
      waitMs = await this.options.ask(signal);
      this.failures = 0;
    } catch (caught) {
      if (signal.aborted) return;
      this.failures += 1;
      waitMs = Math.min(1000 * 2 ** (this.failures - 1), slowestRetryMs);
      this.options.failed(caught);
    }
    this.asking = false;
    if (signal.aborted) return;
    if (this.askAgain) waitMs = 0;
    this.askAgain = false;
    if (!document.hidden) this.timer = setTimeout(() => void this.turn(), waitMs);
  }
}
