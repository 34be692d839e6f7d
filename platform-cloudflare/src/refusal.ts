// How clients are told that they do not get in. The original's client reconnects at once after most
// failures, so a refusal for good accepts the upgrade, sends $error and closes with a code after
// which it stays away, and a refusal for now holds the socket for a while before it closes.

const closePolicy = 1008;
const closeOverloaded = 1013;
const closeUnauthorized = 3000;

const pacingMsMin = 1_000;
const pacingMsMax = 5_000;

/**
 * How the server's end is accepted. A Durable Object gives its state's acceptWebSocket: a client
 * that never answers the close would keep the object in memory by any other socket.
 */
export type Accept = (server: WebSocket) => void;

const acceptHere: Accept = (server) => server.accept();

export function refuseUnauthorized(room: string, accept = acceptHere): Response {
  const reason = "WebSocket unauthorized.";
  return refuseForGood(room, "Not authorized", closeUnauthorized, reason, accept);
}

export function refuseOrigin(room: string): Response {
  return refuseForGood(room, "Origin not allowed", closePolicy, "Origin not allowed", acceptHere);
}

/** Its socket is closed with 1013 after a random while, and its client then comes back. */
export function refuseForNow(accept = acceptHere): Response {
  const [client, server] = openPair(accept);
  setTimeout(() => close(server, closeOverloaded, "Try again later"), pacingMs());
  return new Response(null, { status: 101, webSocket: client });
}

const refusalHeader = "X-Pluv-Refusal";

/** What an object answers to createRoomHandler's Worker, which refuses in its place. */
export function askToRefuse(kind: "unauthorized" | "for now"): Response {
  return new Response(null, {
    status: kind === "unauthorized" ? 401 : 503,
    headers: { [refusalHeader]: kind },
  });
}

/** The refusal that an object's answer asks for; undefined when it asks for none. */
export function refusalAskedFor(answer: Response, room: string): Response | undefined {
  const kind = answer.headers.get(refusalHeader);
  if (kind === null) return undefined;
  return kind === "unauthorized" ? refuseUnauthorized(room) : refuseForNow();
}

/**
 * For an answer by HTTP to a client that asked for a WebSocket, which takes it as a lost
 * connection: kept for as long as a refusal for now.
 */
export function holdRefusal(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pacingMs()));
}

function refuseForGood(
  room: string,
  message: string,
  code: number,
  reason: string,
  accept: Accept,
): Response {
  const [client, server] = openPair(accept);
  const data = { message, stack: null };
  server.send(JSON.stringify({ connectionId: null, data, room, type: "$error", user: null }));
  close(server, code, reason);
  return new Response(null, { status: 101, webSocket: client });
}

function openPair(accept: Accept): [client: WebSocket, server: WebSocket] {
  const { 0: client, 1: server } = new WebSocketPair();
  accept(server);
  return [client, server];
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // Its client has closed it already.
  }
}

// Random, so that those who were sent away together do not come back together.
function pacingMs(): number {
  return pacingMsMin + Math.floor(Math.random() * (pacingMsMax - pacingMsMin + 1));
}
