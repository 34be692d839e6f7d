#!/usr/bin/env python3
"""Looks into the shipped programs for what cmake/pluv_hardening.cmake promises.

    hardening_test.py --compiler g++ --build DIR --source DIR --build-type Release PROGRAM...

What can be seen in a file is read with readelf and objdump; what leaves no trace in it is looked for
in the compile commands of every shipped source. Each check is also held against a program that was
made without the protection, and has to find that out.
"""

import argparse
import json
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import unittest

arguments = argparse.ArgumentParser(description=__doc__)
for name in ("compiler", "build", "source", "build-type"):
    arguments.add_argument(f"--{name}", required=True)
arguments.add_argument("programs", nargs="+", type=pathlib.Path)
given = arguments.parse_args()

X86 = platform.machine() in ("x86_64", "i686")
OPTIMISED = given.build_type != "Debug"

# Of every shipped source; those whose effect can be seen in the programs are looked for there, too.
FLAGS = ["-fstack-protector-strong", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero",
         "-Wformat", "-Wformat-security"]
if X86:
    FLAGS.append("-fcf-protection=return")
if OPTIMISED:
    FLAGS += ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3"]


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, text=True,
                          capture_output=True).stdout


class Program:
    """What the binary tools say of one file."""

    def __init__(self, path):
        self.headers = output("readelf", "-hlW", path)
        self.dynamic = output("readelf", "-dW", path)
        self.symbols = output("readelf", "--dyn-syms", "-W", path)
        self.sections = output("readelf", "-SW", path)
        self.code = output("objdump", "-d", "--no-show-raw-insn", "-j", ".text", path)


# Each answers whether the program has the protection.

def position_independent(program):
    return bool(re.search(r"Type:\s+DYN", program.headers)
                and re.search(r"FLAGS_1.*\bPIE\b", program.dynamic))


def relocations_read_only(program):
    return "GNU_RELRO" in program.headers


def bound_at_start(program):
    return bool(re.search(r"\(FLAGS\).*BIND_NOW", program.dynamic)
                and re.search(r"FLAGS_1.*\bNOW\b", program.dynamic))


def stack_not_executable(program):
    return bool(re.search(r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW\s", program.headers))


def nothing_writable_and_executable(program):
    loads = re.findall(r"LOAD\s+\S+ \S+ \S+ \S+ \S+ (...)\s", program.headers)
    return bool(loads) and not any("W" in flags and "E" in flags for flags in loads)


def stack_canaries(program):
    return "__stack_chk_fail" in program.symbols


def fortified_calls(program):
    return bool(re.search(r"\b__(?!stack)\w+_chk@", program.symbols))


def stack_pages_probed(program):
    return bool(re.search(r"\bor[ql]?\s+\$0x0,(?:0x[0-9a-f]+)?\(%[re]sp", program.code))


def no_library_path(program):
    return not re.search(r"\((?:RPATH|RUNPATH)\)", program.dynamic)


def symbols_kept(program):
    """Not stripped: a crash names its functions. Packagers strip (cmake --install --strip)."""
    return ".symtab" in program.sections


CHECKS = [position_independent, relocations_read_only, bound_at_start, stack_not_executable,
          nothing_writable_and_executable, stack_canaries, no_library_path, symbols_kept]
if OPTIMISED:
    CHECKS.append(fortified_calls)
if X86:
    CHECKS.append(stack_pages_probed)

# Has something of everything that the checks look for.
SAMPLE = r"""
#include <cstdio>
#include <cstring>
#include <vector>
void fill(char* out, std::size_t size);
int main(int argc, char** argv) {
  char name[64];
  char large[65536];
  std::strcpy(name, argv[0]);
  fill(large, sizeof(large));
  std::vector<int> numbers(3);
  std::printf("%s %c %d\n", name, large[argc], numbers[static_cast<std::size_t>(argc)]);
}
void fill(char* out, std::size_t size) { std::memset(out, 1, size); }
"""
WITH = [*FLAGS, "-O2", "-fPIE", "-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"]
WITHOUT = ["-O2", "-U_FORTIFY_SOURCE", "-fno-stack-protector", "-fno-stack-clash-protection",
           "-fcf-protection=none", "-fno-pie", "-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack",
           "-Wl,-rpath,/tmp", "-Wl,--strip-all"]


def build_sample(folder, flags, text=SAMPLE):
    source = pathlib.Path(folder, "sample.cc")
    program = pathlib.Path(folder, "sample")
    source.write_text(text)
    subprocess.run([given.compiler, "-w", source, "-o", program, *flags], check=True)
    return Program(program)


def unprotected_flags():
    return [flag for flag in WITHOUT if X86 or "cf-protection" not in flag]


class Hardening(unittest.TestCase):
    def test_is_in_the_shipped_programs(self):
        for path in given.programs:
            program = Program(path)
            for check in CHECKS:
                with self.subTest(program=path.name, check=check.__name__):
                    self.assertTrue(check(program))

    def test_is_asked_for_in_every_shipped_source(self):
        source = pathlib.Path(given.source).resolve()
        commands = json.loads(pathlib.Path(given.build, "compile_commands.json").read_text())
        seen = 0
        for entry in commands:
            file = pathlib.Path(entry["file"]).resolve()
            if file.suffix != ".cc" or file.relative_to(source).parts[0] not in ("src", "apps"):
                continue
            seen += 1
            words = set(entry["command"].split())
            self.assertEqual([flag for flag in FLAGS if flag not in words], [], file)
        self.assertGreater(seen, 100)  # or the commands are those of something else

    def test_is_not_forced_on_who_links_the_libraries(self):
        exported = list(pathlib.Path(given.build, "CMakeFiles/Export").rglob("pluv*Targets.cmake"))
        self.assertGreaterEqual(len(exported), 2)  # the engine's, and the others'
        for path in exported:
            text = path.read_text()
            for flag in [*FLAGS, "-z,relro"]:
                self.assertNotIn(flag, text, path)

    def test_would_be_missed(self):
        with tempfile.TemporaryDirectory() as folder:
            bare = build_sample(folder, unprotected_flags())
            for check in CHECKS:
                if check is nothing_writable_and_executable:
                    continue
                with self.subTest(check=check.__name__):
                    self.assertFalse(check(bare))
            # One segment for all, which the linker makes of a static program alone.
            one_segment = build_sample(folder, ["-no-pie", "-static", "-nostdlib",
                                                "-Wl,-N,-e,main,--no-warn-rwx-segments"],
                                       "int main() { return 0; }\n")
            self.assertFalse(nothing_writable_and_executable(one_segment))
            sample = build_sample(folder, WITH)
            for check in CHECKS:
                with self.subTest(check=check.__name__):
                    self.assertTrue(check(sample))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
