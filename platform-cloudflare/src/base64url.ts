// Base64 with the URL alphabet and without padding (RFC 4648 section 5), as JOSE writes it.

// Bytes that go to String.fromCharCode in one call: a function takes so many arguments and no more.
const partBytes = 0x8000;

export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += partBytes) {
    text += String.fromCharCode(...bytes.subarray(at, at + partBytes));
  }
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// undefined for anything but the one spelling that toBase64Url gives these bytes: a text that can
// be spelled in several ways is a text that somebody can change unnoticed.
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  let decoded: string;
  try {
    decoded = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(decoded.length);
  for (let at = 0; at < decoded.length; ++at) bytes[at] = decoded.charCodeAt(at);
  return toBase64Url(bytes) === text ? bytes : undefined;
}
