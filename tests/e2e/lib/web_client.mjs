// The client of web/client, and what else of web/ needs no browser, as modules for node: TypeScript
// made into one file, on the same yjs as the suites. Where web/ has no packages the program ends as need() does.
import { mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

import WebSocket from "ws";

import { makeFolder } from "./process.mjs";

const web = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../web");

function esbuild() {
  try {
    return createRequire(path.join(web, "package.json"))("esbuild");
  } catch {
    const required = Boolean(process.env.TESTS_MUST_RUN);
    console.error(`${required ? "failed" : "skipped"}: run npm ci --prefix web`);
    process.exit(required ? 1 : 77);
  }
}

// What `import ... from "@pluv-cpp/client"` gives.
export const importWebClient = () => importWebModule("client/src/index.ts");

// file: below web/.
export async function importWebModule(file) {
  const package_json = createRequire(import.meta.url).resolve("yjs/package.json");
  const yjs = pathToFileURL(path.join(path.dirname(package_json), "dist/yjs.mjs")).href;
  const outfile = path.join(mkdtempSync(path.join(makeFolder(), "web-")), "module.mjs");
  await esbuild().build({
    entryPoints: [path.join(web, file)],
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["@pluv-cpp/source"],
    outfile,
    plugins: [{
      name: "one yjs",
      setup: (build) => build.onResolve({ filter: /^yjs$/ }, () => ({ path: yjs, external: true })),
    }],
  });
  // As browsers have it; node does since version 22.
  globalThis.WebSocket ??= WebSocket;
  return import(pathToFileURL(outfile).href);
}
