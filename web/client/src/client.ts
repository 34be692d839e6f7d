import { Unauthorized } from "./connection";
import { Room, type RoomOptions } from "./room";
import type { ServerTypes } from "./types";

export interface ClientOptions {
  // Where a room's socket is: "wss://example.com/api/pluv/room/lobby".
  wsEndpoint: (where: { room: string }) => string;
  // Answers a fresh token as plain text; asked before each connection. 401 and 403 are final.
  authEndpoint?: (where: { room: string }) => string;
}

export interface Client<Server extends ServerTypes> {
  createRoom<Presence extends object>(name: string, options: RoomOptions<Presence>):
    Room<Server, Presence>;
}

export function createClient<Server extends ServerTypes>(options: ClientOptions): Client<Server> {
  return {
    createRoom: (name, roomOptions) =>
      new Room(name, (signal) => addressOf(options, name, signal), roomOptions),
  };
}

async function addressOf(options: ClientOptions, room: string, signal: AbortSignal) {
  const url = options.wsEndpoint({ room });
  if (!options.authEndpoint) return url;
  const answer = await fetch(options.authEndpoint({ room }), { signal, cache: "no-store" });
  const text = await answer.text();
  if (answer.status === 401 || answer.status === 403) throw new Unauthorized(text);
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  return `${url}${url.includes("?") ? "&" : "?"}token=${encodeURIComponent(text)}`;
}
