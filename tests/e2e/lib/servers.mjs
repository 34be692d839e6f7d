// The servers under test: pluvd, and the program made with the public C++ API (conformance_server).
// Their paths come from --pluvd and --conformance (CTest) or E2E_PLUVD and
// E2E_CONFORMANCE_SERVER; else they are those of the release build. With --workerd the targets are
// the same rooms in Durable Objects instead (tests/cloudflare).
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { makeFolder, startServer } from "./process.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

function program(option, variable, name) {
  const at = process.argv.indexOf(option);
  return (at >= 0 && process.argv[at + 1]) || process.env[variable] ||
         path.join(root, "build/release/bin", name);
}

export const programs = {
  pluvd: program("--pluvd", "E2E_PLUVD", "pluvd"),
  conformance: program("--conformance", "E2E_CONFORMANCE_SERVER", "conformance_server"),
};

export const SECRET = "the end-to-end tests' secret: 0123456789";

// Without "--dev" tokens of SECRET are asked for, without "--data" its documents are in a folder
// that ends with it. args come last and so win. inside: a command that runs pluvd elsewhere, as of
// SmallDisk.inside.
export function startPluvd(args = [], { inside, ...options } = {}) {
  const secret = args.includes("--dev") ? [] : ["--secret", SECRET, "--demo"];
  const ownFolder = args.includes("--data") ? undefined : makeFolder();
  const data = ownFolder ? ["--data", ownFolder] : [];
  const all = ["--port", "0", "--log-level", "warn", ...secret, ...data, ...args];
  const [command, commandArgs] = inside ? inside(programs.pluvd, all) : [programs.pluvd, all];
  return startServer(command, commandArgs, { ownFolder, ...options });
}

export function startConformance(args = [], options = {}) {
  return startServer(programs.conformance, ["--port", "0", ...args], options);
}

// The two programs behind one face, for suites that treat them alike: start({auth, strict, limits:
// {rate, silence_ms, ping_ms}}). has(limit): whether the program can be told that one. secret: of
// its tokens. document_bytes: nearly as large as documents may become.
const pluvd = {
  name: "pluvd",
  secret: SECRET,
  document_bytes: 30_000_000,
  has: () => true,
  start({ auth = false, strict = false, limits = {} } = {}) {
    const args = auth ? ["--max-connections-per-address", "0"] : ["--dev"];
    if (strict) args.push("--strict");
    if (limits.rate !== undefined) args.push("--rate-limit", String(limits.rate));
    if (limits.silence_ms) args.push("--max-silence", `${limits.silence_ms}ms`);
    if (limits.ping_ms) args.push("--ping-after", `${limits.ping_ms}ms`);
    return startPluvd(args);
  },
};

const conformance = {
  name: "C++ API",
  secret: "secret123",
  document_bytes: 30_000_000,
  has: (limit) => limit === "rate",
  start({ auth = false, strict = false, limits = {} } = {}) {
    const args = [];
    if (auth) args.push("--auth");
    if (strict) args.push("--strict");
    if (limits.rate !== undefined) args.push("--rate-limit", String(limits.rate));
    return startConformance(args);
  },
};

async function startWorkerdConformance({ auth = false, strict = false, limits = {}, data } = {}) {
  const { startWorkerd } = await import("../../cloudflare/lib/workerd.mjs");
  const flags = { strict };
  if (auth) flags.secret = "secret123";
  if (limits.rate !== undefined) {
    flags.limits = { messagesPerSecondMax: limits.rate, messagesBurstMax: limits.rate * 4 };
  }
  return startWorkerd(path.join(root, "tests/cloudflare/conformance_worker.js"),
                      { wasm: "conformance_room.wasm", flags, data });
}

const workerd = {
  name: "workerd",
  secret: "secret123",
  document_bytes: 5_000_000,
  has: (limit) => limit === "rate",
  start: startWorkerdConformance,
};

export const targets = process.argv.includes("--workerd") ? [workerd] : [pluvd, conformance];
