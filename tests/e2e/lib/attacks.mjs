// Attacks on a running pluvd, for attack.mjs: each keeps on until `over()` and is made of clients
// that come back as soon as they are refused, from a hundred addresses of the loopback. They have
// tokens, as somebody with an account has.
import net from "node:net";
import zlib from "node:zlib";

import * as Y from "yjs";

import { frame, upgradeHead } from "./raw.mjs";
import { sleep } from "./runner.mjs";
import { makeToken } from "./token.mjs";

const MIB = 1024 * 1024;
const PATH = "/api/pluv/room/";
const event = (type, data) => frame(JSON.stringify({ type, data }));
const INITIALIZE = event("$initializeSession", { presence: {}, update: null });
let users = 0;
let addresses = 0;

// A raw socket that resolves `ended` when it is over, by whom ever; what comes is dropped, or given
// to `hear` as text.
class Attacker {
  constructor({ port, begin }, { hear } = {}) {
    begin();
    addresses = (addresses + 1) % 100;
    this.socket = net.connect({ port, host: "127.0.0.1",
                                localAddress: `127.0.0.${2 + addresses}` });
    this.open = true;
    this.ended = new Promise((resolve) => this.socket.on("close", resolve));
    this.ended.then(() => { this.open = false; });
    this.socket.on("error", () => {});
    if (hear) this.socket.on("data", (bytes) => hear(bytes.toString("latin1")));
    else this.socket.resume();
  }

  static async joining(target, room, { headers = {}, first = INITIALIZE, hear } = {}) {
    const token = await makeToken({ room, user: { id: `attacker-${++users}` } });
    const attacker = new Attacker(target, { hear });
    attacker.write(Buffer.concat([
      Buffer.from(upgradeHead(`${PATH}${room}?token=${token}`, { headers })), first]));
    return attacker;
  }

  // False when it is over.
  write(bytes) {
    if (!this.open || this.socket.destroyed) return false;
    return this.socket.write(bytes) || true;
  }
  // As fast as the server takes it, for nobody else is to wait for what this process buffers.
  async push(bytes) {
    if (!this.open || this.socket.destroyed) return false;
    if (this.socket.write(bytes)) return true;
    await Promise.race([new Promise((resolve) => this.socket.once("drain", resolve)), this.ended,
                        sleep(1_000)]);
    return this.open;
  }
  reset() {
    this.socket.resetAndDestroy();
  }
}

// So many of `one` side by side, each begun again when it ends.
async function crowd(target, count, one) {
  await Promise.all(Array.from({ length: count }, async (_, n) => {
    while (!target.over()) {
      await one(n);
      await sleep(1);
    }
  }));
}

const OFFER = { "Sec-WebSocket-Extensions": "permessage-deflate" };
function deflated(begin, bytes, end) {
  const text = Buffer.concat([Buffer.from(begin), Buffer.alloc(bytes, "x"), Buffer.from(end)]);
  const packed = zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  return frame(packed.subarray(0, -4), { rsv: 4 });
}

// name: {what, run(target)}. target: {port, goodRoom, over(), begin()}; begin() is called at each
// connection.
export const attacks = {
  messages: {
    what: "40 sessions send all they can",
    run: (target) => crowd(target, 40, async (n) => {
      const one = await Attacker.joining(target, `flood-${n % 8}`);
      const many = Buffer.concat(Array.from({ length: 100 }, () =>
        event("flood", { text: "x".repeat(500) })));
      while (!target.over() && await one.push(many)) await sleep(0);
      one.reset();
    }),
  },
  member: {
    what: "one in the good room sends 900 messages a second",
    run: (target) => crowd(target, 1, async () => {
      const one = await Attacker.joining(target, target.goodRoom);
      const some = Buffer.concat(Array.from({ length: 9 }, () =>
        event("flood", { text: "x".repeat(200) })));
      while (!target.over() && await one.push(some)) await sleep(10);
      one.reset();
    }),
  },
  joins: {
    what: "20 join the good room and leave it, over and over",
    run: (target) => crowd(target, 20, async () => {
      let joined;
      const done = new Promise((resolve) => { joined = resolve; });
      const one = await Attacker.joining(target, target.goodRoom, {
        hear: (text) => text.includes("$storageReceived") && joined(),
      });
      await Promise.race([done, one.ended, sleep(1_000)]);
      one.reset();
    }),
  },
  rooms: {
    what: "32 make a room each, over and over",
    run: (target) => crowd(target, 32, async () => {
      let joined;
      const done = new Promise((resolve) => { joined = resolve; });
      const one = await Attacker.joining(target, `room-${++users}`, {
        hear: (text) => text.includes("$storageReceived") && joined(),
      });
      await Promise.race([done, one.ended, sleep(1_000)]);
      one.reset();
    }),
  },
  tokens: {
    what: "64 come with tokens that are none",
    run: (target) => crowd(target, 64, async () => {
      const one = new Attacker(target);
      one.write(upgradeHead(`${PATH}${target.goodRoom}?token=${"x".repeat(500)}`));
      await Promise.race([one.ended, sleep(100)]);
      one.reset();
    }),
  },
  heads: {
    what: "1,500 send their head a byte at a time",
    run: (target) => crowd(target, 1_500, async () => {
      const one = new Attacker(target);
      for (const byte of upgradeHead(PATH + target.goodRoom)) {
        if (target.over() || !one.write(byte)) break;
        await sleep(300);
      }
      one.reset();
    }),
  },
  deaf: {
    what: "100 read nothing of a room in which 4 send 60 KB messages",
    run: async (target) => {
      const deaf = crowd(target, 100, async (n) => {
        const one = await Attacker.joining(target, `deaf-${n % 2}`);
        one.socket.pause();  // so it does not hear either that it was closed
        await Promise.race([one.ended, sleep(2_000)]);
        one.reset();
      });
      const loud = crowd(target, 4, async (n) => {
        const one = await Attacker.joining(target, `deaf-${n % 2}`);
        const large = event("large", { text: "x".repeat(60_000) });
        while (!target.over() && await one.push(large)) await sleep(2);
        one.reset();
      });
      await Promise.all([deaf, loud]);
    },
  },
  halves: {
    what: "60 send 40 MB of a message that never ends",
    run: (target) => crowd(target, 60, async () => {
      const begin = frame('{"type":"$initializeSession","data":{"presence":{},"update":"',
                          { fin: false });
      const one = await Attacker.joining(target, "halves", { first: begin });
      const part = frame("x".repeat(60_000), { opcode: 0, fin: false });
      for (let n = 0; n < 660 && !target.over() && await one.push(part); ++n) await sleep(2);
      while (!target.over() && one.write(frame("", { opcode: 9 }))) await sleep(500);
      one.reset();
    }),
  },
  bombs: {
    what: "16 send messages of 40 KB that inflate to 40 MB",
    run: (target) => {
      const first = deflated('{"type":"$initializeSession","data":{"presence":{},"update":"',
                             40 * MIB, '"}}');
      return crowd(target, 16, async (n) => {
        const one = await Attacker.joining(target, `bombs-${n % 4}`, { headers: OFFER, first });
        await Promise.race([one.ended, sleep(500)]);
        one.reset();
      });
    },
  },
  documents: {
    what: "16 fill a document each, then the next room's",
    run: (target) => crowd(target, 16, async () => {
      const one = await Attacker.joining(target, `document-${++users}`);
      const doc = new Y.Doc();
      const updates = [];
      doc.on("update", (update) => updates.push(Buffer.from(update).toString("base64")));
      const text = doc.getText("text");
      for (let n = 0; n < 20 && !target.over() && one.open; ++n) {
        text.insert(0, `${n}${"x".repeat(MIB)}`);
        if (!await one.push(event("$updateStorage", { origin: "$initialized",
                                                      update: updates.pop() }))) break;
        await sleep(20);
      }
      while (!target.over() && one.write(event("$ping", {}))) await sleep(200);
      one.reset();
    }),
  },
  updates: {
    what: "30 send updates that are none, or lack what they build upon",
    run: (target) => crowd(target, 30, async (n) => {
      const one = await Attacker.joining(target, `updates-${n % 4}`);
      const doc = new Y.Doc();
      const updates = [];
      doc.on("update", (update) => updates.push(Buffer.from(update).toString("base64")));
      for (let i = 0; i < 20; ++i) doc.getText("text").insert(i, "x".repeat(2_000));
      for (const update of [...updates.slice(1), "////", "x", updates[0].slice(8)]) {
        if (!await one.push(event("$updateStorage", { origin: null, update }))) break;
      }
      await Promise.race([one.ended, sleep(300)]);
      one.reset();
    }),
  },
  others: {
    what: "of 300 in a room 10 ask who is there, all the time",
    run: async (target) => {
      const present = crowd(target, 290, async () => {
        const one = await Attacker.joining(target, "others");
        while (!target.over() && one.write(event("$ping", {}))) await sleep(1_000);
        one.reset();
      });
      const asking = crowd(target, 10, async () => {
        const one = await Attacker.joining(target, "others");
        const question = event("$getOthers", {});
        while (!target.over() && await one.push(question)) await sleep(5);
        one.reset();
      });
      await Promise.all([present, asking]);
    },
  },
  resets: {
    what: "50 vanish in the middle of a frame",
    run: (target) => crowd(target, 50, async (n) => {
      const one = await Attacker.joining(target, `resets-${n % 4}`);
      one.write(event("cut", { text: "x".repeat(5_000) }).subarray(0, 3_000));
      await sleep(20);
      one.reset();
    }),
  },
};

attacks.all = {
  what: "all of these at once",
  run: (target) => Promise.all(Object.entries(attacks).filter(([name]) => name !== "all")
    .map(([, attack]) => attack.run(target))),
};
