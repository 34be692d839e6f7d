// Which web pages may open a WebSocket: allowed origins against the Origin field (RFC 6454 section
// 7, RFC 6455 section 10.2). The same patterns as the native server's.

interface OriginParts {
  scheme: string; // lower case
  host: string; // lower case
  port: number; // 0 for a scheme without a default port
}

interface Pattern extends OriginParts {
  wildcard: boolean; // host then begins with "."
}

const defaultPorts: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["ws", 80],
  ["https", 443],
  ["wss", 443],
]);

export class OriginList {
  readonly #patterns: Pattern[] = [];
  #any = false;
  #null = false;

  // Patterns: "*" (every origin, "null" too), "null" (sandboxed pages and files),
  // "https://example.com", "http://localhost:3000", or "https://*.example.com", where the star
  // stands for one or more whole labels. A scheme's default port may be written or not. A TypeError
  // for a pattern that is none.
  constructor(patterns: readonly string[]) {
    for (const text of patterns) {
      if (text === "*") this.#any = true;
      else if (text === "null") this.#null = true;
      else this.#patterns.push(readPattern(text));
    }
  }

  // origin: the value of the Origin field.
  allows(origin: string): boolean {
    if (this.#any) return true;
    if (origin === "null") return this.#null;
    const parts = splitOrigin(origin);
    if (parts === undefined || !isHost(parts.host)) return false;
    return this.#patterns.some(({ scheme, host, port, wildcard }) => {
      if (port !== parts.port || scheme !== parts.scheme) return false;
      if (!wildcard) return host === parts.host;
      return parts.host.length > host.length && parts.host.endsWith(host);
    });
  }
}

function readPattern(text: unknown): Pattern {
  const parts = typeof text === "string" ? splitOrigin(text) : undefined;
  if (parts !== undefined) {
    const wildcard = parts.host.startsWith("*.");
    const host = wildcard ? parts.host.slice(2) : parts.host;
    if (isHost(host) && !(wildcard && host.startsWith("["))) {
      return { ...parts, host: wildcard ? `.${host}` : host, wildcard };
    }
  }
  throw new TypeError(
    `"${String(text)}" is not an origin like https://example.com or https://*.example.com`,
  );
}

// scheme "://" host [":" port] (RFC 6454 section 6.2); a star is left to the caller.
function splitOrigin(text: string): OriginParts | undefined {
  const match = /^([A-Za-z0-9+.-]+):\/\/(\[[^\]]*\]|[^:]*)(?::([1-9][0-9]{0,4}))?$/.exec(text);
  const [, scheme, host, portText] = match ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const lower = scheme.toLowerCase();
  const port = portText === undefined ? (defaultPorts.get(lower) ?? 0) : Number(portText);
  return port > 65535 ? undefined : { scheme: lower, host: host.toLowerCase(), port };
}

// Labels between dots, none empty; or an IPv6 address in brackets.
function isHost(text: string): boolean {
  if (text.startsWith("[")) return /^\[[0-9a-f:.]{3,}\]$/.test(text);
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(text);
}
