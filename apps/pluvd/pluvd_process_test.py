#!/usr/bin/env python3
"""The real pluvd as a process: pluvd_process_test.py PATH_OF_pluvd SOURCE_DIR.

Listening line, routes, metrics, tokens, two clients in a room, signals, exit codes, hand-over. Every
server listens on a free port of its own choice and is stopped by its process id.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

PLUVD = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(sys.argv[2]).resolve()
SECRET = "a secret of thirty-two characters"
WAIT_S = 30  # far above what anything takes: machines can be slow, tests must not be flaky


def environment(**variables):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PLUV_", "LISTEN_"))}
    return {**clean, **variables}


def run(*arguments, **variables):
    """A pluvd that ends by itself."""
    return subprocess.run([PLUVD, *arguments], env=environment(**variables), text=True,
                          capture_output=True, timeout=WAIT_S)


class Server:
    """A pluvd that serves; stopped at the end of the test."""

    def __init__(self, test, *arguments, listening=None, who=None, cwd=None, preexec=None,
                 program=(PLUVD,), **variables):
        self.log = tempfile.TemporaryFile("w+")
        if "PLUV_DATA" not in variables:
            folder = tempfile.TemporaryDirectory()
            test.addCleanup(folder.cleanup)
            variables["PLUV_DATA"] = folder.name
        command = [*program, *arguments]
        if listening is not None:  # as systemd starts it: the socket is descriptor 3
            command = ["sh", "-c", f'exec env LISTEN_FDS=1 LISTEN_PID=$$ "$0" "$@" '
                       f"3<&{listening.fileno()}", *command]
        self.process = subprocess.Popen(command, env=environment(**variables),
                                        pass_fds=[listening.fileno()] if listening else [],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        cwd=cwd, preexec_fn=preexec, **(who or {}))
        test.addCleanup(self.kill)
        # It prints the line, or it ends and closes the pipe; CTest's time limit is the bound.
        self.line = self.process.stdout.readline()
        found = re.fullmatch(r"pluvd listening on (https?)://(.+):(\d+)\n", self.line)
        if not found:
            raise AssertionError(f"no listening line: {self.line!r}\n{self.text()}")
        self.host, self.port = found.group(2), int(found.group(3))

    def text(self):
        self.log.seek(0)
        return self.log.read()

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=WAIT_S)
        with contextlib.closing(connection):
            connection.request(method, path, headers={k.replace("_", "-"): v
                                                      for k, v in headers.items()})
            response = connection.getresponse()
            return response, response.read().decode()

    def stop(self, signal_number=signal.SIGTERM):
        self.process.send_signal(signal_number)
        return self.process.wait(WAIT_S)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(WAIT_S)
        self.process.stdout.close()
        self.log.close()


class Client:
    """As much of a WebSocket client as two clients in a room need: text frames under 64 KiB."""

    def __init__(self, test, server, path):
        self.socket = socket.create_connection((server.host, server.port), timeout=WAIT_S)
        test.addCleanup(self.socket.close)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: {server.host}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        self.stream = self.socket.makefile("rb")
        test.addCleanup(self.stream.close)
        self.status = int(self.stream.readline().split()[1])
        while self.stream.readline() not in (b"\r\n", b""):
            pass

    def frame(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode, 0x80 | size]) if size < 126 else \
            bytes([0x80 | opcode, 0x80 | 126]) + size.to_bytes(2, "big")
        body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self.socket.sendall(head + mask + body)

    def send(self, kind, data):
        self.frame(1, json.dumps({"type": kind, "data": data}).encode())

    def receive(self):
        """(opcode, payload) of the next frame."""
        first, second = self.stream.read(2)
        size = second & 0x7f
        if size >= 126:
            size = int.from_bytes(self.stream.read(2 if size == 126 else 8), "big")
        return first & 0x0f, self.stream.read(size)

    def expect(self, kind):
        """The next message of this type; others before it are passed over."""
        while True:
            opcode, payload = self.receive()
            if opcode == 8:
                raise AssertionError(f"closed with {int.from_bytes(payload[:2], 'big')} "
                                     f"before {kind}")
            if opcode == 1 and (message := json.loads(payload))["type"] == kind:
                return message

    def close_code(self):
        while True:
            opcode, payload = self.receive()
            if opcode == 8:
                self.frame(8, payload[:2])
                return int.from_bytes(payload[:2], "big")

    def join(self, presence):
        registered = self.expect("$registered")
        self.send("$initializeSession", {"presence": presence, "update": ""})
        self.expect("$userJoined")
        return registered["connectionId"]


class PluvdTest(unittest.TestCase):
    def dev(self, *arguments, **variables):
        return Server(self, "--dev", "--port", "0", *arguments, **variables)

    def test_tells_where_it_listens_and_ends_with_0(self):
        server = self.dev()
        self.assertEqual(server.line, f"pluvd listening on http://127.0.0.1:{server.port}\n")
        self.assertEqual(server.stop(), 0)
        self.assertIn("development_mode", server.text())

    def test_ends_with_0_on_an_interrupt(self):
        self.assertEqual(self.dev().stop(signal.SIGINT), 0)

    def test_serves_on_when_the_reader_of_its_log_is_gone(self):
        for stream in ("stderr", "stdout"):
            reader, writer = os.pipe()
            process = subprocess.Popen([PLUVD, "--dev", "--port", "0"], env=environment(),
                                       **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                                          stream: writer})
            self.addCleanup(process.kill)
            os.close(writer)
            if stream == "stdout":  # gone before the listening line
                os.close(reader)
                with process.stderr as log:
                    self.assertTrue(any(b" serving " in line for line in log))
            else:
                with process.stdout as line:
                    line.readline()
                os.close(reader)
            # The drain is logged twice on the way.
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(WAIT_S), 0, stream)

    def test_answers_health_and_methods(self):
        server = self.dev()
        for path, body in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
            response, text = server.ask(path)
            self.assertEqual((response.status, text), (200, body))
        response, text = server.ask("/healthz", "HEAD")
        self.assertEqual((response.status, text, response.getheader("Content-Length")),
                         (200, "", "3"))
        response, _ = server.ask("/healthz", "POST")
        self.assertEqual((response.status, response.getheader("Allow")),
                         (405, "GET, HEAD, OPTIONS"))
        self.assertEqual(server.ask("/nothing")[0].status, 404)
        response, page = server.ask("/")
        self.assertEqual(response.status, 200)
        self.assertIn(f"ws://127.0.0.1:{server.port}/api/pluv/room/", page)

    def test_serves_the_metrics_that_its_document_lists(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        config = pathlib.Path(folder.name, "pluvd.toml")
        config.write_text("[projects.a]\npublic_key = 'pk-a'\nsecret_key = 'the secret key of a'\n"
                          "webhook_url = 'http://127.0.0.1:9/'\n"
                          "webhook_secret = 'the webhook secret of a'\n")
        config.chmod(0o600)
        server = self.dev("--config", str(config))
        response, text = server.ask("/metrics")
        self.assertEqual(response.status, 200)
        names = set(re.findall(r"^# TYPE (\S+) ", text, re.M))
        document = (SOURCE / "docs/pluvd.md").read_text().split("## Metrics")[1]
        listed = set()
        for row in re.findall(r"^\| (`.*?) \|", document, re.M):
            listed |= set(re.findall(r"`(\w+)", row))
        self.assertEqual(names, listed)
        self.assertRegex(text, r"(?m)^pluv_connections 1$")

    def test_guards_metrics_by_a_token(self):
        server = self.dev(PLUV_METRICS_TOKEN="let me in")
        self.assertEqual(server.ask("/metrics")[0].status, 401)
        self.assertEqual(server.ask("/metrics", Authorization="Bearer let me in")[0].status, 200)
        self.assertEqual(self.dev("--metrics=false").ask("/metrics")[0].status, 404)

    def test_lets_two_clients_meet_in_a_room(self):
        server = self.dev()
        ann, bob = (Client(self, server, "/api/pluv/room/demo") for _ in range(2))
        ann_id = ann.join({"name": "Ann"})
        bob_id = bob.join({"name": "Bob"})
        self.assertEqual(ann.expect("$userJoined")["data"]["connectionId"], bob_id)
        bob.send("$getOthers", {})
        others = bob.expect("$othersReceived")["data"]["others"]
        self.assertEqual({k: v["presence"] for k, v in others.items()}, {ann_id: {"name": "Ann"}})

        ann.send("$updatePresence", {"presence": {"x": 1}})
        updated = bob.expect("$presenceUpdated")
        self.assertEqual((updated["connectionId"], updated["data"]["presence"]),
                         (ann_id, {"name": "Ann", "x": 1}))
        ann.send("sendMessage", {"message": "hello"})
        for client in (ann, bob):
            message = client.expect("receiveMessage")
            self.assertEqual((message["connectionId"], message["data"]),
                             (ann_id, {"message": "hello"}))
        bob.send("doubleValue", {"value": 21})
        self.assertEqual(bob.expect("doubledValue")["data"], {"value": 42})
        bob.send("doubleValue", {"value": "21"})
        self.assertIn("value", bob.expect("$error")["data"]["message"])
        bob.send("wave", {})
        self.assertEqual(ann.expect("receiveMessage")["data"], {"message": "Hello world!"})
        bob.send("unknownEvent", {"a": 1})
        self.assertEqual(ann.expect("unknownEvent")["data"], {"a": 1})

    def test_closes_clients_with_1012_when_it_drains(self):
        server = self.dev("--drain-window", "0")
        client = Client(self, server, "/api/pluv/room/demo")
        client.join({})
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(client.close_code(), 1012)
        self.assertEqual(server.process.wait(WAIT_S), 0)

    def test_asks_for_tokens_and_makes_them_in_development(self):
        server = self.dev("--auth")
        response, token = server.ask("/api/pluv/authorize?room=demo&id=u1&name=Ann")
        self.assertEqual(response.status, 200)
        client = Client(self, server, f"/api/pluv/room/demo?token={token}")
        client.join({})
        client.send("sendMessage", {"message": "x"})
        self.assertEqual(client.expect("receiveMessage")["user"], {"id": "u1", "name": "Ann"})
        for query in ("", "?token=garbage"):
            stranger = Client(self, server, f"/api/pluv/room/demo{query}")
            self.assertEqual(stranger.close_code(), 3000)
        stranger = Client(self, server, f"/api/pluv/room/other?token={token}")
        self.assertEqual(stranger.close_code(), 3000)
        self.assertEqual(server.ask("/api/pluv/authorize?room=-")[0].status, 400)
        self.assertEqual(server.stop(), 0)
        self.assertNotIn(token, server.text())

    def test_serves_with_a_secret_and_neither_shows_nor_makes_anything(self):
        server = Server(self, "--port", "0", "--log-level", "debug", "--log-format", "json",
                        PLUV_AUTH_SECRET=SECRET)
        self.assertEqual(server.ask("/api/pluv/authorize?room=demo")[0].status, 404)
        self.assertEqual(server.ask("/")[0].status, 404)
        self.assertEqual(Client(self, server, "/api/pluv/room/demo").close_code(), 3000)
        self.assertEqual(server.stop(), 0)
        for line in server.text().splitlines():
            entry = json.loads(line)
            self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertIn(entry["level"], ("debug", "info", "warn", "error"))
        self.assertNotIn(SECRET, server.text())

    def test_refuses_wrong_settings_with_2(self):
        for arguments, expected in (
                (["--port", "70000"], 'pluvd: --port: "70000" is out of range'),
                (["--prot", "1"], "pluvd: --prot is not known; did you mean --port?"),
                (["--dev", "--host", "0.0.0.0"], "pluvd: host: 0.0.0.0"),
                (["--config", "/nowhere.toml"], "pluvd: config: cannot read /nowhere.toml"),
                ([], "pluvd: secret: none is set"),
                (["--secret", "short"], "pluvd: secret: one of 5 characters can be guessed"),
                (["--dev", "--data", "/dev/null/x"], "pluvd: data: cannot make /dev/null/x")):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn(expected, done.stderr)
            self.assertEqual(run("check-config", *arguments).returncode, 2, arguments)

    def test_a_configuration_that_passes_its_check_can_be_started(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "none", "audit.log")
            for wrong in (["--data", "/proc/nope"], ["--audit-log", str(log)]):
                for command in (["check-config"], []):
                    done = run(*command, "--dev", *wrong)
                    self.assertEqual(done.returncode, 2, (command, wrong))
                    self.assertIn(f"pluvd: {wrong[0][2:]}: cannot ", done.stderr)
            data = pathlib.Path(folder, "a", "data")
            log = pathlib.Path(folder, "audit.log")
            done = run("check-config", "--dev", "--data", str(data), "--audit-log", str(log))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [], "nothing was made")

    def test_checks_a_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "pluvd.toml")
            path.write_text(f'secret = "{SECRET}"\n[limits]\nmessage = "8KiB"\n')
            path.chmod(0o600)
            done = run("check-config", PLUV_CONFIG=str(path))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn('secret = ["***"]\n', done.stdout)
            self.assertIn('[limits]\n', done.stdout)
            self.assertIn('message = "8KiB"\n', done.stdout)
            path.write_text('dev = true\nprot = 1\n')
            done = run("check-config", "--config", str(path))
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{path}:2: prot is not a setting; did you mean port?", done.stderr)

    def test_warns_loudly_of_a_weak_secret(self):
        server = Server(self, "--port", "0", PLUV_AUTH_SECRET="1234" * 8)
        self.assertEqual(server.stop(), 0)
        self.assertRegex(server.text(), r"(?m) warn\w* +doubtful_setting .*can be guessed")

    def test_ends_with_3_when_the_port_is_taken(self):
        server = self.dev()
        done = run("--dev", "--port", str(server.port))
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("pluvd: cannot listen:", done.stderr)
        self.assertIn("address", done.stderr.lower())
        self.assertIn(f"ss -ltnp sport = :{server.port}", done.stderr)

    def test_hands_its_socket_over(self):
        with tempfile.TemporaryDirectory() as folder:
            path = str(pathlib.Path(folder, "handover.sock"))
            first = self.dev("--handover", path, "--drain-window", "0")
            second = Server(self, "--dev", "--port", str(first.port), "--handover", path)
            self.assertEqual(second.port, first.port)
            self.assertEqual(first.process.wait(WAIT_S), 0)
            self.assertEqual(second.ask("/readyz")[0].status, 200)
            self.assertEqual(second.stop(), 0)

    def test_takes_no_exposed_socket_over_in_development(self):
        with tempfile.TemporaryDirectory() as folder:
            path = str(pathlib.Path(folder, "handover.sock"))
            first = Server(self, "--host", "0.0.0.0", "--port", "0", "--handover", path,
                           PLUV_AUTH_SECRET=SECRET)
            self.assertEqual(first.host, "0.0.0.0")
            done = run("--dev", "--port", "0", "--handover", path)
            self.assertEqual((done.returncode, done.stdout), (3, ""))
            self.assertIn("listens on 0.0.0.0", done.stderr)
            self.assertEqual(first.ask("/readyz")[0].status, 200)
            second = Server(self, "--port", "1", "--handover", path, PLUV_AUTH_SECRET=SECRET)
            self.assertEqual((second.host, second.port), ("0.0.0.0", first.port))
            self.assertEqual(first.process.wait(WAIT_S), 0)
            self.assertRegex(second.text(), r"address_kept .*unused_port=1\b")

    def test_listens_on_the_socket_of_systemd_across_restarts(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            for _ in range(2):
                server = Server(self, "--port", "1", listening=listening, PLUV_AUTH_SECRET=SECRET)
                self.assertEqual(server.port, port)
                self.assertEqual(server.ask("/readyz")[0].status, 200)
                self.assertEqual(server.stop(), 0)
                with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S):
                    pass  # not refused while nobody serves

    def test_makes_its_data_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "a", "b")
            self.assertEqual(self.dev("--data", str(path)).stop(), 0)
            self.assertEqual(path.stat().st_mode & 0o777, 0o700)
            self.assertEqual([one.name for one in path.iterdir()], ["pluv.sqlite"])

    def test_says_what_it_is(self):
        self.assertRegex(run("--version").stdout, r"^pluvd \d+\.\d+\.\d+\n$")
        self.assertIn("check-config", run("--help").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
