// What /api/inspector answers. Times are unix milliseconds, sizes bytes.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

export interface ServerFacts {
  version: string;
  started_unix_ms: number;
  now_unix_ms: number;
  dev: boolean;
  threads: number;
  storage: "sqlite" | "memory";
  history: boolean;
  rooms: number;
  sessions: number;
  memory_bytes: number;
}

// Counts are those of one interval. The latencies are absent when no loop turned in it.
export interface LoadSample {
  at_unix_ms: number;
  rooms: number;
  sessions: number;
  messages_in: number;
  messages_out: number;
  bytes_in: number;
  bytes_out: number;
  edits: number;
  cpu_ms: number;
  memory_bytes: number;
  turn_p50_ms?: number;
  turn_p99_ms?: number;
}

export interface LoadAnswer {
  interval_ms: number;
  samples: LoadSample[];
}

export interface RoomSummary {
  room: string;
  sessions: number;
  users: number;
  document_bytes: number;
  messages_per_second: number;
  idle: boolean;
}

export type RoomOrder = "name" | "sessions" | "messages";

export interface RoomPage {
  rooms: RoomSummary[];
  next: string | null;
  total: number;
}

export interface Session {
  id: string;
  user_id: string | null;
  user: JsonObject | null;
  presence: Json;
  idle_ms: number;
}

// Versions are compared and handed back, nothing else.
export type Version = string | number;

export interface RoomDetail {
  room: string;
  sessions: Session[]; // the first thousand
  sessions_total: number;
  document: { bytes: number; version: Version } | null;
}

export interface UnchangedDocument {
  version: Version;
  unchanged: true;
}

export interface DocumentContent {
  version: Version;
  bytes: number;
  document: JsonObject | null;
  truncated: boolean;
}

export type Direction = "in" | "out";

// data is raw JSON text, whose end is missing when cut is true. Without a session it went out to several,
// receivers.
export interface Message {
  seq: number;
  at_unix_ms: number;
  room: string;
  session: string | null;
  user_id: string | null;
  type: string;
  direction: Direction;
  receivers: number;
  bytes: number;
  data: string;
  cut: boolean;
}

export interface MessagePage {
  messages: Message[];
  last: number;
  dropped: number;
}

// An edit and the snapshot that was made after it have the same number.
export interface HistoryEntry {
  number: number;
  is_snapshot: boolean;
  at_unix_ms: number;
  bytes: number;
}

// Newest first.
export interface HistoryPage {
  entries: HistoryEntry[];
  next: number | null;
}

export interface HistoryVersion {
  number: number;
  at_unix_ms: number;
  document: JsonObject | null;
  truncated: boolean;
}
