// Keeps a Yjs document the same as the room's. What is edited while nothing is connected stays in the
// document, and the exchange at the next join brings it, together with what the server has; so
// nothing is queued here and nothing is sent twice.
import * as Y from "yjs";

import { fromBase64, toBase64 } from "./base64";
import { textOr, type Json } from "./wire";

export class DocumentSync {
  readonly doc: Y.Doc;
  readonly #send: (type: string, data: object) => boolean;
  #exchanged = false;
  #disconnects = 0;

  constructor(doc: Y.Doc, send: (type: string, data: object) => boolean) {
    this.doc = doc;
    this.#send = send;
    doc.on("update", this.#onUpdate);
  }

  // A first document, for a room that has none; roomHasOne: what $registered says.
  firstDocument(roomHasOne: boolean): string | null {
    if (roomHasOne) return null;
    const isEmpty = this.doc.store.clients.size === 0;
    return isEmpty ? null : toBase64(Y.encodeStateAsUpdate(this.doc));
  }

  // $storageReceived: at the join, and whenever the server asks for the whole document.
  exchange(data: Json): void {
    const disconnects = this.#disconnects;
    this.#apply(data);
    // An observer of the document may have ended the connection.
    if (this.#disconnects !== disconnects) return;
    this.#exchanged = true;
    const update = toBase64(Y.encodeStateAsUpdate(this.doc));
    this.#send("$updateStorage", { origin: "$initialized", update });
  }

  // $storageUpdated.
  receive(data: Json): void {
    this.#apply(data);
  }

  // Of the socket; the document stays.
  disconnected(): void {
    this.#exchanged = false;
    ++this.#disconnects;
  }

  destroy(): void {
    this.doc.off("update", this.#onUpdate);
  }

  #apply(data: Json): void {
    const state = textOr(data.state, "");
    if (state === "") return;
    try {
      Y.applyUpdate(this.doc, fromBase64(state), this);
    } catch (error) {
      // Mostly an observer of the application: the document itself has taken the update.
      console.error(error);
    }
  }

  // What came from the server has this object as its origin.
  readonly #onUpdate = (update: Uint8Array, origin: unknown) => {
    if (origin === this || !this.#exchanged) return;
    this.#send("$updateStorage", { origin: null, update: toBase64(update) });
  };
}
