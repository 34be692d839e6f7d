// Disks that fail or are slow while a server runs: faulty_io.cc says how.
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";

import { textOption } from "./options.mjs";
import { makeFolder, removeFolder } from "./process.mjs";
import { programs } from "./servers.mjs";

function beside(program) {
  const file = path.join(path.dirname(program), "../tests/e2e/libfaulty_io.so");
  return existsSync(file) ? file : undefined;
}
const library = textOption("faulty-io", beside(programs.pluvd));

// Why there is none, or nothing.
export const noFaultyIo = !library && "there is no libfaulty_io.so beside this pluvd";

export const [EIO, EROFS] = [5, 30];

// {env: of the server; set(number, kinds): set(EIO, "ws"), set(2, "d"), set(0, "")}.
export function faults(t) {
  const control = path.join(t.use(makeFolder(), removeFolder), "faults");
  writeFileSync(control, "");
  return {
    env: { LD_PRELOAD: library, FAULTY_IO: control },
    set: (number, kinds) => writeFileSync(control, kinds ? `${number} ${kinds}` : ""),
  };
}
