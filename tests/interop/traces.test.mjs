// Recorded editing sessions, typed in our engine and in yjs: one by one, with the same updates, states
// and texts to the byte. Sessions of several writers are played with a document for each writer, who
// gets what the others wrote when the recording says that it was known.
//
//   node tests/interop/run.mjs traces --driver build/release/bin/ycrdt_driver FILE.json.gz...
//
// Files are those of github.com/josephg/editing-traces; positions in them count Unicode scalars.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { isDeepStrictEqual, parseArgs } from "node:util";
import zlib from "node:zlib";

import { Driver } from "./lib/driver.mjs";
import { answersOf, KIND, YjsScript } from "./lib/yjs_script.mjs";

class Replay {
  yjs = new YjsScript();
  steps = [];
  #number = 0;

  step(operation, place, ...rest) {
    const step = [this.#number++, operation, place, ...rest];
    this.steps.push(step);
    this.yjs.run(step);
    return step[0];
  }

  writer(place, client) {
    this.step("doc", place, client, true, false);
    return { place, text: this.step("root", place, "text", KIND.text) };
  }

  // One transaction; answers the number of its update, undefined when it changes nothing.
  edit({ place, text }, patches) {
    const number = this.#number++;
    const type = this.yjs.members.get(place).types.get(text);
    const inner = [];
    this.yjs.transact(place, number, () => {
      const run = (operation, ...rest) => {
        const step = [this.#number++, operation, place, text, ...rest];
        inner.push(step);
        this.yjs.run(step);
      };
      for (const [position, removed, inserted] of patches) {
        const [begin, end] = units(type, position, position + removed);
        if (end > begin) run("td", begin, end - begin);
        if (inserted !== "") run("ti", begin, inserted, null);
      }
    });
    this.steps.push([number, "tx", place, inner]);
    return this.yjs.blobs.has(number * 8) ? number * 8 : undefined;
  }
}

// UTF-16 positions of these two scalar positions.
function units(type, begin, end) {
  const text = type.hasAstral ? type.toString() : "";
  if (text === "") return [begin, end];
  let scalars = 0;
  let at = 0;
  let from;
  while (scalars < end) {
    if (scalars === begin) from = at;
    at += text.codePointAt(at) > 0xffff ? 2 : 1;
    ++scalars;
  }
  return [from ?? at, at];
}

function replay(trace) {
  const out = new Replay();
  const writers = new Map();
  const updates = [];
  const writerOf = (agent) => {
    if (!writers.has(agent)) {
      writers.set(agent, { ...out.writer(agent, 1000 + agent), known: new Set(), last: undefined });
    }
    return writers.get(agent);
  };
  for (const [index, { parents, agent = 0, patches }] of trace.txns.entries()) {
    const writer = writerOf(agent);
    const type = out.yjs.members.get(writer.place).types.get(writer.text);
    type.hasAstral ||= patches.some(([, , inserted]) => /[\u{10000}-\u{10ffff}]/u.test(inserted));
    if (parents !== undefined) learn(out, writer, parents, trace, updates);
    writer.known.add(index);
    writer.last = index;
    updates.push(out.edit(writer, patches));
  }
  const all = updates.filter((update) => update !== undefined);
  for (const writer of writers.values()) {
    learn(out, writer, [...updates.keys()], trace, updates);
    out.step("dump", writer.place, true, true);
  }
  // What others make of all of it: at once, and merged.
  const reader = out.writer(100, 7);
  out.step("apply", reader.place, out.step("merge", reader.place, all.slice(-2000)) * 8);
  for (const writer of writers.values()) {
    out.step("apply", reader.place, out.step("state", writer.place, reader.place, false) * 8);
  }
  out.step("dump", reader.place, true, true);
  return out;
}

// Applies what the parents stand on and the writer does not know yet, oldest first.
function learn(out, writer, parents, trace, updates) {
  const found = new Set();
  const left = [...parents];
  let metLast = writer.last === undefined;
  while (left.length > 0) {
    const index = left.pop();
    metLast ||= index === writer.last;
    if (writer.known.has(index) || found.has(index)) continue;
    found.add(index);
    left.push(...(trace.txns[index].parents ?? []));
  }
  if (!metLast) throw new Error("a writer who does not go on from what they wrote");
  for (const index of [...found].sort((a, b) => a - b)) {
    writer.known.add(index);
    if (updates[index] !== undefined) out.step("apply", writer.place, updates[index]);
  }
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { driver: { type: "string" } },
});
for (const file of positionals.slice(1)) {
  const trace = JSON.parse(zlib.gunzipSync(fs.readFileSync(file)));
  const played = replay(trace);
  const driver = new Driver(options.driver);
  const [actual] = await driver.run([played.steps]);
  driver.end();
  const expected = played.yjs.encoded();
  const name = path.basename(file);
  if (Buffer.compare(expected, actual) !== 0) {
    const [yjs, ours] = [answersOf(expected), answersOf(actual)];
    const at = yjs.findIndex((answer, i) => !isDeepStrictEqual(answer, ours[i]));
    console.error(`${name}: answer ${at} of ${yjs.length} differs\n  yjs:  ` +
                  `${yjs[at]?.toString("latin1").slice(0, 300)}\n  ours: ` +
                  `${ours[at]?.toString("latin1").slice(0, 300)}`);
    process.exitCode = 1;
    continue;
  }
  // Concurrent inserts have another order in the recording's own algorithm.
  const text = played.yjs.members.get(0).doc.getText("text").toString();
  if (trace.numAgents === undefined && text !== trace.endContent) {
    console.error(`${name}: does not end as recorded`);
    process.exitCode = 1;
  }
  console.log(`${name}: ${trace.txns.length} transactions, the same in both`);
}
