// What a program does with the types by their names, as this project's own client does with Server.
// Each line marked with an error has to have that one.
import type { ChatMessage, Everything, GameMessage, Server, Tree, User } from "server";

type Inputs = Server["inputs"];
type Outputs = Server["outputs"];

export const tree: Tree = { label: "a", children: [{ label: "b", children: [] }] };
export const everything: Everything = {
  flag: true,
  count: 1,
  ratio: 0.5,
  note: null,
  holes: [1, null],
  at: [0, 1],
  byName: { ada: { text: "hello" } },
  form: { type: "circle", radius: 1 },
  forms: [{ type: "square", side: 1 }],
  tree,
  when: "2026",
  any: { deep: [1, "two", null] },
  "content-type": "text",
};
export const flag: Everything = { ...everything, flag: "yes" }; // error TS2322: 'boolean'
export const count: Everything = { ...everything, count: null }; // error TS2322: 'number'
export const note: Everything = { ...everything, note: undefined }; // error TS2322: 'undefined'
export const holes: Everything = { ...everything, holes: ["a"] }; // error TS2322: 'string'
export const at: Everything = { ...everything, at: [0, 1, 2] }; // error TS2322: '[number, number]'
export const form: Everything = { ...everything, form: { type: "circle", side: 1 } }; // error TS2353: 'side'
export const when: Everything = { ...everything, when: "today" }; // error TS2322: number
export const any: Everything = { ...everything, any: () => 1 }; // error TS2322: Json
export const kind: Everything = { ...everything, "content-type": 1 }; // error TS2322: 'string'

// A variant is told by its tag.
export function area(form: Everything["form"]): number {
  if (form.type === "circle") return form.radius * form.radius * 3;
  const radius = form.radius; // error TS2339: 'radius' does not exist on type 'Square'
  return form.side * form.side + radius;
}

// What clients leave out has a default at the server, which sends it to all.
export const play: Inputs["play"] = { song: "a" };
export const loud: Inputs["play"] = { song: "a", volume: "11" }; // error TS2322: 'string'
export const played: Outputs["played"] = { song: "a", volume: 5 };
export const silent: Outputs["played"] = { song: "a" }; // error TS2741: 'volume'

export const said: ChatMessage = { text: "hello", color: null };
export const score: GameMessage = { score: 1 };
export const mixed: GameMessage = said; // error TS2741: 'score'
export const page: Outputs["page"] = { items: [said], next: null };
export const odd: Outputs["odd name"] = { name: "a", more: [1] };
export const stopped: Outputs["stopped"] = {};
export const echo: Inputs["echo"] = { any: ["thing"] };
export const scalar: Inputs["echo"] = 1; // error TS2322: 'number'
export const nobody: Server["user"] = null;
export const user: User = { id: "1" }; // error TS2741: 'name'
