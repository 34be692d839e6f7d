// The room's state as React sees it.
import type { Status } from "@pluv-cpp/client";
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";

import type { Session } from "./session";

const SessionContext = createContext<Session | null>(null);
export const SessionProvider = SessionContext.Provider;

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("there is no session around this");
  return session;
}

export function useStatus(): Status {
  const { room } = useSession();
  return useSyncExternalStore(room.subscribe.status, () => room.status);
}

export function useOthers() {
  const { room } = useSession();
  return useSyncExternalStore(room.subscribe.others, () => room.others);
}

export function useMyself() {
  const { room } = useSession();
  return useSyncExternalStore(room.subscribe.myself, () => room.myself);
}

// Whether `now` has been so for longer than ms.
export function useLasting(now: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!now) return undefined;
    const timer = setTimeout(() => setLasting(true), ms);
    return () => {
      clearTimeout(timer);
      setLasting(false);
    };
  }, [now, ms]);
  return now && lasting;
}
