// Who one is: a name of one's own choosing is kept by the browser, for the next time. A made up one,
// and the colour, are of this window alone, so that two windows of one person differ.
import { keptForGood, keptForWindow, type Kept } from "../../../shared/kept";
import { pick } from "../room_name";
import { colourCount, cutName } from "./presence";

const nameKey = "pluv-demo-name";
const madeUpKey = "pluv-demo-made-up-name";
const colourKey = "pluv-demo-colour";

const manners = ["Brave", "Calm", "Clever", "Curious", "Gentle", "Happy", "Jolly", "Kind", "Merry",
  "Nimble", "Quick", "Quiet", "Sunny", "Swift", "Wise", "Witty"];
const animals = ["Badger", "Crane", "Dolphin", "Falcon", "Finch", "Fox", "Hare", "Heron", "Ibis",
  "Lynx", "Otter", "Owl", "Panda", "Robin", "Seal", "Swan"];

function kept(storage: Kept, key: string, make: () => string): string {
  const value = storage.get(key) ?? make();
  storage.set(key, value);
  return value;
}

export function ownName(): string {
  return keptForGood.get(nameKey) ??
    kept(keptForWindow, madeUpKey, () => `${pick(manners)} ${pick(animals)}`);
}

// Answers the name as it is kept; nothing but spaces brings back a made up one.
export function saveName(name: string): string {
  const trimmed = cutName(name);
  if (trimmed === "") keptForGood.remove(nameKey);
  else keptForGood.set(nameKey, trimmed);
  return ownName();
}

export function ownColour(): number {
  const random = () => String(Math.floor(Math.random() * colourCount));
  return Number(kept(keptForWindow, colourKey, random)) % colourCount;
}

export function saveColour(colour: number): void {
  keptForWindow.set(colourKey, String(colour));
}
