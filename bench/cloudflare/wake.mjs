// How long it takes from a message to an evicted object until its answer has come, and how much of a
// document is there afterwards.
import { fillRoom, LightClient } from "./clients.mjs";
import { Author, messageOf } from "./documents.mjs";
import { ask } from "./servers.mjs";

const answerMsMax = 10_000;
const documents = [["small document", 1], ["1 MB document", 1_000_000]];

export const wakeRows = ["event", "keystroke"].flatMap((what) =>
  documents.map(([document]) => `${what}, ${document}`));

// After each step the server has to be left alone until its rooms are evicted. Fills found.times, a Map
// of wakeRows to milliseconds, and found.keptBytes: what a newcomer is then given of the 1 MB.
export async function* measureWakes(server, count, found) {
  found.times = new Map();
  const groups = [];
  for (const [document, bytes] of documents) {
    const author = new Author(bytes);
    const rooms = [];
    for (let at = 0; at < count; ++at) {
      rooms.push(await fillRoom(server, `wake-${bytes}-${at}`, 2, author.update));
    }
    groups.push({ document, author, rooms });
  }
  for (const what of ["event", "keystroke"]) {
    yield;
    for (const { document, author, rooms } of groups) {
      const text = what === "event" ? messageOf("cursorMoved", { x: 1, y: 2 }) : author.type();
      const times = [];
      for (const room of rooms) {
        const made = await ask(server, "made");
        const took = await answerTime(room, text);
        if (await ask(server, "made") !== made) times.push(took); // else it was awake
      }
      found.times.set(`${what}, ${document}`, times);
    }
  }
  if (server.isPluv) {
    const newcomer = await LightClient.joined(server, `wake-${documents[1][1]}-0`);
    found.keptBytes = newcomer.documentBytes;
    newcomer.close();
  }
  for (const client of groups.flatMap(({ rooms }) => rooms.flat())) client.close();
}

// The other one hears it.
async function answerTime([sender, receiver], text) {
  let timer;
  const began = performance.now();
  await new Promise((resolve, reject) => {
    receiver.onFrame = resolve;
    timer = setTimeout(() => reject(new Error("no answer of an evicted object")), answerMsMax);
    sender.sendText(text);
  }).finally(() => clearTimeout(timer));
  return performance.now() - began;
}
