// When the room is to be woken: by a timer while its memory may not go, for which the object stays,
// else by the object's alarm, which outlives it. What is due soon in a room whose memory may go is
// about that memory: it is done when something else happens, and if nothing does the object is
// evicted.
const timerMsMax = 20_000;

export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #wake: () => void;
  #dueAt = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = 0;
  #rung: Promise<void> | null = null;
  #ring = (): void => undefined;
  // The alarm that this object has set last, if it has not rung.
  #alarmAt: number | undefined;

  constructor(storage: DurableObjectStorage, wake: () => void) {
    this.#storage = storage;
    this.#wake = wake;
  }

  // 0: never. Takes the place of what was set before; arm() makes it so.
  set(at: number): void {
    this.#dueAt = at;
  }
  get isOverdue(): boolean {
    return this.#dueAt !== 0 && this.#dueAt <= Date.now();
  }

  // After each event. mayBeEvicted: what is due soon may wait for the next event. latest: when the
  // room has to be looked at all the same; 0: never.
  arm(mayBeEvicted: () => boolean, latest: number): void {
    const isSoon = this.#dueAt !== 0 && this.#dueAt - Date.now() <= timerMsMax;
    const mayGo = this.#dueAt === 0 || mayBeEvicted();
    this.#setTimer(mayGo ? 0 : this.#dueAt);
    if (!isSoon) this.#setAlarm(this.#dueAt);
    else if (mayGo) this.#setAlarm(latest);
  }
  // The object is to stay until it is resolved; null: it need not.
  get timer(): Promise<void> | null {
    return this.#rung;
  }
  rang(): void {
    this.#alarmAt = undefined;
  }

  #setTimer(at: number): void {
    if (this.#timerAt === at) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#rung = null;
    this.#ring();
    if (at === 0) return;
    this.#rung = new Promise((resolve) => {
      this.#ring = resolve;
    });
    this.#timer = setTimeout(() => {
      this.#timerAt = 0;
      this.#rung = null;
      this.#ring();
      this.#wake();
    }, Math.max(at - Date.now(), 0));
  }

  // An alarm that rings too early does no harm, so it is not put off: that is a write each time.
  #setAlarm(at: number): void {
    if (at === 0 || (this.#alarmAt !== undefined && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    this.#storage.setAlarm(at).catch(() => {
      this.#alarmAt = undefined; // the next event sets it
    });
  }
}
