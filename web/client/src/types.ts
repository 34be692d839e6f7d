// What users of the client see of a room.

// The shape of what typegen writes: the events that a server takes and gives, and its users.
export interface ServerTypes {
  user: unknown;
  inputs: object;
  outputs: object;
}

// connecting: for the first time. connected: in the room. synced: and the document is the room's.
// reconnecting: the socket was lost, and comes back by itself. closed: not connected, and stays so
// until connect() is called.
export type Status = "connecting" | "connected" | "synced" | "reconnecting" | "closed";

export interface Person<User, Presence> {
  sessionId: string;
  user: User;
  presence: Presence;
}

// Without a session: not in the room now, or not yet.
export interface Me<User, Presence> {
  sessionId: string | null;
  user: User | null;
  presence: Presence;
}

export interface RoomEvent<Data, User> {
  data: Data;
  // Of the session that it comes from; null for what the server itself sends.
  user: User | null;
  sessionId: string | null;
}

export interface RoomError {
  message: string;
  atMs: number;
}

// Why a room is closed for good: the code of its socket, 3000 when no token was given.
export interface CloseReason {
  code: number;
  reason: string;
}

export type Unsubscribe = () => void;
