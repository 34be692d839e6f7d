// The sockets of a room and their places in it. Sockets outlive the object's memory, and beside
// each stands what the room needs to take its session up again (its attachment). An attachment of
// the platform's has 16 KiB at most; a longer one goes into the object's SQLite.

// serializeAttachment's limit, less what it adds: its texts may have two bytes a character.
const attachmentCharsMax = 7_500;

interface Kept {
  // The attachment itself, or the name that it has in the table.
  text?: string;
  name?: string;
}

export class Sessions {
  readonly #ctx: DurableObjectState;
  readonly #sockets: (WebSocket | null)[] = [];
  readonly #indexes = new Map<WebSocket, number>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS pluv_attachments (name TEXT PRIMARY KEY, text TEXT NOT NULL)",
    );
  }

  // Its place: the lowest that is free.
  add(socket: WebSocket): number {
    const free = this.#sockets.indexOf(null);
    const index = free < 0 ? this.#sockets.length : free;
    this.#sockets[index] = socket;
    this.#indexes.set(socket, index);
    return index;
  }
  // The room has forgotten it.
  remove(index: number): void {
    const socket = this.#sockets[index];
    if (!socket) return;
    this.#sockets[index] = null;
    this.#indexes.delete(socket);
    this.forget(socket);
  }
  clear(): void {
    this.#sockets.length = 0;
    this.#indexes.clear();
  }

  indexOf(socket: WebSocket): number | undefined {
    return this.#indexes.get(socket);
  }
  at(index: number): WebSocket | null {
    return this.#sockets[index] ?? null;
  }
  *entries(): IterableIterator<[number, WebSocket]> {
    for (const [socket, index] of this.#indexes) yield [index, socket];
  }

  keep(index: number, attachment: string): void {
    const socket = this.#sockets[index];
    if (!socket) return;
    const before = this.#kept(socket);
    if (attachment.length <= attachmentCharsMax) {
      if (before?.name) this.#delete(before.name);
      socket.serializeAttachment({ text: attachment } satisfies Kept);
      return;
    }
    const name = before?.name ?? crypto.randomUUID();
    this.#ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO pluv_attachments (name, text) VALUES (?, ?)", name, attachment);
    if (before?.name !== name) socket.serializeAttachment({ name } satisfies Kept);
  }
  // What was kept of the socket; null: nothing, it is no session any more.
  kept(socket: WebSocket): string | null {
    const kept = this.#kept(socket);
    if (!kept?.name) return kept?.text ?? null;
    const [row] = this.#ctx.storage.sql.exec<{ text: string }>(
      "SELECT text FROM pluv_attachments WHERE name = ?", kept.name);
    return row?.text ?? null;
  }
  forget(socket: WebSocket): void {
    const kept = this.#kept(socket);
    if (kept?.name) this.#delete(kept.name);
    if (kept) socket.serializeAttachment(null);
  }

  #kept(socket: WebSocket): Kept | null {
    return socket.deserializeAttachment() as Kept | null;
  }
  #delete(name: string): void {
    this.#ctx.storage.sql.exec("DELETE FROM pluv_attachments WHERE name = ?", name);
  }
}
