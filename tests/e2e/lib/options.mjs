// What a suite's command line says beside the names of its tests: --kills 200, --json FILE.
import process from "node:process";

export function textOption(name, otherwise = undefined) {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const text = process.argv[at + 1];
  if (text === undefined || text.startsWith("--")) throw new Error(`--${name} needs a value`);
  return text;
}

export function numberOption(name, otherwise) {
  const text = textOption(name);
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new Error(`--${name} ${text} is no number`);
  return number;
}
