// Rooms of pluv for C++ on Cloudflare Workers: what an application imports. docs/cloudflare.md.
export type * from "./host_types.js";
export type { Limits } from "./limits.js";
export { createRoomDurableObject, type RoomMethods, type RoomObject } from "./room_object.js";
export { procedure, type ProcedureBuilder } from "./procedure.js";
export type { Schema } from "./schema.js";
export { createRoomHandler, type RoomHandler, type RoomHandlerOptions } from "./worker.js";
export { createToken, type TokenUser } from "./token.js";
