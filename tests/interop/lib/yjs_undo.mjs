// The steps of undo managers, as yjs does them; see yjs_script.mjs.
import * as Y from "yjs";

import { clock } from "./clock.mjs";
import { kindOf } from "./yjs_script.mjs";

const showRanges = ({ clients }) => [...clients].map(([client, ranges]) =>
  `${client}:${ranges.map(({ clock: at, len }) => `${at}+${len}`).join(",")}`).join(" ");

const changesSomething = ({ beforeState, afterState, deleteSet }) => deleteSet.clients.size > 0 ||
  [...afterState].some(([client, clock]) => clock > (beforeState.get(client) ?? 0));

const originOf = (origin) => origin === "" ? null : origin;

// Where a root was given its type after it was changed, yjs knows the change by the object that the
// root was before, if it tells of it at all. Both have the same members.
function current(type) {
  if (type.constructor !== Y.AbstractType) return type;
  return [...type.doc.share.values()].find((other) => other._map === type._map) ?? type;
}

export class YjsUndo {
  threw = false;  // yjs itself, where ours goes on: such a script says nothing
  #managers = new Map();  // by the step that made it
  #script;

  constructor(script) { this.#script = script; }

  // How many steps a manager could undo and redo.
  sizes(number) {
    const { undoStack, redoStack } = this.#managers.get(number);
    return { undo: undoStack.length, redo: redoStack.length };
  }

  // Whether the step was one for undo managers.
  run(member, step) {
    const [, operation, , name] = step;
    if (operation === "time") {
      clock.now = name;
      return true;
    }
    if (operation === "um") {
      this.#make(member, step);
      return true;
    }
    if (!/^u[urcsatx]$/.test(operation)) return false;
    const manager = this.#managers.get(name);
    if (manager?.doc !== member.doc) {
      this.#script.answer("-");
      return true;
    }
    try {
      this.#do(member, manager, step);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.threw = true;
    }
    const { undoStack, redoStack } = manager;
    this.#script.answer(`undo ${undoStack.length} redo ${redoStack.length}`);
    return true;
  }

  #do(member, manager, [, operation, , , a, b]) {
    switch (operation) {
      case "uu": this.#script.answer(manager.undo() === null ? "nothing" : "undone"); break;
      case "ur": this.#script.answer(manager.redo() === null ? "nothing" : "redone"); break;
      case "uc": manager.clear(a, b); break;
      case "us": manager.stopCapturing(); break;
      case "ua":
        if (a === null) manager.addToScope(member.doc);
        else if (member.types.has(a)) manager.addToScope(member.types.get(a));
        break;
      case "ut":
        if (b) manager.addTrackedOrigin(originOf(a));
        else manager.removeTrackedOrigin(originOf(a));
        break;
      default: manager.destroy();
    }
  }

  #make({ doc, types }, [number, , , scope, { timeout, ignore, filter, local, origins }]) {
    const known = scope?.map((type) => types.get(type)).filter((type) => type !== undefined);
    const options = { doc, captureTimeout: timeout, ignoreRemoteMapChanges: ignore,
                      trackedOrigins: new Set(origins.map(originOf)) };
    if (filter) {
      options.deleteFilter = ({ content }) =>
        !(content instanceof Y.ContentType) || content.type._length === 0;
    }
    // Of a document yjs would also capture what changed nothing.
    options.captureTransaction = (transaction) =>
      (transaction.local || !local) && changesSomething(transaction);
    let changed = [];  // in the transaction that the manager is about to hear of
    doc.on("afterTransaction", (transaction) => { changed = [...transaction.changed.keys()]; });
    const manager = new Y.UndoManager(scope === null ? doc : known, options);
    manager.on("stack-item-added", (event) => {
      event.stackItem.meta.set("step", number);
      this.#show("added", event, changed);
    });
    manager.on("stack-item-updated", (event) => this.#show("updated", event, changed));
    manager.on("stack-item-popped", (event) => this.#show("popped", event));
    manager.on("stack-cleared", ({ undoStackCleared, redoStackCleared }) =>
      this.#script.answer(`cleared ${undoStackCleared} ${redoStackCleared}`));
    this.#managers.set(number, manager);
    this.#script.answer("ok");
  }

  #show(what, { stackItem: { insertions, deletions, meta }, type, origin, changedParentTypes },
        changed = []) {
    const untold = changed.filter((type) => type.constructor === Y.AbstractType);
    const kinds = [...new Set([...changedParentTypes.keys(), ...untold].map(current))]
      .filter((type) => type.constructor !== Y.AbstractType)  // roots that nobody has named a type of
      .map(kindOf).sort();
    const by = origin instanceof Y.UndoManager ? "manager" : origin ?? "";
    this.#script.answer(`${what} ${type} by ${by} meta ${meta.get("step")} types ${kinds.join()} ` +
                        `insertions ${showRanges(insertions)} deletions ${showRanges(deletions)}`);
  }
}
