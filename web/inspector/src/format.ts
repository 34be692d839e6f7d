// Figures, sizes and times as people read them.

const countFormat = new Intl.NumberFormat("en-US");
const shortFormat = new Intl.NumberFormat("en-US", {
  notation: "compact",
  maximumFractionDigits: 1,
});

export function formatCount(value: number): string {
  return countFormat.format(value);
}

// 12,345 as 12.3K.
export function formatShort(value: number): string {
  return value < 1000 ? countFormat.format(value) : shortFormat.format(value);
}

// A count per second: a decimal only where it says something.
export function formatRate(value: number): string {
  if (value > 0 && value < 0.1) return "<0.1";
  if (value < 10 && !Number.isInteger(value)) return value.toFixed(1);
  return formatShort(Math.round(value));
}

const sizeUnits = ["B", "KB", "MB", "GB", "TB"];

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${sizeUnits[unit]}`;
}

export function formatMilliseconds(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return `${formatCount(Math.round(ms))} ms`;
}

export function formatPercent(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

// The two largest units: "3 d 4 h", "5 min 2 s".
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`;
  return `${seconds} s`;
}

// The largest unit alone: "3 d", "5 min".
export function formatAge(ms: number): string {
  return formatDuration(ms).split(" ").slice(0, 2).join(" ");
}

const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");

// 14:03:07
export function formatClock(unixMs: number): string {
  const time = new Date(unixMs);
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
}

// 14:03:07.123
export function formatClockMs(unixMs: number): string {
  return `${formatClock(unixMs)}.${pad(new Date(unixMs).getMilliseconds(), 3)}`;
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

// 14:03:07, with the day before it when that is not today.
export function formatMoment(unixMs: number): string {
  const time = new Date(unixMs);
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? formatClock(unixMs) : `${dayFormat.format(time)}, ${formatClock(unixMs)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
