// Checks programs against generated types: node run.mjs --web DIR --server FILE --renamed FILE
// --document DIR, the last being where the example of docs/typegen.md is: chat_client.ts, chat.d.ts
// and chat.expected.ts, which the text of the .d.ts has to begin with after its first comment.
//
// A line that ends with `// error TS1234: words` has to have that error with those words in it;
// any other error, and a marked line without one, fails the test. Without npm's typescript it ends
// with 77 (skipped), or 1 where everything was to be installed (TESTS_MUST_RUN).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: given } = parseArgs({
  options: {
    web: { type: "string" },
    server: { type: "string" },
    renamed: { type: "string" },
    document: { type: "string" },
  },
});
const here = dirname(fileURLToPath(import.meta.url));

let ts;
try {
  ts = createRequire(resolve(given.web, "package.json"))("typescript");
} catch (error) {
  if (error.code !== "MODULE_NOT_FOUND") throw error;
  const required = Boolean(process.env.TESTS_MUST_RUN);
  console.error(`${required ? "failed" : "skipped"}: npm typescript is not installed; ` +
                "run npm ci --prefix web");
  process.exit(required ? 1 : 77);
}

// "file:line" to what is marked there.
function marksOf(file) {
  const marks = new Map();
  readFileSync(file, "utf8").split("\n").forEach((line, index) => {
    const mark = /\/\/ error TS(\d+): (.*)$/.exec(line);
    if (mark) marks.set(`${file}:${index + 1}`, { code: Number(mark[1]), words: mark[2] });
  });
  return marks;
}

const names = ["original_client.ts", "own_client.ts", "renamed_member.ts"];
const files = [
  ...names.map((name) => join(here, name)),
  join(given.document, "chat_client.ts"),
];
const program = ts.createProgram([...files, given.server, given.renamed], {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  paths: {
    server: [given.server],
    renamed: [given.renamed],
    "@pluv/client": [join(here, "client_model.ts")],
  },
});

const marks = new Map(files.flatMap((file) => [...marksOf(file)]));
const failures = [];
let expected = 0;
for (const found of ts.getPreEmitDiagnostics(program)) {
  const text = ts.flattenDiagnosticMessageText(found.messageText, "\n");
  const at = found.file === undefined ? "(options)" : [
    found.file.fileName,
    found.file.getLineAndCharacterOfPosition(found.start).line + 1,
  ].join(":");
  const mark = marks.get(at);
  if (mark !== undefined && mark.code === found.code && text.includes(mark.words)) {
    mark.met = true;
    expected += 1;
  } else {
    failures.push(`${at}: TS${found.code}: ${text}`);
  }
}
for (const [at, mark] of marks) {
  if (!mark.met) failures.push(`${at}: no error TS${mark.code}: ${mark.words}`);
}
const shown = readFileSync(join(given.document, "chat.expected.ts"), "utf8");
const written = readFileSync(join(given.document, "chat.d.ts"), "utf8");
if (!written.slice(written.indexOf("\n\n") + 2).startsWith(shown)) {
  failures.push(`docs/typegen.md: what it shows is not what is written:\n${written}`);
}
for (const failure of failures) console.error(failure);
console.log(`${expected} errors where they are expected, ${failures.length} failures`);
process.exit(failures.length === 0 && expected > 0 ? 0 : 1);
