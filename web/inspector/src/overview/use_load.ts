// The samples of the last hour: all of them once, then those that are new.

import { api } from "../api";
import type { LoadAnswer } from "../api_types";
import { type Polled, usePoll } from "../use_poll";

const hourMs = 3_600_000;

export function useLoad(): Polled<LoadAnswer> {
  return usePoll<LoadAnswer>({
    key: "load",
    periodMs: 2_500,
    ask: async (signal, before) => {
      const last = before?.samples[before.samples.length - 1];
      const answer = await api.load(last?.at_unix_ms, signal);
      if (!before || !last || answer.interval_ms !== before.interval_ms) return answer;
      const fresh = answer.samples.filter((sample) => sample.at_unix_ms > last.at_unix_ms);
      const newest = fresh[fresh.length - 1];
      if (!newest) return before;
      const kept = before.samples.filter(
        (sample) => sample.at_unix_ms >= newest.at_unix_ms - hourMs,
      );
      return { ...answer, samples: [...kept, ...fresh] };
    },
  });
}
