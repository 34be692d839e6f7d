// The room that this page is in, with its document and what is kept in it. One a page.
import { createClient, type Room } from "@pluv-cpp/client";
import * as Y from "yjs";

import type { Server } from "../../generated/demo_events";
import { Outgoing } from "./people/outgoing";
import { colourCount, readPresence, type Presence } from "./people/presence";
import { ownColour, ownName, saveColour } from "./people/profile";
import { keepUnsent } from "./unsent";
import type { Stroke } from "./board/strokes";
import type { Task } from "./todo/tasks";

export type DemoRoom = Room<Server, Presence>;

export interface Session {
  room: DemoRoom;
  presence: Outgoing;
  text: Y.Text;
  tasks: Y.Array<Task>;
  strokes: Y.Array<Stroke>;
}

export function startSession(roomName: string): Session {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const client = createClient<Server>({
    wsEndpoint: ({ room }) => `${scheme}://${location.host}/api/pluv/room/${room}`,
    // Made for everybody by a development server, whether it asks for tokens or not.
    authEndpoint: ({ room }) => "/api/pluv/authorize?" + new URLSearchParams({ room, name: ownName() }),
  });
  const room = client.createRoom<Presence>(roomName, {
    initialPresence: { name: ownName(), colour: ownColour(), pointer: null, selection: null },
  });
  takeFreeColour(room);
  keepUnsent(room);
  room.connect();
  return {
    room,
    presence: new Outgoing((patch) => room.updateMyPresence(patch)),
    text: room.doc.getText("text"),
    tasks: room.doc.getArray<Task>("tasks"),
    strokes: room.doc.getArray<Stroke>("strokes"),
  };
}

// Who comes in and finds somebody in the same colour takes another one, while there is one; who was
// there before keeps theirs.
function takeFreeColour(room: DemoRoom): void {
  const stop = room.subscribe.others((others) => {
    stop();
    const taken = new Set(others.map(({ presence }) => readPresence(presence).colour));
    if (!taken.has(room.myself.presence.colour)) return;
    for (let colour = 0; colour < colourCount; ++colour) {
      if (taken.has(colour)) continue;
      saveColour(colour);
      room.updateMyPresence({ colour });
      return;
    }
  });
}
