// Makes dist/ of src/: a JavaScript module for each file, with its types, for Node and for bundlers.
// The sources name each other without endings, as bundlers let them; Node asks for ".js".
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const here = path.dirname(fileURLToPath(import.meta.url));
const outDir = path.join(here, "dist");
const program = ts.createProgram([path.join(here, "src/index.ts")], {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  types: [],
  declaration: true,
  noEmitOnError: true,
  rootDir: path.join(here, "src"),
  outDir,
});

const withEndings = (text) => text.replace(/(\bfrom |\bimport\()"(\.\/[^"]+)"/g, '$1"$2.js"');

rmSync(outDir, { recursive: true, force: true });
const emitted = program.emit(undefined, (file, text) => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, withEndings(text));
});
const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
if (problems.length > 0) {
  console.error(ts.formatDiagnostics(problems, {
    getCanonicalFileName: (file) => file,
    getCurrentDirectory: () => here,
    getNewLine: () => "\n",
  }));
  process.exit(1);
}
