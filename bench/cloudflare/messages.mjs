// The CPU that a server takes for a message. One message is under way at a time, and the next is sent
// when it is due and the last one has reached all: nothing is ever batched, and nobody is measured
// while dropping.
import { fillRoom, sleep, untilQuiet } from "./clients.mjs";
import { Author, messageOf } from "./documents.mjs";
import { cpuMicros } from "./servers.mjs";

const warmUpMessages = 300;
const warmUpMsMax = 1_500;
const lostAfterMs = 5_000;

const event = (at) => messageOf("cursorMoved", { x: at, y: 1_000 - at, color: "#4477cc", page: "front" });
const presence = (at) => messageOf("$updatePresence", { presence: { x: at, y: 1_000 - at } });

export const messageRows = [
  { name: "event to 2", clients: 2, text: event },
  { name: "event to 10", clients: 10, text: event },
  { name: "event to 50", clients: 50, text: event },
  { name: "presence to 10", clients: 10, text: presence },
  { name: "keystroke to 10, empty document", clients: 10, documentBytes: 1 },
  { name: "keystroke to 10, 1 MB document", clients: 10, documentBytes: 1_000_000 },
];

class Room {
  #clients;
  #missing = 0;
  #arrived = () => {};
  #failed = () => {};
  received = 0;

  constructor(clients) {
    this.#clients = clients;
    for (const client of clients) {
      client.onFrame = () => {
        ++this.received;
        if (--this.#missing === 0) this.#arrived();
      };
      client.onClosed = (why) => this.#failed(why);
    }
  }

  // How many are sent a message of the first client: all, or all but itself.
  async learn(text) {
    const before = this.#clients.map(({ frames }) => frames);
    this.#clients[0].sendText(text);
    await untilQuiet(this.#clients);
    const heard = this.#clients.map(({ frames }, at) => frames - before[at]);
    if (heard.some((times, at) => times > 1 || (at > 0 && times !== 1))) {
      throw new Error(`a message came ${heard} times`);
    }
    this.receivers = heard.reduce((sum, times) => sum + times, 0);
  }

  // Resolves when all have it.
  async deliver(text) {
    this.#missing = this.receivers;
    let timer;
    await new Promise((resolve, reject) => {
      this.#arrived = resolve;
      this.#failed = reject;
      timer = setTimeout(() => reject(new Error(`lost: ${this.#missing} of ${this.receivers}`)),
                         lostAfterMs);
      this.#clients[0].sendText(text);
    }).finally(() => clearTimeout(timer));
  }
}

let rooms = 0;

// {micros, messages, receivers, perSecond}
export async function measureMessages(server, row, { seconds, rate }) {
  const author = row.documentBytes ? new Author(row.documentBytes) : null;
  const textOf = author ? () => author.type() : row.text;
  const clients = await fillRoom(server, `messages-${++rooms}`, row.clients, author?.update);
  try {
    await untilQuiet(clients);
    const room = new Room(clients);
    await room.learn(textOf(0));
    const warmUntil = Date.now() + warmUpMsMax;
    for (let sent = 0; sent < warmUpMessages && Date.now() < warmUntil; ++sent) {
      await room.deliver(textOf(sent));
    }
    await untilQuiet(clients);
    return await pace(server, room, textOf, { seconds, rate });
  } finally {
    for (const client of clients) client.close();
  }
}

async function pace(server, room, textOf, { seconds, rate }) {
  room.received = 0;
  const cpu = cpuMicros(server);
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  let messages = 0;
  for (; messages < seconds * rate && elapsed() < seconds * 1_000; ++messages) {
    const early = messages * (1_000 / rate) - elapsed();
    if (early > 0) await sleep(early);
    await room.deliver(textOf(messages));
  }
  const took = elapsed();
  await sleep(50); // what is still written down
  const micros = (cpuMicros(server) - cpu) / messages;
  if (room.received !== messages * room.receivers) {
    throw new Error(`${room.received} deliveries of ${messages} messages to ${room.receivers}`);
  }
  return { micros, messages, receivers: room.receivers, perSecond: (messages * 1_000) / took };
}
