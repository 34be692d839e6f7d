// A program with the original's client. Each line marked with an error has to have that one.
import type { ChatMessage, ioServer } from "server";

import { createClient, infer } from "./client_model";

const types = infer((i) => ({ io: i<typeof ioServer> }));
const client = createClient({ types, wsEndpoint: "ws://", authEndpoint: "/", initialStorage: {} });
createClient({ types, wsEndpoint: "ws://" }); // error TS2345: authEndpoint
const room = client.createRoom("lobby");

room.broadcast("say", { text: "hello" });
room.broadcast("say", { text: "hello", color: "red" });
room.broadcast("say", { text: 1 }); // error TS2322: 'number' is not assignable to type 'string'
room.broadcast("say", { text: "hello", color: "blue" }); // error TS2322: "blue"
room.broadcast("say", {}); // error TS2345: Property 'text' is missing
room.broadcast("shout", {}); // error TS2345: "shout"
room.broadcast("list", {});
room.broadcast("list", { page: 1 }); // error TS2322: never

room.event("said", ({ data, user }) => {
  const message: ChatMessage = data;
  const name: string = user.name;
  const text: number = data.text; // error TS2322: 'string' is not assignable to type 'number'
  const body = data.body; // error TS2339: 'body' does not exist on type 'ChatMessage'
  return [message, name, text, body];
});
room.event("score", ({ data }) => {
  const score: number = data.score;
  return score;
});
room.event("sung", () => {}); // error TS2345: "sung"

const name: string = room.myself.user.name;
const age = room.myself.user.age; // error TS2339: 'age'
export { age, name };
