// One attempt at one WebSocket, from the token to its end. It notices what a browser does not: a
// socket that never opens, and one whose other end is gone. It ends once, and then says nothing more.
import { isFinal, readMessage, writeMessage, type ServerMessage } from "./wire";

const openWithinMs = 10_000;
const pingEveryMs = 10_000;
const pongWithinMs = 5_000;

export interface ConnectionEnd {
  code: number;
  reason: string;
  // Whether it makes no sense to come back.
  final: boolean;
}

export interface ConnectionHooks {
  // url: with the token, if one is needed. A rejection ends the connection.
  address: (signal: AbortSignal) => Promise<string>;
  onMessage: (message: ServerMessage) => void;
  onEnd: (end: ConnectionEnd) => void;
}

// What `address` throws when there is no token for this user, and will be none.
export class Unauthorized extends Error {}

export class Connection {
  readonly #hooks: ConnectionHooks;
  readonly #abort = new AbortController();
  #socket: WebSocket | null = null;
  #registered = false;
  #ended = false;
  #openTimer: ReturnType<typeof setTimeout>;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #pongTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(hooks: ConnectionHooks) {
    this.#hooks = hooks;
    this.#openTimer = setTimeout(() => this.#end(1006, "No answer"), openWithinMs);
    // Later: it is the application's, and may end this connection, which nobody holds yet.
    const address = Promise.resolve().then(() => hooks.address(this.#abort.signal));
    address.then((url) => this.#open(url), (error: unknown) => {
      if (error instanceof Unauthorized) this.#end(3000, error.message);
      else this.#end(1006, "No token");
    });
  }

  // Whether the server has said $registered: before that a client has nothing to say.
  get registered(): boolean {
    return this.#registered;
  }

  // Answers whether it was sent, which is not whether it arrived.
  send(type: string, data: object): boolean {
    if (!this.#registered || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(writeMessage(type, data));
    return true;
  }

  // Finds out soon whether the other end is still there.
  probe(): void {
    if (!this.send("$ping", {}) || this.#pongTimer !== undefined) return;
    this.#pongTimer = setTimeout(() => this.#end(1006, "No answer"), pongWithinMs);
  }

  // On the client's own account: onEnd is not called.
  close(): void {
    if (this.#stop()) this.#socket?.close(1000);
  }

  #open(url: string): void {
    if (this.#ended) return;
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch {
      this.#end(1006, "No such address");
      return;
    }
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
    // A close follows it.
    socket.addEventListener("error", () => {});
  }

  #receive(text: unknown): void {
    if (this.#ended) return;
    // Whatever comes is a sign of life.
    clearTimeout(this.#pongTimer);
    this.#pongTimer = undefined;
    const message = readMessage(text);
    if (message === null) return;
    if (message.type === "$registered" && !this.#registered) {
      this.#registered = true;
      clearTimeout(this.#openTimer);
      this.#pingTimer = setInterval(() => this.probe(), pingEveryMs);
    }
    this.#hooks.onMessage(message);
  }

  #end(code: number, reason: string): void {
    if (!this.#stop()) return;
    // A socket whose other end is gone may take minutes to close: nobody waits for it.
    this.#socket?.close();
    this.#hooks.onEnd({ code, reason, final: isFinal(code) });
  }

  #stop(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#registered = false;
    this.#abort.abort();
    clearTimeout(this.#openTimer);
    clearInterval(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    return true;
  }
}
