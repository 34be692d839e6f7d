// Runs one suite for CTest: node run.mjs SUITE --pluvd PROGRAM [--pictures FOLDER] [~TITLE...].
// Skipped (77) without npm playwright-core or a Chromium, unless TESTS_MUST_RUN.
import process from "node:process";

import { findChromium } from "./lib/browser.mjs";

if (findChromium() === undefined) {
  const required = Boolean(process.env.TESTS_MUST_RUN);
  console.error(`${required ? "failed" : "skipped"}: no chromium in /usr/bin (scripts/setup test)`);
  process.exit(required ? 1 : 77);
}
await import(`./${process.argv[2]}.test.mjs`);
