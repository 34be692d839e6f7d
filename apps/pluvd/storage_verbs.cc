#include "apps/pluvd/storage_verbs.h"

#include <algorithm>
#include <array>

namespace pluv::apps {
namespace {

constexpr std::array kVerbs = {
    StorageVerbRow{StorageVerb::ls, "ls", "[--json]", "list the rooms that have a document",
                   "Prints when it was changed last, the updates since its snapshot and their "
                   "bytes, the\nbytes of the snapshot, and the room. --json prints an object a "
                   "line.\n",
                   kTakesJson | kOnlyReads},
    StorageVerbRow{StorageVerb::show, "show", "ROOM [--at TIME]", "print a document as JSON",
                   "What a root is (a text, a map ...) is guessed from what is in it.\n",
                   kTakesRoom | kNeedsRoom | kTakesAt | kOnlyReads},
    StorageVerbRow{StorageVerb::export_room, "export", "ROOM [--at TIME] > FILE",
                   "write a document as one Yjs update",
                   "The update is in format version 1: Y.applyUpdate(doc, bytes) reads it.\n",
                   kTakesRoom | kNeedsRoom | kTakesAt | kOnlyReads},
    StorageVerbRow{StorageVerb::history, "history", "ROOM [--json]",
                   "list the moments that a document can be restored to",
                   "Oldest first. Of each record: when it was written, its number (by which "
                   "verify and\nthe log name it), its bytes, what it is. --at TIME shows all that "
                   "was written up to\nthen: of two records of one millisecond, both.\n",
                   kTakesRoom | kNeedsRoom | kTakesJson | kOnlyReads},
    StorageVerbRow{StorageVerb::verify, "verify", "", "check the file and every document in it",
                   "SQLite's own check, the checksum of every record, and that every document "
                   "loads.\nPrints one line for each thing that is wrong, and ends with 1 when "
                   "there is any.\n",
                   kOnlyReads},
    StorageVerbRow{StorageVerb::backup, "backup", "FOLDER/ | FILE",
                   "copy all that is kept, while it is used",
                   "A folder, which is made when it is missing, gets the documents and, with "
                   "projects, whose\ntokens are revoked and the webhooks that are due, under the "
                   "names that a data folder has.\nOf a file the documents do; the others are "
                   "beside it, as NAME-hosting.db and\nNAME-webhooks.db. The copies are of one "
                   "moment, and appear when all are whole, the\ndocuments last. A file that "
                   "exists is left alone.\n",
                   kNeedsFile | kOnlyReads},
    StorageVerbRow{StorageVerb::import_room, "import", "ROOM [--merge | --replace] < FILE",
                   "make a document of a Yjs update",
                   "The update is in format version 1, as Y.encodeStateAsUpdate(doc) writes it. "
                   "Of a room\nthat exists, --merge adds the update to its document, and --replace "
                   "puts it in the\ndocument's place; what was there goes to the history.\n",
                   kTakesRoom | kNeedsRoom | kTakesImportMode},
    StorageVerbRow{StorageVerb::restore, "restore", "ROOM --at TIME",
                   "make the document of a moment the present one",
                   "What is there now goes to the history. A client that still has later edits "
                   "brings them\nback when it joins: Yjs merges, and knows no way back.\n",
                   kTakesRoom | kNeedsRoom | kTakesAt | kNeedsAt},
    StorageVerbRow{StorageVerb::rm, "rm", "ROOM --yes",
                   "delete a document and its history for good",
                   "A client that still has the document brings it back when it joins.\n",
                   kTakesRoom | kNeedsRoom | kNeedsYes},
    StorageVerbRow{StorageVerb::compact, "compact", "[ROOM] [--history TIME]",
                   "make snapshots, drop what is over-age, free space",
                   "Without a room: of all. What was replaced longer ago than --history is "
                   "deleted, and\nfree pages go back to the system.\n",
                   kTakesRoom | kTakesHistory},
};

std::string usage_of(const StorageVerbRow& row) {
  std::string out(row.name);
  if (!row.arguments.empty()) out.append(" ").append(row.arguments);
  return out;
}

void append_verbs(std::string& out, bool only_reads) {
  std::size_t width = 0;
  for (const StorageVerbRow& row : kVerbs) width = std::max(width, usage_of(row).size());
  for (const StorageVerbRow& row : kVerbs) {
    if (row.has(kOnlyReads) != only_reads) continue;
    std::string usage = usage_of(row);
    usage.resize(width, ' ');
    out.append("  ").append(usage).append("  ").append(row.summary).append("\n");
  }
}

constexpr std::string_view kAnywhere =
    "  --data DIR       folder of the file (PLUV_DATA, data in the config file) [pluv-data]\n"
    "  --config FILE    the server's config file (PLUV_CONFIG)\n"
    "  --quiet          say nothing of progress and success\n";

}  // namespace

std::span<const StorageVerbRow> storage_verbs() { return kVerbs; }

const StorageVerbRow& row_of(StorageVerb verb) {
  return *std::find_if(kVerbs.begin(), kVerbs.end(),
                       [verb](const StorageVerbRow& row) { return row.verb == verb; });
}

std::string storage_help() {
  std::string out =
      "pluvd storage works on the documents' file, DIR/pluv.sqlite. Run it as pluvd's own user.\n"
      "\n"
      "Usage: pluvd storage COMMAND [flags]\n"
      "\n"
      "Also while a pluvd runs:\n";
  append_verbs(out, true);
  out += "Only while none runs:\n";
  append_verbs(out, false);
  out += "\nFlags of all:\n";
  out += kAnywhere;
  out +=
      "\n"
      "Exit codes: 0 done, 1 something is wrong or not there, 2 misused, 4 cannot use a file (the\n"
      "documents', or the one that is to be written).\n";
  return out;
}

std::string storage_help(const StorageVerbRow& row) {
  std::string out = "pluvd storage " + usage_of(row) + "\n\n";
  std::string summary(row.summary);
  summary.front() = static_cast<char>(summary.front() - 'a' + 'A');
  out.append(summary).append(".\n").append(row.details).append("\nFlags:\n");
  if (row.has(kTakesAt)) {
    out +=
        "  --at TIME        2026-11-26T07:41:38Z, seconds since 1970, or how long ago (2h); the\n"
        "                   command history lists the moments that there are\n";
  }
  if (row.has(kTakesJson)) out += "  --json           one JSON object a line\n";
  if (row.has(kTakesImportMode)) {
    out +=
        "  --merge          add the update to the document of a room that exists\n"
        "  --replace        put it in the place of that document\n";
  }
  if (row.has(kNeedsYes)) out += "  --yes            really\n";
  if (row.has(kTakesHistory)) {
    out += "  --history TIME   how much history to keep (PLUV_HISTORY, history) [1d]\n";
  }
  return out.append(kAnywhere);
}

}  // namespace pluv::apps
