// Runs one suite for CTest: node run.mjs SUITE [options]. Ends with 77 (skipped) when npm ws or jose
// is not installed.
import process from "node:process";

for (const name of ["ws", "jose"]) {
  await import(name).catch((error) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.error(`skipped: npm ${name} is not installed; run npm ci --prefix tests/e2e`);
    process.exit(77);
  });
}
await import(`./${process.argv[2]}.test.mjs`);
