// A client of pluvd for the browser: rooms with presence, typed events and a shared Yjs document.
//
//   import type { Server } from "./generated/events";   // written by `pluv typegen`
//   const client = createClient<Server>({ wsEndpoint: ({ room }) => `wss://.../${room}` });
//   const room = client.createRoom("my-room", { initialPresence: { x: 0 } });
//   room.on("receiveMessage", ({ data }) => console.log(data.message));
//   room.connect();
export { fromBase64, toBase64 } from "./base64";
export { createClient } from "./client";
export type { Client, ClientOptions } from "./client";
export type { Room, RoomOptions, RoomSubscriptions } from "./room";
export type { CloseReason, Me, Person, RoomError, RoomEvent, ServerTypes, Status, Unsubscribe }
  from "./types";
