// What must not compile: tsc fails where an error that is expected here does not come.
import type { Room } from "./room";

interface Server {
  user: { id: string };
  inputs: { say: { text: string }; wave: Record<string, never> };
  outputs: { said: { text: string } };
}

export function check(room: Room<Server, { x: number }>): void {
  room.broadcast("say", { text: "Hello" });
  room.broadcast("wave", {});
  // @ts-expect-error: no such event
  room.broadcast("shout", { text: "Hello" });
  // @ts-expect-error: an input of another type
  room.broadcast("say", { text: 5 });
  // @ts-expect-error: a member is missing
  room.broadcast("say", {});
  // @ts-expect-error: it goes in, and does not come out
  room.on("say", () => {});
  room.on("said", ({ data, user }) => {
    const text: string = data.text;
    const id: string | undefined = user?.id;
    // @ts-expect-error: it is a string
    const number: number = data.text;
    return [text, id, number];
  });
  room.updateMyPresence({ x: 1 });
  // @ts-expect-error: no such member
  room.updateMyPresence({ y: 1 });
}
