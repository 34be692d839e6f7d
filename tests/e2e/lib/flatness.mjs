// Whether a figure that was sampled over a while stays where it is. The first quarter is for
// warming up; the last is held against the second. Medians, so that one sample says nothing.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// { before, after, most }: the medians, and how large the second may be: factor times the first,
// and slack, which is the figure's own grain.
export function flatness(values, { factor = 1.1, slack = 0 } = {}) {
  if (values.length < 8) throw new Error(`${values.length} samples say nothing`);
  const quarter = Math.floor(values.length / 4);
  const before = median(values.slice(quarter, 2 * quarter));
  const after = median(values.slice(-quarter));
  return { before, after, most: before * factor + slack };
}

export const isFlat = ({ after, most }) => after <= most;

// An allocator's own grain, beside which a tenth may be nothing.
const MEMORY_SLACK_MIB = 1;
// SQLite keeps pages of the file in memory: of a file as small as a soak's all that are written,
// and some of those that are read.
const READING_CACHE_MIB = 2;
const DESCRIPTORS_SLACK = 12; // of visitors who happen to be there

// Of a soak's samples: name -> what flatness() says of it.
export function judge(samples) {
  const of = (name, options) => flatness(samples.map((one) => one[name]), options);
  const file = of("database_mib");
  const file_grew_mib = Math.max(file.after - file.before, 0);
  const cached_mib = file_grew_mib + Math.min(file_grew_mib, READING_CACHE_MIB);
  return {
    resident_mib: of("resident_mib", { slack: MEMORY_SLACK_MIB + cached_mib }),
    descriptors: of("descriptors", { slack: DESCRIPTORS_SLACK }),
    threads: of("threads", { factor: 1 }),
  };
}
