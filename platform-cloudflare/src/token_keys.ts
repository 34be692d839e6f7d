// The keys of room tokens, derived from a deployment's secrets: HKDF-SHA-256 (RFC 5869) with an
// empty salt, one A256GCM key for each secret.

/** A reader tries them all on a token that none of them made, so there are few. */
export const tokenSecretsMax = 8;

const hkdfInfo = new TextEncoder().encode("Pluv.io Generated Encryption Key");

export class TokenKeys {
  // Derived when they are first needed. Keys and never promises of keys: a Worker must not wait in
  // one request for what another one began.
  readonly #keys = new Map<string, CryptoKey>();
  readonly #secrets: readonly string[];

  private constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /**
   * The first secret signs and all of them read: to rotate, put the new one in front, and drop the
   * old one when its last token has expired. Throws a TypeError for what is no string or an empty
   * one, a RangeError for none or more than tokenSecretsMax.
   */
  static from(secrets: string | readonly string[]): TokenKeys {
    const list: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets];
    if (list.length === 0) throw new RangeError("Tokens need at least one secret");
    if (list.length > tokenSecretsMax) {
      throw new RangeError(`Tokens take at most ${tokenSecretsMax} secrets`);
    }
    const checked = list.map((secret) => {
      if (typeof secret !== "string") {
        throw new TypeError("A token's secret is not a string: is its variable set?");
      }
      if (secret === "") throw new TypeError("A token's secret is empty: is its variable set?");
      return secret;
    });
    // Callers give the secrets at every join: their keys are derived once all the same.
    const name = JSON.stringify(checked);
    const keys = recent.get(name) ?? new TokenKeys(checked);
    remember(name, keys);
    return keys;
  }

  // How many secrets there are.
  get count(): number {
    return this.#secrets.length;
  }

  // The key of a secret, by its place; 0 signs.
  async at(place: number): Promise<CryptoKey> {
    const secret = this.#secrets[place];
    if (secret === undefined) throw new RangeError("There is no such secret");
    let key = this.#keys.get(secret);
    if (key === undefined) {
      key = await derive(secret);
      this.#keys.set(secret, key);
    }
    return key;
  }
}

// A deployment may have a secret for each of its tenants: the ones that were used last stay.
const recentMax = 64;
const recent = new Map<string, TokenKeys>();

function remember(name: string, keys: TokenKeys): void {
  recent.delete(name);
  recent.set(name, keys);
  if (recent.size <= recentMax) return;
  for (const oldest of recent.keys()) {
    recent.delete(oldest);
    return;
  }
}

async function derive(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  const material = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: hkdfInfo },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
