// The part of the original's hosted platform, as docs/hosting.md describes what it hears: it asks
// the service for tokens as that one does, and receives webhooks by its rules, which are stricter
// than a back end's of ours: the signature is over the stable spelling of the parsed payload, storage
// is a text or null, a user is an object with a text as id, and the answer is checked, too.
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";

// JSON with sorted keys.
export function stable(value) {
  if (Array.isArray(value)) return `[${value.map(stable).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort()
    .map((key) => `${JSON.stringify(key)}:${stable(value[key])}`);
  return `{${members.join(",")}}`;
}

export const signature = (secret, value) =>
  `sha256=${createHmac("sha256", secret).update(stable(value)).digest("hex")}`;

const isObject = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const isStorage = (value) => isText(value) || value === null;
const isUser = (value) => isObject(value) && isText(value.id);

// What data has to have, by event.
const DATA = {
  "initial-storage": ({ room }) => isText(room),
  "room-destroyed": ({ room }) => isText(room),
  "storage-destroyed": ({ room, storage }) => isText(room) && isStorage(storage),
  "user-connected": ({ room, storage, user }) => isText(room) && isStorage(storage) && isUser(user),
  "user-disconnected": ({ room, storage, user }) =>
    isText(room) && isStorage(storage) && isUser(user),
};

function isSigned(secret, header, payload) {
  const [algorithm, given = ""] = header?.split("=") ?? [];
  const [, wanted] = signature(secret, payload).split("=");
  return algorithm === "sha256" && given.length === wanted.length &&
         timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

export class OriginalPlatform {
  // on: {getInitialStorage(room), onEvent(event, data)}; both may wait, and what they throw is
  // answered with 500.
  constructor({ endpoint, publicKey, secretKey, webhookSecret, on = {} }) {
    Object.assign(this, { endpoint, publicKey, secretKey, webhookSecret, on });
    this.events = [];    // {event, data} that were believed, in order
    this.refusals = [];  // {status, message}
  }

  async createToken({ room, user, maxAge }) {
    const { endpoint, publicKey, secretKey } = this;
    const response = await fetch(endpoint, {
      headers: { "content-type": "application/json" },
      method: "post",
      body: JSON.stringify({ maxAge: maxAge ?? null, publicKey, room, secretKey, user }),
    });
    if (response.status !== 200) throw new Error("Authorization failed");
    return response.text();
  }

  async #answer(request, body) {
    const refuse = (status, message) => {
      this.refusals.push({ status, message });
      return [status, "unknown", { ok: false, error: { message } }];
    };
    const payload = JSON.parse(body);
    if (!isSigned(this.webhookSecret, request.headers["x-pluv-signature-256"], payload)) {
      return refuse(401, "Unauthorized");
    }
    const { event, data } = payload;
    if (!Object.hasOwn(DATA, event) || !isObject(data) || !DATA[event](data)) {
      return refuse(400, "Invalid request");
    }
    const { room } = data;
    const answer = { event, room };
    if (event === "initial-storage") {
      answer.storage = await this.on.getInitialStorage?.(room) ?? null;
      if (!isStorage(answer.storage)) throw new Error("the answer's storage");
    }
    await this.on.onEvent?.(event, data);
    this.events.push({ event, data });
    return [200, event, { ok: true, data: answer }];
  }

  async listen(port = 0) {
    this.server = http.createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      let answer;
      try {
        answer = await this.#answer(request, body);
      } catch (error) {
        this.refusals.push({ status: 500, message: error.message });
        answer = [500, "unknown", { ok: false, error: { message: error.message } }];
      }
      const [status, event, value] = answer;
      response.writeHead(status, { "content-type": "application/json", "x-pluv-event": event });
      response.end(JSON.stringify(value));
    });
    await new Promise((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    this.webhookUrl = `http://127.0.0.1:${this.server.address().port}/webhook`;
    return this;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
