// A back end of a hosted pluvd, with nothing but node: hands out tokens, keeps documents and a log
// of what happened, and announces things in rooms. ../README.md says how to start it.
import { createHmac, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";

function setting(name) {
  if (!process.env[name]) throw new Error(`${name} is not set`);
  return process.env[name];
}
const port = Number(process.env.PORT ?? 9000);
const service = setting("PLUV_URL").replace(/\/+$/, "");
const publicKey = setting("PLUV_PUBLIC_KEY");
const secretKey = setting("PLUV_SECRET_KEY");
const webhookSecret = setting("PLUV_WEBHOOK_SECRET");
const folder = process.env.DATA ?? "hosted-data";
fs.mkdirSync(folder, { recursive: true });

const BODY_BYTES_MAX = 64 * 1024 * 1024; // a document of 30 MiB in base64, and some more
const isRoom = (room) => /^[A-Za-z0-9]([A-Za-z0-9_-]{0,254}[A-Za-z0-9])?$/.test(room ?? "");

// The project's rooms are named after documents; who may enter which is up to this back end. A real
// one asks its session who the user is, instead of the query.
async function authorize(query) {
  const room = query.get("room");
  if (!isRoom(room)) return { status: 400, body: "room, please\n" };
  const id = query.get("user") ?? "guest";
  const response = await fetch(`${service}/api/room/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      maxAge: null, publicKey, room, secretKey, user: { id },
      ...(query.get("as") === "reader" ? { permissions: ["read", "presence"] } : {}),
    }),
  });
  const body = await response.text();
  if (response.status === 200) return { status: 200, body };
  console.error(`no token: ${response.status} ${body}`);
  return { status: 502, body: "The rooms' server gave no token\n" };
}

// The body as it came is what was signed. Compared in a time that tells nothing.
function isSigned(body, header) {
  const wanted = `sha256=${createHmac("sha256", webhookSecret).update(body).digest("hex")}`;
  const given = Buffer.from(header ?? "");
  return given.length === wanted.length && timingSafeEqual(given, Buffer.from(wanted));
}

const documentOf = (room) => path.join(folder, `${room}.base64`);

function keepDocument(room, storage) {
  const file = documentOf(room);
  fs.writeFileSync(`${file}.new`, storage);
  fs.renameSync(`${file}.new`, file); // never half a document
}

function webhook(body, headers) {
  const answer = (status, value, event = "unknown") => ({
    status, body: JSON.stringify(value),
    headers: { "content-type": "application/json", "x-pluv-event": event },
  });
  const refuse = (status, message) => answer(status, { ok: false, error: { message } });
  if (!isSigned(body, headers["x-pluv-signature-256"])) return refuse(401, "Unauthorized");
  const { event, data } = JSON.parse(body);
  const room = data.room;
  if (!isRoom(room)) return refuse(400, "Invalid request");
  const result = { event, room };
  switch (event) {
    case "initial-storage":
      result.storage = fs.existsSync(documentOf(room))
        ? fs.readFileSync(documentOf(room), "utf8") : null;
      break;
    case "storage-destroyed":
      if (data.storage) keepDocument(room, data.storage);
      break;
    case "room-destroyed":
    case "user-connected":
    case "user-disconnected":
      break;
    default:
      return refuse(400, "Unknown event");
  }
  const line = { event, room, ...(data.user ? { user: data.user.id } : {}) };
  fs.appendFileSync(path.join(folder, "events.log"), `${JSON.stringify(line)}\n`);
  return answer(200, { ok: true, data: result }, event);
}

// The admin API: an event from the server's side to everybody in the room.
async function announce(query, text) {
  const room = query.get("room");
  if (!isRoom(room)) return { status: 400, body: "room, please\n" };
  const response = await fetch(`${service}/api/v1/rooms/${room}/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${secretKey}`, "content-type": "application/json" },
    body: JSON.stringify({ event: "announced", data: { text: text.toString("utf8") } }),
  });
  await response.arrayBuffer();
  return response.ok ? { status: 200, body: "announced\n" }
                     : { status: 502, body: `The rooms' server answered ${response.status}\n` };
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function answerTo(request) {
  const url = new URL(request.url, "http://localhost");
  const body = await bodyOf(request);
  if (body === null) return { status: 413, body: "The body is too big\n" };
  switch (`${request.method} ${url.pathname}`) {
    case "GET /authorize": return authorize(url.searchParams);
    case "POST /webhook": return webhook(body, request.headers);
    case "POST /announce": return announce(url.searchParams, body);
    default: return { status: 404, body: "Not found\n" };
  }
}

const server = http.createServer(async (request, response) => {
  let answer;
  try {
    answer = await answerTo(request);
  } catch (error) {
    console.error(error);
    answer = { status: 500, body: "Internal server error\n" };
  }
  response.writeHead(answer.status, answer.headers ?? { "content-type": "text/plain" });
  response.end(answer.body);
});
server.listen(port, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
