// A disk that is small enough to be filled: a tmpfs in a mount namespace of its own, which goes
// with the process that holds it, so that nothing is left mounted however the tests end.
import { spawnSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";

import { makeFolder, removeFolder, Server } from "./process.mjs";
import { until } from "./runner.mjs";

const NAMESPACES = ["--user", "--map-root-user", "--mount"];

// Why there can be none, or nothing.
export const noSmallDisk =
  spawnSync("unshare", [...NAMESPACES, "mount", "-t", "tmpfs", "none", "/mnt"]).status !== 0 &&
  "this machine does not let tests mount a disk of their own";

export class SmallDisk {
  static async make({ mib }) {
    const disk = new SmallDisk();
    disk.folder = makeFolder(); // where it is mounted
    disk.holder = new Server("unshare", [...NAMESPACES, "sh", "-c",
      'mount -t tmpfs -o "size=$0m" none "$1" && echo mounted && exec sleep infinity',
      String(mib), disk.folder]);
    await until(() => disk.holder.output.includes("mounted") || !disk.holder.alive);
    if (!disk.holder.alive) throw new Error(disk.holder.output);
    return disk;
  }

  // The command that runs another one where the disk is seen.
  inside(command, args) {
    return ["nsenter", ["--target", String(this.holder.pid), "--user", "--mount",
                        "--preserve-credentials", command, ...args]];
  }

  // The disk as this process sees it.
  at(name) {
    return path.join(`/proc/${this.holder.pid}/root`, this.folder, name);
  }

  get free() {
    const { bavail, bsize } = statfsSync(this.at("."));
    return bavail * bsize;
  }

  // Not a byte is left for anybody.
  fill() {
    const piece = Buffer.alloc(64 * 1024, 1);
    for (let size = piece.length; size > 0; size >>= 1) {
      try {
        for (;;) writeFileSync(this.at("filler"), piece.subarray(0, size), { flag: "a" });
      } catch (error) {
        if (error.code !== "ENOSPC") throw error;
      }
    }
  }

  empty() {
    rmSync(this.at("filler"), { force: true });
  }

  async stop() {
    await this.holder.kill();
    removeFolder(this.folder);
  }
}
