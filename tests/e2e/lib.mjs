// What the end-to-end suites are made of; each part says what it is.
export { suite, until, sleep } from "./lib/runner.mjs";
export { Server, startServer, runToEnd, freePort, makeFolder, removeFolder }
  from "./lib/process.mjs";
export { startPluvd, startConformance, targets, programs, SECRET } from "./lib/servers.mjs";
export { Client, PING_TEXT, rejoins } from "./lib/client.mjs";
export { RawSocket, rawRequest, frame, upgradeHead, parseFrames } from "./lib/raw.mjs";
export { makeToken } from "./lib/token.mjs";
export { fromBase64, OfflineStore, readRoom, same, sameAsServer, stateOf, StorageClient, toBase64 }
  from "./lib/storage_client.mjs";
export { Random, seedOf } from "./lib/random.mjs";
export { randomEdit } from "./lib/edits.mjs";
export { readMetrics, usageOf } from "./lib/usage.mjs";
export { numberOption, textOption } from "./lib/options.mjs";
export { RoomUnderLoad } from "./lib/room_under_load.mjs";
export { ActivatedPluvd } from "./lib/activator.mjs";
export { EIO, EROFS, faults, noFaultyIo } from "./lib/faulty_io.mjs";
export { noSmallDisk, SmallDisk } from "./lib/small_disk.mjs";
export { Hosting } from "./lib/hosting.mjs";
export { OriginalPlatform, signature } from "./lib/original_platform.mjs";
