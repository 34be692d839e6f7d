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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
