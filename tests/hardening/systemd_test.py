#!/usr/bin/env python3
"""The units of docs/systemd: systemd_test.py PATH_OF_pluvd SOURCE_DIR PATH_OF_pluv.

systemd itself reads them and says how exposed the service is, and pluvd does its work within the
same bounds (sandbox.py). Skipped without systemd-analyze, and the second part for anyone but root,
unless TESTS_MUST_RUN says that all is there.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "apps/pluvd"))
# It reads the same arguments.
from pluvd_security_test import (Client, NEW, NOBODY, OLD, PLUVD, SecurityTest,  # noqa: E402
                                 Server, WAIT_S, environment, run, token, until)

del SecurityTest  # whose tests are run elsewhere

SOURCE = pathlib.Path(sys.argv[2]).resolve()
UNITS = SOURCE / "docs/systemd"
SANDBOX = HERE / "sandbox.py"
# Tenths of systemd's exposure level, of which 100 is the worst: 0.4 when this was written.
EXPOSURE_MAX = 5
MUST_RUN = bool(os.environ.get("TESTS_MUST_RUN"))


def systemd_analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *map(str, arguments)], text=True,
                          capture_output=True, timeout=WAIT_S)


def may_unshare():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "--net", "true"],
                                                capture_output=True).returncode == 0


@unittest.skipUnless(MUST_RUN or shutil.which("systemd-analyze"), "systemd is not installed")
class Units(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pluv-units-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def units(self, change=lambda text: text):
        """A copy of the units that names the pluvd under test."""
        paths = []
        for path in sorted(UNITS.glob("pluvd.*")):
            text = path.read_text().replace("/usr/local/bin/pluvd", str(PLUVD))
            paths.append(self.folder / path.name)
            paths[-1].write_text(change(text))
        return paths

    def test_are_what_systemd_expects(self):
        done = systemd_analyze("verify", "--man=no", *self.units())
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        # It would say so:
        done = systemd_analyze("verify", "--man=no", *self.units(
            lambda text: text.replace("ProtectClock=yes", "ProtectClok=yes")))
        self.assertIn("ProtectClok", done.stderr)

    def exposure(self, change=lambda text: text):
        service = next(path for path in self.units(change) if path.suffix == ".service")
        done = systemd_analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", service)
        level = re.search(r"Overall exposure level for pluvd.service: (\d+\.\d)", done.stdout)
        self.assertTrue(level, done.stdout + done.stderr)
        return done.returncode, float(level.group(1))

    def test_expose_little(self):
        code, level = self.exposure()
        print(f"exposure level of pluvd.service: {level}")
        self.assertEqual(code, 0)
        self.assertLessEqual(level, EXPOSURE_MAX / 10)
        code, level = self.exposure(lambda text: text.replace("CapabilityBoundingSet=\n", ""))
        self.assertNotEqual(code, 0)


@unittest.skipUnless(shutil.which("systemd-analyze") and may_unshare(),
                     "needs systemd-analyze, root and namespaces")
class Sandbox(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pluv-sandbox-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o711)
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        (self.folder / "open").mkdir()
        (self.folder / "open").chmod(0o777)
        os.chown(self.data, NOBODY, NOBODY)
        self.secrets = self.folder / "secrets"
        self.secrets.write_text(OLD)
        self.secrets.chmod(0o400)
        os.chown(self.secrets, NOBODY, NOBODY)
        # What is built here need not be where an unprivileged user can come.
        self.program = self.folder / "pluvd"
        shutil.copy(PLUVD, self.program)

    def start(self, listening):
        return Server(self, "--log-level", "debug", listening=listening, cwd="/",
                      program=[sys.executable, SANDBOX, UNITS / "pluvd.service", self.data,
                               self.program],
                      PLUV_DATA=str(self.data), PLUV_AUTH_SECRET_FILE=str(self.secrets))

    def confined(self, *command):
        return subprocess.run([sys.executable, SANDBOX, UNITS / "pluvd.service", self.data,
                               *command], text=True, capture_output=True, timeout=WAIT_S,
                              env=environment())

    def test_is_one(self):
        """What the unit forbids fails in it, or the next test would show nothing."""
        shell = shutil.which("sh")
        self.assertEqual(self.confined(shell, "-c", f"echo x > {self.data}/mine").returncode, 0)
        for command in (f"echo x > {self.folder}/open/other", "exec 3<>/dev/mem", "cat /etc/shadow",
                        f"chown 0 {self.data}/mine"):
            self.assertNotEqual(self.confined(shell, "-c", command).returncode, 0, command)
        python = shutil.which("python3", path="/usr/bin:/bin")
        if python is None:
            return
        for code in ("import socket; socket.socket(socket.AF_INET)",
                     "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)",
                     "import os; os.sched_setaffinity(0, [0])"):
            done = self.confined(python, "-c", code)
            self.assertIn("Operation not permitted", done.stderr, code)

    def test_is_enough_for_pluvd(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = self.start(listening)
            ann, bob = (Client(self, server, f"/api/pluv/room/demo?token={token(OLD)}")
                        for _ in range(2))
            ann.join({})
            ann.expect("$storageReceived")
            ann.send("$updateStorage", {"origin": "$initialized", "update": "AQEBAAQBAWEBYgA="})
            bob.join({})
            ann.send("hello", {"a": 1})
            self.assertEqual(bob.expect("hello")["data"], {"a": 1})
            self.assertEqual(server.ask("/metrics")[0].status, 200)
            self.secrets.write_text(NEW)
            server.process.send_signal(signal.SIGHUP)
            until(lambda: " reloaded" in server.text(), "the new secret")
            other = Client(self, server, f"/api/pluv/room/demo?token={token(NEW)}")
            other.join({})
            for client in (ann, bob, other):
                client.socket.close()
            self.assertEqual(server.stop(), 0, server.text())
            self.assertNotIn("runs_as_root", server.text())
            self.assertNotRegex(server.text(), r" (?:error|fail)\w* ")
        shown = run("storage", "show", "demo", "--data", str(self.data))
        self.assertIn('"a"', shown.stdout, shown.stderr)
        for path in self.data.iterdir():
            self.assertEqual((path.stat().st_uid, path.stat().st_mode & 0o077), (NOBODY, 0), path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
