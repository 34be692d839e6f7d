// A pluvd with projects: its configuration file, tokens as a back end asks for them, and clients of
// a project.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { makeFolder, removeFolder } from "./process.mjs";
import { startPluvd } from "./servers.mjs";

const toml = (value) =>
  Array.isArray(value) ? `[${value.map(toml).join(", ")}]` : JSON.stringify(value);

// projects: {name: {key: value, limits: {..}}} without what is made here: the public key is
// "pk-NAME", the secret key and the webhooks' secret are random.
export class Hosting {
  constructor(projects, { top = {} } = {}) {
    this.folder = makeFolder();
    this.config = path.join(this.folder, "pluvd.toml");
    this.data = path.join(this.folder, "data");
    this.top = top;
    this.projects = {};
    for (const [name, settings] of Object.entries(projects)) {
      this.projects[name] = { public_key: `pk-${name}`,
                              secret_key: `sk-${randomBytes(24).toString("hex")}`,
                              webhook_secret: `wh-${randomBytes(24).toString("hex")}`,
                              ...settings };
    }
    this.write();
  }

  write() {
    let text = Object.entries(this.top).map(([key, value]) => `${key} = ${toml(value)}\n`).join("");
    for (const [name, { limits, ...settings }] of Object.entries(this.projects)) {
      text += `\n[projects.${name}]\n`;
      for (const [key, value] of Object.entries(settings)) {
        if (key === "webhook_secret" && !settings.webhook_url) continue;
        text += `${key} = ${toml(value)}\n`;
      }
      if (!limits) continue;
      text += `[projects.${name}.limits]\n`;
      for (const [key, value] of Object.entries(limits)) text += `${key} = ${toml(value)}\n`;
    }
    fs.writeFileSync(this.config, text, { mode: 0o600 });
  }

  // Starts it, or starts it again with the same documents.
  async start(args = [], options = {}) {
    this.server = await startPluvd(["--config", this.config, "--data", this.data,
                                    "--max-connections-per-address", "0", ...args], options);
    return this.server;
  }

  get base() {
    return this.server.http;
  }
  // Of the rooms, for a Client.
  get url() {
    return this.server.url.replace("/api/pluv/room/", "/api/room/");
  }

  // As a back end asks; answers fetch's response.
  askToken(name, body) {
    const { public_key: publicKey, secret_key: secretKey } = this.projects[name];
    const ask = () => fetch(`${this.base}/api/room/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ maxAge: null, publicKey, secretKey, ...body }),
    });
    // A connection that was kept may be that of a server which drains, and closes just now.
    return ask().catch(ask);
  }

  async token(name, room, user = { id: "ann" }, more = {}) {
    const response = await this.askToken(name, { room, user, ...more });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    return text;
  }

  // The options of a Client in that room: {url, room, token}; the token goes with the public key.
  async client(name, room, user = { id: "ann" }, more = {}) {
    const token = await this.token(name, room, user, more);
    return { url: this.url, room, token: `${token}&public_key=${this.projects[name].public_key}` };
  }

  admin(name, method, target, { body, type = "application/json", headers = {} } = {}) {
    return fetch(`${this.base}/api/v1${target}`, {
      method,
      headers: { authorization: `Bearer ${this.projects[name].secret_key}`,
                 ...(body === undefined ? {} : { "content-type": type }), ...headers },
      body: body === undefined || typeof body === "string" || body instanceof Uint8Array
        ? body : JSON.stringify(body),
    });
  }

  async close() {
    if (this.server?.alive) await this.server.stop();
    removeFolder(this.folder);
  }
}
