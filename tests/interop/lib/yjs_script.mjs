// Runs the steps of a script in yjs: what ycrdt_driver.cc does in our engine, with the same answers.
// A step is [number, operation, document, arguments...]:
//
//   doc     client gc v2             a new document in this place; v2: keeps updates in both formats
//   root    name kind                opens a root; the step's number names the type from then on
//   child   type place               opens a type in another one: place is an index or a key
//   watch   type                     answers each event of the type, and of those in it, from now on
//   id      client                   writes under this name from now on
//   tx      steps origin             these as one transaction; an empty origin is none
//   state   document or null, v2     keeps encodeStateAsUpdate, of what that document lacks
//   apply   bytes origin             applies what an earlier step kept
//   merge   list of bytes            keeps mergeUpdates, in the first one's format, as all that follow
//   diff    list of one              keeps diffUpdate, with the document's state vector
//   cut     list of one, vector      keeps diffUpdate, with this state vector: pairs of client, clock
//   vector  list of one              answers encodeStateVectorFromUpdate
//   meta    list of one              answers parseUpdateMeta
//   convert list of one              keeps it in the other format
//   hide    list of one, three booleans   answers obfuscateUpdate: formatting, subdocs, yxml
//   dump    boolean boolean          answers all that the opened types show; first true: and the
//                                    document's bytes; second true: and its JSON, whose order depends on
//                                    when roots were opened
//
//   ti type index text attributes    te type index input attributes   td type index length
//   tf type index length attributes  tD type delta
//   ai type index inputs             ap type inputs                   ad type index length
//   ms type key input                md type key                      mc type
//   xs type name value               xr type name
//
//   aw      ...                      awareness, see awareness_steps.mjs
//   pud     ...                      permanent user data, see user_data_steps.mjs
//   position  type index assoc       notes encodeRelativePosition
//   locate    position               answers where a position that an earlier step noted is here
//   snapshot                         notes encodeSnapshot
//   contains  snapshot bytes         answers snapshotContainsUpdate
//   equal     snapshot snapshot      answers equalSnapshots
//   restore   snapshot place client gc  puts createDocFromSnapshot into the place, with that client
//   between   type snapshot snapshot ychange  answers a text's delta; ychange: 0 to 2, see YCHANGES
//   at        type snapshot          answers elements (but a text's) and members at the snapshot
//   um scope options                 an undo manager of these types, or, null, of the document; the
//                                    step's number names it. It answers its events
//   time milliseconds                what the clock of undo managers says from now on
//   uu manager   ur manager          undo, redo
//   uc manager boolean boolean       forgets the undo stack, the redo stack
//   us manager                       stopCapturing
//   ua manager type                  adds a type, or, null, the document to its scope
//   ut manager origin boolean        tracks the origin, or no longer
//   ux manager                       destroy
//
// Each update event keeps its bytes, too. What is kept has the number step * 8 + n.
import { clock } from "./clock.mjs";  // first
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";

import { AwarenessSteps } from "./awareness_steps.mjs";
import { UserDataSteps } from "./user_data_steps.mjs";
import { YjsUndo } from "./yjs_undo.mjs";

const SKIPPED = "-";

export const KIND = { array: 0, map: 1, text: 2, element: 3, fragment: 4, hook: 5, xmlText: 6 };
// Which types the steps are for that begin with the letter.
const SUITS = { t: [KIND.text, KIND.xmlText], a: [KIND.array, KIND.element, KIND.fragment],
                m: [KIND.map, KIND.hook], x: [KIND.element, KIND.text, KIND.xmlText] };
const ROOTS = { [KIND.array]: Y.Array, [KIND.map]: Y.Map, [KIND.text]: Y.Text,
                [KIND.fragment]: Y.XmlFragment };
const MAKE = [() => new Y.Array(), () => new Y.Map(), () => new Y.Text(),
              (name) => new Y.XmlElement(name), () => new Y.XmlFragment(),
              (name) => new Y.XmlHook(name), () => new Y.XmlText()];

// The functions on updates, of version 1 and of version 2.
export const FORMATS = [
  { merge: Y.mergeUpdates, diff: Y.diffUpdate, vector: Y.encodeStateVectorFromUpdate,
    meta: Y.parseUpdateMeta, hide: Y.obfuscateUpdate },
  { merge: Y.mergeUpdatesV2, diff: Y.diffUpdateV2, vector: (update) =>
    Y.encodeStateVectorFromUpdateV2(update), meta: (update) => Y.parseUpdateMetaV2(update),
    hide: Y.obfuscateUpdateV2 },
];
const converted = ({ bytes, v2 }) =>
  v2 ? Y.convertUpdateFormatV2ToV1(bytes) : Y.convertUpdateFormatV1ToV2(bytes);

// The answers of a script, as encoded() and the driver write them.
export function answersOf(bytes) {
  const decoder = decoding.createDecoder(bytes);
  const count = decoding.readVarUint(decoder);
  return Array.from({ length: count }, () => Buffer.from(decoding.readVarUint8Array(decoder)));
}

export function kindOf(type) {
  if (type instanceof Y.XmlText) return KIND.xmlText;
  if (type instanceof Y.Text) return KIND.text;
  if (type instanceof Y.XmlHook) return KIND.hook;
  if (type instanceof Y.Map) return KIND.map;
  if (type instanceof Y.XmlElement) return KIND.element;
  if (type instanceof Y.XmlFragment) return KIND.fragment;
  return KIND.array;
}

export function isLive(type) {
  for (let at = type; at !== null; at = at._item.parent) {
    if (at._item === null) return true;
    if (at._item.deleted) return false;
  }
  return false;
}

// JSON.stringify refuses big integers; ours writes their digits.
const stringify = (value) => JSON.stringify(value, (_, v) =>
  typeof v === "bigint" ? `\u{1}${v}\u{1}` : v).replace(/"\\u0001(-?\d+)\\u0001"/g, "$1");

const inputOf = ([kind, ...rest]) => {
  if (kind === "v") return rest[0];
  if (kind === "t") return MAKE[rest[0]](rest[1]);
  const [guid, gc, autoLoad, meta] = rest;
  return new Y.Doc({ guid, gc, autoLoad, meta });
};

const deltaOf = (list) => list.map(([kind, value, attributes]) => {
  if (kind === "i") return { insert: value, attributes: { ...attributes } };
  return kind === "r" ? { retain: value, attributes: { ...attributes } } : { delete: value };
});

// What "ychange" says: as yjs does by itself, or with runs of one user joined, or never joined.
const YCHANGES = [undefined, (type, id) => ({ user: id.client, type }),
                  (type, id) => ({ type, clock: id.clock })];

const show = (value) => value instanceof Y.AbstractType ? `type ${kindOf(value)}`
  : value instanceof Y.Doc ? `doc ${value.guid}` : value === undefined ? "undefined"
  : stringify(value);

function showOp({ insert, retain, delete: remove, attributes }) {
  const what = retain !== undefined ? `retain ${retain}` : remove !== undefined ? `delete ${remove}`
    : `insert ${Array.isArray(insert) ? insert.map(show).join(",") : show(insert)}`;
  return attributes === undefined ? what : `${what} ${stringify(attributes)}`;
}

function showEvent(event) {
  const keys = [...event.keys].map(([key, { action, oldValue }]) =>
    `${stringify(key)} ${action} ${show(oldValue)}`);
  return [stringify(event.path), ...keys, "delta", ...event.delta.map(showOp)].join("\n");
}

export class YjsScript {
  members = new Map();  // by place: { doc, types }
  blobs = new Map();
  answers = [];
  awareness = new AwarenessSteps((text) => this.answer(text), (bytes) => this.#keep(bytes));
  notes = new Map();  // positions and snapshots, encoded, by step
  undo = new YjsUndo(this);
  #step = 0;
  #kept = 0;

  constructor() { clock.now = 0; }

  answer(text) { this.answers.push(text); }

  #keep(bytes, v2) {
    this.blobs.set(this.#step * 8 + this.#kept++, { bytes, v2 });
    this.answer(bytes);
  }

  run(step) {
    const userData = this.members.get(step[2])?.userData;
    if (userData === undefined) this.#run(step);
    else userData.during(() => this.#run(step));
  }

  #run(step) {
    this.#step = step[0];
    this.#kept = 0;
    const [, operation, place] = step;
    if (operation === "doc") return this.#makeDoc(step);
    if (operation === "aw") return this.awareness.run(step, this.blobs);
    const member = this.members.get(place);
    if (member === undefined) return this.answer(SKIPPED);
    if (operation === "tx") {
      return this.transact(place, step[0], () => step[3].forEach((inner) => this.run(inner)),
                           step[4]);
    }
    if (this.undo.run(member, step)) return;
    if (this.#docStep(member, step)) return;
    const type = member.types.get(step[3]);
    if (type === undefined || !isLive(type)) return this.answer(SKIPPED);
    if (operation === "watch") return this.#watch(type);
    if (operation === "child") return this.#openChild(member, type, step[4]);
    // In a shortened script a step may meet another type than it was made for.
    if (!SUITS[operation[0]].includes(kindOf(type))) return this.answer(SKIPPED);
    const applies = this.#typeStep(type, step);
    if (applies === undefined) return this.answer(SKIPPED);
    try {
      applies();
      this.answer("ok");
    } catch (error) {
      if (error.message !== "Length exceeded!") throw error;
      this.answer("error");
      type._searchMarker &&= [];  // which point to wrong places after a delete that threw
    }
  }

  #makeDoc([, , place, client, gc, v2]) {
    const doc = new Y.Doc({ gc });
    doc.clientID = client;
    this.#addDoc(place, doc, v2);
  }

  #addDoc(place, doc, v2 = false) {
    doc.on("update", (update, origin, _, transaction) => {
      this.answer(transaction.local ? "local" : "remote");
      this.#keep(update, false);
    });
    if (v2) doc.on("updateV2", (update) => this.#keep(update, true));
    doc.on("subdocs", ({ added, removed, loaded }) => this.#showSubdocs(added, removed, loaded));
    this.members.set(place, { doc, types: new Map() });
  }

  // Of a document that is removed yjs tells twice: once more when it destroys it.
  #showSubdocs(added, removed, loaded) {
    if ([...removed].some((doc) => doc.isDestroyed)) return;
    const list = (docs) => [...docs].map((doc) => doc.guid).join(",");
    this.answer(`added ${list(added)} removed ${list(removed)} loaded ${list(loaded)}`);
  }

  #watch(type) {
    type.observe((event) => this.answer(`shallow ${showEvent(event)}`));
    type.observeDeep((events) => {
      for (const event of events) this.answer(`deep ${showEvent(event)}`);
    });
    this.answer("ok");
  }

  // Runs steps() as one transaction, whose update the step of this number keeps.
  transact(place, number, steps, origin) {
    const { doc, userData } = this.members.get(place);
    const act = () => doc.transact(() => {
      steps();
      this.#step = number;
      this.#kept = 0;
    }, origin || null);
    if (userData === undefined) act();
    else userData.during(act);
  }

  #docStep(member, step) {
    const [number, operation, , a, b] = step;
    const { doc, types } = member;
    switch (operation) {
      case "root": types.set(number, doc.get(a, ROOTS[b])); break;
      case "id": doc.clientID = a; break;
      case "state": this.#state(doc, a, b); break;
      case "apply":
        if (!this.blobs.has(a)) {
          this.answer(SKIPPED);
        } else {
          const { bytes, v2 } = this.blobs.get(a);
          (v2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, bytes, b || null);
          this.answer("ok");
        }
        break;
      case "merge": case "diff": case "cut": case "vector": case "meta": case "convert": case "hide":
        this.#bytesStep(doc, operation, a, step.slice(4));
        break;
      case "dump": this.#dump(member, a, b); break;
      case "pud":
        if (a === "new") member.userData = new UserDataSteps(doc);
        else if (member.userData === undefined) this.answer(SKIPPED);
        else member.userData.run(doc, step, (text) => this.answer(text));
        break;
      case "position": case "locate": this.#positionStep(member, operation, step.slice(3)); break;
      case "snapshot": case "contains": case "equal": case "restore":
        this.#snapshotStep(doc, operation, step.slice(3));
        break;
      case "between": case "at": this.#readStep(types.get(a), operation, step.slice(4)); break;
      default: return false;
    }
    return true;
  }

  #state(doc, place, v2) {
    const encode = v2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate;
    if (place === null) return this.#keep(encode(doc), v2);
    const other = this.members.get(place);
    if (other === undefined) return this.answer(SKIPPED);
    const vector = Y.encodeStateVector(other.doc);
    this.answer(vector);
    this.#keep(encode(doc, vector), v2);
  }

  #bytesStep(doc, operation, numbers, rest) {
    const blobs = numbers.map((number) => this.blobs.get(number));
    if (blobs.includes(undefined)) return this.answer(SKIPPED);
    const v2 = blobs[0].v2;
    const updates = blobs.map((blob) => blob.v2 === v2 ? blob.bytes : converted(blob));
    const of = FORMATS[Number(v2)];
    const diff = (state) => this.#keep(of.diff(updates[0], Y.encodeStateVector(state)), v2);
    if (operation === "merge") this.#keep(of.merge(updates), v2);
    else if (operation === "diff") diff(doc);
    else if (operation === "cut") diff(new Map(rest[0]));
    else if (operation === "convert") this.#keep(converted(blobs[0]), !v2);
    else if (operation === "hide") {
      const [formatting, subdocs, yxml] = rest;
      this.answer(of.hide(updates[0], { formatting, subdocs, yxml }));
    } else if (operation === "vector") this.answer(of.vector(updates[0]));
    else {
      const { from, to } = of.meta(updates[0]);
      this.answer([...from].map(([client, clock]) => `${client} ${clock} ${to.get(client)}`).join());
    }
  }

  #note(bytes) {
    this.notes.set(this.#step, bytes);
    this.answer(bytes);
  }

  #positionStep({ doc, types }, operation, [a, index, assoc]) {
    if (operation === "position") {
      const type = types.get(a);
      if (type === undefined || !isLive(type)) return this.answer(SKIPPED);
      const position = Y.createRelativePositionFromTypeIndex(type, index, assoc);
      const json = JSON.stringify(Y.relativePositionToJSON(position));
      this.answer(json);
      const again = Y.createRelativePositionFromJSON(JSON.parse(json));
      this.answer(String(Y.compareRelativePositions(again, position)));
      return this.#note(Y.encodeRelativePosition(position));
    }
    if (!this.notes.has(a)) return this.answer(SKIPPED);
    const position = Y.decodeRelativePosition(this.notes.get(a));
    this.answer(JSON.stringify(Y.relativePositionToJSON(position)));
    const found = Y.createAbsolutePositionFromRelativePosition(position, doc);
    if (found === null) return this.answer("nowhere");
    const { type, index: at } = found;
    const where = isLive(type)
      ? JSON.stringify({ ...Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(type, 0)),
                         item: undefined })
      : "deleted";
    this.answer(`${where} ${at} ${found.assoc}`);
  }

  #snapshotStep(doc, operation, [a, b, client, gc]) {
    if (operation === "snapshot") {
      const snapshot = Y.snapshot(doc);
      this.answer(Y.encodeSnapshotV2(snapshot));
      return this.#note(Y.encodeSnapshot(snapshot));
    }
    if (!this.notes.has(a)) return this.answer(SKIPPED);
    const snapshot = Y.decodeSnapshot(this.notes.get(a));
    if (operation === "contains") {
      if (!this.blobs.has(b)) return this.answer(SKIPPED);
      const blob = this.blobs.get(b);
      const update = blob.v2 ? converted(blob) : blob.bytes;
      this.answer(String(Y.snapshotContainsUpdate(snapshot, update)));
    } else if (operation === "equal") {
      this.answer(!this.notes.has(b) ? SKIPPED
        : String(Y.equalSnapshots(snapshot, Y.decodeSnapshot(this.notes.get(b)))));
    } else {
      const restored = new Y.Doc({ gc });
      restored.clientID = client;
      this.members.delete(b);
      try {
        Y.createDocFromSnapshot(doc, snapshot, restored);
      } catch {
        return this.answer("error");
      }
      this.#addDoc(b, restored);
      this.answer("ok");
    }
  }

  #readStep(type, operation, [a, b, ychange]) {
    const [snapshot, previous] = [a, b].map((number) =>
      this.notes.has(number) ? Y.decodeSnapshot(this.notes.get(number)) : undefined);
    if (type === undefined || (snapshot ?? previous) === undefined) return this.answer(SKIPPED);
    if (operation === "between") {
      if (!SUITS.t.includes(kindOf(type))) return this.answer(SKIPPED);
      const delta = type.toDelta(snapshot, previous, YCHANGES[ychange]);
      return this.answer(delta.map(showOp).join("\n"));
    }
    // yjs reads whole runs; a delta splits them for as long as the transaction lasts.
    type.doc.transact(() => {
      Y.Text.prototype.toDelta.call(type, snapshot);
      const list = SUITS.t.includes(kindOf(type)) ? [] : Y.typeListToArraySnapshot(type, snapshot);
      this.answer(list.map(show).join());
      for (const [key, value] of Object.entries(Y.typeMapGetAllSnapshot(type, snapshot))) {
        this.answer(`${key} ${show(value)} ${show(Y.typeMapGetSnapshot(type, key, snapshot))}`);
      }
    });
  }

  #dump({ doc, types }, all, inOrder) {
    for (const type of types.values()) this.#dumpType(type);
    this.answer(Y.encodeStateVector(doc));
    const pending = doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
    this.answer(pending ? "pending" : "complete");
    if (!all) return;
    this.#keep(Y.encodeStateAsUpdate(doc), false);
    this.#keep(Y.encodeStateAsUpdateV2(doc), true);
    if (inOrder) this.answer(stringify(doc.toJSON()));
    for (const name of doc.share.keys()) this.answer(name);
  }

  #dumpType(type) {
    if (!isLive(type)) return this.answer("deleted");
    const kind = kindOf(type);
    this.answer(stringify(type.toJSON()));
    if (kind === KIND.text || kind === KIND.xmlText) {
      this.answer(Y.Text.prototype.toString.call(type));
      this.answer(stringify(type.toDelta()));
      this.answer(String(type.length));
      if (kind === KIND.xmlText) this.answer(type.toString());
    } else if (kind === KIND.array) {
      this.answer(String(type.length));
    } else if (kind === KIND.element || kind === KIND.fragment) {
      this.answer(type.toString());
      this.answer(String(type.length));
    } else {
      this.answer(String(type.size));
      for (const key of type.keys()) this.answer(key);
    }
  }

  #openChild(member, type, place) {
    let child;
    if (typeof place === "string") child = type._map.has(place) ? type.get?.(place) : undefined;
    else if (type instanceof Y.Text) child = type.toDelta()[place]?.insert;
    else child = place < type.length ? type.get(place) : undefined;
    if (!(child instanceof Y.AbstractType)) return this.answer(SKIPPED);
    member.types.set(this.#step, child);
    this.answer(String(kindOf(child)));
  }

  // What does it, or undefined when it cannot be done here.
  #typeStep(type, [, operation, , , a, b, c]) {
    const beyond = (operation[0] === "t" && operation !== "tD" || operation[0] === "a") &&
      a > type.length;
    if (beyond) return undefined;
    switch (operation) {
      case "ti": return () => type.insert(a, b, c === null ? undefined : { ...c });
      case "te": return () => type.insertEmbed(a, inputOf(b), { ...c });
      case "td": return () => type.delete(a, b);
      case "tf": return () => type.format(a, b, { ...c });
      case "tD": return () => type.applyDelta(deltaOf(a));
      case "ai": return () => type.insert(a, b.map(inputOf));
      case "ap": return () => type.push(a.map(inputOf));
      case "ad": return () => type.delete(a, b);
      case "ms": return () => type.set(a, inputOf(b));
      case "md": return () => type.delete(a);
      case "mc": return () => type.clear();
      case "xs": return () => type.setAttribute(a, b);
      case "xr": return () => type.removeAttribute(a);
      default: throw new Error(`no operation ${operation}`);
    }
  }

  // All answers so far, as the driver writes them.
  encoded() {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, this.answers.length);
    for (const answer of this.answers) {
      if (typeof answer === "string") encoding.writeVarString(encoder, answer);
      else encoding.writeVarUint8Array(encoder, answer);
    }
    return encoding.toUint8Array(encoder);
  }
}
