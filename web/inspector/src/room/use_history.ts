// The versions that are kept of a room's document, oldest first: the newest few hundred, more when asked for.

import { useMemo, useState } from "react";
import { api } from "../api";
import { type ApiError, asApiError } from "../api_error";
import type { HistoryEntry, HistoryPage } from "../api_types";
import { usePoll } from "../use_poll";

const perAnswer = 200;

export interface KeptVersion {
  number: number;
  at_unix_ms: number;
  bytes: number; // of its edit, or of its snapshot when the edit is not kept any more
  isSnapshot: boolean;
}

export interface History {
  versions: readonly KeptVersion[]; // oldest first
  loaded: boolean;
  error: ApiError | undefined;
  hasOlder: boolean;
  loadingOlder: boolean;
  loadOlder: () => void;
  refresh: () => void;
}

// The newest page and what was known before it, when the two meet; otherwise the newest page alone.
function joined(newest: HistoryPage, known: HistoryPage): HistoryPage {
  const oldestNew = newest.entries[newest.entries.length - 1];
  const newestKnown = known.entries[0];
  if (!oldestNew || !newestKnown || oldestNew.number > newestKnown.number) return newest;
  const older = known.entries.filter((entry) => entry.number < oldestNew.number);
  const entries = [...newest.entries, ...older];
  const same =
    entries.length === known.entries.length && newest.entries[0]?.number === newestKnown.number;
  return same ? known : { entries, next: older.length > 0 ? known.next : newest.next };
}

// Both entries of a number are one version.
function versionsOf(newestFirst: readonly HistoryEntry[]): KeptVersion[] {
  const versions = new Map<number, KeptVersion>();
  for (const entry of [...newestFirst].reverse()) {
    const { number, at_unix_ms, bytes, is_snapshot } = entry;
    const other = versions.get(number);
    const ofEdit = other && is_snapshot ? other : { at_unix_ms, bytes };
    versions.set(number, {
      number,
      at_unix_ms: ofEdit.at_unix_ms,
      bytes: ofEdit.bytes,
      isSnapshot: is_snapshot || (other?.isSnapshot ?? false),
    });
  }
  return [...versions.values()];
}

export function useHistory(room: string): History {
  const [older, setOlder] = useState<HistoryPage | undefined>(undefined);
  const [olderError, setOlderError] = useState<ApiError | undefined>(undefined);
  const [loadingOlder, setLoadingOlder] = useState(false);
  const head = usePoll<HistoryPage>({
    key: room,
    periodMs: 1_500,
    ask: async (signal, before) => {
      const newest = await api.history(room, undefined, perAnswer, signal);
      return before ? joined(newest, before) : newest;
    },
  });

  const versions = useMemo(() => {
    const newestFirst = head.data?.entries ?? [];
    const oldest = newestFirst[newestFirst.length - 1]?.number ?? 0;
    const more = older?.entries.filter((entry) => entry.number < oldest) ?? [];
    return versionsOf([...newestFirst, ...more]);
  }, [head.data, older]);

  const next = older ? older.next : (head.data?.next ?? null);
  const loadOlder = async () => {
    if (next === null || loadingOlder) return;
    setLoadingOlder(true);
    try {
      const page = await api.history(room, next, perAnswer);
      setOlder({ entries: [...(older?.entries ?? []), ...page.entries], next: page.next });
      setOlderError(undefined);
    } catch (caught) {
      setOlderError(asApiError(caught));
    }
    setLoadingOlder(false);
  };
  return {
    versions,
    loaded: head.data !== undefined,
    error: head.error ?? olderError,
    hasOlder: next !== null,
    loadingOlder,
    loadOlder: () => void loadOlder(),
    refresh: head.refresh,
  };
}
