// What pluvd says, kept fresh for a component.

import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError } from "./api_error";
import { PollLoop } from "./poll_loop";

export interface PollOptions<T> {
  // Names the question. When it changes, the answer to the last one stays, marked as stale.
  key: string;
  // From an answer to the next question, in ms.
  periodMs: number | ((answer: T) => number);
  // before: the last answer to this question, to build on.
  ask: (signal: AbortSignal, before: T | undefined) => Promise<T>;
  paused?: boolean;
}

export interface Polled<T> {
  data: T | undefined;
  error: ApiError | undefined;
  stale: boolean;
  refresh: () => void;
}

// Whether there is nothing to show yet, and nothing to say but that.
export function isWaiting<T>({ data, error }: Polled<T>): boolean {
  return data === undefined && (error === undefined || error.kind === "unreachable");
}

interface State<T> {
  key: string;
  data: T | undefined;
  error: ApiError | undefined;
}

export function usePoll<T>(options: PollOptions<T>): Polled<T> {
  const { key, paused = false } = options;
  const latest = useRef(options);
  latest.current = options;
  const [state, setState] = useState<State<T>>({ key, data: undefined, error: undefined });
  const answered = useRef(state);
  const loop = useRef<PollLoop | undefined>(undefined);

  useEffect(() => {
    if (paused) return;
    const say = (next: State<T>) => {
      answered.current = next;
      setState(next);
    };
    const running = new PollLoop({
      ask: async (signal) => {
        const { ask, periodMs } = latest.current;
        const last = answered.current;
        const before = last.key === key ? last.data : undefined;
        const data = await ask(signal, before);
        if (!signal.aborted && (data !== before || last.error || last.key !== key)) {
          say({ key, data, error: undefined });
        }
        return typeof periodMs === "number" ? periodMs : periodMs(data);
      },
      failed: (caught) => {
        const last = answered.current;
        const data = last.key === key ? last.data : undefined;
        say({ key, data, error: asApiError(caught) });
      },
    });
    loop.current = running;
    return () => running.stop();
  }, [key, paused]);

  return {
    data: state.data,
    error: state.key === key ? state.error : undefined,
    stale: state.key !== key,
    refresh: () => loop.current?.now(),
  };
}
