// The typed client of /api/inspector. Failures are ApiErrors; an aborted request rejects with the
// signal's reason.

import { access, tokenRefused } from "./access";
import { ApiError } from "./api_error";
import type {
  DocumentContent,
  HistoryPage,
  HistoryVersion,
  Json,
  LoadAnswer,
  MessagePage,
  RoomDetail,
  RoomOrder,
  RoomPage,
  ServerFacts,
  UnchangedDocument,
  Version,
} from "./api_types";
import { cutDeep } from "./parts/json_depth";
import { Store } from "./store";

const base = "/api/inspector";
const answerTimeoutMs = 15_000; // pluvd itself gives up after 10 s

// False while pluvd does not answer.
export const reachable = new Store(true);

type Query = Record<string, string | number | undefined>;

function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

async function sentenceOf(response: Response): Promise<string | undefined> {
  try {
    const body: unknown = await response.json();
    if (body && typeof body === "object" && "error" in body && typeof body.error === "string") {
      return body.error;
    }
  } catch {
    // Not ours, a proxy's page perhaps: the status says enough.
  }
  return undefined;
}

// What has to come before the deadline. How long a download takes is up to the line.
type Deadline = "body" | "headers";

async function request<T>(
  path: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
  read: (response: Response) => Promise<T>,
  before: Deadline = "body",
): Promise<T> {
  const { token } = access.get();
  const headers = new Headers(init.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const controller = new AbortController();
  const forward = () => controller.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener("abort", forward);
  const deadline = setTimeout(() => controller.abort(), answerTimeoutMs);
  try {
    const response = await fetch(base + path, {
      ...init,
      headers,
      cache: "no-store",
      signal: controller.signal,
    });
    if (!response.ok) {
      const error = ApiError.ofStatus(response.status, await sentenceOf(response));
      if (error.kind === "unauthorized") tokenRefused(token);
      reachable.set(error.kind !== "unreachable");
      throw error;
    }
    if (before === "headers") clearTimeout(deadline);
    const answer = await read(response);
    reachable.set(true);
    return answer;
  } catch (caught) {
    if (signal?.aborted || caught instanceof ApiError) throw caught;
    reachable.set(false);
    throw new ApiError("unreachable");
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", forward);
  }
}

async function readJson<T>(response: Response): Promise<T> {
  // Documents and presence are what clients made them.
  return cutDeep((await response.json()) as Json) as T;
}

async function get<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
  return request(withQuery(path, query), {}, signal, (response) => readJson<T>(response));
}

async function post<T>(path: string, body: object): Promise<T> {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Pluv-Inspector": "1" },
    body: JSON.stringify(body),
  };
  return request(path, init, undefined, (response) => readJson<T>(response));
}

const roomPath = (room: string, rest = "") => `/rooms/${encodeURIComponent(room)}${rest}`;

export interface RoomsQuestion {
  search: string;
  order: RoomOrder;
  after: string | undefined;
  limit: number;
}

export interface MessagesQuestion {
  room: string;
  type: string;
  session: string;
  after: number | undefined;
  limit: number;
}

export type ExportFormat = "update" | "json";

export const api = {
  server: (signal?: AbortSignal) => get<ServerFacts>("/server", {}, signal),

  load: (since: number | undefined, signal?: AbortSignal) =>
    get<LoadAnswer>("/load", { since }, signal),

  rooms: (question: RoomsQuestion, signal?: AbortSignal) =>
    get<RoomPage>("/rooms", { ...question }, signal),

  room: (room: string, signal?: AbortSignal) => get<RoomDetail>(roomPath(room), {}, signal),

  document: (room: string, unless: Version | undefined, signal?: AbortSignal) =>
    get<DocumentContent | UnchangedDocument>(roomPath(room, "/document"), { unless }, signal),

  messages: (question: MessagesQuestion, signal?: AbortSignal) =>
    get<MessagePage>("/messages", { ...question }, signal),

  history: (room: string, before: number | undefined, limit: number, signal?: AbortSignal) =>
    get<HistoryPage>(roomPath(room, "/history"), { before, limit }, signal),

  historyVersion: (room: string, number: number, signal?: AbortSignal) =>
    get<HistoryVersion>(roomPath(room, `/history/${number}`), {}, signal),

  restore: (room: string, number: number) =>
    post<{ version: Version }>(roomPath(room, "/restore"), { number }),

  evict: (room: string, session?: string) =>
    post<object>(roomPath(room, "/evict"), session === undefined ? {} : { session }),

  broadcast: (room: string, event: string, data: Json) =>
    post<object>(roomPath(room, "/broadcast"), { event, data }),

  exported: (room: string, format: ExportFormat): Promise<Blob> =>
    request(
      withQuery(roomPath(room, "/export"), { format }),
      {},
      undefined,
      (response) => response.blob(),
      "headers",
    ),
};
