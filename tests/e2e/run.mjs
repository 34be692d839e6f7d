// Runs one suite for CTest: node run.mjs SUITE [options]. lib/need.mjs says what happens when npm
// ws, jose or yjs is not installed.
import process from "node:process";

import { need } from "./lib/need.mjs";

await need("ws", "jose", "yjs");
await import(`./${process.argv[2]}.test.mjs`);
