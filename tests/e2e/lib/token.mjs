// Room tokens as existing deployments make them: npm jose, "dir" and A256GCM, a key derived from
// the secret.
import { hkdfSync, randomUUID } from "node:crypto";

import { EncryptJWT } from "jose";

import { SECRET } from "./servers.mjs";

export function makeToken({ room, user, secret = SECRET, age_s = 60, claims = {} }) {
  const now_s = Math.floor(Date.now() / 1000);
  const key = new Uint8Array(
    hkdfSync("sha256", secret, "", "Pluv.io Generated Encryption Key", 32));
  return new EncryptJWT({ room, sub: `${room}|${user?.id}`, user, ...claims })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .setIssuedAt(claims.iat ?? now_s)
    .setExpirationTime(now_s + age_s)
    .setJti(randomUUID())
    .encrypt(key);
}
