// JSON as it is spelled. A user goes to the room and from there to every client just as the token
// has it, and JSON.parse and JSON.stringify change what they carry: members that look like numbers
// move to the front, 1.0 becomes 1, 1e999 becomes null. All functions take text that JSON.parse has
// accepted.

// Containers that may be open at once: as deep as the room's own reader goes.
export const jsonDepthMax = 64;

const whiteSpace = /^[ \t\n\r]$/;

// The index behind the string that begins at `at`.
function stringEnd(text: string, at: number): number {
  for (++at; text[at] !== '"'; ++at) {
    if (text[at] === "\\") ++at;
  }
  return at + 1;
}

// The text without the white space outside of its strings.
export function minifyJson(text: string): string {
  let out = "";
  let kept = 0;
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '"') {
      at = stringEnd(text, at);
    } else if (whiteSpace.test(character)) {
      out += text.slice(kept, at);
      kept = ++at;
    } else {
      ++at;
    }
  }
  return out + text.slice(kept);
}

export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '"') {
      at = stringEnd(text, at);
      continue;
    }
    if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    if (character === "}" || character === "]") --depth;
    ++at;
  }
  return deepest;
}

// The value of an object's member, minified; of equal names the last counts, as in JSON.parse.
// undefined when there is none. `text` is an object.
export function rawMember(text: string, name: string): string | undefined {
  const json = minifyJson(text);
  let found: string | undefined;
  for (let at = 1; json[at] === '"'; ) {
    const valueBegin = stringEnd(json, at) + 1;
    const key: unknown = JSON.parse(json.slice(at, valueBegin - 1));
    const end = valueEnd(json, valueBegin);
    if (key === name) found = json.slice(valueBegin, end);
    at = end + 1;
  }
  return found;
}

// The index behind the value that begins at `at`: where, outside of all containers, a "," or the
// end of the surrounding one follows.
function valueEnd(json: string, at: number): number {
  let depth = 0;
  while (at < json.length) {
    const character = json.charAt(at);
    if (character === '"') {
      at = stringEnd(json, at);
      continue;
    }
    if (character === "{" || character === "[") ++depth;
    if (depth === 0 && (character === "," || character === "}" || character === "]")) return at;
    if (character === "}" || character === "]") --depth;
    ++at;
  }
  return at;
}
