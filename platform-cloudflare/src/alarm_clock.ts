// When the room is to be woken: soon by a timer, which keeps the object in memory, later by the
// object's alarm, which does not, and outlives it.

const timerMsMax = 20_000;

export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #wake: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  // The alarm that this object has set last, if it has not rung.
  #alarmAt: number | undefined;

  constructor(storage: DurableObjectStorage, wake: () => void) {
    this.#storage = storage;
    this.#wake = wake;
  }

  // 0: never. Takes the place of what was set before.
  set(at: number): void {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (at === 0) return;
    const wait = at - Date.now();
    if (wait <= timerMsMax) {
      this.#timer = setTimeout(this.#wake, Math.max(wait, 0));
    } else if (this.#alarmAt === undefined || this.#alarmAt > at) {
      // One that rings too early does no harm: then the room asks for another.
      this.#alarmAt = at;
      void this.#storage.setAlarm(at);
    }
  }
  rang(): void {
    this.#alarmAt = undefined;
  }
}
