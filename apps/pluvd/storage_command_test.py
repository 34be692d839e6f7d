#!/usr/bin/env python3
"""pluvd storage as an operator calls it: storage_command_test.py PATH_OF_pluvd PATH_OF_pluv.

Documents are fixed bytes, or made by pluv ycrdt, which also reads what is exported.
"""

import base64
import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

PLUVD = pathlib.Path(sys.argv[1]).resolve()
PLUV = pathlib.Path(sys.argv[2]).resolve()
WAIT_S = 30  # far above what anything takes: machines can be slow, tests must not be flaky
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def text_update(client, clock, text, after=None):
    """What yjs writes when a client inserts text into getText("note"), at its end."""
    where = b"\x04\x01\x04note" if after is None else bytes([0x84, client, after])
    data = text.encode()
    return bytes([1, 1, client, clock]) + where + bytes([len(data)]) + data + b"\0"


HELLO = text_update(1, 0, "hello")
WORLD = text_update(1, 5, " world", after=4)
OTHER = text_update(2, 0, "other")


def environment(**variables):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PLUV_", "LISTEN_"))}
    return {**clean, **variables}


def run(*arguments, given=b"", **variables):
    done = subprocess.run([PLUVD, "storage", *arguments], input=given, capture_output=True,
                          env=environment(**variables), timeout=WAIT_S)
    done.text, done.error = done.stdout.decode("utf-8", "replace"), done.stderr.decode()
    return done


def ycrdt(*arguments, given=b""):
    return subprocess.run([PLUV, "ycrdt", *arguments], input=given, check=True,
                          capture_output=True, timeout=WAIT_S).stdout


class StorageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "data"
        self.file = self.data / "pluv.sqlite"

    def call(self, *arguments, given=b"", code=0):
        done = run(*arguments, "--data", str(self.data), given=given)
        self.assertEqual(done.returncode, code, (arguments, done.text, done.error))
        # What is found goes to one stream, what is wrong to the other.
        for line in done.error.splitlines():
            self.assertTrue(line.startswith("pluvd storage: "), done.error)
        return done

    def fails(self, *arguments, code, given=b""):
        """The one sentence on stderr."""
        done = self.call(*arguments, given=given, code=code)
        self.assertEqual(done.text, "")
        self.assertEqual(done.error.count("\n"), 1, done.error)
        return done.error.removeprefix("pluvd storage: ").rstrip("\n")

    def fill(self, room="note", *updates):
        first, *rest = updates or (HELLO, WORLD)
        self.call("import", room, given=first)
        for update in rest:
            time.sleep(0.002)  # another millisecond, which is another moment
            self.call("import", room, "--merge", given=update)

    def document(self, room="note", *arguments):
        return json.loads(self.call("show", room, *arguments).text)

    def moments(self, room="note"):
        lines = self.call("history", room, "--json").text.splitlines()
        return [json.loads(line) for line in lines]

    def serve(self):
        """A pluvd on the same folder, listening; stopped at the end of the test."""
        server = subprocess.Popen([PLUVD, "--dev", "--port", "0", "--data", str(self.data)],
                                  env=environment(), stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)

        def end():
            server.kill()
            server.wait(WAIT_S)
            server.stdout.close()

        self.addCleanup(end)
        server.port = int(re.fullmatch(r".*:(\d+)\n", server.stdout.readline()).group(1))
        return server

    # --- Looking.

    def test_lists_rooms(self):
        self.fill("b", HELLO)
        self.fill("a")
        lines = self.call("ls").text.splitlines()
        self.assertEqual(lines[0].split(), ["CHANGED", "UPDATES", "LOG", "SNAPSHOT", "ROOM"])
        self.assertRegex(lines[1], rf"^{TIME} +2 +33 B +0 B  a$")
        self.assertRegex(lines[2], rf"^{TIME} +1 +18 B +0 B  b$")
        self.assertEqual(len({line.rindex("  ") for line in lines}), 1, "columns are aligned")
        rooms = [json.loads(line) for line in self.call("ls", "--json").text.splitlines()]
        self.assertEqual([(room["room"], room["updates"], room["logBytes"], room["snapshotBytes"])
                          for room in rooms], [("a", 2, 33, 0), ("b", 1, 18, 0)])
        self.assertRegex(rooms[0]["changed"], f"^{TIME}$")

    def test_lists_more_rooms_than_a_page(self):
        self.fill("a", HELLO)
        with contextlib.closing(sqlite3.connect(self.file)) as file, file:
            names = [(f"r{at:04}",) for at in range(2_500)]
            file.executemany("INSERT INTO rooms (name) VALUES (?)", names)
        lines = self.call("ls", "--json").text.splitlines()
        self.assertEqual([json.loads(line)["room"] for line in lines],
                         ["a"] + [name for (name,) in names])

    def test_shows_and_exports_a_document(self):
        self.fill()
        self.assertEqual(self.document(), {"note": "hello world"})
        exported = self.call("export", "note").stdout
        self.assertEqual(json.loads(ycrdt("json", given=exported)), {"note": "hello world"})
        (self.folder / "hello").write_bytes(HELLO)
        (self.folder / "world").write_bytes(WORLD)
        merged = ycrdt("apply", str(self.folder / "hello"), str(self.folder / "world"))
        self.assertEqual(exported, merged)
        self.call("import", "copy", given=exported)
        self.assertEqual(self.document("copy"), {"note": "hello world"})

    def test_writes_no_update_to_a_terminal(self):
        self.fill()
        ours, theirs = pty.openpty()
        done = subprocess.run([PLUVD, "storage", "export", "note", "--data", str(self.data)],
                              stdout=theirs, stderr=subprocess.PIPE, env=environment(),
                              timeout=WAIT_S)
        os.close(theirs)
        os.close(ours)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no text for a terminal", done.stderr)

    def test_names_the_room_that_may_be_meant(self):
        self.fill("note-1", HELLO)
        for command in ("show", "export", "history"):
            self.assertEqual(self.fails(command, "note1", code=1),
                             "no such room: note1; did you mean note-1?")
        self.assertEqual(self.fails("show", "elsewhere", code=1), "no such room: elsewhere")
        self.assertEqual(self.fails("rm", "elsewhere", "--yes", code=1), "no such room: elsewhere")
        self.assertEqual(self.fails("compact", "elsewhere", code=1), "no such room: elsewhere")
        self.assertEqual(self.fails("restore", "elsewhere", "--at", "1h", code=1),
                         "no such room: elsewhere")

    def test_takes_the_rooms_of_projects(self):
        self.fill("note", HELLO)
        self.call("import", "acme/note", given=OTHER)
        self.assertEqual(self.document("acme/note"), {"note": "other"})
        self.assertEqual(self.document("note"), {"note": "hello"})
        rooms = [json.loads(line)["room"] for line in self.call("ls", "--json").text.splitlines()]
        self.assertEqual(rooms, ["acme/note", "note"])
        self.assertRegex(self.call("ls").text, "  acme/note\n")
        self.assertNotEqual(self.call("export", "acme/note").stdout, b"")
        self.call("rm", "acme/note", "--yes")
        self.assertEqual(self.document("note"), {"note": "hello"})

    # --- Changing.

    def test_imports_into_a_room_that_exists_only_as_it_is_told(self):
        self.fill("note", HELLO)
        self.assertIn("room note exists: --merge adds", self.fails("import", "note", given=OTHER,
                                                                   code=1))
        self.assertEqual(self.document(), {"note": "hello"})
        self.call("import", "note", "--merge", given=OTHER)
        self.assertEqual(len(self.document()["note"]), len("helloother"))
        self.call("import", "note", "--replace", given=OTHER)
        self.assertEqual(self.document(), {"note": "other"})
        self.assertEqual([entry["kind"] for entry in self.moments()],
                         ["update", "update", "snapshot"])

    def test_refuses_what_is_no_update(self):
        self.assertEqual(self.fails("import", "note", code=1), "standard input is empty")
        self.assertRegex(self.fails("import", "note", given=HELLO[:-1], code=1),
                         r"standard input is no Yjs update \(version 1\) that can be kept: The ")
        for name in ["a/b/c", "a/", "/b", "a//b", "../b"]:
            self.assertIn("is not the name of a room", self.fails("import", name, given=HELLO,
                                                                  code=2))
        self.assertFalse(self.data.exists())

    def test_says_that_an_update_waits_for_others(self):
        done = self.call("import", "note", given=WORLD)
        self.assertIn("waits for updates that are not there", done.error)
        self.assertIn("is not shown", self.call("show", "note").error)
        self.assertEqual(self.call("import", "note", "--merge", given=HELLO).error, "")
        self.assertEqual(self.document(), {"note": "hello world"})

    def test_goes_back_to_a_moment(self):
        self.fill()
        self.call("import", "note", "--replace", given=OTHER)
        first, second, third = (entry["time"] for entry in self.moments())
        self.assertEqual(self.document("note", "--at", first), {"note": "hello"})
        self.assertEqual(self.document("note", "--at", second), {"note": "hello world"})
        self.assertEqual(self.document("note", "--at", third), {"note": "other"})
        self.assertEqual(ycrdt("json", given=self.call("export", "note", "--at", first).stdout),
                         b'{"note":"hello"}\n')
        self.assertIn("had no document yet", self.fails("show", "note", "--at", "1d", code=1))
        told = self.call("restore", "note", "--at", first).text
        self.assertIn(f"room note is as it was at {first}", told)
        self.assertEqual(self.document(), {"note": "hello"})
        time.sleep(0.002)
        self.call("restore", "note", "--at", third)  # and back again
        self.assertEqual(self.document(), {"note": "other"})
        lines = self.call("history", "note").text.splitlines()
        self.assertEqual(lines[0].split(), ["TIME", "NUMBER", "BYTES", "KIND"])
        self.assertRegex(lines[1], rf"^{TIME} +1 +18 B  update$")
        self.assertRegex(lines[-1], rf"^{TIME} +2 +18 B  snapshot$")

    def test_keeps_history_until_it_compacts(self):
        self.fill()
        first = self.moments()[0]["time"]
        self.call("compact")
        self.assertEqual([entry["kind"] for entry in self.moments()],
                         ["update", "update", "snapshot"])
        self.assertEqual(self.document("note", "--at", first), {"note": "hello"})
        time.sleep(0.002)
        self.call("compact", "note", "--history", "0")
        self.assertEqual([entry["kind"] for entry in self.moments()], ["snapshot"])
        self.assertEqual(self.document(), {"note": "hello world"})
        self.assertIn("does not reach back that far; see pluvd storage history note",
                      self.fails("restore", "note", "--at", first, code=1))

    def test_removes_a_room_for_good(self):
        self.fill("note", text_update(1, 0, "do not tell anybody"))
        self.fill("other", OTHER)
        self.assertIn("add --yes", self.fails("rm", "note", code=2))
        self.call("rm", "note", "--yes")
        self.assertIn("no such room: note", self.fails("show", "note", code=1))
        self.assertEqual(self.document("other"), {"note": "other"})
        for path in self.data.iterdir():
            self.assertNotIn(b"do not tell", path.read_bytes(), path)

    # --- Taking care.

    def test_finds_a_byte_that_was_flipped(self):
        self.fill()
        self.fill("other", OTHER)
        self.assertIn("2 rooms, all is well", self.call("verify").text)
        content = self.file.read_bytes()
        self.assertEqual(content.count(b"hello"), 1)
        self.file.write_bytes(content.replace(b"hello", b"hellp"))
        done = self.call("verify", code=1)
        self.assertEqual(done.text, "room note: record 1: the record is damaged: its checksum is "
                                    "another one\n")
        self.assertIn("record 1 of room note is damaged", self.fails("show", "note", code=4))
        self.assertEqual(self.document("other"), {"note": "other"})
        done = self.call("compact", code=1)
        self.assertIn("record 1 of room note is damaged", done.error)

    def test_replaces_a_document_that_is_damaged(self):
        self.fill("note", HELLO, WORLD, text_update(1, 11, "!", after=10))
        second = self.moments()[1]["time"]
        self.file.write_bytes(self.file.read_bytes().replace(b" world", b" wirld"))
        self.fails("show", "note", code=4)
        self.assertIn("damaged", self.fails("restore", "note", "--at", second, code=4))
        self.call("restore", "note", "--at", self.moments()[0]["time"])
        self.assertEqual(self.document(), {"note": "hello"})
        self.file.write_bytes(self.file.read_bytes().replace(b"hello", b"hellp"))
        self.fails("show", "note", code=4)
        self.call("import", "note", "--replace", given=OTHER)
        self.assertEqual(self.document(), {"note": "other"})
        # What was damaged is still there, of the past.
        for line in self.call("verify", code=1).text.splitlines():
            self.assertRegex(line, r"^room note: record \d: the record is damaged: .+ "
                                   r"\(in the history; compact note --history 0 drops it\)$")
        time.sleep(0.002)
        self.call("compact", "note", "--history", "0")
        self.assertIn("all is well", self.call("verify").text)

    def test_finds_a_document_that_the_engine_refuses(self):
        self.fill()
        update = b"\1\1\1"
        whole = struct.pack("<q", 4) + b"note" + struct.pack("<qqq", 3, 0, 1) + update
        with contextlib.closing(sqlite3.connect(self.file)) as file, file:
            file.execute("INSERT INTO records SELECT room, 3, 0, 1, ?, ?, NULL FROM records LIMIT 1",
                         (zlib.crc32(whole), update))
        found = self.call("verify", code=1).text
        self.assertRegex(found, r"^room note: update 3 is refused by the engine: .+\n$")
        self.assertEqual(found.removesuffix("\n"), self.fails("show", "note", code=1))

    def test_says_that_a_document_is_over_the_limit(self):
        done = run("import", "note", "--data", str(self.data), PLUV_MAX_DOCUMENT="1KiB",
                   given=text_update(3, 0, "x" * 100) + b"")
        self.assertEqual((done.returncode, done.error), (0, ""))
        wide = bytes([1, 1, 4, 0]) + b"\x04\x01\x04note" + b"\x88\x0e" + b"y" * 1800 + b"\0"
        done = run("import", "wide", "--data", str(self.data), PLUV_MAX_DOCUMENT="1KiB", given=wide)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.error, r"^pluvd storage: room wide is over max-document, which is 1")

    def test_says_that_the_disk_is_full(self):
        self.fill()
        large = text_update(3, 0, "x" * 100)
        with contextlib.closing(sqlite3.connect(self.file)) as file:
            size = self.file.stat().st_size
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # A file that may not grow is what a test can have of a full disk.
        done = subprocess.run(["prlimit", f"--fsize={size // 4096 * 4096 // 2}", PLUVD, "storage",
                               "import", "other", "--data", self.data], input=large,
                              capture_output=True, env=environment(), timeout=WAIT_S)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, rb"^pluvd storage: .*(full|I/O)")
        self.assertEqual(self.document(), {"note": "hello world"})

    def test_refuses_files_of_others(self):
        self.data.mkdir()
        self.file.write_bytes(b"no database" * 100)
        for command in (["ls"], ["verify"], ["compact"]):
            self.assertIn(f"{self.file} is not a storage file of pluv", self.fails(*command, code=4))
        self.assertEqual(self.file.read_bytes(), b"no database" * 100)

    def test_copies_the_file(self):
        self.fill()
        copy = self.folder / "copy" / "pluv.sqlite"
        copy.parent.mkdir()
        self.call("backup", str(copy))
        self.assertEqual(self.fails("backup", str(copy), code=4), f"{copy} exists")
        done = run("show", "note", "--data", str(copy.parent))
        self.assertEqual(json.loads(done.text), {"note": "hello world"})
        self.assertIn("/nowhere/", self.fails("backup", "/nowhere/copy", code=4))

    def test_copies_what_belongs_to_the_documents(self):
        self.fill()
        with contextlib.closing(sqlite3.connect(self.data / "hosting.db")) as hosting:
            hosting.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)")
            one = self.folder / "one"
            self.call("backup", f"{one}/")
            two = self.folder / "two.sqlite"
            self.call("backup", str(two))
        self.assertEqual({file.name for file in one.iterdir()}, {"pluv.sqlite", "hosting.db"})
        self.assertEqual(oct(one.stat().st_mode & 0o777), "0o700")
        for copy in (one / "hosting.db", self.folder / "two-hosting.db"):
            self.assertEqual(oct(copy.stat().st_mode & 0o777), "0o600")
            with contextlib.closing(sqlite3.connect(copy)) as copied:
                self.assertEqual(copied.execute("SELECT n FROM t").fetchall(), [(1,)])
        self.assertEqual(self.fails("backup", str(one), code=4), f"{one}/pluv.sqlite exists")
        self.assertEqual(self.fails("backup", str(self.data), code=4), f"{self.data}/pluv.sqlite exists")
        # What fails leaves nothing, the folder that it made not either.
        (self.data / "webhooks.db").write_bytes(b"no database" * 100)
        three = self.folder / "three"
        self.fails("backup", f"{three}/", code=4)
        self.assertFalse(three.exists())
        self.assertIn("/nowhere/", self.fails("backup", "/nowhere/copy/", code=4))

    def test_tells_of_what_a_project_would_not_take(self):
        config = self.folder / "pluvd.toml"
        config.write_text('[projects.acme]\npublic_key = "pk"\n'
                          f'secret_key = "{"s" * 40}"\nlimits.document = "1KiB"\n')
        config.chmod(0o600)
        large = b"\1\1\1\0\x04\x01\x04note" + bytes([0xB0, 9]) + b"x" * 1200 + b"\0"

        def warned(room, update):
            return self.call("import", room, "--config", str(config), given=update).error

        self.assertEqual(warned("acme/small", HELLO), "")
        self.assertIn("room acme/large is over project acme's limit for documents, which is 1.0 KiB",
                      warned("acme/large", large))
        self.assertIn("room acm/small is of no project that the settings have",
                      warned("acm/small", HELLO))
        self.assertIn("room acme is of no project", warned("acme", HELLO))

    def test_works_beside_a_pluvd_that_runs(self):
        self.fill()
        server = self.serve()
        self.join(server.port, "live", HELLO)
        self.assertEqual(self.document(), {"note": "hello world"})
        self.assertEqual(self.document("live"), {"note": "hello"})
        self.assertEqual(len(self.call("ls", "--json").text.splitlines()), 2)
        self.assertEqual(len(self.moments("live")), 1)
        self.assertEqual(self.call("export", "live").stdout, HELLO)
        self.call("verify")
        self.call("backup", str(self.folder / "copy"))
        busy = rf"/pluv.sqlite is in use by another process \(pid {server.pid}\): stop pluvd first"
        for arguments in (["import", "note", "--merge"], ["restore", "note", "--at", "1h"],
                          ["rm", "note", "--yes"], ["compact"]):
            self.assertRegex(self.fails(*arguments, given=OTHER, code=4), busy)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(WAIT_S), 0)
        self.call("import", "live", "--merge", given=WORLD)
        self.assertEqual(self.document("live"), {"note": "hello world"})

    def join(self, port, room, update):
        """Brings the update into the room, and waits until it is kept."""
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
            key = base64.b64encode(bytes(16)).decode()
            connection.sendall((f"GET /api/pluv/room/{room} HTTP/1.1\r\nHost: localhost\r\n"
                                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
                                ).encode())
            encoded = base64.b64encode(update).decode()
            message = json.dumps({"type": "$initializeSession",
                                  "data": {"presence": {}, "update": encoded}}).encode()
            self.assertLess(len(message), 126)
            # Masked with zeros.
            connection.sendall(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
            received = b""
            while b"$storageReceived" not in received:  # which comes when it is safe
                got = connection.recv(65_536)
                self.assertTrue(got, received)
                received += got

    # --- Being called.

    def test_takes_the_settings_of_the_server(self):
        self.fill("note", HELLO)
        config = self.folder / "pluvd.toml"
        config.write_text(f'data = "{self.data}"\nport = 3001\n')
        for arguments, variables in (([], {"PLUV_DATA": str(self.data)}),
                                     (["--config", str(config)], {}),
                                     ([], {"PLUV_CONFIG": str(config)})):
            done = run("show", "note", *arguments, **variables)
            self.assertEqual((done.returncode, done.text, done.error), (0, '{"note":"hello"}\n', ""))
        config.write_text("dta = 1\n")
        done = run("ls", "--config", str(config))
        self.assertEqual(done.returncode, 2)
        self.assertIn("dta is not a setting; did you mean data?", done.error)
        done = run("ls", PLUV_STORAGE="memory")
        self.assertEqual(done.returncode, 2)
        self.assertIn('storage is "memory"', done.error)
        done = run("ls", "--data", str(self.data), PLUV_DTA="x")
        self.assertIn("warning: PLUV_DTA in the environment is not a setting", done.error)

    def test_makes_no_file_where_none_is(self):
        for arguments in (["ls"], ["show", "a"], ["verify"], ["backup", "f"], ["compact"],
                          ["rm", "a", "--yes"], ["restore", "a", "--at", "1h"]):
            self.assertEqual(self.fails(*arguments, code=4),
                             f"{self.file} does not exist; --data names its folder")
        self.assertFalse(self.data.exists())

    def test_explains_itself(self):
        for command in ("ls", "show", "export", "history", "verify", "backup", "import", "restore",
                        "rm", "compact"):
            self.assertIn(f"\n  {command}", run("--help").text)
            done = run(command, "--help")
            self.assertEqual((done.returncode, done.error), (0, ""))
            self.assertTrue(done.text.startswith(f"pluvd storage {command}"))

    def test_refuses_a_wrong_call_with_2(self):
        self.fill()
        for arguments, expected in (
                ([], "which command? see pluvd storage --help"),
                (["lss"], "lss is not a command of pluvd storage; did you mean ls?"),
                (["show"], "show: which room?"),
                (["restore", "note"], "restore: to which moment?"),
                (["show", "note", "--at", "noon"], '--at: "noon" is not understood: a time such as'),
                (["show", "note", "--at", "9999-01-01T00:00:00Z"], "is in the future"),
                (["compact", "--history", "long"], '--history: "long"')):
            self.assertIn(expected, self.fails(*arguments, code=2))
        done = subprocess.run([PLUVD, "--data", str(self.data), "storage", "ls"], text=True,
                              capture_output=True, env=environment(), timeout=WAIT_S)
        self.assertEqual(done.returncode, 2)
        self.assertIn("pluvd: storage has to stand first", done.stderr)

    def test_is_quiet_when_told(self):
        self.assertEqual(self.call("import", "note", "-q", given=HELLO).text, "")
        self.assertEqual(self.call("verify", "--quiet").text, "")

    def test_says_when_its_output_cannot_be_written(self):
        self.fill()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PLUVD, "storage", "export", "note", "--data", str(self.data)],
                                  stdout=full, stderr=subprocess.PIPE, env=environment(),
                                  timeout=WAIT_S)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"cannot write to stdout: No space left on device", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
