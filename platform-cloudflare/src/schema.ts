/**
 * What a value from outside must be, in the application's words: a function that returns the value
 * as it is to be used, or an object with such a function named `parse`, as zod's schemas are. It
 * throws to refuse, and answers at once.
 */
export type Schema<T> = ((value: unknown) => T) | { parse(value: unknown): T };

/** A value that was refused. The message is fit for a client: one line of a bounded size. */
export class SchemaError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "SchemaError";
  }
}

/**
 * What the schema makes of the value. Throws a SchemaError, and a TypeError for a schema that is
 * none or does not answer at once.
 */
export function runSchema<T>(schema: Schema<T>, value: unknown): T {
  requireSchema(schema);
  let result: T;
  try {
    result = typeof schema === "function" ? schema(value) : schema.parse(value);
  } catch (error) {
    throw new SchemaError(messageOf(error), error);
  }
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new TypeError("A schema answers at once, without a promise");
  }
  return result;
}

export function requireSchema(schema: unknown): asserts schema is Schema<unknown> {
  if (typeof schema === "function") return;
  const isObject = typeof schema === "object" && schema !== null;
  if (!isObject || typeof (schema as { parse?: unknown }).parse !== "function") {
    throw new TypeError("A schema is a function, or an object with a function named parse");
  }
}

const messageCharsMax = 200;
const issuesMax = 3;

// Of schema libraries the first issues, each with its place, as the native server says it:
// "message: expected string, received number". Else the error's own message.
function messageOf(error: unknown): string {
  const issues = issuesOf(error).slice(0, issuesMax);
  const message = error instanceof Error ? error.message : "";
  const text = (issues.length > 0 ? issues.join("; ") : message)
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ")
    .trim();
  if (text === "") return "The value is not valid";
  return text.length <= messageCharsMax
    ? text
    : `${text.slice(0, messageCharsMax - 3).toWellFormed()}...`;
}

function issuesOf(error: unknown): string[] {
  if (typeof error !== "object" || error === null) return [];
  const { issues } = error as { issues?: unknown };
  if (!Array.isArray(issues)) return [];
  return (issues as unknown[]).flatMap((issue) => {
    if (typeof issue !== "object" || issue === null) return [];
    const { message, path } = issue as { message?: unknown; path?: unknown };
    if (typeof message !== "string") return [];
    const place = Array.isArray(path) ? path.map(String).join(".") : "";
    return [place === "" ? message : `${place}: ${message}`];
  });
}
