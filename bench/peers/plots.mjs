// The pictures of the benchmarks: SVG 1.1, each alone in its file, on a ground of its own so that
// any page can have them. All axes of numbers are logarithmic, but those of a course of time. Titles and
// names hold no markup.
const kInk = '#1f2328';
const kFaint = '#59636e';
const kRule = '#d0d7de';
const kColors = ['#1f6feb', '#d1242f', '#1a7f37', '#9a6700', '#8250df', '#59636e'];

const text = (x, y, content, { anchor = 'start', color = kInk, size = 13, bold = false } = {}) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${color}" font-size="${size}"` +
  `${bold ? ' font-weight="bold"' : ''}>${content}</text>`;
const line = (x1, y1, x2, y2) =>
  `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" stroke="${kRule}"/>`;
const picture = (width, height, title, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
  ` font-family="sans-serif"><rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>` +
  `${text(24, 34, title, { size: 18 })}\n${parts.join('\n')}</svg>\n`;

const spelled = (value) =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : value.toLocaleString('en', { maximumSignificantDigits: 3 });

// 1, 2, 5, 10, ... from what is not over the least to what is not under the most; only powers of ten
// when those alone are many.
function ticksOf(least, most) {
  const all = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); ++power) {
    for (const step of [1, 2, 5]) all.push(Number(`${step}e${power}`));
  }
  const low = all.findLastIndex((tick) => tick <= least);
  const high = all.findIndex((tick) => tick >= most);
  const ticks = all.slice(low, Math.max(high, low + 1) + 1);
  if (ticks.length <= 8) return ticks;
  const powers = [...new Set(all.map((tick) => 10 ** Math.floor(Math.log10(tick) + 1e-9)))];
  const from = powers.findLastIndex((tick) => tick <= least);
  return powers.slice(from, powers.findIndex((tick) => tick >= most) + 1);
}
const scaled = (ticks, from, to) => (value) => {
  const [low, high] = [Math.log10(ticks[0]), Math.log10(ticks.at(-1))];
  const part = (Math.log10(Math.max(value, ticks[0])) - low) / (high - low || 1);
  return from + Math.min(Math.max(part, 0), 1) * (to - from);
};

// Labels at the ends of lines, moved apart where they would lie on each other.
function apart(places, least) {
  const order = places.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  for (let i = 1; i < order.length; ++i) order[i].y = Math.max(order[i].y, order[i - 1].y + least);
  const out = [];
  for (const { y, i } of order) out[i] = y;
  return out;
}

const kPanel = { width: 500, height: 270, left: 58, right: 98, top: 40, bottom: 44 };

// { title, of: what the x axis counts, spelledX?, lines: [{ name, points: [[x, y], ...] }] }: an x of
// 0 stands left of the others.
function panel({ title, of, spelledX = spelled, lines }, left, top) {
  const shown = lines.map(({ name, points }) => ({ name, points: points.filter(([, y]) => y > 0) }));
  const xs = [...new Set(shown.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const ys = shown.flatMap(({ points }) => points.map(([, y]) => y));
  if (ys.length === 0) return [];
  const [x1, x2] = [left + kPanel.left, left + kPanel.width - kPanel.right];
  const [y1, y2] = [top + kPanel.top, top + kPanel.height - kPanel.bottom];
  const positive = xs.filter((x) => x > 0);
  const isZeroShown = positive.length < xs.length;
  const along = scaled(positive, isZeroShown ? x1 + (x2 - x1) / (xs.length - 1 || 1) : x1, x2);
  const xOf = (x) => (x > 0 ? along(x) : x1);
  const ticks = ticksOf(Math.min(...ys), Math.max(...ys));
  const yOf = scaled(ticks, y2, y1);
  const out = [text(x1, top + 24, title, { size: 14, bold: true })];
  for (const tick of ticks) {
    out.push(line(x1, yOf(tick), x2, yOf(tick)));
    out.push(text(x1 - 8, yOf(tick) + 4, spelled(tick), { anchor: 'end', color: kFaint, size: 12 }));
  }
  let free = Infinity; // left of here; the last label matters most
  for (const x of xs.toReversed()) {
    out.push(line(xOf(x), y1, xOf(x), y2));
    const label = spelledX(x);
    const half = label.length * 3.2;
    if (xOf(x) + half > free) continue;
    free = xOf(x) - half - 4;
    out.push(text(xOf(x), y2 + 18, label, { anchor: 'middle', color: kFaint, size: 11 }));
  }
  out.push(text((x1 + x2) / 2, y2 + 36, of, { anchor: 'middle', color: kFaint, size: 12 }));
  const ends = apart(shown.map(({ points }) => (points.length > 0 ? yOf(points.at(-1)[1]) : y1)), 15);
  for (const [i, { name, points }] of shown.entries()) {
    if (points.length === 0) continue;
    const color = kColors[i % kColors.length];
    const places = points.map(([x, y]) => [xOf(x).toFixed(1), yOf(y).toFixed(1)]);
    out.push(`<path d="M${places.map((place) => place.join(' ')).join('L')}" fill="none" stroke="${color}" stroke-width="2"/>`);
    for (const [x, y] of places) out.push(`<circle cx="${x}" cy="${y}" r="3" fill="${color}"/>`);
    out.push(text(xOf(points.at(-1)[0]) + 9, ends[i] + 4, name, { color }));
  }
  return out;
}

// Panels, two in a row.
export function curves({ title, panels }) {
  const rows = Math.ceil(panels.length / 2);
  const parts = panels.flatMap((one, i) => panel(one, (i % 2) * kPanel.width, 48 + (i >> 1) * kPanel.height));
  return picture(2 * kPanel.width, 56 + rows * kPanel.height, title, parts);
}

const kCourse = { width: 500, height: 200, left: 58, right: 20, top: 50, bottom: 36 };

// 0, and some four round steps to what is not under the most.
function evenTicks(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4 || 1));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one * 4 >= most) ?? power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

// { title, lines: [{ name, points: [[minutes, y], ...] }] }: both axes begin at 0.
function course({ title, lines }, left, top) {
  const [x1, x2] = [left + kCourse.left, left + kCourse.width - kCourse.right];
  const [y1, y2] = [top + kCourse.top, top + kCourse.height - kCourse.bottom];
  const all = lines.flatMap(({ points }) => points);
  const minutes = Math.max(...all.map(([x]) => x));
  const ticks = evenTicks(Math.max(...all.map(([, y]) => y), 1e-3));
  const xOf = (x) => x1 + (x / minutes) * (x2 - x1);
  const yOf = (y) => y2 - (y / ticks.at(-1)) * (y2 - y1);
  const out = [text(x1, top + 22, title, { size: 14, bold: true })];
  for (const tick of ticks) {
    out.push(line(x1, yOf(tick), x2, yOf(tick)));
    out.push(text(x1 - 8, yOf(tick) + 4, spelled(tick), { anchor: 'end', color: kFaint, size: 11 }));
  }
  for (const tick of evenTicks(minutes).filter((one) => one <= minutes)) {
    out.push(text(xOf(tick), y2 + 16, `${spelled(tick)} min`, { anchor: 'middle', color: kFaint, size: 11 }));
  }
  let beside = x1;
  for (const [i, { name, points }] of lines.entries()) {
    const color = kColors[i % kColors.length];
    const places = points.map(([x, y]) => `${xOf(x).toFixed(1)} ${yOf(y).toFixed(1)}`);
    out.push(`<path d="M${places.join('L')}" fill="none" stroke="${color}" stroke-width="1.5"/>`);
    if (lines.length > 1) out.push(text(beside, top + 40, name, { color, size: 12 }));
    beside += 8 * name.length + 16;
  }
  return out;
}

// Courses of time, two in a row.
export function courses({ title, panels }) {
  const rows = Math.ceil(panels.length / 2);
  const parts = panels.flatMap((one, i) => course(one, (i % 2) * kCourse.width, 48 + (i >> 1) * kCourse.height));
  return picture(2 * kCourse.width, 56 + rows * kCourse.height, title, parts);
}

// Groups of bars: { title, bars: [{ name, value }] }. A name has the same color in all of them.
export function bars({ title, groups }) {
  const kWidth = 940;
  const [x1, x2] = [130, kWidth - 90];
  const values = groups.flatMap((group) => group.bars.map(({ value }) => value));
  // A bar ends where its value is, and begins anywhere: so the axis begins well under the least.
  const ticks = [];
  for (let tick = 10 ** Math.floor(Math.log10(Math.min(...values) / 2)); ; tick *= 10) {
    ticks.push(Number(tick.toPrecision(1)));
    if (tick >= Math.max(...values)) break;
  }
  const xOf = scaled(ticks, x1, x2);
  const names = [...new Set(groups.flatMap((group) => group.bars.map(({ name }) => name)))];
  const parts = [];
  let y = 66;
  for (const group of groups) {
    parts.push(text(x1, y + 14, group.title, { size: 14, bold: true }));
    y += 22;
    for (const { name, value } of group.bars) {
      parts.push(text(x1 - 8, y + 12, name, { anchor: 'end' }));
      const color = kColors[names.indexOf(name) % kColors.length];
      parts.push(`<rect x="${x1}" y="${y}" width="${(xOf(value) - x1).toFixed(1)}" height="15" fill="${color}"/>`);
      parts.push(text(xOf(value) + 6, y + 12, value.toLocaleString('en', { maximumSignificantDigits: 2 })));
      y += 18;
    }
    y += 12;
  }
  const rules = ticks.flatMap((tick) => [
    line(xOf(tick), 60, xOf(tick), y),
    text(xOf(tick), y + 18, spelled(tick), { anchor: 'middle', color: kFaint, size: 12 }),
  ]);
  return picture(kWidth, y + 34, title, [...rules, ...parts]);
}
