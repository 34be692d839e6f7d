#!/usr/bin/env python3
"""A minute of each scenario of pluv-bench, all at once, against one pluvd: whatever is lost, comes
twice or ends different shows, and so does a server that takes much memory.
    minute.py PLUV_BENCH PLUVD [SECONDS]"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

BENCH, PLUVD = sys.argv[1:3]
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 60
RESIDENT_MIB_MAX = 500

SCENARIOS = {
    "presence": ["--clients", "50", "--rate", "10"],
    "rooms": ["--rooms", "100", "--per-room", "2", "--rate", "2"],
    "broadcast": ["--clients", "50", "--in-flight", "16"],
    "storage": ["--clients", "10", "--document", "1000000", "--rate", "0", "--in-flight", "8"],
    "join": ["--clients", "50", "--document", "100000"],
    "cold": ["--rooms", "600", "--document", "10000", "--rate", "10"],
    "mixed": ["--clients", "100", "--rooms", "20"],
    "idle": ["--clients", "500"],
}


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def main():
    with tempfile.TemporaryDirectory(prefix="pluv-minute-") as data:
        server = subprocess.Popen(
            [PLUVD, "--dev", "--port", "0", "--data", data, "--log-level", "error",
             "--rate-limit", "0"], stdout=subprocess.PIPE, text=True)
        try:
            port = re.search(r":(\d+)$", server.stdout.readline().strip()).group(1)
            failed = run(server, port)
        finally:
            server.terminate()
            ended = server.wait(30)
            server.stdout.close()
    if ended != 0:
        print(f"pluvd has ended with {ended}", file=sys.stderr)
    return 1 if failed or ended != 0 else 0


def run(server, port):
    def start(name):
        return subprocess.Popen(
            [BENCH, name, "--port", port, "--seconds", str(SECONDS), *SCENARIOS[name]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    until = time.monotonic() + SECONDS
    running = {name: start(name) for name in SCENARIOS}
    times = dict.fromkeys(SCENARIOS, 0)
    failed = False
    while running:
        time.sleep(0.05)
        for name, process in list(running.items()):
            if process.poll() is None:
                if time.monotonic() > until + 60:
                    process.kill()
                continue
            output, _ = process.communicate()
            times[name] += 1
            del running[name]
            if process.returncode != 0:
                failed = True
                print(f"{name} has failed with {process.returncode}: {output}", file=sys.stderr)
            elif time.monotonic() < until:
                running[name] = start(name)
    resident = resident_mib(server.pid)
    print(", ".join(f"{name} {count}" for name, count in times.items()),
          f"times; pluvd took {resident:.0f} MiB at most")
    if resident > RESIDENT_MIB_MAX:
        failed = True
        print(f"that is over {RESIDENT_MIB_MAX} MiB", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
