// Sockets that cost the bench little: they join as the original's client does, and from then on only
// count what comes.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../tests/e2e/package.json", import.meta.url));
const { WebSocket } = require("ws");

const emptyUpdate = "AAA="; // base64 of a Yjs update without content
const joinMsMax = 20_000;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class LightClient {
  frames = 0;
  documentBytes = 0; // of the document that it was given
  onFrame = null; // called with the frame's bytes, once it is in
  onClosed = null;

  // isPluv: it joins. update: base64 of the document that it brings.
  static async joined(server, room, { update = emptyUpdate } = {}) {
    const client = new LightClient();
    const done = client.#open(`${server.url}${room}`, server.isPluv, update);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${server.name}: no join of ${room}`)), joinMsMax);
    });
    await Promise.race([done, late]).finally(() => clearTimeout(timer));
    return client;
  }

  #open(url, isPluv, update) {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
    this.socket = socket;
    return new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", (code, reason) => {
        const why = new Error(`${url} closed with ${code} ${reason}`);
        reject(why);
        this.onClosed?.(why);
      });
      if (!isPluv) socket.on("open", () => {
        this.#count();
        resolve();
      });
      else socket.on("message", (data) => this.#join(JSON.parse(data), update, resolve));
    });
  }

  #join({ type, data, connectionId }, update, joined) {
    switch (type) {
      case "$registered":
        this.id = data.sessionId;
        this.#send("$initializeSession", { presence: { x: 0, y: 0, name: "Ada" }, update });
        break;
      case "$storageReceived":
        this.documentBytes = Math.floor((data.state.length * 3) / 4);
        this.#send("$updateStorage", { origin: "$initialized", update: emptyUpdate });
        break;
      case "$userJoined":
        if (connectionId === this.id) this.#send("$getOthers", {});
        break;
      case "$othersReceived":
        this.#count();
        joined();
        break;
      case "$error":
        throw new Error(JSON.stringify(data));
    }
  }

  #count() {
    this.socket.removeAllListeners("message");
    this.socket.on("message", (data) => {
      ++this.frames;
      this.onFrame?.(data);
    });
  }

  #send(type, data) {
    this.socket.send(JSON.stringify({ type, data }));
  }
  sendText(text) {
    this.socket.send(text);
  }

  close() {
    this.onClosed = null;
    this.socket.close();
  }
}

// Until nobody in a room has heard anything for a moment.
export async function untilQuiet(clients) {
  const total = () => clients.reduce((sum, { frames }) => sum + frames, 0);
  for (let before = -1; before !== total();) {
    before = total();
    await sleep(200);
  }
}

// A room with so many clients in it; the first brings the document.
export async function fillRoom(server, room, count, update) {
  const clients = [await LightClient.joined(server, room, { update })];
  for (let joined = 1; joined < count; ++joined) clients.push(await LightClient.joined(server, room));
  return clients;
}
