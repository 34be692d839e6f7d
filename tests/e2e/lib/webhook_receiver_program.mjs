// A receiver of webhooks as a process of its own, so that it can be killed: node FILE '{options}'.
// What it accepts is in its file, a line of JSON each, before it answers. options:
//   port, file, secret
//   seed, faults: {name: probability} of refuses (500 or 503), breaks (the connection, unread),
//     forgets (accepts and breaks the connection), is_slow, hangs
//   gone: a room for which it answers 410 until the file `${file}.open` is there
//   tls: {cert, key} as PEM
//   storage: what it answers to initial-storage: base64, null, or {status, body}
import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync, existsSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import process from "node:process";

import { Random } from "./random.mjs";

const options = JSON.parse(process.argv[2]);
const random = new Random(options.seed ?? 1);
const faults = Object.entries(options.faults ?? {});

function chooseFault() {
  let chance = random.next();
  for (const [name, probability] of faults) {
    if (chance < probability) return name;
    chance -= probability;
  }
  return null;
}

function isSigned(header, body) {
  const mac = `sha256=${createHmac("sha256", options.secret).update(body).digest("hex")}`;
  return header?.length === mac.length && timingSafeEqual(Buffer.from(header), Buffer.from(mac));
}

function answerOf(event, data) {
  if (event !== "initial-storage") return { ok: true, data: { event, room: data.room } };
  return { ok: true, data: { event, room: data.room, storage: options.storage ?? null } };
}

function receive(request, response, body) {
  const say = (status, value, headers = {}) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(value));
  };
  if (!isSigned(request.headers["x-pluv-signature-256"], body)) {
    appendFileSync(options.file, `${JSON.stringify({ forged: String(body) })}\n`);
    return say(401, { ok: false });
  }
  const { event, data } = JSON.parse(body);
  if (event !== request.headers["x-pluv-event"]) return say(400, { ok: false });
  if (data.room === options.gone && !existsSync(`${options.file}.open`)) {
    return say(410, { ok: false });
  }
  if (event === "initial-storage" && options.storage?.status) {
    return say(options.storage.status, options.storage.body);
  }
  const accept = () => appendFileSync(options.file, `${JSON.stringify({
    event, ...data, delivery: request.headers["x-pluv-delivery"] })}\n`);
  switch (chooseFault()) {
    case "refuses":
      return random.chance(0.5) ? say(500, {}) : say(503, {}, { "retry-after": "1" });
    case "breaks":
      return request.socket.destroy();
    case "forgets":
      accept();
      return request.socket.destroy();
    case "is_slow":
      return setTimeout(() => {
        // Whoever asked may have died, and its successor has asked again and gone on.
        if (request.socket.destroyed) return;
        accept();
        say(200, answerOf(event, data));
      }, 100 + random.below(300));
    case "hangs":
      return undefined;
    default:
      accept();
      return say(200, answerOf(event, data));
  }
}

const server = (options.tls ? https : http).createServer(options.tls ?? {}, (request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => receive(request, response, Buffer.concat(parts)));
});
server.listen(options.port ?? 0, "127.0.0.1",
              () => console.log(`receiver listening on 127.0.0.1:${server.address().port}`));
