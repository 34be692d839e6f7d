// Draws the steps of awareness_steps.mjs: some clients, with time going on, whose updates are sent,
// sent again, made up and changed on the way.
const CLIENTS = [0, 1, 7, 127, 128, 300, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1];
const KEYS = ["name", "a", "b", "10", "2", "", "é", "😀", "cursor"];
const SCALARS = [null, true, false, 0, 1, -1, 0.5, 1e21, 1.5e-7, "", "x", "😀", "\"\\\n\u{1f}", "\u{2028}"];
// As others might spell them.
const ODD = [" { } ", "{\"a\":1.0,\"b\":-0}", "{\"b\":1,\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":2,\"x\":1},\"b\":1}",
             "{\"a\":1,\"a\":2}", "{\"b\":1e2,\"10\":1,\"a\":\"\\u0041\\/\",\"2\":[ ]}", "{\"a\":[[],{}]}", " null"];
const ORIGINS = ["", "network", "é"];

export class AwarenessGenerator {
  #random;
  #now = 1_000_000;
  #clients;
  #places;
  #begun = 0;
  #blobs = [];  // numbers of kept updates

  constructor(random) {
    this.#random = random;
    this.#places = random.between(2, 4);
    this.#clients = Array.from({ length: random.between(3, 5) }, () => random.pick(CLIENTS));
  }

  // The next step, to be run before another one is asked for.
  next(number, script) {
    const random = this.#random;
    this.#now += random.pick([0, 0, 1, 100, 3000, 14999, 15000, 29999, 30000]);
    const step = (place, operation, ...rest) =>
      [number, "aw", place, operation, this.#now, ...rest];
    if (this.#begun < this.#places) {
      const place = this.#begun++;
      // Sometimes two have one name.
      return step(place, "new", random.chance(85) ? this.#clients[place % this.#clients.length]
        : random.pick(this.#clients));
    }
    const place = random.below(this.#places);
    const of = script.awareness.members.get(place).awareness;
    const blob = () => random.chance(70) ? this.#blobs.at(-1) : random.pick(this.#blobs);
    const sent = this.#blobs.length > 0;
    const what = random.weighted(
      { set: 4, field: 3, remove: 1, check: 3, encode: 6, encodeAs: 1, raw: 4, show: 2,
        apply: sent ? 10 : 0, modify: sent ? 1 : 0 });
    if (["encode", "encodeAs", "raw"].includes(what)) this.#blobs.push(number * 8);
    switch (what) {
      case "set": return step(place, "set", this.#state());
      case "field": return step(place, "field", random.pick(KEYS), this.#value());
      case "remove": return step(place, "remove", this.#some(), random.pick(ORIGINS));
      case "check": return step(place, "check");
      case "encode":
        return step(place, "encode", random.chance(50) ? [...of.getStates().keys()] : this.#some(), null);
      case "encodeAs":
        return step(place, "encode", this.#some(), this.#some().map((c) => [c, this.#state()]));
      case "raw": return step(place, "raw", this.#some().map((client) => {
        const clock = (of.meta.get(client)?.clock ?? 0) + random.between(-1, 2);
        return [client, random.chance(2) ? 2 ** 40 : Math.max(0, clock), this.#state()];
      }));
      case "apply": return step(place, "apply", blob(), random.pick(ORIGINS));
      case "modify": {
        const from = blob();
        this.#blobs.push(number * 8);
        return step(place, "modify", from);
      }
      default: return step(place, "show", this.#clients);
    }
  }

  #some() {
    return Array.from({ length: this.#random.between(0, 4) }, () => this.#random.pick(this.#clients));
  }

  #state() {
    const random = this.#random;
    if (random.chance(20)) return "null";
    if (random.chance(20)) return random.pick(ODD);
    return JSON.stringify(this.#object(2));
  }

  #object(depth) {
    const random = this.#random;
    const out = {};
    for (let i = random.below(4); i > 0; --i) out[random.pick(KEYS)] = this.#inner(depth);
    return out;
  }

  #inner(depth) {
    const random = this.#random;
    if (depth === 0 || random.chance(60)) return random.pick(SCALARS);
    if (random.chance(50)) return this.#object(depth - 1);
    return Array.from({ length: random.below(3) }, () => this.#inner(depth - 1));
  }

  #value() { return JSON.stringify(this.#inner(1)); }
}
