// Time and timers for what reads them by itself. Imported before anything that takes Date.now for its
// own; scripts say what the time is, and null is the real one.
const realNow = Date.now;
export const clock = { now: 0 };
Date.now = () => clock.now ?? realNow();

export function setNow(milliseconds) { clock.now = milliseconds; }

// Runs act() and answers what it answers and the timers that it has set, none of which is started.
export function catchTimers(act) {
  const real = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
  const timers = [];
  globalThis.setTimeout = globalThis.setInterval = (callback) => { timers.push(callback); };
  try {
    return { answer: act(), timers };
  } finally {
    Object.assign(globalThis, real);
  }
}
