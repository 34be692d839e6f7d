// A scripted client that plays the original client's part in full on the wire: its join, its
// answers, its heartbeat, its way to die of a late pong and its way to come back (at once, without
// backoff). It keeps all that it received and what it believes about the others.
import WebSocket from "ws";

export const PING_TEXT = '{"type":"$ping","data":{}}';
const PING_EVERY_MS = 10_000;
const PONG_LIMIT_MS = 2_000;

// Close codes after which the original's client comes back, at once. All others are for good.
export const rejoins = (code) => code === 1001 || code === 1006 || (code >= 1011 && code <= 1014);

export class Client {
  #ws = null;
  #waiters = [];
  #cursor = 0;
  #pingTimer = null;
  #pongTimer = null;
  #stopped = false;

  // url: of the rooms, with the final slash. token: a text, or a function that makes one for each
  // connection. presence: the initial one. join false: a bare socket that sends nothing by itself.
  constructor({ url, room, token, presence = { count: 0 }, reconnect = false, heartbeat = true,
                join = true, options = {} }) {
    Object.assign(this, { url, room, token, presence, reconnect, heartbeat, join, options });
    this.messages = []; // parsed, in order, over all connections
    this.texts = [];    // the same as they came
    this.closes = [];   // {code, reason}
    this.errors = [];   // of sockets, by their code ("ECONNREFUSED") or message
    this.attempts = 0;
    this.opens = 0;
    this.registrations = 0;
    this.connectionId = null;
    this.others = new Map(); // connectionId -> presence
    this.dead = null;        // why it will never come back
    this.#connect();
  }

  // Joined: registered, and its storage exchange and list of others are done.
  static async joined(parameters) {
    const client = new this(parameters);
    await client.ready();
    return client;
  }

  async ready(registrations = 1, options = {}) {
    await this.#until(() => this.registrations >= registrations && this.listed,
                      "its join", { fails: () => this.dead, ...options });
    return this;
  }

  get isOpen() {
    return this.#ws?.readyState === WebSocket.OPEN;
  }
  get socket() {
    return this.#ws;
  }

  async #connect() {
    ++this.attempts;
    this.listed = false;
    let token;
    try {
      token = typeof this.token === "function" ? await this.token() : this.token;
    } catch (error) {
      this.errors.push(String(error));
    }
    if (this.#stopped) return;
    const query = token === undefined ? "" : `?token=${token}`;
    const ws = new WebSocket(this.url + this.room + query, { perMessageDeflate: false,
                                                            ...this.options });
    this.#ws = ws;
    ws.on("error", (error) => {
      this.errors.push(error.code ?? error.message);
    });
    ws.on("unexpected-response", (request, response) => {
      this.errors.push(`HTTP ${response.statusCode}`);
      this.refusedWith = response.statusCode;
      request.destroy();
      this.#closed(ws, 1006, "");
    });
    ws.on("open", () => {
      ++this.opens;
      if (this.heartbeat) this.#pingTimer = setInterval(() => this.ping(), PING_EVERY_MS);
      this.wake();
    });
    ws.on("message", (data, binary) => {
      if (ws === this.#ws) this.#received(String(data), binary);
    });
    ws.on("close", (code, reason) => this.#closed(ws, code, String(reason)));
  }

  #closed(ws, code, reason) {
    if (ws !== this.#ws) return;
    this.#ws = null;
    clearInterval(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    this.#pongTimer = null;
    this.closes.push({ code, reason });
    this.others.clear();
    if (!this.#stopped && !this.dead) {
      if (this.reconnect && rejoins(code)) {
        setImmediate(() => this.#stopped || this.#connect());
      } else {
        this.dead = `closed with ${code} ${reason}`;
      }
    }
    this.wake();
  }

  #received(text, binary) {
    this.texts.push(text);
    const message = JSON.parse(text);
    message.binary = binary;
    message.at = Date.now();
    this.messages.push(message);
    if (this.join) this.answer(message);
    this.#believe(message);
    this.wake();
  }

  // What the original's client sends by itself, when it was made without storage.
  answer({ type, connectionId }) {
    if (type === "$registered") {
      this.send("$initializeSession", { presence: this.presence, update: "" });
    } else if (type === "$storageReceived") {
      this.send("$updateStorage", { origin: "$initialized", update: "" });
    } else if (type === "$userJoined" && connectionId === this.connectionId) {
      this.send("$getOthers", {});
    }
  }

  #believe({ type, data, connectionId, user }) {
    if (type === "$registered") {
      ++this.registrations;
      this.connectionId = connectionId;
      this.user = user;
    } else if (type === "$othersReceived") {
      this.listed = true;
      this.others = new Map(Object.entries(data.others).map(([id, one]) => [id, one.presence]));
    } else if (type === "$userJoined" && connectionId !== this.connectionId) {
      this.others.set(connectionId, data.presence);
    } else if (type === "$presenceUpdated" && connectionId !== this.connectionId) {
      this.others.set(connectionId, data.presence); // one that is gone comes back as a ghost
    } else if (type === "$exit") {
      this.others.delete(data.sessionId);
    } else if (type === "$syncStateReceived") {
      for (const id of this.others.keys()) {
        if (!data.connectionIds.includes(id)) this.others.delete(id);
      }
    } else if (type === "$pong") {
      clearTimeout(this.#pongTimer);
      this.#pongTimer = null;
    }
  }

  ping() {
    this.sendText(PING_TEXT);
    this.#pongTimer ??= setTimeout(() => {
      this.dead = "a pong took more than 2 s";
      this.#ws?.terminate();
    }, PONG_LIMIT_MS);
  }

  send(type, data) {
    this.sendText(JSON.stringify({ type, data }));
  }
  sendText(text) {
    if (this.isOpen) this.#ws.send(text);
  }
  setPresence(patch) {
    this.send("$updatePresence", { presence: patch });
  }

  // The next message that was not taken yet and fits: its type, or a function of it. Those before
  // it are passed over.
  async take(wanted, { timeout } = {}) {
    const fits = typeof wanted === "function" ? wanted : (message) => message.type === wanted;
    return this.#until(() => {
      while (this.#cursor < this.messages.length) {
        const message = this.messages[this.#cursor++];
        if (fits(message)) return message;
      }
      return null;
    }, String(wanted), { timeout });
  }

  // Everything that came and was not taken.
  rest() {
    const rest = this.messages.slice(this.#cursor);
    this.#cursor = this.messages.length;
    return rest;
  }

  // What came up to now is given up: a client that stays for hours would keep it all.
  forget() {
    this.messages.length = 0;
    this.texts.length = 0;
    this.#cursor = 0;
  }

  // All that the server had to say about what was sent up to now has come: events of one session
  // keep their order, so the echo of a last one is the mark.
  async settled() {
    const mark = `settled-${Math.random()}`;
    this.send("settled", { mark });
    await this.until(() => this.messages.some((one) => one.type === "settled" &&
                                                       one.data.mark === mark), "the mark");
  }

  until(check, what = "the condition", options = {}) {
    return this.#until(check, what, options);
  }

  closed(options = {}) {
    return this.#until(() => this.closes.at(-1), "the close", options);
  }

  #until(check, what, { timeout = 20_000, fails = () => null } = {}) {
    return new Promise((resolve, reject) => {
      const waiter = { timer: null, look: null };
      const end = (action) => {
        clearTimeout(waiter.timer);
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        action();
      };
      waiter.look = () => {
        try {
          const value = check();
          if (value) return end(() => resolve(value));
          const why = fails();
          if (why) end(() => reject(new Error(`waited for ${what}, but ${why}`)));
        } catch (error) {
          end(() => reject(error));
        }
      };
      waiter.timer = setTimeout(() => end(() => reject(new Error(
        `waited ${timeout} ms for ${what}; the last messages: ` +
        `${this.texts.slice(-5).join("\n")}; closes: ${JSON.stringify(this.closes)}; ` +
        `errors: ${this.errors.slice(-5)}`))), timeout);
      this.#waiters.push(waiter);
      waiter.look();
    });
  }

  wake() {
    for (const waiter of [...this.#waiters]) waiter.look();
  }

  // The page goes: no code, no return.
  async close() {
    this.#stopped = true;
    clearInterval(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    const ws = this.#ws;
    if (!ws || ws.readyState === WebSocket.CLOSED) return;
    await new Promise((resolve) => {
      const cut = setTimeout(() => ws.terminate(), 2_000);
      ws.on("close", () => {
        clearTimeout(cut);
        resolve();
      });
      ws.close();
    });
  }

  // The cable goes: no close frame.
  drop() {
    this.#ws?.terminate();
  }

  // One that does not come back by itself comes back, perhaps to another server.
  rejoin(url = this.url) {
    this.url = url;
    this.dead = null;
    this.#connect();
    return this;
  }
}
