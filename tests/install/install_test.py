#!/usr/bin/env python3
"""Installs a build and uses it as somebody else would: install_test.py --help.

The installed tree must be whole (binaries, headers, package, documents), must hold nothing of the
tests, must not name the folders that it was made in, and programs must find, build and run with it:
one with the whole library, one with the Yjs engine alone, also where nothing else was installed. A
project that takes in the sources must not need what only tests need.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

WAIT_S = 240
# What the library needs of others, as find_package names it.
PACKAGES = {"Boost", "CURL", "OpenSSL", "SQLite3", "Threads", "ZLIB"}

arguments = argparse.ArgumentParser(description=__doc__)
for name in ("cmake", "generator", "compiler", "build", "source"):
    arguments.add_argument(f"--{name}", required=True)
given = arguments.parse_args()
HERE = pathlib.Path(__file__).resolve().parent


def run(*command, **options):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=WAIT_S, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n"
                             f"{done.stdout[-4000:]}")
    return done.stdout


def without(*packages):
    """CMake's flags for a machine on which these packages are not installed, and the others are."""
    return [f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}={name in packages}" for name in PACKAGES]


class Installed(unittest.TestCase):
    """Has a folder, and an installation in it."""
    what = ()

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pluv-install-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.prefix = cls.folder / "prefix"
        run(given.cmake, "--install", given.build, "--prefix", cls.prefix, *cls.what)

    def configure(self, name, *options):
        """Configures tests/install/NAME against the installed tree; answers its build folder."""
        build = self.folder / name
        run(given.cmake, "-S", HERE / name, "-B", build, "-G", given.generator,
            f"-DCMAKE_CXX_COMPILER={given.compiler}", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            *options)
        return build

    def run_engine(self):
        """Builds the program that has the Yjs engine alone, and the one of docs/ycrdt.md."""
        document = pathlib.Path(given.source, "docs/ycrdt.md").read_text(encoding="utf-8")
        snippet = self.folder / "snippet.cc"
        snippet.write_text(re.search(r"^```cpp\n(.*?)^```$", document, re.M | re.S).group(1),
                           encoding="utf-8")
        build = self.configure("ycrdt_consumer", f"-DSNIPPET={snippet}", *without(*PACKAGES))
        run(given.cmake, "--build", build)
        self.assertEqual(run(build / "ycrdt_consumer").splitlines(), [
            "ok: 1",
            "updates: 2",
            'document: {"array":[1,"two",[null]],"text":"Zoë","map":{"list":[]}}',
            'delta: [{"insert":"Zoë","attributes":{"bold":true}}]',
            "event: 3",
            "refused: invalid, limit",
        ])
        self.assertEqual(run(build / "ycrdt_snippet"),
                         2 * '{"note":"Hello Bob. Hello Ada."}\n')

    def found(self, components, absent, optional=""):
        """Which of the components a program finds where these packages are absent."""
        build = self.folder / "components"
        shutil.rmtree(build, ignore_errors=True)  # it remembers packages that it has found
        self.configure("components", f"-DCOMPONENTS={components}", f"-DOPTIONAL={optional}",
                       *without(*absent))
        return (build / "found").read_text().split()

    def assert_not_found(self, expected, components, absent):
        with self.assertRaises(AssertionError) as failed:
            self.found(components, absent)
        self.assertRegex(" ".join(str(failed.exception).split()), expected)

    def files(self, pattern):
        return [path for path in self.prefix.rglob(pattern) if path.is_file()]

    def assert_has_every_included_header(self):
        roots = (self.prefix / "include", self.prefix / "include/pluv/detail")
        for path in self.files("*.h"):
            for name in re.findall(r'^#include "(.+)"', path.read_text(), re.M):
                self.assertTrue(any((root / name).is_file() for root in roots), f"{path}: {name}")


class InstallTest(Installed):
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
        self.assert_has_every_included_header()

    def test_serves_as_the_binary(self):
        self.assertRegex(run(self.prefix / "bin/pluvd", "--version"), r"^pluvd \d+\.\d+\.\d+\n$")

    def test_serves_and_is_typed_in_a_program_that_finds_the_package(self):
        build = self.configure("consumer")
        run(given.cmake, "--build", build)
        types = build / "types/consumer.d.ts"
        self.assertIn("    say: Message;\n", types.read_text())
        self.assertEqual(run(self.prefix / "bin/pluv", "typegen", build / "consumer"),
                         types.read_text())
        self.assertEqual(run(build / "back_end"), "401\n")
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

    def test_merges_documents_in_a_program_that_has_the_engine_alone(self):
        self.run_engine()

    def test_looks_only_for_the_packages_that_the_components_need(self):
        core = "base;json;ycrdt;protocol;room"
        self.assertEqual(self.found(core, PACKAGES), core.split(";"))
        self.assertEqual(self.found("net", PACKAGES - {"ZLIB"}), ["net"])
        self.assertEqual(self.found("auth", PACKAGES - {"OpenSSL"}), ["auth"])
        self.assertEqual(self.found("adapters", PACKAGES - {"SQLite3", "Threads", "ZLIB"}),
                         ["adapters"])
        self.assertEqual(self.found("hosted_client", PACKAGES - {"CURL", "Threads"}),
                         ["hosted_client"])
        self.assertEqual(self.found("platform_hosted", set()), ["platform_hosted"])
        self.assert_not_found("module CURL called with REQUIRED", "platform_hosted", {"CURL"})
        self.assertEqual(self.found("pluv", {"CURL"}), ["pluv"])
        self.assert_not_found("module ZLIB called with REQUIRED", "ycrdt;net", {"ZLIB"})
        for package in PACKAGES - {"CURL", "SQLite3"}:  # the whole library, where no component is named
            self.assert_not_found(f"module {package} called with REQUIRED", "", {package})

    def test_finds_the_other_components_where_an_optional_one_lacks_its_package(self):
        self.assertEqual(self.found("ycrdt", {"OpenSSL"}, optional="auth;net;nothing"),
                         ["ycrdt", "net"])

    def test_names_a_component_that_does_not_exist(self):
        self.assert_not_found(
            "There is no component ycdrt. The components are: base json ycrdt .*pluv[.]",
            "json;ycdrt", PACKAGES)


class EngineAloneTest(Installed):
    what = ("--component", "ycrdt")

    def test_holds_nothing_else(self):
        self.assertEqual({path.name for path in self.files("*.a")},
                         {"libpluv_base.a", "libpluv_json.a", "libpluv_ycrdt.a"})
        self.assertFalse((self.prefix / "bin").exists())
        self.assertEqual([path for path in self.files("*") if "test" in path.name], [])
        self.assert_has_every_included_header()

    def test_serves_in_a_program(self):
        self.run_engine()

    def test_says_which_component_is_not_installed(self):
        self.assert_not_found("The component net is not installed[.]", "ycrdt;net", PACKAGES)
        self.assert_not_found("The component pluv is not installed[.]", "", PACKAGES)
        self.assertEqual(self.found("ycrdt", PACKAGES, optional="net"), ["ycrdt"])


class SubdirectoryTest(unittest.TestCase):
    def test_a_project_needs_nothing_that_only_tests_need(self):
        with tempfile.TemporaryDirectory(prefix="pluv-subdirectory-") as folder:
            source = pathlib.Path(folder, "source")
            source.mkdir()
            (source / "CMakeLists.txt").write_text(
                "cmake_minimum_required(VERSION 3.25)\nproject(user LANGUAGES C CXX)\n"
                f"add_subdirectory({given.source} pluv)\n"
                "foreach(target pluv_ycrdt_test pluv-bench example_ycrdt)\n"
                "  if(TARGET ${target})\n"
                "    message(FATAL_ERROR \"${target} is built\")\n"
                "  endif()\nendforeach()\n"
                "add_executable(user main.cc)\ntarget_link_libraries(user PRIVATE pluv::ycrdt)\n")
            (source / "main.cc").write_text("int main() {}\n")
            run(given.cmake, "-S", source, "-B", pathlib.Path(folder, "build"), "-G",
                given.generator, f"-DCMAKE_CXX_COMPILER={given.compiler}",
                *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=TRUE" for name in ("GTest", "Python3")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
