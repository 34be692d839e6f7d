import type { Unsubscribe } from "./types";

// Tells when the browser has news of the net, or when somebody looks at the page again: moments in
// which a lost connection is worth trying at once, and a living one worth asking.
export function onWakeup(fn: () => void): Unsubscribe {
  if (typeof window === "undefined") return () => {};
  const onVisible = () => {
    if (document.visibilityState === "visible") fn();
  };
  window.addEventListener("online", fn);
  window.addEventListener("offline", fn);
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    window.removeEventListener("online", fn);
    window.removeEventListener("offline", fn);
    document.removeEventListener("visibilitychange", onVisible);
  };
}
