/**
 * The limits of a room that its application may set, with their defaults. All are whole numbers.
 */
export interface Limits {
  /** One message of a client, in bytes of JSON. Over it the session is closed with 1009. 64 KiB. */
  messageBytesMax: number;
  /** One edit of the document, as it is sent. Left out: what a full document takes. */
  storageUpdateBytesMax: number;
  /**
   * The messages of a join, which carry a whole document. Left out: a quarter more than a full
   * document takes.
   */
  storageFirstBytesMax: number;
  /** All that a client may send before it is registered. 4 KiB. */
  unregisteredBytesMax: number;
  /**
   * The room's document, encoded; an update that would make it larger is refused. 5 MiB: an object
   * has 128 MiB of memory for all that it does, and a join takes some 15 times its document while
   * it is at work. The runtime takes messages of 32 MiB at most.
   */
  documentBytesMax: number;
  /**
   * A room's log of updates is replaced by a snapshot once it has more bytes than the snapshot and
   * than this. 128 KiB.
   */
  logBytesMin: number;
  /** The same once it has so many updates. 5,000. */
  logUpdatesMax: number;
  /**
   * A store that has failed for so long is given up, and the room's sessions are sent away for a
   * while. 5,000 ms.
   */
  storeRetryMs: number;
  /**
   * A client that was sent the document and does not answer hears of changes all the same after
   * this time. 10,000 ms.
   */
  storageAnswerMs: number;
  /**
   * A client whose update was refused is asked for its whole document, once in so long a time.
   * 60,000 ms.
   */
  resyncIntervalMs: number;
  /**
   * A presence as JSON. 512 bytes. It is kept beside its socket when the object is evicted, where
   * there is little room.
   */
  presenceBytesMax: number;
  /** A custom event's name. 64 bytes. */
  eventNameBytesMax: number;
  /** Sessions in the room. 10,000. */
  sessionsPerRoomMax: number;
  /** Messages that a client may send a second. 1,000; 0: off. */
  messagesPerSecondMax: number;
  /** Messages that a client may send at once. 4,000. */
  messagesBurstMax: number;
  /** Malformed messages that are ignored before the session is closed with 1008. 100. */
  malformedMessagesMax: number;
  /** Messages of one session that wait while its own handler is at work. 1,024. */
  waitingMessagesMax: number;
  /** The bytes of such messages at which no further one may wait. 4 MiB. */
  waitingBytesMax: number;
  /**
   * A session that was silent for so long is dead. 150,000 ms: hidden tabs send one heartbeat a
   * minute, and an object cannot ask by a ping. Sockets that end are told of at once; this is for
   * those whose end nobody has noticed.
   */
  silenceMsMax: number;
  /** Dead sessions are looked for at least this often while there are sessions. 300,000 ms. */
  garbageCollectMs: number;
}

// Everything that Limits has; the compiler holds the two to each other. True: 0 means something.
const zeroAllowed: Readonly<Record<keyof Limits, boolean>> = {
  messageBytesMax: false,
  storageUpdateBytesMax: false,
  storageFirstBytesMax: false,
  unregisteredBytesMax: false,
  documentBytesMax: false,
  logBytesMin: true,
  logUpdatesMax: false,
  storeRetryMs: true,
  storageAnswerMs: false,
  resyncIntervalMs: true,
  presenceBytesMax: false,
  eventNameBytesMax: false,
  sessionsPerRoomMax: false,
  messagesPerSecondMax: true,
  messagesBurstMax: true,
  malformedMessagesMax: true,
  waitingMessagesMax: false,
  waitingBytesMax: false,
  silenceMsMax: false,
  garbageCollectMs: false,
};

const limitMax = 2 ** 31 - 1; // the engine's numbers have 32 bits

/**
 * The limits that were given, checked: a TypeError for one that does not exist or is no number, a
 * RangeError for one that is out of range.
 */
export function readLimits(given: Partial<Limits> | undefined): Partial<Limits> {
  const limits: Partial<Limits> = {};
  for (const [name, value] of Object.entries(given ?? {}) as [string, unknown][]) {
    if (!isLimit(name)) throw new TypeError(`There is no limit "${name}"`);
    if (value === undefined) continue;
    if (typeof value !== "number") throw new TypeError(`The limit ${name} is not a number`);
    const min = zeroAllowed[name] ? 0 : 1;
    if (!Number.isInteger(value) || value < min || value > limitMax) {
      throw new RangeError(`The limit ${name} is not a whole number from ${min} to ${limitMax}`);
    }
    limits[name] = value;
  }
  return limits;
}

function isLimit(name: string): name is keyof Limits {
  return Object.hasOwn(zeroAllowed, name);
}
