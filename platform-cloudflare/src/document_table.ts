// A room's document in its object's own SQLite: a log of updates, of which the first may be a
// snapshot that stands for all before it, as in the native store. A value of the platform has 2 MB
// at most, so a record lies in parts. Calls return when the storage has it; what the object sends
// afterwards is held back by the runtime until that is safe.
import type { StoredDocument } from "./wire.js";

const partBytes = 1_048_576;

interface Part extends Record<string, SqlStorageValue> {
  number: number;
  part: number;
  bytes: number;
  is_snapshot: number;
  data: ArrayBuffer;
}

export class DocumentTable {
  readonly #storage: DurableObjectStorage;
  #last: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  // Once, before anything else.
  createTable(): void {
    this.#storage.sql.exec(`CREATE TABLE pluv_records (
      number INTEGER NOT NULL,
      part INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      is_snapshot INTEGER NOT NULL,
      unix_ms INTEGER NOT NULL,
      data BLOB NOT NULL,
      PRIMARY KEY (number, part)) WITHOUT ROWID`);
  }

  // Throws when a record is not whole.
  load(): StoredDocument {
    const found: StoredDocument = { updates: [], last: 0, hasSnapshot: false };
    const parts: Uint8Array[] = [];
    let size = 0;
    const rows = this.#storage.sql.exec<Part>(
      "SELECT number, part, bytes, is_snapshot, data FROM pluv_records ORDER BY number, part",
    );
    for (const row of rows) {
      if (row.part !== parts.length) throw broken(row.number);
      parts.push(new Uint8Array(row.data));
      size += row.data.byteLength;
      if (size < row.bytes) continue;
      if (size > row.bytes) throw broken(row.number);
      if (row.is_snapshot) {
        // Only ever the first.
        if (found.updates.length > 0) throw broken(row.number);
        found.hasSnapshot = true;
      }
      found.updates.push(joined(parts, size));
      found.last = row.number;
      parts.length = 0;
      size = 0;
    }
    if (parts.length > 0) throw broken(found.last + 1);
    this.#last = found.last;
    return found;
  }

  // The number of the new record.
  append(update: Uint8Array): number {
    const number = (this.#last ?? this.#newest()) + 1;
    const insert = (): void => this.#insert(number, update, false);
    if (update.length <= partBytes) insert(); // one statement is whole by itself
    else this.#storage.transactionSync(insert);
    this.#last = number;
    return number;
  }

  // Puts the snapshot in the place of the records up to this number.
  compact(last: number, snapshot: Uint8Array): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("DELETE FROM pluv_records WHERE number <= ?", last);
      this.#insert(last, snapshot, true);
    });
  }

  #newest(): number {
    return this.#storage.sql
      .exec<{ newest: number | null }>("SELECT max(number) AS newest FROM pluv_records")
      .one().newest ?? 0;
  }

  #insert(number: number, update: Uint8Array, isSnapshot: boolean): void {
    for (let part = 0, at = 0; at < update.length; ++part, at += partBytes) {
      this.#storage.sql.exec(
        "INSERT INTO pluv_records (number, part, bytes, is_snapshot, unix_ms, data) " +
          "VALUES (?, ?, ?, ?, ?, ?)",
        number, part, update.length, isSnapshot ? 1 : 0, Date.now(),
        update.slice(at, at + partBytes),
      );
    }
  }
}

function broken(number: number): Error {
  return new Error(`record ${number} of the document is not whole`);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1 && parts[0]) return parts[0];
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
