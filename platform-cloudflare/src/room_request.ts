// How a Worker tells a room's Durable Object which room it is: by a header of the request that it
// passes on. An object is reached through its namespace's binding alone, so what it is told there
// comes from a Worker of the same account; and whatever a client has put into the header is
// replaced here.
import { isRoomName, requireRoomName } from "./room_name.js";

const roomHeader = "X-Pluv-Room";

/**
 * The request as the object of this room is to see it: everything else stays, the token in the
 * query too. A RangeError for a name that is none.
 */
export function requestForRoom(request: Request, room: string): Request {
  const name = requireRoomName(room);
  const forwarded = new Request(request);
  forwarded.headers.set(roomHeader, name);
  return forwarded;
}

/** For the object: which room it is. undefined for a request that no requestForRoom has made. */
export function roomOfRequest(request: Request): string | undefined {
  const name = request.headers.get(roomHeader);
  return isRoomName(name) ? name : undefined;
}

/** Whether the request asks for a WebSocket at all; others are plain HTTP. */
export function wantsWebSocket(request: Request): boolean {
  const upgrade = request.headers.get("Upgrade") ?? "";
  return upgrade.split(",").some((protocol) => protocol.trim().toLowerCase() === "websocket");
}
