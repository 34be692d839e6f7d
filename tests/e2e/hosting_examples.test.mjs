// Back ends of a hosted pluvd: the three of examples/hosted, and one that plays the original's.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import * as Y from "yjs";

import { Client, freePort, fromBase64, Hosting, makeFolder, OriginalPlatform, programs,
         removeFolder, runToEnd, signature, startServer, StorageClient, suite, textOption, toBase64,
         until } from "./lib.mjs";

const { test, run } = suite("hosting examples", { parallel: 4, limit_ms: 120_000 });
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const inExamples = (name) => path.join(root, "examples/hosted", name);
const example_hosted = textOption("example-hosted",
  process.env.E2E_EXAMPLE_HOSTED ?? path.join(path.dirname(programs.pluvd), "example_hosted"));

const backEnds = {
  "Node": [process.execPath, [inExamples("node/server.mjs")]],
  "Python": ["python3", [inExamples("python/server.py")]],
  "C++": [example_hosted, []],
};

// A pluvd that keeps no documents, and a back end of its one project.
class Hosted {
  async start(command, args, { storage = "memory" } = {}) {
    this.port = await freePort();
    this.data = makeFolder();
    this.hosting = new Hosting({ acme: { webhook_url: `http://127.0.0.1:${this.port}/webhook`,
                                         webhook_initial_storage: true } });
    this.storage = storage;
    await this.hosting.start(["--storage", storage]);
    const { public_key, secret_key, webhook_secret } = this.hosting.projects.acme;
    this.secret = webhook_secret;
    this.server = await startServer(command, args, { env: {
      PORT: String(this.port), PLUV_URL: this.hosting.base, PLUV_PUBLIC_KEY: public_key,
      PLUV_SECRET_KEY: secret_key, PLUV_WEBHOOK_SECRET: webhook_secret, DATA: this.data } });
    return this;
  }

  get base() {
    return `http://127.0.0.1:${this.port}`;
  }

  async authorize(query) {
    const response = await fetch(`${this.base}/authorize?${new URLSearchParams(query)}`);
    return { status: response.status, text: await response.text() };
  }

  // The options of a client whose token is the back end's.
  async client(room, query = {}) {
    const { status, text } = await this.authorize({ room, ...query });
    assert.equal(status, 200, text);
    return { url: this.hosting.url, room,
             token: `${text}&public_key=${this.hosting.projects.acme.public_key}` };
  }

  // Of one room, as the back end's log has them.
  events(room) {
    const file = path.join(this.data, "events.log");
    if (!fs.existsSync(file)) return [];
    return fs.readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line))
      .filter((event) => event.room === room);
  }
  // Without that a document was asked for, which happens beside them.
  happened(room) {
    return this.events(room).filter(({ event }) => event !== "initial-storage")
      .map(({ event, user }) => (user === undefined ? event : `${event} ${user}`));
  }

  webhook(body, headers = {}) {
    return fetch(`${this.base}/webhook`, { method: "POST", body, headers });
  }

  // The server is another process with nothing of the first one's, on its port.
  async restartService() {
    const { port } = this.hosting.server;
    await this.hosting.server.stop();
    await this.hosting.start(["--storage", this.storage, "--port", String(port)]);
  }

  async stop() {
    // A back end serves until it is told to stop; node and Python have no drain.
    if (this.server?.alive) {
      this.server.signal("SIGTERM");
      await this.server.exited;
    }
    await this.hosting.close();
    removeFolder(this.data);
  }
}

const LEFT = ["user-disconnected ann", "storage-destroyed", "room-destroyed"];

for (const [name, [command, args]] of Object.entries(backEnds)) {
  const start = (t) => t.use(new Hosted()).start(command, args);

  test(`${name}: a document outlives a server without a store, by way of the back end`,
       async (t) => {
    const hosted = await start(t);
    const ann = await StorageClient.joined(await hosted.client(t.room, { user: "ann" }));
    ann.doc.getText("text").insert(0, "kept by the back end");
    await ann.settled();
    const { content } = ann;
    await ann.close();
    await until(() => hosted.happened(t.room).at(-1) === "room-destroyed",
                { what: "the end of the room" });
    assert.deepEqual(hosted.happened(t.room), ["user-connected ann", ...LEFT]);

    await hosted.restartService();
    const bob = t.use(await StorageClient.joined(await hosted.client(t.room, { user: "bob" })));
    assert.deepEqual(bob.content, content);
    await until(() => hosted.happened(t.room).at(-1) === "user-connected bob",
                { what: "bob's join" });
    assert.ok(hosted.events(t.room).some(({ event }) => event === "initial-storage"));
  });

  test(`${name}: a reader sees what others write, and writes nothing`, async (t) => {
    const hosted = await start(t);
    const ann = t.use(await StorageClient.joined(await hosted.client(t.room, { user: "ann" })));
    const eve = new StorageClient(await hosted.client(t.room, { user: "eve", as: "reader" }));
    t.use(eve, async () => {
      eve.violations.length = 0;  // its own edits are missing everywhere else
      await eve.close();
    });
    await eve.ready();
    ann.doc.getText("text").insert(0, "by ann");
    await eve.until(() => eve.doc.getText("text").toString() === "by ann", "ann's edit");
    eve.doc.getText("text").insert(0, "by eve ");
    await eve.until(() => eve.messages.some(({ type }) => type === "$error"), "the refusal");
    await ann.settled();
    assert.equal(ann.doc.getText("text").toString(), "by ann");
  });

  test(`${name}: an announcement reaches everybody in the room, and no other room`, async (t) => {
    const hosted = await start(t);
    const here = t.use(await Client.joined(await hosted.client(t.room)));
    const there = t.use(await Client.joined(await hosted.client(`${t.room}-2`)));
    const response = await fetch(`${hosted.base}/announce?room=${t.room}`,
                                 { method: "POST", body: "tea \"and\" cake" });
    assert.equal(response.status, 200, await response.text());
    const { data, connectionId } = await here.take("announced");
    assert.deepEqual(data, { text: "tea \"and\" cake" });
    assert.equal(connectionId, null);
    await there.settled();
    assert.ok(!there.messages.some(({ type }) => type === "announced"));
  });

  test(`${name}: a webhook of somebody else is not believed`, async (t) => {
    const hosted = await start(t);
    const { room } = t;
    const state = (text) => {
      const doc = new Y.Doc();
      doc.getText("text").insert(0, text);
      return toBase64(Y.encodeStateAsUpdate(doc));
    };
    const payload = { data: { room, storage: state("true") }, event: "storage-destroyed" };
    const body = JSON.stringify(payload);
    const right = signature(hosted.secret, payload);
    const good = await hosted.webhook(body, { "x-pluv-signature-256": right });
    assert.equal(good.status, 200);
    assert.equal(good.headers.get("x-pluv-event"), "storage-destroyed");
    assert.deepEqual(await good.json(), { ok: true, data: { event: "storage-destroyed", room } });

    const forged = JSON.stringify({ data: { room, storage: state("forged") },
                                    event: "storage-destroyed" });
    const sha1 = createHmac("sha1", hosted.secret).update(forged).digest("hex");
    const wrong = [undefined, "", right, right.slice(7), "sha256=", `sha1=${sha1}`,
                   signature("another secret", JSON.parse(forged))];
    for (const header of wrong) {
      const refused = await hosted.webhook(
        forged, header === undefined ? {} : { "x-pluv-signature-256": header });
      assert.equal(refused.status, 401, header);
      assert.equal((await refused.json()).ok, false);
    }
    assert.equal(hosted.events(room).length, 1);
    const asked = { data: { room }, event: "initial-storage" };
    const kept = await hosted.webhook(JSON.stringify(asked), {
      "x-pluv-signature-256": signature(hosted.secret, asked) });
    const doc = new Y.Doc();
    Y.applyUpdate(doc, fromBase64((await kept.json()).data.storage));
    assert.equal(doc.getText("text").toString(), "true");
  });

  test(`${name}: what is not asked for rightly is told so`, async (t) => {
    const hosted = await start(t);
    assert.equal((await hosted.authorize({})).status, 400);
    assert.equal((await hosted.authorize({ room: "../etc" })).status, 400);
    assert.equal((await fetch(`${hosted.base}/nothing`)).status, 404);
    const payload = { data: { room: "../../x", storage: "AAA=" }, event: "storage-destroyed" };
    const answer = await hosted.webhook(JSON.stringify(payload), {
      "x-pluv-signature-256": signature(hosted.secret, payload) });
    assert.equal(answer.status, 400);
    await hosted.hosting.server.stop();
    assert.ok((await hosted.authorize({ room: t.room })).status >= 500, "nobody makes tokens");
  });

  test(`${name}: it does not start without its settings`, async () => {
    const { code, output } = await runToEnd(command, args, { env: { PLUV_URL: "http://localhost" } });
    assert.notEqual(code, 0);
    assert.match(output, /PLUV_/);
  });
}

test("the original's platform is served as by its own service", async (t) => {
  const documents = new Map();
  const platform = await t.use(new OriginalPlatform({
    on: { getInitialStorage: (room) => documents.get(room),
          onEvent: (event, { room, storage }) => {
            if (event === "storage-destroyed") documents.set(room, storage);
          } } })).listen();
  const hosting = t.use(new Hosting({ acme: { webhook_url: platform.webhookUrl,
                                              webhook_initial_storage: true } }));
  await hosting.start(["--storage", "memory"]);
  const { public_key: publicKey, secret_key: secretKey, webhook_secret: webhookSecret } =
    hosting.projects.acme;
  Object.assign(platform, { endpoint: `${hosting.base}/api/room/token`, publicKey, secretKey,
                            webhookSecret });
  const join = async (user) => StorageClient.joined({
    url: hosting.url, room: t.room,
    token: `${await platform.createToken({ room: t.room, user })}&public_key=${publicKey}` });

  const user = { name: "Zoë \u{1f600}", id: "ann", nested: { b: [1.5, 1e21], a: null } };
  const ann = await join(user);
  ann.doc.getText("text").insert(0, "kept elsewhere");
  await ann.settled();
  const { content } = ann;
  await ann.close();
  await until(() => platform.events.some(({ event }) => event === "room-destroyed"));
  const bob = t.use(await join({ id: "bob" }));
  assert.deepEqual(bob.content, content);
  const happened = platform.events.filter(({ event }) => event !== "initial-storage");
  assert.deepEqual(happened.slice(0, 4).map(({ event }) => event),
                   ["user-connected", "user-disconnected", "storage-destroyed", "room-destroyed"]);
  assert.deepEqual(happened[0].data, { room: t.room, storage: null, user });
  assert.ok(platform.events.every(({ data }) => data.room === t.room));
  assert.deepEqual(platform.refusals, []);
  await assert.rejects(platform.createToken({ room: "../x", user: { id: "ann" } }),
                       /Authorization failed/);
});

await run();
