#!/usr/bin/env python3
"""The pluv tool as a process: pluv_tool_test.py PATH_OF_pluv."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

PLUV = pathlib.Path(sys.argv[1]).resolve()
SECRET = "a secret of thirty-two characters"
USER = '{"id": "u1", "name": "Zoë"}'


def run(*arguments, secret=SECRET):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PLUV_")}
    if secret is not None:
        environment["PLUV_AUTH_SECRET"] = secret
    return subprocess.run([PLUV, *arguments], env=environment, text=True, capture_output=True,
                          timeout=30)


def create(*arguments, **options):
    return run("token", "create", "--room", "my-room", "--user", USER, *arguments, **options)


class PluvToolTest(unittest.TestCase):
    def test_makes_a_token_that_it_reads(self):
        before_s = int(time.time())
        made = create("--max-age", "2m")
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        read = run("token", "inspect", made.stdout.strip())
        self.assertEqual(read.returncode, 0)
        self.assertIn("good for room my-room", read.stderr)
        claims = json.loads(read.stdout)
        self.assertEqual(claims["room"], "my-room")
        self.assertEqual(claims["sub"], "my-room|u1")
        self.assertEqual(claims["user"], {"id": "u1", "name": "Zoë"})
        self.assertIn(claims["exp"] - before_s - 120, range(0, 30))

    def test_says_what_a_token_allows(self):
        token = create("--permissions", '["read", "event:wave"]').stdout.strip()
        read = run("token", "inspect", token)
        self.assertEqual(read.returncode, 0, read.stderr)
        self.assertEqual(json.loads(read.stdout)["permissions"], ["read", "event:wave"])
        self.assertEqual(create("--permissions", '["no name"]').returncode, 2)

    def test_tells_why_a_server_would_refuse(self):
        token = create().stdout.strip()
        for arguments, secret, why in (((token, "--room", "other"), SECRET, "another room"),
                                       ((token,), "other", "not made with a secret"),
                                       (("garbage",), SECRET, "")):
            read = run("token", "inspect", *arguments, secret=secret)
            self.assertEqual(read.returncode, 1, arguments)
            self.assertIn(why, read.stderr)
            self.assertNotIn(secret, read.stderr)

    def test_takes_secrets_from_a_file_and_flags(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "secrets")
            path.write_text("one, with a comma\nanother one\n")
            token = create("--secret-file", str(path), secret=None).stdout.strip()
            self.assertEqual(run("token", "inspect", token, "--secret", "one, with a comma",
                                 secret=None).returncode, 0)
            old = create("--secret", "another one", secret=None).stdout.strip()
            self.assertEqual(run("token", "inspect", old, "--secret-file", str(path),
                                 secret=None).returncode, 0)

    def test_refuses_misuse_with_2(self):
        for arguments in ((), ("token",), ("token", "create"), ("token", "inspect"), ("nothing",),
                          ("token", "create", "--room", "a b", "--user", USER),
                          ("token", "create", "--room", "a", "--user", "{}"),
                          ("token", "create", "--room", "a", "--user", "not json")):
            self.assertEqual(run(*arguments).returncode, 2, arguments)
        self.assertEqual(create("--max-age", "60").returncode, 2)
        self.assertEqual(create("--max-age", "0").returncode, 2)
        missing = create(secret=None)
        self.assertEqual(missing.returncode, 2)
        self.assertIn("PLUV_AUTH_SECRET", missing.stderr)

    def test_says_what_it_is(self):
        self.assertRegex(run("version").stdout, r"^pluv \d+\.\d+\.\d+\n$")
        self.assertEqual(run("--help").returncode, 0)


# A text "note" that says Hi!, as docs/ycrdt.md has it; what waits for a client that is not here.
NOTE = bytes.fromhex("01 01 01 00 04 01 04 6e6f7465 03 486921 00")
WAITING = bytes.fromhex("01 01 09 02 84 09 01 01 78 00")
# By yjs without garbage collection: "Hello world", made "wld!"; and its first snapshot.
EDITED = bytes.fromhex("01 04 01 00 04 01 04 6e6f7465 06 48656c6c6f20 84 01 05 01 77 84 01 06 02 6f72"
                       "84 01 08 03 6c6421 01 01 02 00 06 07 02")
FIRST_SNAPSHOT = bytes.fromhex("00 01 01 0b")
# The same two in version 2.
NOTE_V2 = bytes.fromhex("00 00 0101 00 00 0104 0a 076e6f7465486921 0403 0101 00 00 01 01 00 00")
WAITING_V2 = bytes.fromhex("00 00 024900 0102 00 0184 03 017801 00 00 00 01 01 02 00")


def ycrdt(*arguments, stdin=b""):
    return subprocess.run([PLUV, "ycrdt", *arguments], input=stdin, capture_output=True, timeout=30)


class YcrdtCommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def assert_ends(self, done, code, why):
        self.assertEqual((done.returncode, done.stdout), (code, b""), done.stderr)
        self.assertIn(why, done.stderr.decode())

    def test_prints_roots_as_what_they_are_named(self):
        done = ycrdt("json", "--text", "note", "--map", "m", "--array", "a", "--xml", "x",
                     stdin=NOTE)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, b'{"note":"Hi!","note#delta":[{"insert":"Hi!"}],"a":[],'
                                      b'"m":{},"x":""}\n')
        self.assertEqual(ycrdt("json", stdin=NOTE).stdout, b'{"note":"Hi!"}\n')

    def test_refuses_roots_that_cannot_be_members_of_one_object(self):
        self.assert_ends(ycrdt("json", "--text", b"\xff", stdin=NOTE), 2, "not UTF-8")
        for arguments in (("--text", "x", "--array", "x"), ("--map", "x", "--map", "x"),
                          ("--xml", "x", "--map", "y", "--text", "x")):
            self.assert_ends(ycrdt("json", *arguments, stdin=NOTE), 2,
                             "x would be printed twice")
        self.assert_ends(ycrdt("json", "--text", "x", "--map", "x#delta", stdin=NOTE), 2,
                         "x#delta would be printed twice")

    def test_says_that_something_waits(self):
        done = ycrdt("json", stdin=WAITING)
        self.assertEqual((done.returncode, done.stdout), (0, b"{}\n"))
        self.assertIn(b"something waits", done.stderr)
        done = ycrdt("check", stdin=WAITING)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"something waits", done.stdout)

    def test_names_the_file_that_is_refused(self):
        good, bad = self.write("a.bin", NOTE), self.write("junk.bin", b"junk")
        frame = len(NOTE).to_bytes(4, "little") + NOTE
        frames = self.write("b.frames", 2 * frame + b"\1\0\0\0x")
        for command in ("merge", "apply"):
            self.assert_ends(ycrdt(command, good, bad), 1, bad + ": ")
            self.assert_ends(ycrdt(command, bad), 1, bad + ": ")
            self.assert_ends(ycrdt(command, good, frames), 1, frames + ", frame 3: ")
            self.assert_ends(ycrdt(command, good, "-", stdin=b"junk"), 1, "standard input: ")
            self.assert_ends(ycrdt(command, good, str(self.folder / "none")), 2, "none: ")
        self.assert_ends(ycrdt("diff", bad, stdin=NOTE), 1, bad + ": ")
        for command in ("json", "check", "state-vector"):
            self.assert_ends(ycrdt(command, stdin=b"junk"), 1, "standard input: ")

    def test_reads_standard_input_once(self):
        good = self.write("a.bin", NOTE)
        for command in ("merge", "apply"):
            self.assert_ends(ycrdt(command, "-", good, "-", stdin=NOTE), 2, "only once")
            done = ycrdt(command, "-", stdin=NOTE)
            self.assertEqual((done.returncode, done.stdout), (0, NOTE))
        self.assert_ends(ycrdt("diff", "-", stdin=NOTE), 2, "must be a file")
        vector = self.write("have.sv", ycrdt("state-vector", stdin=NOTE).stdout)
        done = ycrdt("diff", vector, stdin=NOTE)
        self.assertEqual((done.returncode, done.stdout), (0, b"\0\0"))

    def test_takes_snapshots(self):
        done = ycrdt("snapshot", "take", stdin=EDITED)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, bytes.fromhex("01 01 02 00 06 07 02 01 01 0c"))
        self.assert_ends(ycrdt("snapshot", "take", stdin=b"junk"), 1, "standard input: ")

    def test_prints_a_document_as_it_was_at_a_snapshot(self):
        first = self.write("first.snap", FIRST_SNAPSHOT)
        done = ycrdt("snapshot", "json", first, stdin=EDITED)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, b'{"note":"Hello world"}\n')
        done = ycrdt("snapshot", "json", first, "--text", "note", "--map", "m", stdin=EDITED)
        self.assertEqual(done.stdout, b'{"note":"Hello world",'
                                      b'"note#delta":[{"insert":"Hello world"}],"m":{}}\n')
        self.assert_ends(ycrdt("snapshot", "json", first, stdin=NOTE), 1, "does not know all")
        self.assert_ends(ycrdt("snapshot", "json", first, "--map", "x", "--map", "x", stdin=NOTE),
                         2, "printed twice")

    def test_prints_what_has_changed_between_snapshots(self):
        first = self.write("first.snap", FIRST_SNAPSHOT)
        last = self.write("last.snap", ycrdt("snapshot", "take", stdin=EDITED).stdout)
        for later in ((), (last,)):
            done = ycrdt("snapshot", "diff", first, *later, "--text", "note", stdin=EDITED)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            removed, added = ({"ychange": {"type": kind, "user": 1}} for kind in
                              ("removed", "added"))
            self.assertEqual(json.loads(done.stdout), [
                {"insert": "Hello ", "attributes": removed}, {"insert": "w"},
                {"insert": "or", "attributes": removed}, {"insert": "ld"},
                {"insert": "!", "attributes": added}])
        done = ycrdt("snapshot", "diff", first, first, "--text", "note", stdin=EDITED)
        self.assertEqual(done.stdout, b'[{"insert":"Hello world"}]\n')
        self.assert_ends(ycrdt("snapshot", "diff", first, "--text", b"\xff", stdin=EDITED), 2,
                         "not UTF-8")

    def test_looks_back_in_version_2(self):
        edited = ycrdt("convert", stdin=EDITED).stdout
        done = ycrdt("snapshot", "take", "--v2", stdin=edited)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertNotEqual(done.stdout, ycrdt("snapshot", "take", stdin=EDITED).stdout)
        last = self.write("last.v2.snap", done.stdout)
        done = ycrdt("snapshot", "json", "--v2", last, stdin=edited)
        self.assertEqual((done.returncode, done.stdout), (0, b'{"note":"wld!"}\n'))
        done = ycrdt("snapshot", "diff", "--v2", last, last, "--text", "note", stdin=edited)
        self.assertEqual((done.returncode, done.stdout), (0, b'[{"insert":"wld!"}]\n'))
        self.assert_ends(ycrdt("snapshot", "json", "--v2", last, stdin=EDITED), 1,
                         "standard input: ")

    def test_names_the_snapshot_that_is_refused(self):
        bad = self.write("bad.snap", b"\x01")
        good = self.write("good.snap", FIRST_SNAPSHOT)
        self.assert_ends(ycrdt("snapshot", "json", bad, stdin=EDITED), 1, bad + ": ")
        for snapshots in ((bad,), (good, bad)):
            self.assert_ends(ycrdt("snapshot", "diff", *snapshots, "--text", "x", stdin=EDITED), 1,
                             bad + ": ")
        self.assert_ends(ycrdt("snapshot", "json", "-", stdin=EDITED), 2, "must be a file")
        self.assert_ends(ycrdt("snapshot", "json", str(self.folder / "none"), stdin=EDITED), 2,
                         "none: ")
        self.assert_ends(ycrdt("snapshot", "json", good, stdin=b"junk"), 1, "standard input: ")
        self.assertEqual(ycrdt("snapshot").returncode, 2)

    def test_reads_and_writes_version_2(self):
        note = self.write("a.bin", NOTE_V2)
        for command in ("merge", "apply"):
            done = ycrdt(command, "--v2", note)
            self.assertEqual((done.returncode, done.stdout), (0, NOTE_V2), done.stderr)
            self.assert_ends(ycrdt(command, "--v2", self.write("1.bin", NOTE)), 1, "1.bin: ")
            self.assert_ends(ycrdt(command, note), 1, "a.bin: ")
        self.assertEqual(ycrdt("json", "--v2", stdin=NOTE_V2).stdout, b'{"note":"Hi!"}\n')
        self.assertEqual(ycrdt("check", "--v2", stdin=NOTE_V2).stdout, b"ok\n")
        state = ycrdt("state-vector", "--v2", stdin=NOTE_V2).stdout
        self.assertEqual(state, ycrdt("state-vector", stdin=NOTE).stdout)
        done = ycrdt("diff", "--v2", self.write("have.sv", state), stdin=NOTE_V2)
        self.assertEqual(done.stdout, bytes.fromhex("00000000000001000000000000"))
        for command in ("json", "check", "state-vector"):
            self.assert_ends(ycrdt(command, "--v2", stdin=NOTE), 1, "version 1?")

    def test_converts_from_one_version_to_the_other(self):
        for v1, v2 in ((NOTE, NOTE_V2), (WAITING, WAITING_V2)):
            for arguments in ((), ("--from", "v1")):
                self.assertEqual(ycrdt("convert", *arguments, stdin=v1).stdout, v2)
            for arguments in ((), ("--from", "v2")):
                self.assertEqual(ycrdt("convert", *arguments, stdin=v2).stdout, v1)
        deletes = bytes.fromhex("00 01 09 01 04 02")  # begins as version 2 does
        converted = ycrdt("convert", stdin=deletes).stdout
        self.assertEqual(ycrdt("convert", stdin=converted).stdout, deletes)
        self.assert_ends(ycrdt("convert", "--from", "v2", stdin=NOTE), 1, "version 1?")
        self.assert_ends(ycrdt("convert", "--from", "v1", stdin=NOTE_V2), 1, "version 2")
        self.assert_ends(ycrdt("convert", stdin=b"junk"), 1, "standard input: ")
        self.assert_ends(ycrdt("convert", stdin=b"\0junk"), 1, "standard input: ")
        self.assertNotEqual(ycrdt("convert", "--from", "v3", stdin=NOTE).returncode, 0)

    def test_helps_with_exit_codes(self):
        for arguments in (("--help",), ("json", "--help"), ("merge", "--help"),
                          ("snapshot", "diff", "--help")):
            self.assertIn(b"with 1 when bytes are refused", ycrdt(*arguments).stdout, arguments)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
