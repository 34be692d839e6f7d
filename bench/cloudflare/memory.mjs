// What rooms of two take of a server's memory, while they are awake and after they were evicted, when
// their sockets and what is kept beside these stay.
import { fillRoom } from "./clients.mjs";
import { Author, messageOf } from "./documents.mjs";
import { ask, residentMiB } from "./servers.mjs";

const clientsPerRoom = 2;
const opensAtOnce = 20;

// Garbage is collected first, which takes two turns: what was made of a room may go only after it.
async function settled(server) {
  await ask(server, "collect");
  await ask(server, "collect");
  return residentMiB(server);
}

// Steps: after each the server has to be left alone until its rooms are evicted. Fills `figures` with
// {rooms, state, mib}, mib: what is above the server without rooms.
export async function* measureMemory(server, steps, figures) {
  const { update } = new Author(1);
  const rooms = [];
  const none = await settled(server);
  figures.push({ rooms: 0, state: "none", mib: none });
  for (const step of steps) {
    while (rooms.length < step) {
      const batch = Array.from({ length: Math.min(opensAtOnce, step - rooms.length) }, (_, at) =>
        fillRoom(server, `memory-${rooms.length + at}`, clientsPerRoom, update));
      rooms.push(...await Promise.all(batch));
    }
    await Promise.all(rooms.map(talk));
    figures.push({ rooms: step, state: "awake", mib: await settled(server) - none });
    yield;
    figures.push({ rooms: step, state: "evicted", mib: await settled(server) - none });
  }
  for (const client of rooms.flat()) client.close();
}

function talk([sender, receiver]) {
  return new Promise((resolve) => {
    receiver.onFrame = resolve;
    sender.sendText(messageOf("cursorMoved", { x: 1, y: 2 }));
  });
}
