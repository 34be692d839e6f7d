// The server's struct Message had a member `text`, which is `body` now: every line of the program
// that used it fails, and no other.
import type { ChatMessage, Server } from "renamed";

export function write(text: string): Server["inputs"]["say"] {
  return { text }; // error TS2353: 'text' does not exist in type 'ChatMessage'
}

export function read(message: ChatMessage): string {
  const color = message.color ?? "none";
  const text = message.text; // error TS2339: 'text' does not exist on type 'ChatMessage'
  return color + text;
}
