// JSON Web Encryption in its compact form (RFC 7516), the one profile that room tokens use: header
// {"alg":"dir","enc":"A256GCM"}, no encrypted key, AES-256-GCM. Knows nothing of claims.
import { fromBase64Url, toBase64Url } from "./base64url.js";
import type { TokenKeys } from "./token_keys.js";
import { Unauthorized } from "./join_errors.js";

const ivBytes = 12;
const tagBytes = 16;
const parts = 5; // header, encrypted key, iv, ciphertext, tag

// {"alg":"dir","enc":"A256GCM"}
const ownHeader = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export async function sealJwe(keys: TokenKeys, plaintext: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: ascii(ownHeader), tagLength: tagBytes * 8 },
      await keys.at(0),
      new TextEncoder().encode(plaintext),
    ),
  );
  const end = sealed.length - tagBytes;
  const tail = [iv, sealed.subarray(0, end), sealed.subarray(end)].map(toBase64Url).join(".");
  return `${ownHeader}..${tail}`;
}

// The plaintext of a token that one of the keys made, else Unauthorized: not five parts, not
// canonical base64url, a header of another profile (other alg or enc, zip, crit), an encrypted key,
// an iv or tag of the wrong size, or a tag that fits none of the keys. The caller bounds its size.
export async function openJwe(keys: TokenKeys, token: string): Promise<Uint8Array> {
  const { header, iv, sealed } = parse(token);
  for (let place = 0; place < keys.count; ++place) {
    const key = await keys.at(place);
    try {
      return new Uint8Array(
        await crypto.subtle.decrypt(
          { name: "AES-GCM", iv, additionalData: ascii(header), tagLength: tagBytes * 8 },
          key,
          sealed,
        ),
      );
    } catch {
      // Not by this key.
    }
  }
  throw new Unauthorized("the token was not made with a secret of this server");
}

// sealed: the ciphertext and behind it the tag, as WebCrypto takes them.
function parse(token: string): { header: string; iv: Uint8Array; sealed: Uint8Array } {
  const split = token.split(".");
  const [header, encryptedKey, iv64, ciphertext64, tag64] = split;
  if (
    split.length !== parts || header === undefined || iv64 === undefined ||
    ciphertext64 === undefined || tag64 === undefined
  ) {
    throw new Unauthorized("the token does not have five parts");
  }
  checkHeader(header);
  if (encryptedKey !== "") throw new Unauthorized("the token has an encrypted key");
  const iv = decodePart(iv64, "iv");
  if (iv.length !== ivBytes) throw new Unauthorized("the token's iv is not 12 bytes");
  const ciphertext = decodePart(ciphertext64, "ciphertext");
  const tag = decodePart(tag64, "tag");
  if (tag.length !== tagBytes) throw new Unauthorized("the token's tag is not 16 bytes");
  const sealed = new Uint8Array(ciphertext.length + tag.length);
  sealed.set(ciphertext);
  sealed.set(tag, ciphertext.length);
  return { header, iv, sealed };
}

function decodePart(text: string, name: string): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes === undefined) throw new Unauthorized(`the token's ${name} is not base64url`);
  return bytes;
}

// RFC 7516 section 4.1. Members that do not change how the token is read ("typ", "kid") may stand.
function checkHeader(encoded: string): void {
  if (encoded === ownHeader) return;
  const bytes = decodePart(encoded, "header");
  const noHeader = "the token's header is not a JSON object of its kind";
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new Unauthorized(noHeader);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new Unauthorized(noHeader);
  }
  const wanted = new Map<string, string>([["alg", "dir"], ["enc", "A256GCM"]]);
  for (const [name, value] of Object.entries(header) as [string, unknown][]) {
    if (name === "zip") throw new Unauthorized("the token is compressed");
    if (name === "crit") throw new Unauthorized("the token's header has critical extensions");
    const only = wanted.get(name);
    if (only === undefined) continue;
    if (typeof value !== "string") throw new Unauthorized(noHeader);
    if (value !== only) throw new Unauthorized(`the token's ${name} is not ${only}`);
    wanted.delete(name);
  }
  for (const name of wanted.keys()) throw new Unauthorized(`the token's header has no ${name}`);
}
