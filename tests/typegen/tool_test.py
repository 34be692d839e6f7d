#!/usr/bin/env python3
"""`pluv typegen` with a server's program: tool_test.py PATH_OF_pluv PATH_OF_serve FOLDER_OF_TYPES."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PLUV, SERVE, TYPES = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])


def run(*command, **environment):
    return subprocess.run(command, env={**os.environ, **environment}, text=True,
                          capture_output=True, timeout=60)


def typegen(*arguments):
    return run(PLUV, "typegen", *arguments)


class TypegenTool(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pluv-typegen-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_prints_what_the_build_writes(self):
        for flags, name in (((), "server.d.ts"), (("--json-schema",), "server.schema.json"),
                            (("--async-api",), "server.asyncapi.json")):
            said = typegen(*flags, SERVE)
            self.assertEqual(said.returncode, 0, said.stderr)
            self.assertEqual(said.stdout, (TYPES / name).read_text(encoding="utf-8"))
            self.assertIn("a line that is no type", said.stderr)

    def test_the_program_does_not_serve(self):
        mark = self.folder / "served"
        self.assertEqual(typegen(SERVE, mark).returncode, 0)
        self.assertFalse(mark.exists())
        self.assertEqual(run(SERVE, mark).returncode, 0)
        self.assertTrue(mark.exists())

    def test_leaves_a_file_alone_that_has_the_text(self):
        out = self.folder / "types.json"
        self.assertEqual(typegen(SERVE, "--out", out, "--json-schema").returncode, 0)
        self.assertEqual(json.loads(out.read_text())["title"], "Server")
        os.utime(out, (1, 1))
        self.assertEqual(typegen(SERVE, "--out", out, "--json-schema").returncode, 0)
        self.assertEqual(out.stat().st_mtime, 1)
        self.assertEqual(typegen(SERVE, "--out", out).returncode, 0)
        self.assertIn("export interface Server", out.read_text())

    def test_says_what_is_wrong(self):
        out = self.folder / "types.d.ts"
        for arguments, code, why in (
                (("/bin/true",), 1, "does it call server.listen()?"),
                (("--out", out, SERVE, "two", "arguments"), 1, "does it call server.listen()?"),
                (("/nothing/here",), 2, "No such file"),
                (("--out", "/nothing/here/types.d.ts", SERVE), 2, "cannot write"),
                ((), 2, "program is required"),
                (("--json-schema", "--async-api", SERVE), 2, "excludes")):
            said = typegen(*arguments)
            self.assertEqual(said.returncode, code, arguments)
            self.assertIn(why, said.stderr)
            self.assertEqual(said.stdout, "")
        self.assertFalse(out.exists())

    def test_the_mode_itself_refuses_what_it_does_not_know(self):
        said = run(SERVE, PLUV_TYPEGEN="flow")
        self.assertEqual(said.returncode, 2)
        self.assertIn("PLUV_TYPEGEN is typescript, json-schema or async-api", said.stderr)
        said = run(SERVE, PLUV_TYPEGEN="typescript", PLUV_TYPEGEN_FD="x")
        self.assertEqual(said.returncode, 2)
        said = run(SERVE, PLUV_TYPEGEN="typescript", PLUV_TYPEGEN_FD="77")
        self.assertEqual((said.returncode, said.stderr),
                         (1, "pluv: the types cannot be written\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
