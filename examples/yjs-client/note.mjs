// A client made of npm ws and yjs alone: a note that everybody in the room shares.
//
//   node note.mjs "Buy oat milk"     adds a line, prints the note once that is kept, and ends
//   node note.mjs                    prints the note, and again whenever it changes
//
// ROOM_URL is the address of another room, with ?token= where the server asks for tokens.
// docs/protocol.md says why it sends what it sends.
import process from "node:process";

import WebSocket from "ws";
import * as Y from "yjs";

const url = process.env.ROOM_URL ?? "ws://127.0.0.1:3000/api/pluv/room/my-room";
const line = process.argv[2];
const retried = new Set([1001, 1006, 1011, 1012, 1013, 1014]);

const doc = new Y.Doc();
const note = doc.getText("note");
const toBase64 = (bytes) => Buffer.from(bytes).toString("base64");
const fromBase64 = (text) => Buffer.from(text, "base64");
let added = false;

function connect() {
  const socket = new WebSocket(url);
  const send = (type, data) => socket.send(JSON.stringify({ type, data }));
  let heartbeat;

  // Edits of the server come with the socket as their origin, and are not sent back to it.
  const onEdit = (update, origin) => {
    if (origin !== socket) send("$updateStorage", { origin: null, update: toBase64(update) });
  };

  const handlers = {
    $registered() {
      heartbeat = setInterval(() => send("$ping", {}), 10_000);
      send("$initializeSession", { presence: {}, update: null });
    },
    // At the join, and whenever the server asks for the whole document.
    $storageReceived({ state }) {
      Y.applyUpdate(doc, fromBase64(state), socket);
      const update = toBase64(Y.encodeStateAsUpdate(doc));
      send("$updateStorage", { origin: "$initialized", update });
      doc.off("update", onEdit);
      doc.on("update", onEdit);
      if (line !== undefined && !added) {
        added = true;
        note.insert(note.length, `${line}\n`);
        // A receipt: it is answered with the document when the line is kept.
        send("$initializeSession", { presence: {}, update: null });
        return;
      }
      show();
      if (added) socket.close(1000);
    },
    $storageUpdated({ state }) {
      Y.applyUpdate(doc, fromBase64(state), socket);
      show();
    },
    $error({ message }) {
      console.error(`the server says: ${message}`);
      process.exitCode = 1;
    },
  };

  socket.on("message", (text) => {
    const { type, data } = JSON.parse(text);
    handlers[type]?.(data);
  });
  socket.on("error", ({ message }) => console.error(message));
  socket.on("close", (code, reason) => {
    clearInterval(heartbeat);
    doc.off("update", onEdit);
    if (code === 1000) return;
    console.error(`closed with ${code} ${reason}`);
    if (line === undefined && retried.has(code)) setTimeout(connect, 1_000);
    else process.exitCode = 1;
  });
}

function show() {
  process.stdout.write(`--- the note\n${note}`);
}

connect();
