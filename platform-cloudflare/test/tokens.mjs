// Tokens by other hands than the package's: npm jose, the native server's tool, and node's crypto
// for those that no honest maker makes.
import { execFileSync } from "node:child_process";
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";

import { openToken, TokenKeys } from "../dist/token.js";

const e2e = createRequire(new URL("../../tests/e2e/package.json", import.meta.url));
export const jose = await import(pathToFileURL(e2e.resolve("jose")).href);

export const SECRET = "a secret of the tests";
export const OTHER_SECRET = "another secret";
export const ROOM = "my-example-room";
export const NOW_MS = 1_700_000_000_250;
export const NOW_S = 1_700_000_000;
export const TOLERANCE_S = 15;
export const USER = { id: "user_1", name: "Zoë", tags: ["a", 1.5, null, { deep: true }] };

export const keyOf = (secret) =>
  new Uint8Array(hkdfSync("sha256", secret, "", "Pluv.io Generated Encryption Key", 32));

const HEADER = { alg: "dir", enc: "A256GCM" };

// A token around any plaintext, under any header.
export function seal(plaintext, { secret = SECRET, header = JSON.stringify(HEADER) } = {}) {
  const encodedHeader = Buffer.from(header).toString("base64url");
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(secret), iv);
  cipher.setAAD(Buffer.from(encodedHeader));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString("base64url"));
  return `${encodedHeader}..${parts.join(".")}`;
}

// The plaintext of a token, as text.
export function unseal(token, secret = SECRET) {
  const [header, , iv, ciphertext, tag] = token.split(".");
  const decipher = createDecipheriv("aes-256-gcm", keyOf(secret), Buffer.from(iv, "base64url"));
  decipher.setAAD(Buffer.from(header));
  decipher.setAuthTag(Buffer.from(tag, "base64url"));
  return decipher.update(Buffer.from(ciphertext, "base64url"), undefined, "utf8") +
    decipher.final("utf8");
}

// A token as existing deployments make it. `change` works on the builder before it encrypts.
export function joseToken({ user = USER, room = ROOM, claims = {}, secret = SECRET, header = {},
                            change = (jwt) => jwt } = {}) {
  const jwt = new jose.EncryptJWT({ room, sub: `${room}|${user?.id}`, user, ...claims })
    .setProtectedHeader({ ...HEADER, ...header })
    .setIssuedAt(NOW_S)
    .setExpirationTime(NOW_S + 60)
    .setJti("an id");
  return change(jwt).encrypt(keyOf(secret));
}

export const joseRead = (token, { secret = SECRET, at_ms = NOW_MS } = {}) =>
  jose.jwtDecrypt(token, keyOf(secret), {
    clockTolerance: TOLERANCE_S,
    currentDate: new Date(at_ms),
  });

const run = (...words) =>
  execFileSync(process.env.PLUV_TOKEN_TOOL, words.map(String), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

export const nativeToken = ({ user = USER, json = JSON.stringify(user), room = ROOM,
                              max_age_ms = 60_000, secrets = [SECRET] } = {}) =>
  run("encode", NOW_MS, room, user.id, json, max_age_ms, ...secrets).trimEnd();

// What the native reader says of a token: the tool's line, or { refused: why }.
export function nativeRead(token, { room = ROOM, at_ms = NOW_MS, secrets = [SECRET] } = {}) {
  try {
    return { line: run("decode", at_ms, room, token, ...secrets).trimEnd() };
  } catch (error) {
    if (error.status !== 1) throw error;
    return { refused: error.stderr.trimEnd().replace(/^unauthorized: /, "") };
  }
}

export const ourRead = (token, { room = ROOM, at_ms = NOW_MS, secrets = [SECRET] } = {}) =>
  openToken(TokenKeys.from(secrets), token, room, at_ms);

// Why the package refuses a token; undefined when it takes it.
export const refusal = (token, options) =>
  ourRead(token, options).then(
    () => undefined,
    (error) => {
      if (error.name !== "Unauthorized") throw error;
      return error.reason;
    },
  );
