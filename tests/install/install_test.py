#!/usr/bin/env python3
"""Installs a build and uses it as somebody else would: install_test.py --help.

The installed tree must be whole (binaries, headers, package, documents), must hold nothing of the
tests, must not name the folders that it was made in, and a program must find, build and run with it.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

WAIT_S = 240

arguments = argparse.ArgumentParser(description=__doc__)
for name in ("cmake", "generator", "compiler", "build", "source"):
    arguments.add_argument(f"--{name}", required=True)
given = arguments.parse_args()


def run(*command, **options):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=WAIT_S, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n"
                             f"{done.stdout[-4000:]}")
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pluv-install-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.prefix = cls.folder / "prefix"
        run(given.cmake, "--install", given.build, "--prefix", cls.prefix)

    def files(self, pattern):
        return [path for path in self.prefix.rglob(pattern) if path.is_file()]

    def test_holds_what_is_used_and_nothing_of_the_tests(self):
        for path in ("bin/pluvd", "bin/pluv", "include/pluv/pluv.h", "share/doc/pluv/pluvd.md",
                     "share/doc/pluv/systemd/pluvd.service"):
            self.assertTrue((self.prefix / path).is_file(), path)
        self.assertEqual([path for path in self.files("*") if "test" in path.name], [])

    def test_names_no_folder_that_it_was_made_in(self):
        packages = self.files("*.cmake")
        self.assertTrue(packages)
        for path in packages:
            text = path.read_text()
            for folder in (given.source, given.build, str(self.prefix)):
                self.assertNotIn(folder, text, path)

    def test_has_every_header_that_its_headers_include(self):
        roots = (self.prefix / "include", self.prefix / "include/pluv/detail")
        for path in self.files("*.h"):
            for name in re.findall(r'^#include "(.+)"', path.read_text(), re.M):
                self.assertTrue(any((root / name).is_file() for root in roots), f"{path}: {name}")

    def test_serves_as_the_binary(self):
        self.assertRegex(run(self.prefix / "bin/pluvd", "--version"), r"^pluvd \d+\.\d+\.\d+\n$")

    def test_serves_in_a_program_that_finds_the_package(self):
        source = pathlib.Path(__file__).resolve().parent / "consumer"
        build = self.folder / "build"
        run(given.cmake, "-S", source, "-B", build, "-G", given.generator,
            f"-DCMAKE_CXX_COMPILER={given.compiler}", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run(given.cmake, "--build", build)
        with subprocess.Popen([build / "consumer"], text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as consumer:
            try:
                port = int(consumer.stdout.readline())
                url = f"http://127.0.0.1:{port}/readyz"
                with urllib.request.urlopen(url, timeout=WAIT_S) as answer:
                    self.assertEqual(answer.status, 200)
                consumer.stdin.close()
                self.assertEqual(consumer.wait(WAIT_S), 0)
            finally:
                consumer.kill()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
