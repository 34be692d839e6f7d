# Everything one types here. The work is done by CMake (CMakePresets.json) and scripts/.
JOBS ?= $(shell nproc)
ARGS ?=
FUZZ_SECONDS ?= 20
SEEDS ?= 2000
FIRST ?= 1
SECONDS ?= 30
# scripts/setup has installed what every test needs, so none may be skipped.
TESTS_MUST_RUN := 1
export JOBS FUZZ_SECONDS TESTS_MUST_RUN

PHASE := scripts/phase
BIN := build/release/bin
E2E = node tests/e2e/run.mjs

.PHONY: help run build test check clean asan tsan noexcept wasm-check fuzz-smoke fuzz-long tidy \
	check-format format coverage bench instructions load-minute soak sim sim-wasm planted-bugs \
	attack attack-short cloudflare cloudflare-package run-cloudflare \
	long long-operations install setup-%

help:
	@echo "make run         build and start a development server on http://localhost:3000"
	@echo "                 (ARGS=\"--port 8080\" passes flags on)"
	@echo "make build       build everything in build/release"
	@echo "make test        build and run all tests"
	@echo "make check       what CI runs on top: sanitizers, clang-tidy, format, wasm, fuzzers"
	@echo "make bench       build and list the benchmarks"
	@echo "make attack      how good clients fare while pluvd is attacked: a table, 3 minutes"
	@echo "make run-cloudflare      examples/cloudflare on http://127.0.0.1:8787, offline"
	@echo "make cloudflare-package  the rooms for Cloudflare Workers (docs/cloudflare.md)"
	@echo "make coverage    which lines of ycrdt its unit tests run"
	@echo "                 (ARGS=\"--uncovered room json\": of others, and which not)"
	@echo "make format      lay out all C++ files with clang-format"
	@echo "make clean       remove build/"
	@echo "make install     install into PREFIX (default /usr/local)"
	@echo "Parts of check:  asan tsan noexcept wasm-check tidy check-format fuzz-smoke"
	@echo "                 instructions (ARGS=--update writes the tables anew)"
	@echo "                 load-minute attack-short soak (SECONDS=1800) sim (SEEDS=2000) sim-wasm"
	@echo "                 planted-bugs cloudflare"
	@echo "make long        what takes hours, or a machine of its own"
	@echo "make attack      good clients while pluvd is attacked"
	@echo "make fuzz-long   the fuzzers for an hour, added up in fuzz/STATISTICS.md"
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
	@$(MAKE) --no-print-directory sim
	@$(MAKE) --no-print-directory sim-wasm
	@$(MAKE) --no-print-directory cloudflare
	@$(MAKE) --no-print-directory planted-bugs
	@$(MAKE) --no-print-directory soak
	@$(MAKE) --no-print-directory attack-short
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

# Rooms, stores and clients under a virtual clock, and all that goes wrong: docs/reliability.md.
sim: setup-test
	@$(PHASE) "build release" scripts/build release pluv-sim
	@$(PHASE) "$@" $(BIN)/pluv-sim --seeds $(SEEDS) --first $(FIRST) --jobs $(JOBS) $(ARGS)

# The same in WebAssembly, and that both do the same.
sim-wasm: setup-check
	@$(PHASE) "build release" scripts/build release pluv-sim
	@$(PHASE) "build wasm" scripts/build wasm-check pluv-sim
	@$(PHASE) "$@" node tests/sim/compare_wasm.mjs 500

# What a Worker imports: platform-cloudflare/dist, with the module of rooms without C++ procedures.
cloudflare-package: setup-check
	@$(PHASE) "build wasm" scripts/build wasm
	@$(PHASE) "build platform-cloudflare" npm run --silent build --prefix platform-cloudflare
	@cp build/wasm/bin/plain_room.wasm platform-cloudflare/dist/

# examples/cloudflare on http://127.0.0.1:8787, offline.
run-cloudflare: cloudflare-package
	@mkdir -p build/cloudflare-data
	@exec tests/cloudflare/node_modules/.bin/workerd serve examples/cloudflare/config.capnp \
	  --directory-path disk=build/cloudflare-data $(ARGS)

# Rooms in Durable Objects, under workerd: the native platform's suites, and what only objects have.
cloudflare: cloudflare-package
	@$(PHASE) "build release" scripts/build release pluv_token_tool
	@$(PHASE) "platform-cloudflare" npm run --silent check --prefix platform-cloudflare
	@$(PHASE) "platform-cloudflare's tests" node platform-cloudflare/test/run.mjs \
	  --token-tool $(BIN)/pluv_token_tool
	@$(PHASE) "build transcripts" scripts/build wasm-check transcripts
	@$(PHASE) "transcripts in WebAssembly" node tests/transcripts/compare_wasm.mjs
	@$(PHASE) "rooms on workerd" $(E2E) rooms --workerd
	@$(PHASE) "documents on workerd" $(E2E) storage --workerd "~workerd:"
	@$(PHASE) "large documents on workerd" $(E2E) storage_size --workerd "~workerd:"
	@$(PHASE) "objects" $(E2E) cloudflare

# Bugs that are put in on purpose: each must be found.
planted-bugs: setup-test
	@$(PHASE) "build release" scripts/build release pluv-sim
	@$(PHASE) "$@" tests/sim/planted_bugs $(ARGS)

# What takes an hour or more: the long forms of what make test and make check do in short.
long: setup-check
	@$(MAKE) --no-print-directory long-operations
	@$(MAKE) --no-print-directory attack
	@$(MAKE) --no-print-directory soak SECONDS=1800
	@$(MAKE) --no-print-directory soak SECONDS=900 ARGS="--storage memory"
	@$(MAKE) --no-print-directory sim SEEDS=100000
	@$(MAKE) --no-print-directory fuzz-long

# Kills, restarts, drains and failing disks under load.
long-operations: setup-test
	@$(PHASE) "build release" scripts/build release pluvd faulty_io
	@$(PHASE) "kills" $(E2E) crash --kills 2000
	@$(PHASE) "restarts" $(E2E) restarts --restarts 50
	@$(PHASE) "drains" $(E2E) drain_load --clients 5000 --window 10
	@$(PHASE) "disks" $(E2E) disk_full --cycles 25

# Good clients while pluvd is attacked (ARGS="--only bombs,halves"); the short form takes 40 s.
attack: setup-test
	@$(PHASE) "build release" scripts/build release pluvd
	@node tests/e2e/attack.mjs --pluvd $(BIN)/pluvd $(ARGS)

attack-short: setup-test
	@$(PHASE) "build release" scripts/build release pluvd
	@$(PHASE) "$@" node tests/e2e/attack.mjs --short --pluvd $(BIN)/pluvd

check-format: setup-check
	@$(PHASE) "format" tools/format --check

format: setup-check
	@tools/format

tidy: setup-check
	@$(PHASE) "tidy" tools/tidy
	@$(PHASE) "clang-tidy" tools/clang_tidy

fuzz-smoke: setup-check
	@$(PHASE) "build fuzzers" scripts/build asan fuzzers
	@$(PHASE) "fuzz" tools/fuzz_smoke

# An hour, or FUZZ_LONG="--seconds N NAME..."; adds to fuzz/STATISTICS.md.
fuzz-long: setup-check
	@$(PHASE) "build fuzzers" scripts/build asan fuzzers
	@$(PHASE) "fuzz long" tools/fuzz_long $(FUZZ_LONG)

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
