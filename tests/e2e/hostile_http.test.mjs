// What arrives before a WebSocket is one: heads that are wrong, endless, slow or meant to confuse a
// proxy. Each is answered or cut, and a good client is served afterwards.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { Client, RawSocket, rawRequest, sleep, startPluvd, suite, upgradeHead } from "./lib.mjs";

const { test, shared, run } = suite("hostile HTTP");

// The time for a head is short here, so that the slow ones need no patience.
const HANDSHAKE_MS = 1_500;
const open = shared(() => startPluvd(["--dev", "--max-handshake", `${HANDSHAKE_MS}ms`]));
const ROOM = "/api/pluv/room/hostile";

async function servesAGoodClient(server, t) {
  assert.ok(server.alive, "the process lives");
  const client = await Client.joined({ url: server.url, room: t.room });
  await client.close();
}

// Test titles to {bytes, status}: what is sent, and which answers are right (null: cut without
// one).
const head = (path, options) => upgradeHead(path, options);
const cases = {
  "an upgrade without a Host": { bytes: head(ROOM, { drop: ["Host"] }), status: [400] },
  "two Hosts": { bytes: head(ROOM, { headers: { host: "other" } }), status: [400] },
  "an upgrade without a key": { bytes: head(ROOM, { drop: ["Sec-WebSocket-Key"] }), status: [400] },
  "a key that is no base64": {
    bytes: head(ROOM, { headers: { "Sec-WebSocket-Key": "!!!!not base64!!!!====" } }),
    status: [400],
  },
  "a key of 15 bytes": {
    bytes: head(ROOM, { headers: { "Sec-WebSocket-Key": randomBytes(15).toString("base64") } }),
    status: [400],
  },
  "a key of 17 bytes": {
    bytes: head(ROOM, { headers: { "Sec-WebSocket-Key": randomBytes(17).toString("base64") } }),
    status: [400],
  },
  "an upgrade without a version": {
    bytes: head(ROOM, { drop: ["Sec-WebSocket-Version"] }), status: [400, 426],
  },
  "version 12": {
    bytes: head(ROOM, { headers: { "Sec-WebSocket-Version": "12" } }), status: [426],
    contains: /\r\nSec-WebSocket-Version: 13\r\n/i,
  },
  "version 8 and nothing else": {
    bytes: head(ROOM, { headers: { "Sec-WebSocket-Version": "8" } }), status: [426],
  },
  "an upgrade by POST": {
    bytes: head(ROOM).replace("GET ", "POST ").replace("\r\n\r\n",
                                                       "\r\nContent-Length: 0\r\n\r\n"),
    status: [400, 405, 426],
  },
  "an upgrade by HTTP/1.0": {
    bytes: head(ROOM).replace("HTTP/1.1", "HTTP/1.0"), status: [400, 426, 505],
  },
  "HTTP/2's preface": {
    bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: [400, 405, 501, 505, null],
  },
  "a TLS hello": {
    bytes: Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(500, "x")]),
    status: [400],
  },
  "random bytes": { bytes: randomBytes(4_096), status: [400, null] },
  "only zeros": { bytes: Buffer.alloc(4_096), status: [400] },
  "a method of 100,000 letters": { bytes: "G".repeat(100_000), status: [400, 414, 431, 501, null] },
  "a target of 100,000 letters": {
    bytes: `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, status: [400, 414, 431, null],
  },
  "a token of 100,000 letters": {
    bytes: head(`${ROOM}?token=${"x".repeat(100_000)}`), status: [400, 414, 431, null],
  },
  "one header of 1 MB": {
    bytes: `GET ${ROOM} HTTP/1.1\r\nHost: x\r\nX-Long: ${"a".repeat(1 << 20)}\r\n\r\n`,
    status: [400, 431, null],
  },
  "10,000 headers": {
    bytes: `GET ${ROOM} HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(10_000)}\r\n`,
    status: [400, 431, null],
  },
  "a header without a name": {
    bytes: `GET / HTTP/1.1\r\nHost: x\r\n: value\r\n\r\n`, status: [400],
  },
  "a space before a header's colon": {
    bytes: `GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n`, status: [400],
  },
  "a folded header": {
    bytes: `GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n`, status: [400],
  },
  "a zero byte in a header": {
    bytes: `GET / HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n`, status: [400],
  },
  "a bare carriage return in a header": {
    bytes: `GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rX-B: c\r\n\r\n`, status: [400],
  },
  "both a length and chunks": {
    bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" +
           "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    status: [400, 405, 411, 413, 501], once: true,
  },
  "two lengths that differ": {
    bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    status: [400],
  },
  "a length that is no number": {
    bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd", status: [400],
  },
  "a length beyond all numbers": {
    bytes: `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${"9".repeat(40)}\r\n\r\nx`,
    status: [400, 413],
  },
  "an unknown transfer encoding": {
    bytes: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    status: [400, 501],
  },
  "a path that climbs": { bytes: head("/api/../../etc/passwd"), status: [400, 404] },
  "a target that is no path": {
    bytes: "GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n", status: [400, 404],
  },
};

for (const [title, { bytes, status, contains, once }] of Object.entries(cases)) {
  test(`${title}: refused, and the server goes on`, async (t) => {
    const server = await open();
    const answer = await rawRequest(server.port, bytes);
    assert.ok(status.includes(answer.status), `status ${answer.status}: ${answer.text}`);
    assert.ok(!answer.text.includes("101 Switching"), answer.text);
    if (contains) assert.match(answer.text, contains);
    if (once) assert.equal(answer.text.match(/HTTP\/1\.1 \d{3}/g).length, 1, answer.text);
    await servesAGoodClient(server, t);
  });
}

test("a head that comes a byte at a time is cut when its time is up", async (t) => {
  const server = await open();
  const text = head(ROOM);
  const raw = t.use(new RawSocket(server.port));
  const begin = Date.now();
  for (let at = 0; !raw.ended && Date.now() - begin < 30_000; ++at) {
    raw.write(at < text.length - 4 ? text[at] : "x");
    await sleep(50);
  }
  assert.ok(raw.ended, "cut");
  assert.ok(Date.now() - begin >= HANDSHAKE_MS - 100, "not before its time");
  assert.ok(!raw.text.includes("101"), raw.text);
  await servesAGoodClient(server, t);
});

test("a head within its time is taken however small its pieces", async (t) => {
  const server = await startPluvd(["--dev"]);
  t.use(server);
  const raw = t.use(new RawSocket(server.port));
  for (const byte of head(`/api/pluv/room/${t.room}`)) {
    raw.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await raw.until(() => raw.text.includes("$registered"));
  assert.match(raw.text, /^HTTP\/1\.1 101 /);
});

test("connections that say nothing are cut, by the hundred", async (t) => {
  const server = await open();
  const silent = Array.from({ length: 200 }, () => t.use(new RawSocket(server.port)));
  await servesAGoodClient(server, t);
  for (const raw of silent) await raw.until(() => raw.ended, "the cut");
});

test("requests after each other and garbage after them", async (t) => {
  const server = await open();
  const good = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const answer = await rawRequest(server.port, good + good + "\u0000garbage\r\n\r\n" + good);
  const statuses = answer.text.match(/HTTP\/1\.1 \d{3}/g);
  assert.equal(statuses[0], "HTTP/1.1 200");
  assert.ok(statuses.filter((one) => one.endsWith("200")).length <= 2, "nothing after garbage");
  await servesAGoodClient(server, t);
});

test("garbage in one packet with an upgrade closes that socket with 1002", async (t) => {
  const server = await open();
  const raw = t.use(new RawSocket(server.port));
  raw.write(Buffer.concat([Buffer.from(head(`/api/pluv/room/${t.room}`)), Buffer.alloc(64, 0xff)]));
  await raw.until(() => raw.ended, "the close");
  raw.bytes = raw.bytes.subarray(raw.bytes.indexOf("\r\n\r\n") + 4);
  assert.equal(raw.closeCode, 1002);
  await servesAGoodClient(server, t);
});

test("a connection that is reset in the middle of anything does no harm", async (t) => {
  const server = await open();
  const text = head(`/api/pluv/room/${t.room}`);
  for (let at = 0; at <= text.length; at += 7) {
    const raw = new RawSocket(server.port);
    await new Promise((resolve) => raw.socket.once("connect", resolve));
    raw.write(text.slice(0, at));
    raw.socket.resetAndDestroy();
  }
  await servesAGoodClient(server, t);
});

await run();
