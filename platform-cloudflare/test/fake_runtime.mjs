// What a Worker's runtime has and node has not: WebSocketPair, and a Response of status 101 that
// carries a socket. Plus a namespace whose objects note what they are asked.

class FakeSocket {
  accepted = false;
  sent = [];
  closed = undefined;

  accept() {
    this.accepted = true;
  }
  send(text) {
    if (!this.accepted || this.closed) throw new TypeError("the socket is not open");
    this.sent.push(text);
  }
  close(code, reason) {
    if (!this.accepted || this.closed) throw new TypeError("the socket is not open");
    this.closed = { code, reason };
  }
}

const NodeResponse = globalThis.Response;

class WorkerResponse extends NodeResponse {
  constructor(body, init = {}) {
    super(body, init.status === 101 ? { ...init, status: 200 } : init);
    if (init.status !== 101) return;
    Object.defineProperty(this, "status", { value: 101 });
    this.webSocket = init.webSocket;
  }
}

// The pairs that were opened since the last call.
export let pairs = [];

export function install() {
  pairs = [];
  globalThis.Response = WorkerResponse;
  globalThis.WebSocketPair = class {
    constructor() {
      this[0] = new FakeSocket();
      this[1] = new FakeSocket();
      pairs.push(this);
    }
  };
}

export class FakeNamespace {
  asked = [];
  // What an object answers, or a function that is called with the request.
  answer = () => new Response("from the room");

  idFromName(name) {
    return { name };
  }
  get(id) {
    return {
      fetch: async (request) => {
        this.asked.push({ name: id.name, request });
        return this.answer(request);
      },
    };
  }
}
