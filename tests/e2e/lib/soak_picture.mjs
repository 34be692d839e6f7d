// The picture of a soak: what was sampled, over its time.
import { courses } from "../../../bench/peers/plots.mjs";

export function soakPicture({ seconds, samples }) {
  const line = (name, key) => ({ name, points: samples.map((one) => [one.at_s / 60, one[key]]) });
  return courses({
    title: `One pluvd for ${Math.round(seconds / 60)} minutes`,
    panels: [
      { title: "Resident memory, which caches the documents' file, MiB",
        lines: [line("resident", "resident_mib"), line("file", "database_mib")] },
      { title: "Descriptors and threads",
        lines: [line("descriptors", "descriptors"), line("threads", "threads")] },
      { title: "An edit until the others have it, ms",
        lines: [line("half of them", "edit_p50_ms"), line("99 %", "edit_p99_ms")] },
      { title: "A presence until the others have it, ms",
        lines: [line("half of them", "presence_p50_ms"), line("99 %", "presence_p99_ms")] },
      { title: "The documents' file and its log, MiB",
        lines: [line("file", "database_mib"), line("log", "log_mib")] },
      { title: "Sessions and rooms",
        lines: [line("sessions", "sessions"), line("rooms", "rooms")] },
    ],
  });
}
