"""What the commands that run fuzzers share (tools/fuzz_smoke, fuzz_long, fuzz_minimise): where
things are, and how a program is called."""

import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "asan" / "bin" / "fuzz"
BUILD = ROOT / "build" / "fuzz"
FOUND = BUILD / "found"    # inputs that crash
GROWN = BUILD / "grown"    # inputs that long runs kept, a folder a fuzzer
SOURCES = ROOT / "fuzz"
CORPUS = SOURCES / "corpus"
DICTIONARIES = SOURCES / "dictionaries"
INPUT_BYTES_MAX = 16384
MEMORY_MB_MAX = 2048
# One allocation: the largest inputs are 16 KiB.
ALLOCATION_MB_MAX = 256
HANG_SECONDS = 10


def name_of(program):
    return program.name.removesuffix("_fuzz")


def programs(names):
    """The fuzzers of build/asan, all or those of these names. One whose source is gone is still in
    an old build folder, and no fuzzer."""
    found = sorted(PROGRAMS.glob("*_fuzz"))
    found = [p for p in found if p.name == "canary_fuzz" or (SOURCES / f"{p.name}.cc").exists()]
    return [p for p in found if not names or name_of(p) in names]


def options(name):
    out = [f"-max_len={INPUT_BYTES_MAX}", f"-rss_limit_mb={MEMORY_MB_MAX}",
           f"-malloc_limit_mb={ALLOCATION_MB_MAX}", f"-timeout={HANG_SECONDS}",
           "-print_final_stats=1"]
    dictionary = DICTIONARIES / f"{name}.dict"
    return out + ([f"-dict={dictionary}"] if dictionary.exists() else [])


def environment():
    return {"ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19", **os.environ}


def final_stat(output, name):
    """A number of libFuzzer's final statistics, 0 when the run did not get so far."""
    found = re.search(rf"stat::{name}:\s*(\d+)", output)
    return int(found.group(1)) if found else 0


def coverage(output):
    """(edges, features, inputs kept) as the last line of progress has them."""
    found = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", output)
    return tuple(int(number) for number in found[-1]) if found else (0, 0, 0)
