// Plain tables for a terminal, which are Markdown as well.
export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at].length)));
  const line = (row) => `| ${row.map((text, at) =>
    at === 0 ? text.padEnd(widths[at]) : text.padStart(widths[at])).join(" | ")} |`;
  const rule = `| ${widths.map((width, at) =>
    at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")} |`;
  return [line(all[0]), rule, ...all.slice(1).map(line)].join("\n");
}

export function median(values) {
  return quantile(values, 0.5);
}
// Of the values the lowest that so many of them do not exceed.
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)];
}

export const digits = (value) =>
  value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0, minimumFractionDigits: value < 10 ? 1 : 0 });
