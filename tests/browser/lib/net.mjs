// The net between a browser and pluvd: a TCP relay on a port of its own that can be cut, as a
// cable is, and mended. The browser's own "offline" leaves open WebSockets alone.
import net from "node:net";

export class Net {
  #server;
  #sockets = new Set();
  #cut = false;

  static async to(port) {
    const made = new Net();
    made.target = port;
    await made.#listen();
    return made;
  }

  #listen() {
    this.#server = net.createServer((near) => {
      if (this.#cut) return near.destroy();
      const far = net.connect(this.target, "127.0.0.1");
      for (const [from, to] of [[near, far], [far, near]]) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
      return undefined;
    });
    return new Promise((resolve, reject) => {
      this.#server.on("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        this.port = this.#server.address().port;
        this.http = `http://127.0.0.1:${this.port}`;
        resolve();
      });
    });
  }

  cut() {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }
  mend() {
    this.#cut = false;
  }
  stop() {
    this.cut();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
