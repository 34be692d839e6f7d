// The steps of awareness in y-protocols: what driver_awareness.h does in our engine. Each is
// [number, "aw", place, operation, now, arguments...]; states are JSON texts.
//
//   new     client                     set     state              field  name value
//   remove  clients origin             check                      show   clients
//   encode  clients states or null     keeps encodeAwarenessUpdate of those that are known, with the
//                                      states of this list of pairs
//   raw     list of [client clock state]  keeps an update with just these
//   apply   bytes origin               modify  bytes
import * as encoding from "lib0/encoding";
import * as awareness from "y-protocols/awareness";

import { catchTimers, setNow } from "./clock.mjs";

const SKIPPED = "-";

export class AwarenessSteps {
  members = new Map();  // by place: { awareness, check }
  #answer;
  #keep;

  constructor(answer, keep) {
    this.#answer = answer;
    this.#keep = keep;
  }

  run([, , place, operation, now, a, b], blobs) {
    setNow(now);
    if (operation === "new") return this.#make(place, a);
    const member = this.members.get(place);
    if (member === undefined) return this.#answer(SKIPPED);
    const { awareness: of, check } = member;
    switch (operation) {
      case "set":
        of.setLocalState(JSON.parse(a));
        return this.#answer("ok");
      case "field":
        of.setLocalStateField(a, JSON.parse(b));
        return this.#answer("ok");
      case "remove": return awareness.removeAwarenessStates(of, a, b);
      case "check": return check();
      case "encode": return this.#encode(of, a, b);
      case "raw": return this.#raw(a);
      case "show": return this.#show(of, a);
      default:
    }
    if (!blobs.has(a)) return this.#answer(SKIPPED);
    if (operation === "apply") {
      awareness.applyAwarenessUpdate(of, blobs.get(a).bytes, b);
      return this.#answer("ok");
    }
    return this.#keep(awareness.modifyAwarenessUpdate(blobs.get(a).bytes, (state) =>
      ({ was: state === null ? null : [state] })));
  }

  #make(place, client) {
    const doc = { clientID: client, on() {} };
    const { answer: of, timers } = catchTimers(() => new awareness.Awareness(doc));
    for (const kind of ["change", "update"]) {
      of.on(kind, ({ added, updated, removed }, origin) => this.#answer(
        `${kind} added ${added} updated ${updated} removed ${removed} by ${origin}`));
    }
    this.members.set(place, { awareness: of, check: timers[0] });
  }

  #encode(of, clients, states) {
    const known = clients.filter((client) => of.meta.has(client));
    const given = states?.map(([client, state]) => [client, JSON.parse(state)]);
    this.#keep(awareness.encodeAwarenessUpdate(of, known, given && new Map(given)));
  }

  #raw(entries) {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, entries.length);
    for (const [client, clock, state] of entries) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarString(encoder, state);
    }
    this.#keep(encoding.toUint8Array(encoder));
  }

  #show(of, clients) {
    for (const [client, state] of of.getStates()) {
      this.#answer(`${client} ${JSON.stringify(state)}`);
    }
    for (const client of clients) {
      const meta = of.meta.get(client);
      this.#answer(meta === undefined ? "unknown" : `${meta.clock} ${meta.lastUpdated}`);
    }
    this.#answer(JSON.stringify(of.getLocalState()));
  }
}
