// RFC 6455 over real sockets: npm ws as the peer where it can say it, frames by hand where it
// cannot.
import assert from "node:assert/strict";

import WebSocket from "ws";

import { Client, frame, RawSocket, startPluvd, suite } from "./lib.mjs";

const { test, shared, run } = suite("websocket");
const open = shared(() => startPluvd(["--dev", "--max-close", "1s"]));
const compressing = shared(() => startPluvd(["--dev", "--deflate"]));
const event = (type, data) => JSON.stringify({ type, data });

async function upgraded(t) {
  const server = await open();
  const raw = t.use(await RawSocket.upgraded(server.port, `/api/pluv/room/${t.room}`));
  await raw.until(() => raw.messages.length > 0, "$registered");
  return raw;
}

test("the accept key is that of RFC 6455's example", async (t) => {
  const server = await open();
  const raw = t.use(await RawSocket.upgraded(server.port, `/api/pluv/room/${t.room}`, {
    headers: { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" },
  }));
  assert.match(raw.head, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
});

test("headers of any case, and Connection with more than Upgrade, are taken", async (t) => {
  const server = await open();
  const raw = t.use(await RawSocket.upgraded(server.port, `/api/pluv/room/${t.room}`, {
    headers: { Connection: undefined, Upgrade: undefined, cOnNeCtIoN: "keep-alive,  upGRADE",
               uPgRaDe: "WebSocket" },
    drop: ["Connection", "Upgrade"],
  }));
  assert.match(raw.head, /^HTTP\/1\.1 101 /);
});

test("no subprotocol is chosen", async (t) => {
  const server = await open();
  const raw = t.use(await RawSocket.upgraded(server.port, `/api/pluv/room/${t.room}`, {
    headers: { "Sec-WebSocket-Protocol": "chat, superchat" },
  }));
  assert.doesNotMatch(raw.head, /Sec-WebSocket-Protocol/i);
});

test("the server's frames are whole, unmasked text", async (t) => {
  const raw = await upgraded(t);
  const [first] = raw.frames;
  assert.deepEqual([first.opcode, first.fin, first.rsv], [1, true, 0]);
  assert.equal(raw.bytes[1] & 0x80, 0);
});

test("a message in many fragments is one message", async (t) => {
  const server = await open();
  const a = t.use(await Client.joined({ url: server.url, room: t.room }));
  const text = event("sendMessage", { message: "é😀".repeat(50) });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 3) { // cuts characters apart
    a.socket.send(bytes.subarray(at, at + 3), { binary: false, fin: at + 3 >= bytes.length });
  }
  assert.equal((await a.take("receiveMessage")).data.message, "é😀".repeat(50));
});

test("a ping between fragments is answered before the message ends", async (t) => {
  const raw = await upgraded(t);
  const text = event("sendMessage", { message: "in two" });
  raw.write(frame(text.slice(0, 10), { fin: false }));
  raw.write(frame("are you there", { opcode: 9 }));
  await raw.until(() => raw.frames.some(({ opcode }) => opcode === 10), "the pong");
  assert.equal(String(raw.frames.find(({ opcode }) => opcode === 10).payload), "are you there");
  assert.ok(!raw.text.includes("receiveMessage"));
  raw.write(frame(text.slice(10), { opcode: 0 }));
  await raw.until(() => raw.text.includes("in two"), "the message");
});

test("empty fragments are fragments", async (t) => {
  const raw = await upgraded(t);
  raw.write(frame("", { fin: false }));
  for (let i = 0; i < 10; ++i) raw.write(frame("", { opcode: 0, fin: false }));
  raw.write(frame(event("sendMessage", { message: "after nothing" }), { opcode: 0 }));
  await raw.until(() => raw.text.includes("after nothing"), "the message");
});

test("bytes that come one at a time are the same frames", async (t) => {
  const raw = await upgraded(t);
  for (const byte of frame(event("sendMessage", { message: "drop by drop" }))) {
    raw.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await raw.until(() => raw.text.includes("drop by drop"), "the message");
});

test("every length form is read: 125, 126, 127, 65535 and 65536 bytes", async (t) => {
  const server = await open();
  const a = t.use(await Client.joined({ url: server.url, room: t.room }));
  for (const size of [125, 126, 127, 65_535, 65_536]) {
    const empty = event("sized", { text: "" }).length;
    a.send("sized", { text: "y".repeat(size - empty) });
    assert.equal((await a.take("sized")).data.text.length, size - empty);
  }
});

test("the server answers a ping with its own bytes", async (t) => {
  const server = await open();
  const a = t.use(await Client.joined({ url: server.url, room: t.room }));
  for (const payload of [Buffer.alloc(0), Buffer.from([0, 255, 128]), Buffer.alloc(125, 7)]) {
    const answered = new Promise((resolve) => a.socket.once("pong", resolve));
    a.socket.ping(payload);
    assert.deepEqual(await answered, payload);
  }
});

test("a pong that nobody asked for is ignored", async (t) => {
  const server = await open();
  const a = t.use(await Client.joined({ url: server.url, room: t.room }));
  a.socket.pong("unasked");
  await a.settled();
});

for (const code of [1000, 1001, 3000, 4999]) {
  test(`a client's close with ${code} is answered with the same`, async (t) => {
    const raw = await upgraded(t);
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    raw.write(frame(payload, { opcode: 8 }));
    await raw.until(() => raw.ended, "the end");
    assert.equal(raw.closeCode, code);
  });
}

test("a close without a code is answered", async (t) => {
  const raw = await upgraded(t);
  raw.write(frame("", { opcode: 8 }));
  await raw.until(() => raw.ended, "the end");
  assert.ok([1000, 1005].includes(raw.closeCode), String(raw.closeCode));
});

test("a message after the client's close is not heard", async (t) => {
  const server = await open();
  const watcher = t.use(await Client.joined({ url: server.url, room: t.room }));
  const raw = await upgraded(t);
  raw.write(Buffer.concat([frame(Buffer.from([3, 232]), { opcode: 8 }),
                           frame(event("sendMessage", { message: "from beyond" }))]));
  await watcher.take("$exit");
  await watcher.settled();
  assert.ok(!watcher.texts.join().includes("from beyond"));
});

const bad = {
  "an unmasked frame": { bytes: frame("{}", { mask: false }), code: [1002] },
  "a reserved bit": { bytes: frame("{}", { rsv: 4 }), code: [1002] },
  "another reserved bit": { bytes: frame("{}", { rsv: 1 }), code: [1002] },
  "a reserved opcode": { bytes: frame("{}", { opcode: 3 }), code: [1002] },
  "a reserved control opcode": { bytes: frame("", { opcode: 11 }), code: [1002] },
  "a control frame in fragments": { bytes: frame("", { opcode: 9, fin: false }), code: [1002] },
  "a ping of 126 bytes": { bytes: frame("x".repeat(126), { opcode: 9 }), code: [1002] },
  "a continuation of nothing": { bytes: frame("x", { opcode: 0 }), code: [1002] },
  "a message inside a message": {
    bytes: Buffer.concat([frame("a", { fin: false }), frame("b")]), code: [1002],
  },
  "a close of one byte": { bytes: frame("x", { opcode: 8 }), code: [1002] },
  "a close with code 1005": { bytes: frame(Buffer.from([3, 237]), { opcode: 8 }), code: [1002] },
  "a close with code 999": { bytes: frame(Buffer.from([3, 231]), { opcode: 8 }), code: [1002] },
  "a close with a reason that is no UTF-8": {
    bytes: frame(Buffer.from([3, 232, 0xff]), { opcode: 8 }), code: [1007],
  },
  "text that is no UTF-8": { bytes: frame(Buffer.from([0x22, 0xc3, 0x28, 0x22])), code: [1007] },
  "text that ends inside a character": { bytes: frame(Buffer.from([0xe2, 0x82])), code: [1007] },
  "a surrogate in UTF-8": { bytes: frame(Buffer.from([0xed, 0xa0, 0x80])), code: [1007] },
  "a length of 2^63": {
    bytes: Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), code: [1002, 1009],
  },
  "a length of 1 TB": {
    bytes: frame("", { size: 2 ** 40 }), code: [1009],
  },
  "fragments that grow past every limit": {
    bytes: Buffer.concat([frame("x".repeat(40_000_000), { fin: false }),
                          frame("x".repeat(40_000_000), { opcode: 0 })]),
    code: [1009],
  },
};
for (const [title, { bytes, code }] of Object.entries(bad)) {
  test(`${title} closes that socket alone`, async (t) => {
    const server = await open();
    const watcher = t.use(await Client.joined({ url: server.url, room: t.room }));
    const raw = await upgraded(t);
    const { connectionId } = raw.messages[0];
    raw.write(bytes);
    await raw.until(() => raw.closeCode !== null || raw.error, "the close");
    // A socket that is still being written to when it closes may be reset under its close frame.
    if (raw.closeCode !== null || bytes.length < 1_000_000) {
      assert.ok(code.includes(raw.closeCode), String(raw.closeCode));
    }
    assert.equal((await watcher.take("$exit")).data.sessionId, connectionId);
    await watcher.settled();
  });
}

test("a client that never answers a close is cut", async (t) => {
  const raw = await upgraded(t);
  raw.write(frame("{}", { rsv: 2 }));
  await raw.until(() => raw.closeCode !== null, "the close");
  await raw.until(() => raw.ended, "the cut");
});

// --- permessage-deflate, RFC 7692 ---

const offer = { perMessageDeflate: { threshold: 0 } };

test("compression is refused by default", async (t) => {
  const server = await open();
  const a = t.use(await Client.joined({ url: server.url, room: t.room, options: offer }));
  assert.equal(a.socket.extensions, "");
  a.send("sendMessage", { message: "plain" });
  assert.equal((await a.take("receiveMessage")).data.message, "plain");
});

test("with --deflate offers are taken, and both directions are right", async (t) => {
  const server = await compressing();
  const a = t.use(await Client.joined({ url: server.url, room: t.room, options: offer }));
  const plain = t.use(await Client.joined({ url: server.url, room: t.room }));
  assert.match(a.socket.extensions, /permessage-deflate/);
  assert.equal(plain.socket.extensions, "");
  for (let i = 0; i < 50; ++i) {
    const message = `${i} é😀 ${"again and again ".repeat(i)}`;
    (i % 2 ? a : plain).send("sendMessage", { message });
    for (const client of [a, plain]) {
      assert.equal((await client.take("receiveMessage")).data.message, message);
    }
  }
});

for (const parameters of ["permessage-deflate; client_no_context_takeover",
                          "permessage-deflate; server_no_context_takeover",
                          "permessage-deflate; server_max_window_bits=9",
                          "permessage-deflate; client_max_window_bits"]) {
  test(`an offer of "${parameters}" is answered rightly or declined`, async (t) => {
    const server = await compressing();
    const options = {
      perMessageDeflate: {
        threshold: 0,
        clientNoContextTakeover: parameters.includes("client_no_context") || undefined,
        serverNoContextTakeover: parameters.includes("server_no_context") || undefined,
        serverMaxWindowBits: parameters.includes("=9") ? 9 : undefined,
      },
    };
    const a = t.use(await Client.joined({ url: server.url, room: t.room, options }));
    for (let i = 0; i < 10; ++i) {
      a.send("sendMessage", { message: "same words ".repeat(100) + i });
      assert.ok((await a.take("receiveMessage")).data.message.endsWith(`words ${i}`));
    }
  });
}

for (const offered of ["permessage-deflate; unknown=1",
                       "permessage-deflate; server_max_window_bits=99",
                       "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits"]) {
  test(`an offer of "${offered}" is declined`, async (t) => {
    const server = await compressing();
    const raw = t.use(await RawSocket.upgraded(server.port, `/api/pluv/room/${t.room}`, {
      headers: { "Sec-WebSocket-Extensions": offered },
    }));
    assert.match(raw.head, /^HTTP\/1\.1 101 /);
    assert.doesNotMatch(raw.head, /Sec-WebSocket-Extensions/i);
  });
}

test("a message that inflates past its limit closes with 1009", async (t) => {
  const server = await compressing();
  const a = t.use(await Client.joined({ url: server.url, room: t.room, options: offer }));
  assert.match(a.socket.extensions, /permessage-deflate/);
  a.send("sendMessage", { message: "0".repeat(100_000_000) });
  assert.equal((await a.closed()).code, 1009);
});

test("compressed bytes that are none close with 1002 or 1007", async (t) => {
  const server = await compressing();
  const raw = t.use(await RawSocket.upgraded(server.port, `/api/pluv/room/${t.room}`, {
    headers: { "Sec-WebSocket-Extensions": "permessage-deflate" },
  }));
  assert.match(raw.head, /permessage-deflate/);
  raw.write(frame(Buffer.alloc(50, 0xff), { rsv: 4 }));
  await raw.until(() => raw.closeCode !== null, "the close");
  assert.ok([1002, 1007].includes(raw.closeCode), String(raw.closeCode));
});

test("npm ws finds nothing wrong in a long exchange", async (t) => {
  const server = await open();
  const socket = new WebSocket(`${server.url}${t.room}`, { perMessageDeflate: false });
  const errors = [];
  socket.on("error", (error) => errors.push(error));
  let received = 0;
  socket.on("message", () => ++received);
  await new Promise((resolve) => socket.on("open", resolve));
  for (let i = 0; i < 2_000; ++i) socket.send(event("sendMessage", { message: "m".repeat(i) }));
  while (received < 2_001 && socket.readyState === WebSocket.OPEN) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(received, 2_001);
  const closed = new Promise((resolve) => socket.on("close", (...all) => resolve(all)));
  socket.close(1000, "done");
  const [code] = await closed;
  assert.equal(code, 1000);
  assert.deepEqual(errors, []);
});

await run();
