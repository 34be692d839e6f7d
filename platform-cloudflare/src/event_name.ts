// Names of custom events. Those that contain "$" are the server's own.

const eventNameBytesMax = 64;

// A TypeError unless the text may name an event of the application: 1 to 64 bytes without "$".
export function requireEventName(name: string): void {
  if (name === "") throw new TypeError("An event's name must not be empty");
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
  if (name.includes("$")) {
    throw new TypeError(`The event's name ${shown} contains "$": such names are the server's own`);
  }
  if (name.includes("\0")) throw new TypeError(`The event's name ${shown} contains a NUL`);
  if (!name.isWellFormed()) throw new TypeError(`The event's name ${shown} is no Unicode text`);
  if (new TextEncoder().encode(name).length > eventNameBytesMax) {
    throw new TypeError(`The event's name ${shown} is over ${eventNameBytesMax} bytes`);
  }
}
