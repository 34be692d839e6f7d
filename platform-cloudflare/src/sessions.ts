// The sockets of a room and their places in it. Sockets outlive the object's memory, and beside
// each stands what the room needs to take its session up again (its attachment). An attachment of
// the platform's has 16 KiB at most; a longer one goes into the object's SQLite.

// serializeAttachment's limit, less what it adds: its texts may have two bytes a character.
const attachmentCharsMax = 7_500;

// A session that talks is written down as heard of at most this often.
const heardEveryMs = 5_000;

interface Kept {
  // The attachment itself, or the name that it has in the table.
  text?: string;
  name?: string;
  // When anything was heard of the session, but for pings that the runtime answers: unix ms.
  heard: number;
}

export class Sessions {
  readonly #ctx: DurableObjectState;
  readonly #sockets: (WebSocket | null)[] = [];
  readonly #indexes = new Map<WebSocket, number>();
  // The attachments that have been read or written; nobody else does either.
  readonly #attachments = new WeakMap<WebSocket, Kept>();
  readonly #heardAt = new WeakMap<WebSocket, number>();
  readonly #pingAt = new WeakMap<WebSocket, number>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  // Once, before anything is kept.
  createTable(): void {
    this.#ctx.storage.sql.exec(
      "CREATE TABLE pluv_attachments (name TEXT PRIMARY KEY, text TEXT NOT NULL)",
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

  get size(): number {
    return this.#indexes.size;
  }
  indexOf(socket: WebSocket): number | undefined {
    return this.#indexes.get(socket);
  }
  at(index: number): WebSocket | null {
    return this.#sockets[index] ?? null;
  }
  keep(index: number, attachment: string): void {
    const socket = this.#sockets[index];
    if (!socket) return;
    const before = this.#kept(socket);
    const heard = before?.heard ?? Date.now();
    if (attachment.length <= attachmentCharsMax) {
      if (before?.name) this.#delete(before.name);
      this.#attach(socket, { text: attachment, heard });
      return;
    }
    const name = before?.name ?? crypto.randomUUID();
    this.#ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO pluv_attachments (name, text) VALUES (?, ?)", name, attachment);
    if (before?.name !== name) this.#attach(socket, { name, heard });
  }
  // What was kept of the socket; null: nothing, it is no session any more.
  kept(socket: WebSocket): { attachment: string; silentMs: number } | null {
    const kept = this.#kept(socket);
    if (!kept) return null;
    const ping = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    this.#pingAt.set(socket, ping);
    const silentMs = Math.max(Date.now() - Math.max(kept.heard, ping), 0);
    if (!kept.name) return { attachment: kept.text ?? "", silentMs };
    const [row] = this.#ctx.storage.sql.exec<{ text: string }>(
      "SELECT text FROM pluv_attachments WHERE name = ?", kept.name);
    return { attachment: row?.text ?? "", silentMs };
  }
  heard(socket: WebSocket): void {
    const now = Date.now();
    if (now - (this.#heardAt.get(socket) ?? 0) < heardEveryMs) return;
    this.#heardAt.set(socket, now);
    const kept = this.#kept(socket);
    if (kept) this.#attach(socket, { ...kept, heard: now });
  }
  // The sessions whose pings the runtime has answered since this was last asked.
  takePings(): number[] {
    const indexes: number[] = [];
    for (const [socket, index] of this.#indexes) {
      const at = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
      if (at <= (this.#pingAt.get(socket) ?? 0)) continue;
      this.#pingAt.set(socket, at);
      indexes.push(index);
    }
    return indexes;
  }
  forget(socket: WebSocket): void {
    const kept = this.#kept(socket);
    if (kept?.name) this.#delete(kept.name);
    if (kept) this.#attach(socket, null);
  }

  // What was kept of sockets that have gone without a word, when the runtime ended.
  forgetOthers(sockets: Iterable<WebSocket>): void {
    const rows = this.#ctx.storage.sql.exec<{ name: string }>("SELECT name FROM pluv_attachments");
    const names = new Set(rows.toArray().map(({ name }) => name));
    if (names.size === 0) return;
    for (const socket of sockets) names.delete(this.#kept(socket)?.name ?? "");
    for (const name of names) this.#delete(name);
  }

  #kept(socket: WebSocket): Kept | null {
    const known = this.#attachments.get(socket);
    if (known) return known;
    const kept = socket.deserializeAttachment() as Kept | null;
    if (kept) this.#attachments.set(socket, kept);
    return kept;
  }
  #attach(socket: WebSocket, kept: Kept | null): void {
    socket.serializeAttachment(kept);
    if (kept) this.#attachments.set(socket, kept);
    else this.#attachments.delete(socket);
  }
  #delete(name: string): void {
    this.#ctx.storage.sql.exec("DELETE FROM pluv_attachments WHERE name = ?", name);
  }
}
