#!/usr/bin/env python3
"""pluvd as a keeper of secrets: pluvd_security_test.py PATH_OF_pluvd SOURCE_DIR PATH_OF_pluv.

What it never writes, where its secrets do not stay, how they are replaced, whom its files are for,
and that it needs no privilege.
"""

import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from pluvd_process_test import Client, PLUVD, Server, WAIT_S, environment, run

PLUV = pathlib.Path(sys.argv[3]).resolve()
OLD, NEW = "the old secret: 0123456789abcdef", "the new secret: fedcba9876543210"
NOBODY = 65534
MUST_RUN = bool(os.environ.get("TESTS_MUST_RUN"))
# A document {"a": "b"}, as Y.encodeStateAsUpdate writes it.
UPDATE = "AQEBAAQBAWEBYgA="


def token(secret, room="demo"):
    done = subprocess.run([PLUV, "token", "create", "--room", room, "--user", '{"id":"u1"}'],
                          env=environment(PLUV_AUTH_SECRET=secret), text=True,
                          capture_output=True, timeout=WAIT_S, check=True)
    return done.stdout.strip()


def until(condition, what):
    """Waits for something that another process does."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.02)


class SecurityTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pluvd-security-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def client(self, server, query, room="demo"):
        return Client(self, server, f"/api/pluv/room/{room}{query}")

    def accepts(self, server, secret):
        """Whether a new session with a token of this secret gets in."""
        client = self.client(server, f"?token={token(secret)}")
        while True:
            opcode, payload = client.receive()
            if opcode == 8:
                self.assertEqual(int.from_bytes(payload[:2], "big"), 3000)
                return False
            if b'"$registered"' in payload:
                return True

    def hang_up(self, server, event):
        """Sends SIGHUP and waits for the line of the log that answers it."""
        before = server.text().count(event)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.text().count(event) > before, event)

    # What it writes.

    def provoke(self, server, marks):
        """Good and bad requests with tokens in all places; answers all that came back."""
        good = token(OLD)
        foreign, elsewhere = token("a secret of somebody else"), token(OLD, room="other")
        twice = urllib.parse.quote(urllib.parse.quote(good))
        garbage = "garbage-token-that-nobody-made"
        marks += [good, foreign, elsewhere, garbage]
        heard = []
        member = self.client(server, f"?token={good}")
        heard.append(str(member.expect("$registered")))
        member.send("$initializeSession", {"presence": {}, "update": ""})
        self.client(server, f"?token={twice}").expect("$registered")
        bad = [foreign, elsewhere, garbage, good[:-3], good + "A", "%25" * 9 + good, good + "\x7f",
               "x" * 9000 + garbage]
        for query in [f"?token={text}" for text in bad] + [f"?public_key=k&token={garbage}&token="]:
            sock = socket.create_connection((server.host, server.port), timeout=WAIT_S)
            with sock:
                sock.sendall((f"GET /api/pluv/room/demo{query} HTTP/1.1\r\nHost: x\r\n"
                              "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Version: 13\r\n\r\n").encode())
                heard.append(self.read_to_end(sock))
        # Requests that are none, or are for something else.
        for request in (f"GET /api/pluv/room/demo?token={good} HTTP/1.1\r\nHost: x\r\n\r\n",
                        f"GET /api/pluv/room/no~room?token={good} HTTP/1.1\r\nHost: x\r\n"
                        "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                        f"GET /api/pluv/room/{good}?token={good} HTTP/1.1\r\nHost: x\r\n"
                        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n",
                        f"GET /api/pluv/room/demo?token={good} HTTP/9.9\r\nHost: x\r\n\r\n",
                        f"GET /api/pluv/room/demo?token={good}\r\n\r\n",
                        f"{good} / HTTP/1.1\r\nHost: x\r\n\r\n",
                        f"POST /api/pluv/authorize?token={good} HTTP/1.1\r\nHost: x\r\n\r\n",
                        f"GET /healthz?token={good} HTTP/1.1\r\nHost: x\r\nCookie: {good}\r\n"
                        f"X-Forwarded-For: {good}\r\nOrigin: https://{good}\r\n{good}\r\n\r\n",
                        f"GET /nothing/{good} HTTP/1.1\r\nHost: x\r\n\r\n",
                        f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {good}\r\n\r\n"):
            with socket.create_connection((server.host, server.port), timeout=WAIT_S) as sock:
                sock.sendall(request.encode())
                sock.shutdown(socket.SHUT_WR)
                heard.append(self.read_to_end(sock))
        member.frame(1, b'{"type":"$unknown","data":{}}')
        member.frame(1, b"\xff\xfe")
        self.assertEqual(member.close_code(), 1007)
        return "\n".join(heard)

    @staticmethod
    def read_to_end(sock):
        """All that comes until the server has answered: up to a close frame or the end."""
        data = b""
        sock.settimeout(WAIT_S)
        while True:
            try:
                part = sock.recv(65536)
            except ConnectionError:
                part = b""
            data += part
            if not part or b"Not authorized" in data or b'"$registered"' in data \
                    or re.match(rb"HTTP/1.1 [2-5]\d\d", data) and b"\r\n\r\n" in data:
                return data.decode("latin-1")

    def test_writes_neither_secrets_nor_tokens_anywhere(self):
        for style in ("text", "json"):
            secret_file = self.file("secrets", f"{NEW}\n")
            metrics_token = "the token of the metrics"
            token_file = self.file("metrics", metrics_token + "\n")
            variables = dict(PLUV_AUTH_SECRET=OLD, PLUV_AUTH_SECRET_FILE=str(secret_file),
                             PLUV_METRICS_TOKEN_FILE=str(token_file))
            arguments = ("--port", "0", "--log-level", "debug", "--log-format", style, "--threads",
                         "2")
            server = Server(self, *arguments, **variables)
            bad_secret, marks = "too-short-mark", []
            heard = self.provoke(server, marks)
            marks += [OLD, NEW, metrics_token, bad_secret]
            response, metrics = server.ask("/metrics", Authorization=f"Bearer {metrics_token}")
            self.assertEqual(response.status, 200)
            self.assertEqual(server.ask("/metrics", Authorization="Bearer x" + metrics_token)[0]
                             .status, 401)
            self.hang_up(server, "reloaded")
            secret_file.write_text(bad_secret)
            self.hang_up(server, "reload_refused")
            self.assertEqual(server.stop(), 0)
            said = server.line + server.process.stdout.read() + server.text()
            secret_file.write_text(NEW)
            checked = run("check-config", *arguments, **variables)
            secret_file.write_text(bad_secret)
            refused = run(*arguments, **variables)
            self.assertEqual((checked.returncode, refused.returncode), (0, 2))
            written = {"log": said, "metrics": metrics, "answers": heard,
                       "check-config": checked.stdout + checked.stderr,
                       "start": refused.stdout + refused.stderr}
            # What is written is looked at: it names the room, and why somebody was refused.
            self.assertRegex(said, r'(?s)join\W.*room\W+demo.*refused.*unauthorized')
            for mark in marks:
                # Of a token each part that is its own, too.
                for part in [mark] + [part for part in mark.split(".")[2:] if len(part) > 8]:
                    for place, text in written.items():
                        self.assertNotIn(part, text, f"{style}: {place}")

    def test_shows_no_secret_on_the_start_page(self):
        server = Server(self, "--dev", "--auth", "--port", "0", "--log-level", "debug",
                        PLUV_AUTH_SECRET=OLD, PLUV_METRICS_TOKEN=NEW)
        made = server.ask("/api/pluv/authorize?room=demo")[1]
        self.client(server, f"?token={made}").expect("$registered")
        _, page = server.ask("/")
        server.stop()
        for text in (page, server.text(), server.line):
            for mark in (OLD, NEW, made):
                self.assertNotIn(mark, text)

    # Where they do not stay.

    def test_leaves_no_secret_in_its_environment_and_command_line(self):
        server = Server(self, "--port", "0", "--secret", OLD, f"--metrics-token={OLD}",
                        PLUV_AUTH_SECRET=NEW, PLUV_METRICS_TOKEN=NEW)
        process = pathlib.Path("/proc", str(server.process.pid))
        for name in ("environ", "cmdline"):
            text = (process / name).read_bytes()
            self.assertIn(b"PLUV_AUTH_SECRET=" if name == "environ" else b"--secret", text)
            for mark in (OLD, NEW):
                self.assertNotIn(mark.encode(), text, name)
        self.assertTrue(self.accepts(server, OLD))

    def test_leaves_no_core_dump_unless_it_is_asked_to(self):
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        limit = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
        # Sanitizers would set the limit themselves.
        sanitizers = {name: os.environ.get(name, "") + ":disable_coredump=0"
                      for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")}
        for arguments, expected in (([], ["0", "0"]), (["--core-dumps"], [limit, limit])):
            server = Server(self, "--port", "0", *arguments, PLUV_AUTH_SECRET=OLD,
                            **sanitizers,
                            preexec=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
            limits = pathlib.Path("/proc", str(server.process.pid), "limits").read_text()
            found = re.search(r"Max core file size +(\S+) +(\S+)", limits).groups()
            self.assertEqual(list(found), expected)

    # How they are replaced.

    def test_takes_new_secrets_at_a_hang_up_while_sessions_stay(self):
        path = self.file("secrets", f"{OLD}\n")
        server = Server(self, "--port", "0", "--threads", "2", "--secret-file", str(path))
        rooms = ["a", "b", "c", "d"]  # of both loops
        members = [self.client(server, f"?token={token(OLD, room)}", room) for room in rooms]
        for member in members:
            member.join({})
        self.assertEqual([self.accepts(server, one) for one in (OLD, NEW)], [True, False])
        for lines, accepted in (([NEW, OLD], [True, True]), ([NEW], [False, True])):
            path.write_text("\n".join(lines))
            self.hang_up(server, "reloaded")
            self.assertEqual([self.accepts(server, one) for one in (OLD, NEW)], accepted)
        for text, why in (("", "has no secret in it"), ("short", "can be guessed"),
                          ("\n".join(f"{OLD}{at}" for at in range(9)), "9 are set, at most 8"),
                          (None, "cannot read")):
            path.unlink() if text is None else path.write_text(text)
            self.hang_up(server, "reload_refused")
            self.assertRegex(server.text(), f"error +reload_refused .*{why}")
            self.assertEqual([self.accepts(server, one) for one in (OLD, NEW)], [False, True])
        eight = [f"{OLD}{at}" for at in range(7)] + [OLD]
        self.file("secrets", "\n".join(eight))
        self.hang_up(server, "reloaded")
        self.assertTrue(all(self.accepts(server, one) for one in eight))
        self.assertFalse(self.accepts(server, NEW))
        for member in members:  # nobody was sent away
            member.send("$ping", {})
            member.expect("$pong")
        self.assertEqual(server.stop(), 0)

    def test_takes_a_new_metrics_token_at_a_hang_up(self):
        path = self.file("metrics", "the first token")
        server = Server(self, "--port", "0", "--metrics-token-file", str(path),
                        PLUV_AUTH_SECRET=OLD)

        def status(given):
            return server.ask("/metrics", Authorization=f"Bearer {given}")[0].status

        self.assertEqual([status("the first token"), status("the next token")], [200, 401])
        path.write_text("the next token")
        self.hang_up(server, "reloaded")
        self.assertEqual([status("the first token"), status("the next token")], [401, 200])
        path.write_text("")  # not: everybody may read
        self.hang_up(server, "reload_refused")
        self.assertEqual([status(""), status("the next token")], [401, 200])

    def certificate(self, name):
        """Makes one, with its key, where pluvd reads them."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", f"/CN={name}",
                        "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"],
                       check=True, capture_output=True, timeout=WAIT_S)
        return (self.folder / "cert.pem").read_text()

    @unittest.skipUnless(MUST_RUN or shutil.which("openssl"), "openssl makes the certificates")
    def test_takes_a_new_certificate_at_a_hang_up(self):
        first = self.certificate("first")
        server = Server(self, "--port", "0", "--tls-cert", str(self.folder / "cert.pem"),
                        "--tls-key", str(self.folder / "key.pem"), PLUV_AUTH_SECRET=OLD)

        def shown():
            return ssl.get_server_certificate((server.host, server.port), timeout=WAIT_S)

        self.assertEqual(shown(), first)
        second = self.certificate("second")
        self.hang_up(server, "certificate_reloaded")
        self.assertEqual(shown(), second)
        key = (self.folder / "key.pem").read_text()
        self.certificate("third")
        (self.folder / "key.pem").write_text(key)  # half renewed
        self.hang_up(server, "certificate_kept")
        self.assertEqual(shown(), second)
        for line in key.splitlines()[1:-1]:
            self.assertNotIn(line, server.text())

    def test_says_which_settings_need_a_restart(self):
        config = self.file("pluvd.toml", f'secret = "{OLD}"\n')
        server = Server(self, "--port", "0", "--config", str(config))
        config.write_text(f'secret = "{NEW}"\nmax_silence = 1\n')
        self.hang_up(server, "reload_refused")
        self.assertTrue(self.accepts(server, OLD))
        config.write_text(f'secret = "{NEW}"\ndeflate = true\n[limits]\npresence = "1KiB"\n')
        self.hang_up(server, "reload_needs_restart")
        self.assertRegex(server.text(), r'reload_needs_restart reason="deflate, max-presence"')
        until(lambda: self.accepts(server, NEW), "the new secret")

    def test_takes_new_secrets_at_a_hand_over(self):
        path = str(self.folder / "handover.sock")
        first = Server(self, "--port", "0", "--handover", path, "--drain-window", "0",
                       PLUV_AUTH_SECRET=OLD)
        given = token(OLD)
        second = Server(self, "--port", "0", "--handover", path, PLUV_AUTH_SECRET=f"{NEW},{OLD}")
        self.assertEqual(first.process.wait(WAIT_S), 0)
        self.client(second, f"?token={given}").expect("$registered")
        self.assertTrue(self.accepts(second, NEW))

    def test_takes_eight_secrets_and_not_nine(self):
        nine = [f"{OLD}{at}" for at in range(9)]
        server = Server(self, "--port", "0", PLUV_AUTH_SECRET=",".join(nine[:8]))
        self.assertTrue(all(self.accepts(server, one) for one in (nine[0], nine[7])))
        done = run(PLUV_AUTH_SECRET=",".join(nine))
        self.assertEqual(done.returncode, 2)
        self.assertIn("9 are set, at most 8 are allowed", done.stderr)

    def test_ends_with_its_terminal_in_development(self):
        server = Server(self, "--dev", "--port", "0")
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(server.process.wait(WAIT_S), -signal.SIGHUP)

    def test_reads_the_credentials_of_systemd(self):
        # As LoadCredential= and %d give them: a folder to read, files of mode 0400.
        credentials = self.folder / "credentials"
        credentials.mkdir(mode=0o500)
        credentials.chmod(0o700)
        for name, text in (("secrets", f"{NEW}\n{OLD}\n"), ("metrics-token", "a token of metrics")):
            (credentials / name).write_text(text)
            (credentials / name).chmod(0o400)
        credentials.chmod(0o500)
        self.addCleanup(credentials.chmod, 0o700)
        server = Server(self, "--port", "0", CREDENTIALS_DIRECTORY=str(credentials),
                        PLUV_AUTH_SECRET_FILE=f"{credentials}/secrets",
                        PLUV_METRICS_TOKEN_FILE=f"{credentials}/metrics-token")
        self.assertTrue(self.accepts(server, OLD) and self.accepts(server, NEW))
        self.assertEqual(server.ask("/metrics")[0].status, 401)
        self.assertNotIn("doubtful_setting", server.text())

    # Whom its files are for, and who it has to be.

    def test_makes_files_for_its_own_user_alone_whatever_the_umask(self):
        data = self.folder / "new" / "data"
        server = Server(self, "--port", "0", PLUV_DATA=str(data), PLUV_AUTH_SECRET=OLD,
                        preexec=lambda: os.umask(0))
        self.write_a_document(server)
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in data.iterdir()}
        self.assertEqual(set(modes), {"pluv.sqlite", "pluv.sqlite-wal", "pluv.sqlite-shm",
                                      "pluv.sqlite.lock"})
        self.assertEqual(set(modes.values()), {"0o600"}, modes)
        for made in (data, data.parent):
            self.assertEqual(oct(made.stat().st_mode & 0o777), "0o700")
        copy = self.folder / "copy.sqlite"
        subprocess.run([PLUVD, "storage", "backup", copy, "--data", data], check=True,
                       env=environment(), preexec_fn=lambda: os.umask(0), timeout=WAIT_S,
                       capture_output=True)
        self.assertEqual(oct(copy.stat().st_mode & 0o777), "0o600")

    def write_a_document(self, server):
        client = self.client(server, f"?token={token(OLD)}")
        client.join({})
        client.expect("$storageReceived")
        client.send("$updateStorage", {"origin": "$initialized", "update": UPDATE})
        client.send("$ping", {})
        client.expect("$pong")
        other = self.client(server, f"?token={token(OLD)}")
        other.join({})

    def test_needs_no_privilege_and_says_so_to_root(self):
        root = os.geteuid() == 0
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        self.folder.chmod(0o711)
        who = {}
        if root:
            os.chown(data, NOBODY, NOBODY)
            who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        # No home, no folder to be in, nothing to write but its data.
        server = Server(self, "--port", "0", cwd="/", PLUV_DATA=str(data), PLUV_AUTH_SECRET=OLD,
                        HOME="/nonexistent", who=who)
        status = pathlib.Path("/proc", str(server.process.pid), "status").read_text()
        self.assertRegex(status, r"CapEff:\s+0+\n")
        self.write_a_document(server)
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("runs_as_root", server.text())
        shown = run("storage", "show", "demo", "--data", str(data))
        self.assertIn('"a"', shown.stdout, shown.stderr)
        if root:
            self.assertIn("runs_as_root", self.root_says())

    def root_says(self):
        server = Server(self, "--port", "0", PLUV_AUTH_SECRET=OLD)
        server.stop()
        return server.text()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
