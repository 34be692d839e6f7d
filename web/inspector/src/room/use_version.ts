// The document as it was at a version. Versions do not change, so the last few are remembered.

import { useEffect, useRef, useState } from "react";
import { api } from "../api";
import { type ApiError, asApiError } from "../api_error";
import type { HistoryVersion } from "../api_types";
import { type Changes, changesBetween, noChanges } from "../parts/json_changes";

const slidingPauseMs = 80;
const retryMs = 2_000;
const remembered = 30;

export interface Version {
  shown: HistoryVersion | undefined; // the last one while the next is awaited
  changes: Changes; // to it from the one shown before
  stale: boolean;
  error: ApiError | undefined;
}

interface State {
  shown: HistoryVersion | undefined;
  changes: Changes;
  error: ApiError | undefined;
}

export function useVersion(room: string, number: number | undefined): Version {
  const known = useRef(new Map<number, HistoryVersion>());
  const [state, setState] = useState<State>({
    shown: undefined,
    changes: noChanges,
    error: undefined,
  });

  useEffect(() => {
    if (number === undefined) return;
    const show = (version: HistoryVersion) => {
      setState((last) => ({
        shown: version,
        changes:
          last.shown?.document && version.document
            ? changesBetween(last.shown.document, version.document, last.changes)
            : noChanges,
        error: undefined,
      }));
    };
    const remember = (version: HistoryVersion) => {
      known.current.set(number, version);
      const first = known.current.keys().next();
      if (known.current.size > remembered && !first.done) known.current.delete(first.value);
    };
    const ready = known.current.get(number);
    if (ready) {
      show(ready);
      return;
    }
    const controller = new AbortController();
    const fetchIt = async () => {
      try {
        const version = await api.historyVersion(room, number, controller.signal);
        remember(version);
        show(version);
      } catch (caught) {
        if (controller.signal.aborted) return;
        const error = asApiError(caught);
        setState((last) => ({ ...last, error }));
        const mayPass = error.kind === "unavailable" || error.kind === "unreachable";
        if (mayPass) timer = setTimeout(() => void fetchIt(), retryMs);
      }
    };
    let timer = setTimeout(() => void fetchIt(), slidingPauseMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [room, number]);

  return { ...state, stale: state.shown?.number !== number };
}
