// TCP sockets that say what no well-behaved client would, and WebSocket frames by hand (RFC 6455
// section 5.2).
import { randomBytes } from "node:crypto";
import net from "node:net";

export function upgradeHead(path, { headers = {}, drop = [] } = {}) {
  const all = {
    Host: "127.0.0.1",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    ...headers,
  };
  for (const name of drop) delete all[name];
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

// One frame of a client. mask false sends it unmasked, which a client must not; size writes a
// length that is not the payload's.
export function frame(payload, { opcode = 1, fin = true, rsv = 0, mask = true, size } = {}) {
  const body = Buffer.from(payload);
  const length = size ?? body.length;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const bit = mask ? 0x80 : 0;
  let extra = Buffer.alloc(0);
  if (length < 126) {
    head.push(bit | length);
  } else if (length < 65_536) {
    head.push(bit | 126);
    extra = Buffer.alloc(2);
    extra.writeUInt16BE(length);
  } else {
    head.push(bit | 127);
    extra = Buffer.alloc(8);
    extra.writeBigUInt64BE(BigInt(length));
  }
  if (!mask) return Buffer.concat([Buffer.from(head), extra, body]);
  const key = randomBytes(4);
  const masked = Buffer.from(body.map((byte, at) => byte ^ key[at % 4]));
  return Buffer.concat([Buffer.from(head), extra, key, masked]);
}

// The whole frames at the beginning of what a server sent: [{opcode, fin, rsv, payload}].
export function parseFrames(bytes) {
  const frames = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    let length = bytes[at + 1] & 0x7f;
    let begin = at + 2;
    if (length === 126 && begin + 2 <= bytes.length) {
      length = bytes.readUInt16BE(begin);
      begin += 2;
    } else if (length === 127 && begin + 8 <= bytes.length) {
      length = Number(bytes.readBigUInt64BE(begin));
      begin += 8;
    }
    if (begin + length > bytes.length) break;
    frames.push({
      opcode: bytes[at] & 0x0f,
      fin: (bytes[at] & 0x80) !== 0,
      rsv: (bytes[at] >> 4) & 7,
      payload: bytes.subarray(begin, begin + length),
    });
    at = begin + length;
  }
  return frames;
}

export class RawSocket {
  constructor(port) {
    this.bytes = Buffer.alloc(0);
    this.ended = false; // the server closed its side, or cut
    this.error = null;
    this.socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.socket.on("data", (bytes) => {
      this.bytes = Buffer.concat([this.bytes, bytes]);
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", (error) => {
      this.error = error.code;
      this.ended = true;
    });
    this.socket.on("close", () => {
      this.ended = true;
    });
  }

  // A socket that was upgraded; its bytes begin after the server's head.
  static async upgraded(port, path, options = {}) {
    const raw = new RawSocket(port);
    raw.write(upgradeHead(path, options));
    await raw.until(() => raw.bytes.includes("\r\n\r\n"), "the server's head");
    const end = raw.bytes.indexOf("\r\n\r\n") + 4;
    raw.head = raw.bytes.subarray(0, end).toString("latin1");
    raw.bytes = raw.bytes.subarray(end);
    return raw;
  }

  get text() {
    return this.bytes.toString("latin1");
  }
  get frames() {
    return parseFrames(this.bytes);
  }
  // Of text frames, parsed.
  get messages() {
    return this.frames.filter((one) => one.opcode === 1).map((one) => JSON.parse(one.payload));
  }
  // Of the server's close frame; null while none has come.
  get closeCode() {
    const close = this.frames.find((one) => one.opcode === 8);
    if (!close) return null;
    return close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005;
  }

  write(bytes) {
    if (!this.socket.destroyed) this.socket.write(bytes);
    return this;
  }

  async until(check, what = "the condition", timeout = 20_000) {
    const end = Date.now() + timeout;
    while (!check()) {
      if (Date.now() > end) {
        throw new Error(`waited ${timeout} ms for ${what}; got ${JSON.stringify(this.text)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this;
  }

  close() {
    this.socket.destroy();
  }
}

// Sends bytes on a new connection and answers {status, text} once the server has closed it.
export async function rawRequest(port, bytes, { timeout = 30_000 } = {}) {
  const raw = new RawSocket(port);
  raw.write(bytes);
  try {
    await raw.until(() => raw.ended, "the server to close", timeout);
  } finally {
    raw.close();
  }
  const status = raw.text.match(/^HTTP\/1\.1 (\d{3}) /);
  return { status: status ? Number(status[1]) : null, text: raw.text, error: raw.error };
}
