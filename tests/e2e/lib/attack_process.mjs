// One of attack.mjs's processes: `good ROOM_URL ROOM` is the room of good clients, which says how
// long their edits and presences took; `bad NAME PORT ROOM MS` is one attack.
import os from "node:os";
import process from "node:process";

import { attacks } from "./attacks.mjs";
import { sleep } from "./runner.mjs";
import { StorageClient } from "./storage_client.mjs";
import { makeToken } from "./token.mjs";

const GOOD_CLIENTS = 10;
const TYPING_EVERY_MS = 200;
const PRESENCE_EVERY_MS = 100;

const now_ms = () => performance.timeOrigin + performance.now();

async function good(url, room) {
  let taken = [];
  const clients = [];
  for (let n = 0; n < GOOD_CLIENTS; ++n) {
    const client = new StorageClient({
      url, room, token: () => makeToken({ room, user: { id: `good-${n}` } }),
      presence: { sent: 0, n },
    });
    await client.ready();
    clients.push(client);
  }
  const numbers = new Map(clients.map((client, n) => [client.connectionId, n]));
  for (const client of clients) {
    client.doc.getMap("stamps").observe((change, transaction) => {
      if (transaction.local || transaction.origin !== "$storageUpdated") return;
      for (const key of change.keysChanged) taken.push(now_ms() - change.target.get(key));
    });
    const { answer } = client;
    client.answer = (message) => {
      answer.call(client, message);
      if (message.type === "$presenceUpdated" && numbers.has(message.connectionId)) {
        taken.push(now_ms() - message.data.presence.sent);
      }
      // Nobody looks at them again, and there will be very many.
      client.messages.length = 0;
      client.texts.length = 0;
    };
  }
  const typing = setInterval(() => {
    for (const client of clients.slice(0, 3)) {
      client.doc.getMap("stamps").set(client.connectionId, now_ms());
    }
  }, TYPING_EVERY_MS);
  const moving = setInterval(() => {
    for (const client of clients) client.setPresence({ sent: now_ms() });
  }, PRESENCE_EVERY_MS);
  process.on("message", (command) => {
    if (command === "figures") {
      taken.sort((a, b) => a - b);
      const at = (share) => taken[Math.min(taken.length - 1, Math.floor(share * taken.length))];
      process.send({ count: taken.length, p50: at(0.5), p99: at(0.99), max: taken.at(-1),
                     closed: clients.filter((client) => client.closes.length > 0)
                       .map((client) => client.closes[0].code || client.dead) });
    } else if (command === "begin") {
      taken = [];
    } else {
      clearInterval(typing);
      clearInterval(moving);
      process.exit(0);
    }
  });
  process.send("ready");
}

async function bad(name, port, goodRoom, ms) {
  // An attacker's machine is another one: here it gets the processor time that is left.
  os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  let end = Infinity;  // the time runs from the first connection on
  const target = { port: Number(port), goodRoom, over: () => Date.now() >= end,
                   begin: () => { end = Math.min(end, Date.now() + Number(ms)); } };
  const attack = attacks[name].run(target);
  while (!target.over()) await sleep(20);
  await Promise.race([attack, sleep(1_000)]);
  process.exit(0);
}

const [, , role, ...rest] = process.argv;
await (role === "good" ? good(...rest) : bad(...rest));
