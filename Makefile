# Everything one types here. The work is done by CMake (CMakePresets.json) and scripts/.
JOBS ?= $(shell nproc)
ARGS ?=
FUZZ_SECONDS ?= 20
SECONDS ?= 30
# scripts/setup has installed what every test needs, so none may be skipped.
TESTS_MUST_RUN := 1
export JOBS FUZZ_SECONDS TESTS_MUST_RUN

PHASE := scripts/phase
BIN := build/release/bin
E2E = node tests/e2e/run.mjs

.PHONY: help run build test check clean asan tsan noexcept wasm-check fuzz-smoke tidy \
	check-format format coverage bench instructions load-minute soak long long-operations \
	install setup-%

help:
	@echo "make run         build and start a development server on http://localhost:3000"
	@echo "                 (ARGS=\"--port 8080\" passes flags on)"
	@echo "make build       build everything in build/release"
	@echo "make test        build and run all tests"
	@echo "make check       what CI runs on top: sanitizers, clang-tidy, format, wasm, fuzzers"
	@echo "make bench       build and list the benchmarks"
	@echo "make coverage    which lines of ycrdt its unit tests run"
	@echo "                 (ARGS=\"--uncovered room json\": of others, and which not)"
	@echo "make format      lay out all C++ files with clang-format"
	@echo "make clean       remove build/"
	@echo "make install     install into PREFIX (default /usr/local)"
	@echo "Parts of check:  asan tsan noexcept wasm-check tidy check-format fuzz-smoke"
	@echo "                 instructions (ARGS=--update writes the tables anew)"
	@echo "                 load-minute soak (SECONDS=1800)"
	@echo "make long        what takes hours, or a machine of its own"
	@echo "Missing packages are installed on the way (Debian 12, scripts/setup); JOBS=$(JOBS)"

setup-%:
	@scripts/setup $*

run: setup-run
	@$(PHASE) "build pluvd" scripts/build release pluvd
	@exec $(BIN)/pluvd --dev --port 3000 $(ARGS)

build: setup-run
	@$(PHASE) "build release" scripts/build release

test: setup-test
	@$(PHASE) "build release" scripts/build release
	@$(PHASE) "test release" ctest --preset release -j $(JOBS)

# The quick ones first, so that a slip shows early.
check: setup-check
	@$(MAKE) --no-print-directory check-format
	@$(MAKE) --no-print-directory noexcept
	@$(MAKE) --no-print-directory wasm-check
	@$(MAKE) --no-print-directory instructions
	@$(MAKE) --no-print-directory load-minute
	@$(MAKE) --no-print-directory soak
	@$(MAKE) --no-print-directory asan
	@$(MAKE) --no-print-directory tsan
	@$(MAKE) --no-print-directory tidy
	@$(MAKE) --no-print-directory fuzz-smoke
	@echo "==> check: everything passed"

asan tsan: setup-check
	@$(PHASE) "build $@" scripts/build $@
	@$(PHASE) "test $@" ctest --preset $@ -j $(JOBS)

noexcept wasm-check: setup-check
	@$(PHASE) "$@" scripts/build $@

# How many instructions the server's paths and rows of the Yjs engine's bench take, beside the
# committed tables.
instructions: setup-check
	@$(PHASE) "build release" scripts/build release path_bench ycrdt_bench
	@$(PHASE) "$@" node bench/instructions.mjs $(ARGS)

# Everything that pluv-bench can do, at once.
load-minute: setup-check
	@$(PHASE) "build release" scripts/build release pluv-bench pluvd
	@$(PHASE) "$@" python3 bench/load/minute.py $(BIN)/pluv-bench $(BIN)/pluvd

# Ordinary days on one server: it takes no more of the machine at the end than before.
soak: setup-test
	@$(PHASE) "build release" scripts/build release pluvd
	@$(PHASE) "$@" node tests/e2e/run.mjs soak --pluvd $(BIN)/pluvd --seconds $(SECONDS) $(ARGS)

# What takes an hour or more: the long forms of what make test and make check do in short.
long: setup-check
	@$(MAKE) --no-print-directory long-operations
	@$(MAKE) --no-print-directory soak SECONDS=1800
	@$(MAKE) --no-print-directory soak SECONDS=900 ARGS="--storage memory"

# Kills, restarts, drains and failing disks under load.
long-operations: setup-test
	@$(PHASE) "build release" scripts/build release pluvd faulty_io
	@$(PHASE) "kills" $(E2E) crash --kills 2000
	@$(PHASE) "restarts" $(E2E) restarts --restarts 50
	@$(PHASE) "drains" $(E2E) drain_load --clients 5000 --window 10
	@$(PHASE) "disks" $(E2E) disk_full --cycles 25

check-format: setup-check
	@$(PHASE) "format" tools/format --check

format: setup-check
	@tools/format

tidy: setup-check
	@$(PHASE) "tidy" tools/tidy
	@$(PHASE) "clang-tidy" tools/clang_tidy

fuzz-smoke: setup-check
	@$(PHASE) "build fuzzers" scripts/build fuzz
	@$(PHASE) "fuzz" tools/fuzz_smoke

coverage: setup-test
	@$(PHASE) "coverage" tools/coverage $(ARGS)

bench: setup-run
	@$(PHASE) "build release" scripts/build release
	@echo "==> benchmarks (bench/README.md says what each measures):"
	@find $(BIN) \( -name '*_bench' -o -name pluv-bench \) -type f | sort

install: setup-run
	@$(PHASE) "build release" scripts/build release
	cmake --install build/release $(if $(PREFIX),--prefix $(PREFIX))

clean:
	rm -rf build
