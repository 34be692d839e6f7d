// Runs the package's tests: node test/run.mjs --token-tool PATH_OF_pluv_token_tool [FILE...], or
// with PLUV_TOKEN_TOOL in the environment. The package must be built (npm run build), and npm jose
// installed for tests/e2e. Ends with 0, with 1 when a test failed, with 2 when misused, with 77
// (skipped) where jose is missing and nothing says that it must be there (TESTS_MUST_RUN).
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const { values, positionals } = parseArgs({
  options: { "token-tool": { type: "string", default: process.env.PLUV_TOKEN_TOOL } },
  allowPositionals: true,
});

function misused(why) {
  console.error(why);
  process.exit(2);
}

const tool = values["token-tool"];
if (tool === undefined || !existsSync(tool)) {
  misused("usage: node test/run.mjs --token-tool PATH_OF_pluv_token_tool [FILE...]");
}
if (!existsSync(join(here, "../dist/token.js"))) misused("dist/ is missing: npm run build");
try {
  createRequire(join(here, "../../tests/e2e/package.json")).resolve("jose");
} catch {
  const required = Boolean(process.env.TESTS_MUST_RUN);
  console.error(`${required ? "failed" : "skipped"}: npm jose is not installed; ` +
                "run npm ci --prefix tests/e2e");
  process.exit(required ? 1 : 77);
}

const files = positionals.length > 0
  ? positionals
  : readdirSync(here).filter((name) => name.endsWith(".test.mjs")).map((name) => join(here, name));
const { status } = spawnSync(process.execPath, ["--test", ...files], {
  stdio: "inherit",
  env: { ...process.env, PLUV_TOKEN_TOOL: tool },
});
process.exit(status ?? 1);
