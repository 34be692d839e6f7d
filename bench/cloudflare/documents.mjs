// Documents, and somebody who types into them.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../tests/e2e/package.json", import.meta.url));
const Y = require("yjs");

const pieceChars = 120;

const toBase64 = (bytes) => Buffer.from(bytes).toString("base64");

export const messageOf = (type, data) => JSON.stringify({ type, data });

// A document that somebody has typed here and there, of about so many bytes, and whose author goes on
// at its end.
export class Author {
  #doc = new Y.Doc();
  #typed = null;

  constructor(bytes) {
    const text = this.#doc.getText("text");
    text.insert(0, "A note");
    let seed = 1;
    this.#doc.transact(() => {
      while (text.length < bytes) {
        seed = (seed * 48_271) % 2_147_483_647;
        text.insert(seed % text.length, "lorem ipsum dolor sit amet, ".repeat(5).slice(0, pieceChars));
      }
    });
    this.update = toBase64(Y.encodeStateAsUpdate(this.#doc));
    this.#doc.on("update", (update) => {
      this.#typed = update;
    });
  }

  // The message of the next keystroke.
  type() {
    const text = this.#doc.getText("text");
    text.insert(text.length, "a");
    return messageOf("$updateStorage", { origin: null, update: toBase64(this.#typed) });
  }
}
