// What a user's Worker calls for the requests that are the rooms': it finds the room's Durable
// Object and hands the request on, and makes tokens if it is asked to. Other requests are left to
// the Worker's own routes:
//
//   const rooms = createRoomHandler<Env>({ binding: (env) => env.ROOMS });
//   export default {
//     async fetch(request, env, ctx) {
//       const answer = await rooms.fetch(request, env, ctx);
//       return answer ?? new Response("Not found", { status: 404 });
//     },
//   } satisfies ExportedHandler<Env>;
import { secretsOf } from "./authorize.js";
import type { Authorize, AuthorizeArguments, Awaitable } from "./host_types.js";
import { OriginList } from "./origin.js";
import { holdRefusal, refusalAskedFor, refuseForNow, refuseOrigin } from "./refusal.js";
import { isRoomName, roomNameCharsMax } from "./room_name.js";
import { requestForRoom, wantsWebSocket } from "./room_request.js";
import { createToken, type TokenUser } from "./token.js";

export interface RoomHandlerOptions<Env> {
  /** The namespace of the rooms' objects: `(env) => env.ROOMS`. */
  readonly binding: (env: Env) => DurableObjectNamespace;
  /** What stands before a room's name in its URL. "/api/pluv/room/" unless given. */
  readonly roomPath?: string;
  /**
   * The pages that may open a room or be given a token, by origin: "https://example.com",
   * "https://*.example.com", "http://localhost:3000", "null", "*". A request without an origin does
   * not come from a browser and passes. Left out: every page may.
   */
  readonly origins?: readonly string[];

  /**
   * Who asks for a token (GET {authorizePath}?room={room}): the user, null for nobody who may enter
   * that room, or an answer of the application's own. Left out: there is no such route.
   */
  readonly authorizeUser?: (
    from: AuthorizeArguments<Env>,
  ) => Awaitable<TokenUser | Response | null | undefined>;
  /** With which secrets tokens are made: the same function as the rooms have. */
  readonly authorize?: Authorize<Env>;
  /** "/api/pluv/authorize" unless given. */
  readonly authorizePath?: string;
  /** How long tokens live: 60,000 ms unless given. */
  readonly tokenMaxAgeMs?: number;
}

export interface RoomHandler<Env> {
  /** The answer to a request that is the rooms'; undefined for every other path. */
  fetch(request: Request, env: Env, ctx?: ExecutionContext): Promise<Response | undefined>;
}

/** A TypeError for options that are none, or that do not go together. */
export function createRoomHandler<Env>(options: RoomHandlerOptions<Env>): RoomHandler<Env> {
  const handler = new Handler(options);
  return { fetch: (request, env) => handler.fetch(request, env) };
}

const methodsOfTokens = "GET, HEAD, OPTIONS";

class Handler<Env> {
  readonly #options: RoomHandlerOptions<Env>;
  readonly #roomPath: string;
  readonly #authorizePath: string | undefined;
  readonly #origins: OriginList | undefined;

  constructor(options: RoomHandlerOptions<Env>) {
    const { binding, roomPath = "/api/pluv/room/", origins, authorizeUser, authorize } = options;
    const { authorizePath } = options;
    if (typeof binding !== "function") throw new TypeError("binding takes a function of env");
    if (!roomPath.startsWith("/") || !roomPath.endsWith("/")) {
      throw new TypeError("roomPath must begin and end with a slash");
    }
    if (authorizePath !== undefined && !authorizePath.startsWith("/")) {
      throw new TypeError("authorizePath must begin with a slash");
    }
    if ((authorizeUser === undefined) !== (authorize === undefined)) {
      throw new TypeError("authorizeUser and authorize come together");
    }
    if (authorizePath !== undefined && authorizeUser === undefined) {
      throw new TypeError("authorizePath needs authorizeUser");
    }
    this.#options = options;
    this.#roomPath = roomPath;
    this.#authorizePath =
      authorizeUser === undefined ? undefined : (authorizePath ?? "/api/pluv/authorize");
    this.#origins = origins === undefined ? undefined : new OriginList(origins);
  }

  async fetch(request: Request, env: Env): Promise<Response | undefined> {
    const { pathname } = new URL(request.url);
    if (pathname === this.#authorizePath) return this.#token(request, env);
    if (!pathname.startsWith(this.#roomPath)) return undefined;
    return this.#room(request, env, pathname.slice(this.#roomPath.length));
  }

  async #room(request: Request, env: Env, encodedRoom: string): Promise<Response> {
    if (!wantsWebSocket(request)) return this.#plainRequest(request);
    const room = decodeRoom(encodedRoom);
    if (!isRoomName(room)) {
      await holdRefusal();
      return text(400, "Unsupported room name");
    }
    if (request.method !== "GET") {
      return text(405, "a WebSocket is opened with GET", { Allow: "GET" });
    }
    const origin = request.headers.get("Origin");
    if (origin !== null && this.#origins?.allows(origin) === false) return refuseOrigin(room);
    const namespace = this.#options.binding(env) as DurableObjectNamespace | undefined;
    if (namespace === undefined) {
      throw new TypeError("binding answers no namespace: is it in the Worker's durable_objects?");
    }
    const object = namespace.get(namespace.idFromName(room));
    try {
      const answer = await object.fetch(requestForRoom(request, room));
      return refusalAskedFor(answer, room) ?? answer;
    } catch (error) {
      // It was restarted or is overloaded: a plain failure would bring the client back at once.
      console.error("pluv: the object of a room did not answer:", error);
      return refuseForNow();
    }
  }

  #plainRequest(request: Request): Response {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return text(405, "Rooms are opened with GET", { Allow: "GET" });
    }
    const path = `${this.#roomPath}{room}`;
    const hint = `Rooms speak WebSocket: connect to ${path} with a WebSocket client.`;
    return text(426, hint, { Upgrade: "websocket" });
  }

  async #token(request: Request, env: Env): Promise<Response> {
    if (request.method === "OPTIONS") return this.#preflight(request);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return text(405, "Tokens are asked for with GET", { Allow: methodsOfTokens });
    }
    const answer = await this.#makeToken(request, env);
    // Of the application's own answers the headers may not be changed.
    const response = new Response(answer.body, answer);
    response.headers.set("Cache-Control", "no-store");
    this.#allowOrigin(request, response.headers);
    return response;
  }

  async #makeToken(request: Request, env: Env): Promise<Response> {
    const { authorizeUser, authorize, tokenMaxAgeMs } = this.#options;
    if (authorizeUser === undefined || authorize === undefined) return text(404, "Not found");
    const room = new URL(request.url).searchParams.get("room");
    if (!isRoomName(room)) {
      return text(
        400,
        "The query needs a room: letters, digits, '-' and '_', beginning and ending with a " +
          `letter or digit, at most ${roomNameCharsMax} characters.`,
      );
    }
    const from = { env, request, room };
    try {
      const user = await authorizeUser(from);
      if (user instanceof Response) return user;
      if (user === null || user === undefined) return text(403, "Not authorized");
      const secret = secretsOf(await authorize(from));
      const age = tokenMaxAgeMs === undefined ? {} : { maxAgeMs: tokenMaxAgeMs };
      const token = await createToken({ secret, room, user, ...age });
      return new Response(token, { headers: textHeaders });
    } catch (error) {
      console.error("pluv: making a token failed:", error);
      return text(500, "The token could not be made");
    }
  }

  #preflight(request: Request): Response {
    const response = new Response(null, { status: 204, headers: { Allow: methodsOfTokens } });
    if (request.headers.has("Origin") && request.headers.has("Access-Control-Request-Method")) {
      response.headers.set("Access-Control-Allow-Methods", methodsOfTokens);
      response.headers.set("Access-Control-Allow-Headers", "Authorization, Content-Type");
      response.headers.set("Access-Control-Max-Age", "600");
    }
    this.#allowOrigin(request, response.headers);
    return response;
  }

  // So that a page of another origin may read the answer. Without `origins` none may, unless the
  // application says so itself: whoever has the user's cookies would be given a token.
  #allowOrigin(request: Request, headers: Headers): void {
    if (this.#origins === undefined) return;
    headers.append("Vary", "Origin");
    const origin = request.headers.get("Origin");
    if (origin !== null && this.#origins.allows(origin)) {
      headers.set("Access-Control-Allow-Origin", origin);
    }
  }
}

// undefined for malformed percent-encoding.
function decodeRoom(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

const textHeaders = { "Content-Type": "text/plain; charset=utf-8" };

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, { status, headers: { ...textHeaders, ...headers } });
}
