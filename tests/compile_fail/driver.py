#!/usr/bin/env python3
"""Checks that code which must not compile does not, for the right reason: driver.py FILE.

A file holds right code and wrong cases beside it, each between its own #ifdef and #endif:

    #ifdef CASE_unknown_event
    // expect-error: no event of this name
    room.broadcast<"unknown">({});
    #endif

The file is compiled once without any case, which must succeed, and once a case with -DCASE_x, which
must fail with an error that the regular expression after `expect-error:` is found in. A line
`// flags: -Wunused` adds flags for the whole file.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

CASE = re.compile(r"^#if(?:def|\s+defined)\s*\(?\s*(CASE_\w+)\)?\s*$(.*?)^#(?:endif|elif|else)",
                  re.M | re.S)
EXPECTED = re.compile(r"^\s*// expect-error: (.+?)\s*$", re.M)


class Driver:
    def __init__(self, compiler, root, source):
        self.source = source
        self.text = source.read_text(encoding="utf-8")
        flags = [flag for line in re.findall(r"^// flags: (.+)$", self.text, re.M)
                 for flag in line.split()]
        self.command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                        "-fdiagnostics-color=never", f"-I{root / 'src'}", f"-I{root / 'include'}",
                        *flags]

    def compile(self, *defines):
        environment = {**os.environ, "LC_ALL": "C"}  # plain quotes in messages
        return subprocess.run([*self.command, *defines, str(self.source)], text=True,
                              capture_output=True, env=environment)

    def check_clean(self):
        done = self.compile()
        return None if done.returncode == 0 else f"does not compile without a case:\n{done.stderr}"

    def check_case(self, name, body):
        expected = EXPECTED.search(body)
        if not expected:
            return f"{name} names no expect-error"
        done = self.compile(f"-D{name}")
        if done.returncode == 0:
            return f"{name} compiles, but must not"
        errors = [line for line in done.stderr.splitlines()
                  if re.search(r"\b(?:fatal )?error: ", line)]
        if not any(re.search(expected.group(1), line) for line in errors):
            return f"{name} fails without the error /{expected.group(1)}/:\n{done.stderr}"
        return None

    def run(self, jobs):
        cases = CASE.findall(self.text)
        named = set(re.findall(r"\bCASE_\w+", self.text))
        if not cases or named != {name for name, _ in cases}:
            return [f"cases are written #ifdef CASE_x ... #endif; not understood: {sorted(named)}"]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            checks = [pool.submit(self.check_clean)]
            checks += [pool.submit(self.check_case, name, body) for name, body in cases]
            return [check.result() for check in checks if check.result()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent.parent)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("source", type=pathlib.Path)
    options = parser.parse_args()
    failures = Driver(options.compiler, options.root, options.source).run(options.jobs)
    for failure in failures:
        print(f"{options.source}: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
