// What lines two texts have in common and which are only in one, by Myers' algorithm (An O(ND)
// Difference Algorithm and Its Variations, 1986).

export interface DiffLine {
  kind: "same" | "removed" | "added";
  text: string;
  before: number | undefined; // line numbers, from 1
  after: number | undefined;
}

// Texts that differ in more lines are shown as one block removed and one added.
const differencesMax = 1_000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const old = linesOf(before);
  const now = linesOf(after);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let oldEnd = old.length;
  let nowEnd = now.length;
  while (oldEnd > head && nowEnd > head && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd -= 1;
    nowEnd -= 1;
  }
  const kinds: DiffLine["kind"][] = [
    ...Array<"same">(head).fill("same"),
    ...editsBetween(old.slice(head, oldEnd), now.slice(head, nowEnd)),
    ...Array<"same">(old.length - oldEnd).fill("same"),
  ];
  return numbered(kinds, old, now);
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}

function numbered(kinds: DiffLine["kind"][], old: string[], now: string[]): DiffLine[] {
  let before = 0;
  let after = 0;
  return kinds.map((kind) => {
    const text = (kind === "removed" ? old[before] : now[after]) ?? "";
    if (kind !== "added") before += 1;
    if (kind !== "removed") after += 1;
    return {
      kind,
      text,
      before: kind === "added" ? undefined : before,
      after: kind === "removed" ? undefined : after,
    };
  });
}

// furthest[k]: how far into old the best path on diagonal k (old - now) has come.
function editsBetween(old: string[], now: string[]): DiffLine["kind"][] {
  const most = Math.min(old.length + now.length, differencesMax);
  const middle = most + 1;
  const furthest = new Int32Array(2 * most + 3);
  const rounds: Int32Array[] = [];
  for (let round = 0; round <= most; round += 1) {
    rounds.push(furthest.slice(middle - round - 1, middle + round + 2));
    for (let diagonal = -round; diagonal <= round; diagonal += 2) {
      let place = cameDown(furthest, middle, diagonal, round)
        ? at(furthest, middle + diagonal + 1)
        : at(furthest, middle + diagonal - 1) + 1;
      while (
        place < old.length &&
        place - diagonal < now.length &&
        old[place] === now[place - diagonal]
      ) {
        place += 1;
      }
      furthest[middle + diagonal] = place;
      if (place >= old.length && place - diagonal >= now.length) {
        return backtrack(rounds, old.length, now.length);
      }
    }
  }
  return [
    ...Array<"removed">(old.length).fill("removed"),
    ...Array<"added">(now.length).fill("added"),
  ];
}

function at(values: Int32Array, index: number): number {
  return values[index] ?? 0;
}

// Whether the best path to the diagonal comes from the one above, by a line of now that is added.
function cameDown(furthest: Int32Array, middle: number, diagonal: number, round: number): boolean {
  if (diagonal === -round) return true;
  if (diagonal === round) return false;
  return at(furthest, middle + diagonal - 1) < at(furthest, middle + diagonal + 1);
}

// From the end to the beginning: rounds[r] is what was known before round r, around its middle.
function backtrack(rounds: Int32Array[], oldLength: number, nowLength: number): DiffLine["kind"][] {
  const kinds: DiffLine["kind"][] = [];
  let place = oldLength;
  let other = nowLength;
  for (let round = rounds.length - 1; round >= 0; round -= 1) {
    const known = rounds[round];
    if (!known) break;
    const middle = round + 1;
    const diagonal = place - other;
    const down = cameDown(known, middle, diagonal, round);
    const from = down ? diagonal + 1 : diagonal - 1;
    const fromPlace = round === 0 ? 0 : at(known, middle + from);
    const fromOther = round === 0 ? 0 : fromPlace - from;
    while (place > fromPlace && other > fromOther) {
      kinds.push("same");
      place -= 1;
      other -= 1;
    }
    if (round > 0) kinds.push(down ? "added" : "removed");
    place = fromPlace;
    other = fromOther;
  }
  return kinds.reverse();
}
