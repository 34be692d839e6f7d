// Reads and writes the inputs of bench/ycrdt; inputs.mjs says what they hold.
import fs from 'node:fs';

export function u32(...values) {
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => out.writeUInt32LE(value, 4 * i));
  return out;
}
export const frames = (updates) =>
  Buffer.concat(updates.flatMap((update) => [u32(update.length), update]));
export const edits = (list) =>
  Buffer.concat(
    list.flatMap(([position, removed, inserted]) => {
      const text = Buffer.from(inserted);
      return [u32(position, removed, text.length), text];
    }),
  );

export function readFrames(file) {
  const bytes = fs.readFileSync(file);
  const out = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    out.push(new Uint8Array(bytes.subarray(at + 4, end)));
    at = end;
  }
  return out;
}
export function readEdits(file) {
  const bytes = fs.readFileSync(file);
  const out = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 12 + bytes.readUInt32LE(at + 8);
    const text = bytes.toString('utf8', at + 12, end);
    out.push([bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4), text]);
    at = end;
  }
  return out;
}
export function readWriters(file) {
  const bytes = fs.readFileSync(file);
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
}
