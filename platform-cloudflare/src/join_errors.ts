// Why somebody does not get into a room.

/** Not with this token, or without one. */
export class Unauthorized extends Error {
  /**
   * Which check refused, for logs: never a part of a token or of a secret. Clients are told only
   * that they are not authorized.
   */
  readonly reason: string;

  constructor(reason: string) {
    super("Not authorized");
    this.name = "Unauthorized";
    this.reason = reason;
  }
}

/** Not now: what decides about it has failed. `cause` says how. */
export class Unavailable extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "Unavailable";
  }
}
