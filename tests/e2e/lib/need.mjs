// The npm packages that a program needs. Where one is missing the program ends with 77 (skipped);
// where everything has been installed for it (TESTS_MUST_RUN, set by the Makefile), with 1.
import process from "node:process";

export async function need(...names) {
  const modules = [];
  for (const name of names) {
    modules.push(await import(name).catch((error) => {
      if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
      const required = Boolean(process.env.TESTS_MUST_RUN);
      console.error(`${required ? "failed" : "skipped"}: npm ${name} is not installed; ` +
                    "run npm ci --prefix tests/e2e");
      process.exit(required ? 1 : 77);
    }));
  }
  return modules;
}
