// Runs one suite for CTest: node run.mjs SUITE [options]. When what it compares with is not
// installed it ends with 77 (skipped), or 1 where everything was to be installed (TESTS_MUST_RUN).
import "./lib/clock.mjs";
import process from "node:process";

try {
  await import("yjs");
} catch (error) {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  const required = Boolean(process.env.TESTS_MUST_RUN);
  console.error(`${required ? "failed" : "skipped"}: npm yjs is not installed; ` +
                "run npm ci --prefix tests/interop");
  process.exit(required ? 1 : 77);
}
await import(`./${process.argv[2]}.test.mjs`);
