// A Worker's routes to its rooms.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { roomOfRequest } from "../dist/room_request.js";
import { openToken, TokenKeys } from "../dist/token.js";
import { createRoomHandler } from "../dist/worker.js";
import { FakeNamespace, install, pairs } from "./fake_runtime.mjs";

const SITE = "https://example.com";
const SECRET = "a secret of the tests";

let rooms;
let env;

beforeEach(() => {
  install();
  rooms = new FakeNamespace();
  env = { ROOMS: rooms };
});

const handlerOf = (options = {}) => createRoomHandler({ binding: (from) => from.ROOMS, ...options });

const upgrade = (path, { method = "GET", headers = {} } = {}) =>
  new Request(SITE + path, { method, headers: { Upgrade: "websocket", ...headers } });

const ask = (request, options) => handlerOf(options).fetch(request, env, {});

const plain = (path, init) => new Request(SITE + path, init);

// Awaits an answer that is held back, and tells whether it was.
async function held(answer) {
  let done = false;
  answer.finally(() => { done = true; });
  for (let turn = 0; turn < 10; ++turn) await Promise.resolve();
  const waited = !done;
  mock.timers.tick(5_000);
  return { waited, response: await answer };
}

async function quietly(work) {
  const logged = mock.method(console, "error", () => undefined);
  try {
    return { answer: await work(), lines: logged.mock.calls.map((call) => call.arguments.join(" ")) };
  } finally {
    logged.mock.restore();
  }
}

test("an upgrade goes to the object of its room, with all that it says", async () => {
  const request = upgrade("/api/pluv/room/my-room?token=a%252Eb&x=1", { headers: { Cookie: "c=1" } });
  const response = await ask(request);
  assert.equal(await response.text(), "from the room");
  const [{ name, request: seen }] = rooms.asked;
  assert.equal(name, "my-room");
  assert.equal(roomOfRequest(seen), "my-room");
  assert.equal(seen.url, request.url);
  assert.equal(seen.headers.get("Upgrade"), "websocket");
  assert.equal(seen.headers.get("Cookie"), "c=1");
});

test("a client cannot say which room its object is", async () => {
  await ask(upgrade("/api/pluv/room/mine", { headers: { "x-pluv-room": "theirs" } }));
  assert.equal(roomOfRequest(rooms.asked[0].request), "mine");
  assert.equal(roomOfRequest(upgrade("/api/pluv/room/mine")), undefined);
  for (const forged of ["", "a b", "mine, theirs"]) {
    const headers = { "X-Pluv-Room": forged };
    assert.equal(roomOfRequest(upgrade("/", { headers })), undefined);
  }
});

test("a room's name may be percent-encoded", async () => {
  await ask(upgrade("/api/pluv/room/my%2Droom"));
  assert.equal(rooms.asked[0].name, "my-room");
});

test("a room's name that is none is answered 400, after a while", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const name of ["", "-a", "a-", "a/b", "a%2Fb", "a%20b", "%", "%zz", "%ff", "a".repeat(257)]) {
      const { waited, response } = await held(ask(upgrade(`/api/pluv/room/${name}`)));
      assert.ok(waited);
      assert.equal(response.status, 400);
      assert.equal(await response.text(), "Unsupported room name\n");
    }
  } finally {
    mock.timers.reset();
  }
  assert.deepEqual(rooms.asked, []);
});

test("what is no upgrade is answered 426, and other methods 405", async () => {
  for (const method of ["GET", "HEAD"]) {
    const response = await ask(plain("/api/pluv/room/my-room", { method }));
    assert.equal(response.status, 426);
    assert.equal(response.headers.get("Upgrade"), "websocket");
  }
  for (const request of [plain("/api/pluv/room/my-room", { method: "POST" }),
                         upgrade("/api/pluv/room/my-room", { method: "POST" }),
                         plain("/api/pluv/room/my-room", { method: "OPTIONS" })]) {
    const response = await ask(request);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("Allow"), "GET");
  }
  const other = upgrade("/api/pluv/room/my-room", { headers: { Upgrade: "h2c" } });
  assert.equal((await ask(other)).status, 426);
  const list = upgrade("/api/pluv/room/my-room", { headers: { Upgrade: "h2c, WebSocket" } });
  assert.equal((await ask(list)).status, 200);
  assert.equal(rooms.asked.length, 1);
});

test("other paths are the Worker's own", async () => {
  for (const path of ["/", "/api/pluv/room", "/api/pluv/rooms/a", "/api/pluv/authorize?room=a",
                      "/x/api/pluv/room/a", "/API/PLUV/ROOM/a"]) {
    assert.equal(await ask(upgrade(path)), undefined);
    assert.equal(await ask(plain(path)), undefined);
  }
  assert.equal(await ask(upgrade("/api/pluv/room/a"), { roomPath: "/rooms/" }), undefined);
  assert.equal((await ask(upgrade("/rooms/a"), { roomPath: "/rooms/" })).status, 200);
});

test("pages of other origins are refused for good, and clients without an origin are not", async () => {
  const origins = ["https://example.com", "https://*.example.org"];
  const from = (Origin) => ask(upgrade("/api/pluv/room/a", { headers: { Origin } }), { origins });
  assert.equal((await from("https://example.com")).status, 200);
  assert.equal((await from("https://app.example.org")).status, 200);
  assert.equal((await ask(upgrade("/api/pluv/room/a"), { origins })).status, 200);
  assert.equal(rooms.asked.length, 3);
  const refused = await from("https://evil.com");
  assert.equal(refused.status, 101);
  const [{ 0: client, 1: server }] = pairs;
  assert.equal(refused.webSocket, client);
  assert.deepEqual(server.sent.map((text) => JSON.parse(text)), [{
    connectionId: null, data: { message: "Origin not allowed", stack: null }, room: "a",
    type: "$error", user: null,
  }]);
  assert.deepEqual(server.closed, { code: 1008, reason: "Origin not allowed" });
  const elsewhere = upgrade("/api/pluv/room/a", { headers: { Origin: "https://a.b" } });
  assert.equal((await ask(elsewhere, { origins: [] })).status, 101);
  assert.equal(rooms.asked.length, 3);
});

test("an object that does not answer is a refusal for now", async () => {
  rooms.answer = () => { throw new Error("Durable Object is overloaded."); };
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { answer, lines } = await quietly(() => ask(upgrade("/api/pluv/room/a?token=hidden")));
    assert.equal(answer.status, 101);
    assert.ok(lines.length === 1 && lines[0].includes("overloaded") && !lines[0].includes("hidden"));
    const { 1: server } = pairs[0];
    assert.equal(server.closed, undefined);
    mock.timers.tick(999);
    assert.equal(server.closed, undefined);
    mock.timers.tick(4_001);
    assert.deepEqual(server.closed, { code: 1013, reason: "Try again later" });
  } finally {
    mock.timers.reset();
  }
});

test("a Worker without the binding says so", async () => {
  await assert.rejects(createRoomHandler({ binding: () => undefined })
    .fetch(upgrade("/api/pluv/room/a"), {}), { name: "TypeError", message: /durable_objects/ });
});

const user = { id: "u1", name: "Ann" };

const tokens = (options = {}) => ({
  authorize: ({ env: { secret = SECRET } }) => ({ secret }),
  authorizeUser: () => user,
  ...options,
});

test("who may enter is given a token for the room", async () => {
  const asked = [];
  const response = await ask(plain("/api/pluv/authorize?room=my-room", { headers: { Cookie: "c=1" } }),
    tokens({ authorizeUser: (from) => { asked.push(from); return user; }, tokenMaxAgeMs: 5_000 }));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), null);
  const now = Date.now();
  const opened = await openToken(TokenKeys.from(SECRET), await response.text(), "my-room", now);
  assert.deepEqual(opened.user, user);
  assert.ok(opened.expiresAt <= now + 6_000);
  assert.equal(asked[0].room, "my-room");
  assert.equal(asked[0].env, env);
  assert.equal(asked[0].request.headers.get("Cookie"), "c=1");
});

test("the newest of several secrets signs", async () => {
  const response = await ask(plain("/api/pluv/authorize?room=a"),
    tokens({ authorize: () => ({ secrets: ["new", "old"] }) }));
  await openToken(TokenKeys.from("new"), await response.text(), "a", Date.now());
});

test("who may not enter is given none, and the application may answer itself", async () => {
  for (const nobody of [null, undefined]) {
    const response = await ask(plain("/api/pluv/authorize?room=a"),
                               tokens({ authorizeUser: async () => nobody }));
    assert.equal(response.status, 403);
  }
  const own = await ask(plain("/api/pluv/authorize?room=a"), tokens({
    authorizeUser: () =>
      new Response(null, { status: 302, headers: { Location: "https://example.com/login" } }),
  }));
  assert.equal(own.status, 302);
  assert.equal(own.headers.get("Location"), "https://example.com/login");
  assert.equal(own.headers.get("Cache-Control"), "no-store");
});

test("a token's room must be one, and its method GET", async () => {
  for (const query of ["", "?room=", "?room=a%20b", "?rooms=a"]) {
    assert.equal((await ask(plain(`/api/pluv/authorize${query}`), tokens())).status, 400);
  }
  const post = await ask(plain("/api/pluv/authorize?room=a", { method: "POST" }), tokens());
  assert.equal(post.status, 405);
  assert.equal(post.headers.get("Allow"), "GET, HEAD, OPTIONS");
  const moved = tokens({ authorizePath: "/token" });
  assert.equal((await ask(plain("/token?room=a"), moved)).status, 200);
  assert.equal(await ask(plain("/api/pluv/authorize?room=a"), moved), undefined);
});

test("a token that cannot be made is a 500 that says nothing", async () => {
  const broken = [{ authorizeUser: () => { throw new Error("the database is away"); } },
    { authorize: () => ({}) }, { authorize: () => ({ secret: undefined }) }, { authorize: () => 1 },
    { authorize: () => ({ secret: "a", secrets: ["b"] }) }, { authorize: () => ({ secrets: "abc" }) },
    { authorizeUser: () => ({ id: 1 }) }, { authorizeUser: () => ({ id: "x".repeat(129) }) },
    { tokenMaxAgeMs: 0 }];
  for (const options of broken) {
    const { answer, lines } =
      await quietly(() => ask(plain("/api/pluv/authorize?room=a"), tokens(options)));
    assert.equal(answer.status, 500);
    assert.equal(await answer.text(), "The token could not be made\n");
    assert.equal(lines.length, 1);
  }
});

test("pages of allowed origins may read a token, others not", async () => {
  const options = tokens({ origins: ["https://app.example.com"] });
  const allowed = async (origin, method = "GET", headers = {}) => {
    const response = await ask(plain("/api/pluv/authorize?room=a",
                                     { method, headers: { Origin: origin, ...headers } }), options);
    assert.equal(response.headers.get("Vary"), "Origin");
    return response.headers.get("Access-Control-Allow-Origin");
  };
  assert.equal(await allowed("https://app.example.com"), "https://app.example.com");
  assert.equal(await allowed("https://evil.com"), null);
  const asks = { "Access-Control-Request-Method": "GET" };
  assert.equal(await allowed("https://app.example.com", "OPTIONS", asks), "https://app.example.com");
  assert.equal(await allowed("https://evil.com", "OPTIONS", asks), null);
});

test("options that are none, or do not go together, are refused", () => {
  const bad = [{ binding: undefined }, { roomPath: "rooms/" }, { roomPath: "/rooms" },
    { origins: ["example.com"] }, { origins: ["https://*"] }, { authorizeUser: () => user },
    { authorize: () => ({ secret: "a" }) }, { authorizePath: "/token" },
    tokens({ authorizePath: "token" })];
  for (const options of bad) assert.throws(() => handlerOf(options), TypeError);
});
