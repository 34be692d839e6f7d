// Makes scripts from seeds: users who edit, and a network between them that reorders, drops, repeats,
// merges and cuts updates. What is drawn depends on the documents as yjs has them, so making a script
// runs it, too.
import * as Y from "yjs";

import { AwarenessGenerator } from "./generate_awareness.mjs";
import { Random } from "./random.mjs";
import { FORMATS, isLive, KIND, kindOf, YjsScript } from "./yjs_script.mjs";

const TEXTS = ["a", "b", "xy", "hello", "é", "€uro", "😀", "a😀b", "😀😀", "\u{10ffff}", "\n", " ",
               "<&\"'>", "\u{0}", "\u{7f}", "\ud7ff\ue000", "long ".repeat(30)];
const NUMBERS = [0, -0, 1, -1, 63, 64, -64, 127, 128, 8191, 8192, 2 ** 31 - 1, 2 ** 31, -(2 ** 31),
                 2 ** 53 - 1, -(2 ** 53) + 1, 0.5, 0.1, -1.25, 1e300, 5e-324, 1e21, 1.5e-7, 2 ** 60,
                 3.4028234663852886e38];
const ODD_NUMBERS = [NaN, Infinity, -Infinity];
const BIG = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 123456789012345678n];
const KEYS = ["a", "b", "c", "10", "2", "", "4294967295", "01", "kéy", "😀"];
const ATTRIBUTES = ["b", "i", "10", "2", "link"];
const NAMES = ["p", "DIV", "h1", "x-Y"];
const NESTED = [KIND.array, KIND.map, KIND.text, KIND.xmlText, KIND.element, KIND.fragment];

// What a script is about: weights of the roots that are edited.
const PROFILES = {
  text: { roots: { text: 1 } },
  array: { roots: { array: 1 } },
  map: { roots: { map: 1 } },
  plain: { roots: { text: 2, array: 2, map: 2 }, nested: true },
  rich: { roots: { text: 1 }, rich: true },
  xml: { roots: { fragment: 1 }, nested: true, rich: true },
  mixed: { roots: { text: 3, array: 2, map: 2, fragment: 2 }, nested: true, rich: true },
  awareness: { awareness: true },
};
const ORIGINS = ["", "a", "b"];
export const PROFILE_NAMES = Object.keys(PROFILES);
const ROOT_KIND = { text: KIND.text, array: KIND.array, map: KIND.map, fragment: KIND.fragment };

export class Generator {
  #random;
  #profile;
  #number = 0;
  #users = [];   // { place, roots: [step], inbox: [bytes] }
  #all = [];     // every update that was kept
  #again;        // makes the script without permanent user data
  #into = null;  // the transaction that steps go into
  #positions = [];  // the steps that noted one
  #snapshots = [];
  #time = 0;
  script = new YjsScript();
  steps = [];

  constructor(seed, profile, userData = true) {
    this.#again = () => new Generator(seed, profile, false).generate();
    this.#random = new Random(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
    for (let i = 0; i < 3; ++i) this.#random.below(2);
    const name = profile ?? this.#random.weighted(
      { text: 2, array: 2, map: 1, plain: 2, rich: 4, xml: 2, mixed: 3, awareness: 1 });
    this.#profile = PROFILES[name];
    this.lazy = !this.#profile.rich && this.#random.chance(20);
    this.watching = this.#random.chance(30);
    this.userData = this.#random.chance(15) && !this.lazy && userData;
    this.undoing = this.#random.chance(40);
  }

  // Where a user's map has gone for a while, because what took its place waits for something else,
  // yjs throws out of an observer.
  generate() {
    try {
      return this.#profile.awareness ? this.#generateAwareness() : this.#generateEdits();
    } catch (error) {
      if (!this.userData || !(error instanceof TypeError)) throw error;
      return this.#again();
    }
  }

  #generateEdits() {
    const random = this.#random;
    this.#makeUsers();
    const rounds = random.between(5, random.chance(10) ? 60 : 22);
    const chatty = random.between(20, 70);
    for (let i = 0; i < rounds; ++i) {
      const user = random.pick(this.#users);
      // Documents that keep everything are there to be looked back at.
      if (this.undoing && random.chance(60)) this.#undoStep(user);
      if (random.chance(this.script.members.get(user.place).doc.gc ? 6 : 30)) this.#recall(user);
      else if (random.chance(chatty)) this.#network(user);
      else this.#edit(user);
      if (this.userData && random.chance(20)) this.#useUserData(user);
      if (random.chance(4)) this.#step("dump", user.place, random.chance(50), !this.lazy);
    }
    this.#settle();
    return this;
  }

  // Appends a step and runs it; answers its number.
  #step(operation, place, ...rest) {
    const number = this.#number++;
    const step = [number, operation, place, ...rest];
    if (this.#into !== null) this.#into.push(step);
    else this.steps.push(step);
    const before = this.script.blobs.size;
    this.script.run(step);
    if (this.#into === null) {
      const kept = this.script.blobs.size - before;
      this.#spread(number, place, kept);
      this.#number += kept >> 3;  // whose numbers are taken
    }
    return number;
  }

  // Awareness has nothing to do with documents and their updates.
  #generateAwareness() {
    const awareness = new AwarenessGenerator(this.#random);
    for (let i = this.#random.between(10, 100); i > 0; --i) {
      const step = awareness.next(this.#number++, this.script);
      this.steps.push(step);
      this.script.run(step);
    }
    return this;
  }

  // What a step has kept goes to the others.
  #spread(number, place, count) {
    for (let i = 0; i < count; ++i) {
      this.#all.push(number * 8 + i);
      for (const other of this.#users) {
        if (other.place !== place && !this.#random.chance(8)) other.inbox.push(number * 8 + i);
      }
    }
  }

  #makeUsers() {
    const random = this.#random;
    const count = random.between(2, 4);
    const gc = random.chance(70) ? 100 : random.pick([0, 50]);
    for (let place = 0; place < count; ++place) {
      const user = { place, roots: [], inbox: [], undo: [] };
      this.#users.push(user);
      this.#step("doc", place, this.#client(), random.chance(gc), random.chance(30));
      if (!this.lazy) this.#openRoots(user);
      if (this.userData) this.#step("pud", place, "new");
    }
  }

  #client() {
    const place = this.#users.length;
    const client = this.#random.pick([
      () => place, () => this.#random.below(100) * 16 + place,
      () => 2 ** 32 - 1 - this.#random.below(1000) * 16 - place,
      () => this.#random.below(2 ** 28) * 16 + place,
      () => 2 ** 53 - 1 - this.#random.below(1000) * 16 - place,
    ])();
    return client;
  }

  #openRoots(user) {
    for (const root of Object.keys(this.#profile.roots)) this.#openRoot(user, root);
  }
  #openRoot(user, root) {
    const member = this.script.members.get(user.place);
    const known = user.roots.find((r) => r.root === root);
    if (known !== undefined) return member.types.get(known.number);
    const number = this.#step("root", user.place, root, ROOT_KIND[root]);
    user.roots.push({ root, number });
    if (this.watching) this.#step("watch", user.place, number);
    return member.types.get(number);
  }

  // --- The network.

  #network(user) {
    const random = this.#random;
    // yjs throws where a half of what adds a user arrives.
    const what = random.weighted({ deliver: 10, resend: 1, sync: 2, merge: 2, diff: 2,
                                   cut: this.userData ? 0 : 1, vector: 1, meta: 0.3, convert: 1,
                                   hide: 0.5 });
    if (what === "deliver") return this.#deliver(user, random.between(1, 4));
    if (what === "sync") return this.#sync(random.pick(this.#users), user);
    if (this.#all.length === 0) return;
    if (what === "resend") {
      this.#apply(user.place, random.pick(this.#all));
    } else if (what === "merge") {
      const some = Array.from({ length: random.between(1, 5) }, () => random.pick(this.#all));
      const merged = this.#step("merge", user.place, some);
      if (random.chance(70)) this.#apply(user.place, merged * 8);
    } else if (what === "diff") {
      const diff = this.#step("diff", user.place, [random.pick(this.#all)]);
      if (random.chance(70)) this.#apply(user.place, diff * 8);
    } else if (what === "cut") {
      this.#cut(user, random.pick(this.#all));
    } else if (what === "hide") {
      const choices = [random.chance(70), random.chance(70), random.chance(70)];
      this.#step("hide", user.place, [random.pick(this.#all)], ...choices);
    } else {
      this.#step(what, user.place, [random.pick(this.#all)]);
    }
  }

  #apply(place, bytes) {
    const origin = this.undoing && this.#random.chance(70) ? "net" : "";
    this.#step("apply", place, bytes, origin);
  }

  // A part of an update, from the middle of its structs on.
  #cut(user, number) {
    const { bytes, v2 } = this.script.blobs.get(number);
    const { from, to } = FORMATS[Number(v2)].meta(bytes);
    const vector = [...from].map(([client, clock]) =>
      [client, this.#random.between(clock, to.get(client))]);
    const cut = this.#step("cut", user.place, [number], vector);
    if (this.#random.chance(70)) this.#apply(user.place, cut * 8);
  }

  #deliver(user, count) {
    for (let i = 0; i < count && user.inbox.length > 0; ++i) {
      const at = this.#random.chance(60) ? 0 : this.#random.below(user.inbox.length);
      const bytes = user.inbox[at];
      if (!this.#random.chance(5)) user.inbox.splice(at, 1);
      this.#apply(user.place, bytes);
    }
  }

  #sync(from, to) {
    if (from === to) return;
    const state = this.#step("state", from.place, this.#random.chance(80) ? to.place : null,
                             this.#random.chance(40));
    const known = [...this.script.blobs.keys()].includes(state * 8);
    if (known) this.#apply(to.place, state * 8);
  }

  // Everybody gets everything, and shows all.
  #settle() {
    for (const user of this.#users) {
      this.#openRoots(user);
      if (this.#random.chance(50)) this.#deliver(user, 100);
    }
    if (this.userData) for (const user of this.#users) this.#step("pud", user.place, "settle");
    for (let round = 0; round < 2; ++round) {
      for (let i = 0; i < this.#users.length; ++i) {
        this.#sync(this.#users[i], this.#users[(i + 1) % this.#users.length]);
      }
    }
    if (this.userData) for (const user of this.#users) this.#askUserData(user);
    for (const user of this.#users) {
      for (const position of this.#positions) this.#step("locate", user.place, position);
      for (let i = 0; i < Math.min(2, this.#snapshots.length); ++i) this.#compare(user);
      this.#step("dump", user.place, true, !this.lazy);
    }
  }

  // --- Positions and snapshots.

  #recall(user) {
    const random = this.#random;
    const { doc, types } = this.script.members.get(user.place);
    const what = random.weighted({ position: 4, locate: this.#positions.length > 0 ? 3 : 0,
                                   snapshot: 5, contains: 1, compare: 5, restore: doc.gc ? 1 : 5 });
    if (what === "position") {
      if (types.size === 0) return;
      const [number, type] = random.pick([...types]);
      const index = random.between(0, (type.length ?? 0) + 1);
      const assoc = random.pick([0, 0, -1, -1, 1, -64, 2 ** 40]);
      const position = this.#step("position", user.place, number, index, assoc);
      if (this.script.notes.has(position)) this.#positions.push(position);
    } else if (what === "locate") {
      this.#step("locate", user.place, random.pick(this.#positions));
    } else if (what === "snapshot" || this.#snapshots.length === 0) {
      this.#snapshots.push(this.#step("snapshot", user.place));
    } else if (what === "contains") {
      this.#step("equal", user.place, random.pick(this.#snapshots), random.pick(this.#snapshots));
      if (this.#all.length === 0) return;
      this.#step("contains", user.place, random.pick(this.#snapshots), random.pick(this.#all));
    } else if (what === "restore") {
      this.#restore(user);
    } else {
      this.#compare(user);
    }
  }

  // Another document, which is looked at and forgotten.
  #restore(user) {
    const place = 100;
    this.#step("restore", user.place, this.#random.pick(this.#snapshots), place,
               2 ** 41 + this.#number, this.#random.chance(50));
    for (const root of Object.keys(this.#profile.roots)) {
      if (this.script.members.has(place)) this.#step("root", place, root, ROOT_KIND[root]);
    }
    // A root that nobody has opened is nothing in yjs's JSON.
    this.#step("dump", place, true, !this.userData);
  }

  // A text between two snapshots, or any type at one.
  #compare(user) {
    const random = this.#random;
    const { types } = this.script.members.get(user.place);
    if (types.size === 0) return;
    const [number, type] = random.pick([...types]);
    const [a, b] = [0, 0].map(() => random.chance(80) ? random.pick(this.#snapshots) : null);
    if (type instanceof Y.Text && random.chance(80)) {
      this.#step("between", user.place, number, a, b, random.below(3));
    } else {
      this.#step("at", user.place, number, random.pick(this.#snapshots));
    }
  }

  // --- Who wrote and deleted what.

  #useUserData(user) {
    const what = this.#random.weighted({ map: 3, settle: 3, ask: 1 });
    if (what === "map") this.#mapUser(user);
    else if (what === "settle") this.#step("pud", user.place, "settle");
    else this.#askUserData(user);
  }

  #mapUser(user) {
    const random = this.#random;
    const client = this.script.members.get(random.chance(80) ? user.place : 0).doc.clientID;
    this.#step("pud", user.place, "map", client, random.pick(["ada", "bob", "😀"]),
               random.chance(20));
  }

  #askUserData(user) {
    const { store } = this.script.members.get(user.place).doc;
    const ids = [...store.clients.keys()].flatMap((client) => Array.from({ length: 4 }, () =>
      [client, this.#random.below(Y.getState(store, client) + 1)]));
    this.#step("pud", user.place, "ask", ids);
  }

  // --- Undo.

  #undoStep(user) {
    const random = this.#random;
    if (random.chance(30)) {
      this.#time += random.pick([1, 100, 499, 500, 501, 5000]);
      this.#step("time", user.place, this.#time);
    }
    if (user.undo.length === 0 || random.chance(4)) {
      this.#makeUndoManager(user);
      return;
    }
    const manager = random.pick(user.undo);
    const { undo, redo } = this.script.undo.sizes(manager);
    const what = random.weighted({ undo: undo > 0 ? 14 : 0.3, redo: redo > 0 ? 14 : 0.3, clear: 0.5,
                                   stop: 2, scope: 0.4, origin: 0.4, end: 0.3 });
    if (what === "undo" || what === "redo") {
      this.#undoSome(user, manager, what);
      if (this.#into === null && random.chance(20)) this.#deliver(user, random.between(1, 3));
      if (random.chance(40)) this.#undoSome(user, manager, what === "undo" ? "redo" : "undo");
    } else if (what === "clear") {
      this.#step("uc", user.place, manager, random.chance(60), random.chance(60));
    } else if (what === "stop") {
      this.#step("us", user.place, manager);
    } else if (what === "scope") {
      this.#step("ua", user.place, manager, random.chance(20) ? null : this.#someType(user));
    } else if (what === "origin") {
      this.#step("ut", user.place, manager, random.pick(ORIGINS), random.chance(60));
    } else {
      this.#step("ux", user.place, manager);
      user.undo = user.undo.filter((other) => other !== manager);
    }
  }

  #undoSome(user, manager, what) {
    const times = this.#random.chance(40) ? this.#random.between(2, 5) : 1;
    for (let i = 0; i < times && this.script.undo.sizes(manager)[what] > 0; ++i) {
      this.#step(`u${what[0]}`, user.place, manager);
    }
    if (this.#random.chance(3)) this.#step(`u${what[0]}`, user.place, manager);
  }

  #someType(user) {
    this.#openRoot(user, this.#random.weighted(this.#profile.roots));
    return this.#random.pick([...this.script.members.get(user.place).types.keys()]);
  }

  #makeUndoManager(user) {
    const random = this.#random;
    const scope = random.chance(15) ? null
      : random.chance(70) ? user.roots.map(({ number }) => number)
      : [this.#someType(user), this.#someType(user)].slice(random.below(2));
    user.undo.push(this.#step("um", user.place, scope, {
      timeout: random.pick([0, 500, 500]), ignore: random.chance(25), filter: random.chance(15),
      local: random.chance(15),
      origins: random.chance(70) ? [""] : ORIGINS.filter(() => random.chance(60)) }));
  }

  // --- Edits.

  #edit(user) {
    const random = this.#random;
    if (random.chance(2)) {
      // A name of nobody's: above all the others, below 2^53.
      this.#step("id", user.place, 2 ** 40 + this.#number);
      return;
    }
    if (!random.chance(25)) return this.#editOne(user);
    const number = this.#number++;
    const steps = [];
    const origin = this.undoing ? random.pick(ORIGINS) : "";
    const outer = [number, "tx", user.place, steps, origin];
    this.#into = steps;
    const before = this.script.blobs.size;
    this.script.transact(user.place, number, () => {
      for (let i = random.between(1, 6); i > 0; --i) {
        if (user.undo.length > 0 && random.chance(3)) this.#undoStep(user);
        this.#editOne(user);
      }
    }, origin);
    this.#into = null;
    this.steps.push(outer);
    this.#spread(number, user.place, this.script.blobs.size - before);
  }

  #editOne(user) {
    const random = this.#random;
    if (this.userData && random.chance(4)) return this.#mapUser(user);
    const member = this.script.members.get(user.place);
    let number;
    const root = random.weighted(this.#profile.roots);
    this.#openRoot(user, root);
    if (this.#profile.nested && random.chance(60)) {
      const live = [...member.types].filter(([, type]) => isLive(type));
      number = random.pick(live)[0];
      if (random.chance(30)) number = this.#openChild(user, number) ?? number;
    } else {
      number = user.roots.find((r) => r.root === root).number;
    }
    this.#editType(user, number, member.types.get(number));
  }

  #openChild(user, number) {
    const random = this.#random;
    const member = this.script.members.get(user.place);
    const type = member.types.get(number);
    const kind = kindOf(type);
    let place;
    if (kind === KIND.map || kind === KIND.hook) {
      const keys = [...type._map.keys()].filter((k) => type.get(k) instanceof Y.AbstractType);
      place = keys.length > 0 ? random.pick(keys) : undefined;
    } else {
      const list = type instanceof Y.Text ? type.toDelta().map((op) => op.insert) : type.toArray();
      const places = [...list.keys()].filter((i) => list[i] instanceof Y.AbstractType);
      place = places.length > 0 ? random.pick(places) : undefined;
    }
    if (place === undefined) return undefined;
    const child = this.#step("child", user.place, number, place);
    return member.types.has(child) ? child : undefined;
  }

  #editType(user, number, type) {
    switch (kindOf(type)) {
      case KIND.text: return this.#editText(user, number, type);
      case KIND.xmlText:
        if (this.#random.chance(15)) return this.#editAttributes(user, number);
        return this.#editText(user, number, type);
      case KIND.array: return this.#editArray(user, number, type);
      case KIND.element:
        if (this.#random.chance(35)) return this.#editAttributes(user, number);
        return this.#editXml(user, number, type);
      case KIND.fragment: return this.#editXml(user, number, type);
      default: return this.#editMap(user, number, type);
    }
  }

  #range(length) {
    const random = this.#random;
    const index = random.below(length);
    const most = random.chance(80) ? Math.min(5, length - index) : length - index;
    return [index, random.between(1, most)];
  }

  #editText(user, number, text) {
    const random = this.#random;
    const length = text.length;
    const rich = this.#profile.rich;
    const what = random.weighted({ insert: 6, erase: length > 0 ? 3 : 0,
                                   format: rich && length > 0 ? 4 : 0, embed: rich ? 1 : 0,
                                   delta: rich ? 2 : 0, attribute: rich ? 0.5 : 0 });
    // Typing goes on where it was, mostly.
    const index = random.chance(30) ? length : random.between(0, length);
    if (what === "insert") {
      const attributes = rich && random.chance(40) ? this.#attributes() : null;
      this.#step("ti", user.place, number, index, random.pick(TEXTS), attributes);
    } else if (what === "erase") {
      this.#step("td", user.place, number, ...this.#range(length));
    } else if (what === "format") {
      this.#step("tf", user.place, number, ...this.#range(length), this.#attributes());
    } else if (what === "embed") {
      const type = this.#profile.nested && random.chance(40);
      const embed = type ? ["t", random.pick(NESTED), random.pick(NAMES)] : ["v", this.#embed()];
      this.#step("te", user.place, number, index, embed, this.#attributes());
    } else if (what === "attribute") {
      this.#editAttributes(user, number);
    } else {
      this.#step("tD", user.place, number, this.#delta(length));
    }
  }

  #delta(length) {
    const random = this.#random;
    const delta = [];
    let left = length + (random.chance(10) ? 2 : 0);
    for (let i = random.between(1, 5); i > 0; --i) {
      const attributes = random.chance(50) ? this.#attributes() : null;
      // yjs throws where a delta deletes in a text that never had anything in it.
      const what = random.pick(length > 0 ? ["i", "r", "d"] : ["i", "r"]);
      if (what === "i") {
        delta.push(["i", random.chance(80) ? random.pick(TEXTS) : this.#embed(), attributes]);
      } else if (left > 0) {
        const step = random.between(1, Math.min(left, 6));
        left -= step;
        delta.push([what, step, attributes]);
      }
    }
    return delta;
  }

  #attributes() {
    const random = this.#random;
    const out = {};
    for (let i = random.weighted({ 1: 6, 2: 3, 0: 1 }); i > 0; --i) {
      out[random.pick(ATTRIBUTES)] = random.weighted({ on: 4, off: 4, other: 2 }) === "on" ? true
        : random.chance(60) ? null
        : random.pick([false, 1, 0.5, "x", "", { href: "u" }, { a: 1, 2: "z" }, [1], {}, []]);
    }
    return out;
  }

  #editAttributes(user, number) {
    const random = this.#random;
    if (random.chance(70)) {
      const value = random.chance(70) ? random.pick(TEXTS) : this.#value(1);
      this.#step("xs", user.place, number, random.pick(KEYS), value);
    } else {
      this.#step("xr", user.place, number, random.pick(KEYS));
    }
  }

  #editArray(user, number, array) {
    const random = this.#random;
    const length = array.length;
    const what = random.weighted({ insert: 5, push: 2, erase: length > 0 ? 3 : 0, far: 0.2 });
    const values = () => Array.from({ length: random.between(1, 4) }, () => this.#input("list"));
    if (what === "insert") {
      this.#step("ai", user.place, number, random.between(0, length), values());
    } else if (what === "push") {
      this.#step("ap", user.place, number, values());
    } else if (what === "erase") {
      this.#step("ad", user.place, number, ...this.#range(length));
    } else {
      this.#step("ad", user.place, number, random.between(0, length), length + 1);
    }
  }

  #editMap(user, number, map) {
    const random = this.#random;
    const what = random.weighted({ set: 8, erase: 3, clear: 0.5 });
    const key = random.pick(KEYS);
    if (what === "set") this.#step("ms", user.place, number, key, this.#input("map"));
    else if (what === "erase") this.#step("md", user.place, number, key);
    else this.#step("mc", user.place, number);
  }

  #editXml(user, number, xml) {
    const random = this.#random;
    if (xml.length > 0 && random.chance(25)) {
      this.#step("ad", user.place, number, ...this.#range(xml.length));
      return;
    }
    const kinds = { [KIND.element]: 6, [KIND.xmlText]: 5, [KIND.hook]: 1 };
    const input = () => ["t", Number(random.weighted(kinds)), random.pick(NAMES)];
    const inputs = Array.from({ length: random.between(1, 2) }, input);
    this.#step("ai", user.place, number, random.between(0, xml.length), inputs);
  }

  // --- Values.

  #input(where) {
    const random = this.#random;
    if (this.#profile.nested && random.chance(35)) {
      return ["t", random.pick(NESTED), random.pick(NAMES)];
    }
    if (random.chance(3)) {
      return ["d", `guid-${random.below(100)}`, random.chance(50), random.chance(50),
              random.chance(50) ? null : this.#object()];
    }
    if (random.chance(8)) return ["v", this.#bytes()];
    if (where === "map" && random.chance(10)) return ["v", random.pick([undefined, ...BIG])];
    return ["v", this.#value(2)];
  }

  #bytes() {
    return Uint8Array.from({ length: this.#random.below(5) }, () => this.#random.below(256));
  }

  // Something that lists take as well.
  #value(depth) {
    const random = this.#random;
    switch (random.weighted({ text: 4, number: 4, odd: 0.3, bool: 2, nothing: 1, object: 1,
                              array: 1 })) {
      case "text": return random.pick(TEXTS);
      case "number": return random.pick(NUMBERS);
      case "odd": return random.pick(ODD_NUMBERS);
      case "bool": return random.chance(50);
      case "nothing": return null;
      case "object": return this.#object(depth);
      default:
        return Array.from({ length: random.below(4) }, () => this.#inner(depth));
    }
  }

  // What may be in containers, which undefined, big integers and bytes may, too.
  #inner(depth) {
    const random = this.#random;
    if (random.chance(10)) return random.pick([undefined, random.pick(BIG), this.#bytes()]);
    return depth > 0 ? this.#value(depth - 1) : random.pick(NUMBERS);
  }

  // An object for an embed; mostly one that JSON keeps, and version 1 with it.
  #embed() {
    const random = this.#random;
    const odd = [undefined, this.#bytes(), random.pick(ODD_NUMBERS), -0, [undefined, this.#bytes()]];
    return random.chance(85) ? this.#object() : { ...this.#object(), odd: random.pick(odd) };
  }

  // One that JSON keeps unless `depth` is given.
  #object(depth) {
    const random = this.#random;
    const out = {};
    for (let i = random.below(4); i > 0; --i) {
      out[random.pick(KEYS)] = depth === undefined
        ? random.pick(["x", 1, 0.5, true, null, [1, "a"], { k: 1 }]) : this.#inner(depth);
    }
    return out;
  }
}
