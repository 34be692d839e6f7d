// Upgrades that try to be somewhere else, somebody else or two requests at once: paths, Origin,
// forwarded addresses, and heads that a proxy and a server might read differently.
import assert from "node:assert/strict";

import { Client, makeToken, RawSocket, sleep, startPluvd, suite, until, upgradeHead }
  from "./lib.mjs";

const { test, shared, run } = suite("hostile requests");
const PACING = ["--pacing-min", "50ms", "--pacing-max", "100ms"];
const open = shared(() => startPluvd(["--dev", ...PACING]));
const PATH = "/api/pluv/room/";

// The server's whole answer to a head (bytes), up to its end: {status, text, frames}.
async function answerTo(server, bytes, { settle_ms = 0 } = {}) {
  const raw = new RawSocket(server.port);
  raw.write(bytes);
  try {
    await raw.until(() => raw.ended || raw.text.includes("101 Switching"), "an answer");
    if (settle_ms > 0 && !raw.ended) await sleep(settle_ms);
    const status = Number(raw.text.match(/^HTTP\/1\.1 (\d{3}) /)?.[1] ?? 0);
    return { status, text: raw.text };
  } finally {
    raw.close();
  }
}

async function metric(server, name) {
  const text = await (await fetch(`${server.http}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (.*)$`, "m"))?.[1]);
}

// --- paths ---

const paths = {
  "dots": `${PATH}..`,
  "dots in the middle": `${PATH}a/../b`,
  "encoded dots": `${PATH}%2e%2e/b`,
  "encoded dots and slashes": `${PATH}%2e%2e%2fb`,
  "a single dot": `${PATH}./b`,
  "an encoded slash": `${PATH}a%2fb`,
  "an encoded backslash": `${PATH}a%5cb`,
  "a backslash": `${PATH}a\\b`,
  "backslashes for slashes": "\\api\\pluv\\room\\a",
  "two slashes at the front": `//api/pluv/room/a`,
  "two slashes in the middle": `/api//pluv/room/a`,
  "two slashes before the room": `${PATH}/a`,
  "a slash behind the room": `${PATH}a/`,
  "a semicolon": `${PATH}a;b`,
  "an encoded semicolon": `${PATH}a%3bb`,
  "a zero": `${PATH}a%00`,
  "a zero in the middle": `${PATH}a%00b`,
  "an encoded line end": `${PATH}a%0d%0aX-A:b`,
  "an encoded space": `${PATH}a%20`,
  "an encoded question mark": `${PATH}a%3ftoken=x`,
  "a fragment": `${PATH}a#b`,
  "an overlong slash": `${PATH}a%c0%afb`,
  "an overlong letter": `${PATH}%c1%a1`,
  "an overlong dot in three bytes": `${PATH}%e0%80%ae`,
  "a letter of another script": `${PATH}%d0%b0`,
  "a wide letter": `${PATH}%ef%bd%81`,
  "encoding done twice": `${PATH}%2561`,
  "encoding done three times": `${PATH}%252561`,
  "half an encoding": `${PATH}a%`,
  "half an encoding and a digit": `${PATH}a%6`,
  "an encoding that is none": `${PATH}a%zz`,
  "%u of old browsers": `${PATH}%u0061`,
  "capitals": "/API/PLUV/ROOM/a",
  "an encoded prefix": "/api/pluv/%72oom/a",
  "the prefix alone": PATH,
  "a name that begins with a dash": `${PATH}-a`,
  "a name that ends with an underscore": `${PATH}a_`,
  "a star": "*",
  "no slash at the front": "api/pluv/room/a",
  "8 KB of letters and a dot": `${PATH}${"a".repeat(8_192)}.`,
  "8 KB of dots": `${PATH}${"../".repeat(2_730)}`,
  "8 KB of encodings": `${PATH}${"%2e".repeat(2_730)}`,
  "another host's": "http://evil.example/api/pluv/room/",
  "an authority": "127.0.0.1:80",
};
const untouched = shared(() => startPluvd(["--dev", ...PACING]));
for (const [title, path] of Object.entries(paths)) {
  test(`a path with ${title} opens no room`, async () => {
    const server = await untouched();
    const raw = new RawSocket(server.port);
    raw.write(upgradeHead(path));
    try {
      await raw.until(() => raw.ended || raw.text.includes("101 Switching"), "an answer");
      assert.ok(!raw.text.includes("evil"), "nothing of the request comes back");
      if (!raw.text.includes("101 Switching")) {
        const status = Number(raw.text.match(/^HTTP\/1\.1 (\d{3}) /)?.[1] ?? 0);
        assert.ok([400, 404].includes(status), raw.text.slice(0, 300));
        return;
      }
      // Below the rooms' path only the name is wrong: that is told on the socket, which is closed.
      assert.ok(path.startsWith(PATH), "no room's path");
      raw.bytes = raw.bytes.subarray(raw.bytes.indexOf("\r\n\r\n") + 4);
      await raw.until(() => raw.closeCode !== null, "the close");
      assert.equal(raw.closeCode, 1008);
      assert.deepEqual(raw.messages.map(({ type, room, data }) => ({ type, room, data })), [
        { type: "$error", room: "", data: { message: "The room's name is not allowed", stack: null } },
      ]);
    } finally {
      raw.close();
    }
  });
}

test("none of such paths has made a room", async () => {
  assert.equal(await metric(await untouched(), "pluv_rooms"), 0);
});

test("raw bytes in a path are refused", async () => {
  const server = await open();
  for (const bytes of ["\x00", "\x01", "\x7f", "\x80", "\xff", "\xc3\xa9", " ", "\t", "\r", "\n"]) {
    const head = upgradeHead(`${PATH}a@b`).replace("@", bytes);
    const answer = await answerTo(server, Buffer.from(head, "latin1"));
    assert.equal(answer.status, 400, JSON.stringify(bytes));
  }
});

test("a target with a host in it is its path, if the host is the one that is meant", async (t) => {
  const server = await open();
  for (const [host, status] of [["http://127.0.0.1", 101], ["http://evil.example", 400],
                                ["http://127.0.0.1@evil.example", 400], ["file://", 400],
                                ["http://", 400]]) {
    const answer = await answerTo(server, upgradeHead(`${host}${PATH}${t.room}`));
    assert.equal(answer.status, status, `${host}: ${answer.text}`);
  }
});

test("a name is the same room however it is encoded", async (t) => {
  const server = await open();
  const plain = t.use(await Client.joined({ url: server.url, room: t.room }));
  const encoded = [...t.room].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");
  const other = t.use(await Client.joined({ url: server.url, room: encoded }));
  other.send("sendMessage", { message: "the same" });
  const heard = await plain.take("receiveMessage");
  assert.equal(heard.room, t.room);
});

// --- heads that two readers might take apart differently ---

const line = (text) => (head) => head.replace("\r\n\r\n", `\r\n${text}\r\n\r\n`);
const smuggling = {
  "a folded line": line("X-A: b\r\n c"),
  "a folded line of a tab": line("X-A: b\r\n\tc"),
  "a folded Upgrade": (head) => head.replace("Upgrade: websocket", "Upgrade:\r\n websocket"),
  "a folded first line": (head) => head.replace("\r\n", "\r\n X-A: b\r\n"),
  "two hosts": line("Host: other"),
  "the same host twice": line("Host: 127.0.0.1"),
  "no host": (head) => head.replace(/Host: .*\r\n/, ""),
  "a host with a path": (head) => head.replace(/Host: .*\r\n/, "Host: a/b\r\n"),
  "a host with a space": (head) => head.replace(/Host: .*\r\n/, "Host: a b\r\n"),
  "a zero in a value": line("X-A: b\0c"),
  "a zero in a name": line("X-\0A: b"),
  "a carriage return in a value": line("X-A: b\rc"),
  "a line end of LF alone": line("X-A: b\nX-B: c"),
  "LF alone everywhere": (head) => head.replaceAll("\r\n", "\n"),
  "a name with a space behind": line("X-A : b"),
  "a name with a space before": (head) => head.replace("\r\n", "\r\n X-A: b\r\n"),
  "a name without a colon": line("X-A"),
  "a name with a letter outside ASCII": line("X-\u00e9: b"),
  "no name": line(": b"),
  "chunks": line("Transfer-Encoding: chunked"),
  "chunks and a length": line("Transfer-Encoding: chunked\r\nContent-Length: 5"),
  "chunks, spelt oddly": line("Transfer-Encoding: \tchunked"),
  "chunks, disguised": line("Transfer-Encoding: xchunked, identity"),
  "two lengths that differ": line("Content-Length: 0\r\nContent-Length: 5"),
  "two lengths in one line": line("Content-Length: 5, 5"),
  "a length below zero": line("Content-Length: -1"),
  "a length with a plus": line("Content-Length: +0"),
  "a length in hexadecimal": line("Content-Length: 0x0"),
  "a length with a space inside": line("Content-Length: 0 0"),
  "a body": line("Content-Length: 5"),
  "HTTP/1.0": (head) => head.replace("HTTP/1.1", "HTTP/1.0"),
  "HTTP/1.2": (head) => head.replace("HTTP/1.1", "HTTP/1.2"),
  "HTTP/2.0": (head) => head.replace("HTTP/1.1", "HTTP/2.0"),
  "http/1.1": (head) => head.replace("HTTP/1.1", "http/1.1"),
  "no version": (head) => head.replace(" HTTP/1.1", ""),
  "two spaces before the version": (head) => head.replace(" HTTP/1.1", "  HTTP/1.1"),
  "a tab after the method": (head) => head.replace("GET ", "GET\t"),
  "a method in small letters": (head) => head.replace("GET ", "get "),
  "another method": (head) => head.replace("GET ", "CONNECT "),
  "two keys": line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
  "two versions": line("Sec-WebSocket-Version: 13"),
};
for (const [title, change] of Object.entries(smuggling)) {
  test(`an upgrade with ${title} is none`, async (t) => {
    const server = await open();
    const head = change(upgradeHead(PATH + t.room));
    const answer = await answerTo(server, Buffer.from(head, "latin1"));
    assert.ok(answer.status >= 400 && answer.status < 600,
              `${answer.status}: ${answer.text.slice(0, 300)}`);
    assert.ok(!answer.text.includes("101 Switching"));
    assert.equal(answer.text.match(/HTTP\/1\.1 \d{3}/g).length, 1, "one answer");
  });
}

test("a second request behind an upgrade is no request", async (t) => {
  const server = t.use(await startPluvd(["--dev", "--storage", "memory"]));
  for (const second of [upgradeHead(`${PATH}${t.room}x`), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
                        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"]) {
    const raw = t.use(new RawSocket(server.port));
    raw.write(upgradeHead(PATH + t.room) + second);
    await raw.until(() => raw.ended, "the end");
    assert.equal(raw.text.match(/HTTP\/1\.1 \d{3}/g).length, 1, raw.text);
    raw.bytes = raw.bytes.subarray(raw.bytes.indexOf("\r\n\r\n") + 4);
    assert.equal(raw.closeCode, 1002);
  }
  await until(async () => (await metric(server, "pluv_rooms")) === 0);
});

test("an upgrade behind a request of the same connection is one", async (t) => {
  const server = await open();
  const raw = t.use(new RawSocket(server.port));
  raw.write(`GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n${upgradeHead(PATH + t.room)}`);
  await raw.until(() => raw.text.includes("$registered"), "the join");
  assert.deepEqual(raw.text.match(/HTTP\/1\.1 \d{3}/g), ["HTTP/1.1 200", "HTTP/1.1 101"]);
});

test("a body that looks like an upgrade is a body", async (t) => {
  const server = await open();
  const inner = upgradeHead(PATH + t.room);
  const answer = await answerTo(server, "POST /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                                        `Content-Length: ${inner.length}\r\n\r\n${inner}`);
  assert.ok(!answer.text.includes("101 Switching"), answer.text);
  assert.equal(answer.text.match(/HTTP\/1\.1 \d{3}/g).length, 1);
  const chunked = await answerTo(server, "POST /healthz HTTP/1.1\r\nHost: x\r\n" +
    `Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`);
  assert.ok(!chunked.text.includes("101 Switching"), chunked.text);
});

// --- Origin ---

const guarded = shared(() => startPluvd(["--dev", ...PACING, "--origin", "https://app.example.com",
                                         "--origin", "https://*.example.org",
                                         "--origin", "http://localhost:3000"]));

async function withOrigin(server, room, headers) {
  const raw = await RawSocket.upgraded(server.port, PATH + room, { headers });
  try {
    await raw.until(() => raw.closeCode !== null || raw.messages.length > 0 || raw.ended);
    if (raw.messages[0]?.type === "$error") await raw.until(() => raw.closeCode !== null);
    return { first: raw.messages[0]?.type, message: raw.messages[0]?.data?.message,
             code: raw.closeCode };
  } finally {
    raw.close();
  }
}

test("origins that look like an allowed one are refused for good", async (t) => {
  const server = await guarded();
  const watcher = t.use(await Client.joined({ url: server.url, room: t.room }));
  const origins = [
    "null", "", "https://evil.com", "http://app.example.com", "https://app.example.com:8443",
    "https://app.example.com.evil.com", "https://evil-app.example.com", "https://xapp.example.com",
    "https://app.example.comx", "https://app.example.com@evil.com", "https://evil.com#app.example.com",
    "https://evil.com/https://app.example.com", "https://app.example.com/", "https://app.example.com/x",
    "https://example.org", "https://evilexample.org", "https://a.example.org.evil.com",
    "https://.example.org", "https://*.example.org", "https://a.example.org:444",
    "https://a..example.org", "https://app.example.com https://evil.com",
    "https://evil.com https://app.example.com", "https://app.example.com, https://evil.com",
    "https://app.example.com\t", "https:app.example.com", "https//app.example.com", "app.example.com",
    "//app.example.com", "javascript:app.example.com", "file://", "http://localhost",
    "http://localhost:30000", "http://localhost:3000.evil.com", "http://127.0.0.1:3000",
    "https://app%2eexample.com", "https://app.example.com%00.evil.com",
    "https://\u0430pp.example.com",
  ].filter((origin) => origin !== "https://app.example.com\t");  // a field's end is no part of it
  for (const Origin of origins) {
    const told = await withOrigin(server, t.room, { Origin: Buffer.from(Origin).toString("latin1") });
    assert.deepEqual(told, { first: "$error", message: "Origin not allowed", code: 1008 }, Origin);
  }
  await watcher.settled();
  assert.equal(watcher.others.size, 0);
  assert.ok(watcher.messages.every(({ type }) => type !== "$exit"), "nobody had been there");
});

test("two Origins are refused, in whatever order", async (t) => {
  const server = await guarded();
  for (const [first, second] of [["https://app.example.com", "https://evil.com"],
                                 ["https://evil.com", "https://app.example.com"],
                                 ["https://app.example.com", "https://app.example.com"]]) {
    const answer = await answerTo(server, upgradeHead(PATH + t.room, {
      headers: { Origin: first, origin: second },
    }));
    assert.equal(answer.status, 400, answer.text);
  }
});

test("allowed origins are, whatever their case and default port", async (t) => {
  const server = await guarded();
  for (const Origin of ["https://app.example.com", "https://APP.Example.COM", "HTTPS://app.example.com",
                        "https://app.example.com:443", "https://a.example.org",
                        "https://a.b.example.org", "http://localhost:3000"]) {
    assert.equal((await withOrigin(server, t.room, { Origin })).first, "$registered", Origin);
  }
});

// --- addresses that a client claims ---

const claims = [["X-Forwarded-For", (n) => `203.0.113.${n}`],
                ["Forwarded", (n) => `for=203.0.113.${n}`],
                ["X-Real-IP", (n) => `203.0.113.${n}`],
                ["X-Forwarded-For", (n) => `203.0.113.${n}, 127.0.0.1`]];

test("an address that a client claims counts for nothing", async (t) => {
  for (const [name, address] of claims) {
    const server = t.use(await startPluvd(["--max-connections-per-address", "3", ...PACING]));
    const join = async (n) => {
      const token = await makeToken({ room: t.room, user: { id: `u${n}` } });
      return t.use(new Client({ url: server.url, room: t.room, token,
                                options: { headers: { [name]: address(n) } } }));
    };
    for (let n = 0; n < 3; ++n) await (await join(n)).ready();
    assert.equal((await (await join(3)).closed()).code, 1013, name);
  }
});

test("behind a proxy, what a client put before the proxy's own word counts for nothing", async (t) => {
  const server = t.use(await startPluvd(["--max-connections-per-address", "2", ...PACING,
                                         "--trusted-proxy", "127.0.0.1"]));
  const join = async (n, forwarded) => {
    const token = await makeToken({ room: t.room, user: { id: `u${n}` } });
    return t.use(new Client({ url: server.url, room: t.room, token,
                              options: { headers: { "X-Forwarded-For": forwarded } } }));
  };
  await (await join(0, "198.51.100.1, 203.0.113.9")).ready();
  await (await join(1, "198.51.100.2, 203.0.113.9")).ready();
  assert.equal((await (await join(2, "198.51.100.3, 203.0.113.9")).closed()).code, 1013);
  assert.equal((await (await join(3, "garbage, 203.0.113.9")).closed()).code, 1013);
  await (await join(4, "203.0.113.9, 203.0.113.10")).ready();
});

test("one user from many addresses has so many connections and no more", async (t) => {
  const server = t.use(await startPluvd(["--max-connections-per-user", "3", ...PACING,
                                         "--trusted-proxy", "127.0.0.1"]));
  const join = async (n, id, room = `${t.room}-${n}`) => t.use(new Client({
    url: server.url, room, token: await makeToken({ room, user: { id } }),
    options: { headers: { "X-Forwarded-For": `203.0.113.${n}` } },
  }));
  const tabs = [];
  for (let n = 0; n < 3; ++n) tabs.push(await (await join(n, "ann")).ready());
  assert.equal((await (await join(3, "ann")).closed()).code, 1013);
  await (await join(4, "bob")).ready();
  await tabs[0].close();
  await (await join(5, "ann")).ready();
  assert.match(await (await fetch(`${server.http}/metrics`)).text(),
               /^pluv_connections_refused_total\{reason="user_max"\} 1$/m);
});

await run();
