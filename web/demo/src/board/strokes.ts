// The drawing in the document: a map for each stroke, whose points grow while it is drawn, so that
// others see it grow. Points are whole numbers on a sheet of 1600 by 900, x and y in turn.
import * as Y from "yjs";

import { colourCount } from "../people/presence";

export type Stroke = Y.Map<number | Y.Array<number>>;

export const sheet = { width: 1600, height: 900 } as const;
export const widths = [5, 12, 28] as const;
// A stroke that is longer goes on as another one.
const numbersMax = 4_000;
const nearest = 3;

export function colourOf(stroke: Stroke): number {
  const colour = stroke.get("colour");
  return typeof colour === "number" ? Math.abs(Math.trunc(colour)) % colourCount : 0;
}

export function widthOf(stroke: Stroke): number {
  const width = stroke.get("width");
  return typeof width === "number" ? Math.min(60, Math.max(1, width)) : widths[0];
}

export function pointsOf(stroke: Stroke): Y.Array<number> | null {
  const points = stroke.get("points");
  return points instanceof Y.Array ? points : null;
}

// Curves through the middles between the points: smooth without being far from any.
export function pathOf(points: readonly number[]): string {
  const [x = 0, y = 0] = points;
  if (points.length <= 2) return `M${x} ${y}h0.1`;
  let path = `M${x} ${y}`;
  for (let at = 2; at + 3 < points.length; at += 2) {
    const [px = 0, py = 0, nx = 0, ny = 0] = points.slice(at, at + 4);
    path += `Q${px} ${py} ${(px + nx) / 2} ${(py + ny) / 2}`;
  }
  return `${path}L${points[points.length - 2] ?? x} ${points[points.length - 1] ?? y}`;
}

// One stroke while it is drawn. Its changes have `origin`, by which the own ones can be undone.
export class StrokeInProgress {
  readonly #strokes: Y.Array<Stroke>;
  readonly #look: { colour: number; width: number };
  readonly #origin: unknown;
  #points: Y.Array<number>;
  #last: [number, number] | null = null;

  constructor(strokes: Y.Array<Stroke>, look: { colour: number; width: number }, origin: unknown) {
    this.#strokes = strokes;
    this.#look = look;
    this.#origin = origin;
    this.#points = this.#begin([]);
  }

  // x and y on the sheet.
  add(points: readonly (readonly [number, number])[]): void {
    const added: number[] = [];
    for (const point of points) {
      const [x, y] = [Math.round(point[0]), Math.round(point[1])];
      const last = this.#last;
      if (last !== null && Math.hypot(x - last[0], y - last[1]) < nearest) continue;
      this.#last = [x, y];
      added.push(x, y);
    }
    if (added.length === 0) return;
    this.#strokes.doc?.transact(() => {
      this.#points.push(added);
    }, this.#origin);
    if (this.#points.length >= numbersMax) this.#points = this.#begin(added.slice(-2));
  }

  #begin(first: number[]): Y.Array<number> {
    const points = Y.Array.from(first);
    this.#strokes.doc?.transact(() => {
      const stroke: Stroke = new Y.Map();
      stroke.set("colour", this.#look.colour);
      stroke.set("width", this.#look.width);
      stroke.set("points", points);
      this.#strokes.push([stroke]);
    }, this.#origin);
    return points;
  }
}
