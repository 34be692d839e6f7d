#!/usr/bin/env python3
"""Each scenario of pluv-bench for a moment against pluvd; and servers that lose, repeat or reorder
what they are sent, which it has to notice.  load_test.py PLUV_BENCH PLUVD"""
import asyncio
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import xml.dom.minidom

BENCH, PLUVD = sys.argv[1:3]


def bench(*arguments, timeout=60):
    return subprocess.run([BENCH, *arguments], capture_output=True, text=True, timeout=timeout)


class Relay:
    """A WebSocket server that sends every text to all, as far as `fault` lets it: it is given the
    number of the text among those with a stamp, and the texts that go out instead."""

    def __init__(self, fault=lambda number, text: [text]):
        self.fault = fault
        self.count = 0
        self.writers = []
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        if not ready.wait(10):
            raise RuntimeError("the relay does not start")

    async def serve(self, ready):
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await asyncio.Event().wait()

    async def talk(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = re.search(r"Sec-WebSocket-Key: (\S+)", head).group(1)
            accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         b"Connection: Upgrade\r\nSec-WebSocket-Accept: " +
                         base64.b64encode(accept) + b"\r\n\r\n")
            self.writers.append(writer)
            while True:
                first, second = await reader.readexactly(2)
                size = second & 0x7f
                if size == 126:
                    size = int.from_bytes(await reader.readexactly(2), "big")
                mask = await reader.readexactly(4)
                data = await reader.readexactly(size)
                text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
                texts = [text]
                if b'"x":' in text:
                    self.count += 1
                    texts = self.fault(self.count, text)
                for out in texts:
                    head = bytes([0x81, len(out)]) if len(out) < 126 else \
                        bytes([0x81, 126]) + len(out).to_bytes(2, "big")
                    for other in self.writers:
                        other.write(head + out)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers = [other for other in self.writers if other is not writer]
            writer.close()


class ServersThatAreWrong(unittest.TestCase):
    def run_against(self, relay):
        return bench("broadcast", "--protocol", "relay", "--port", str(relay.port),
                     "--clients", "3", "--in-flight", "8", "--seconds", "0.3")

    def test_one_that_is_right(self):
        done = self.run_against(Relay())
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_one_that_loses(self):
        done = self.run_against(Relay(lambda number, text: [] if number == 20 else [text]))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "got event 21 after 19|events have not come")

    def test_one_that_repeats(self):
        done = self.run_against(Relay(lambda number, text: [text] * (2 if number == 20 else 1)))
        self.assertEqual(done.returncode, 1)
        self.assertIn("got event 20 after 20", done.stderr)

    def test_one_that_reorders(self):
        held = []

        def swap(number, text):
            if number == 20:
                held.append(text)
                return []
            return [text, held.pop()] if held else [text]
        done = self.run_against(Relay(swap))
        self.assertEqual(done.returncode, 1)
        self.assertIn("got event 21 after 19", done.stderr)

    def test_one_that_is_not_there(self):
        done = bench("broadcast", "--port", "1", "--clients", "2", "--seconds", "0.1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("client 0: cannot", done.stderr)


class Scenarios(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="pluv-load-")
        cls.server = subprocess.Popen(
            [PLUVD, "--dev", "--port", "0", "--data", cls.folder.name, "--log-level", "error",
             "--rate-limit", "0"], stdout=subprocess.PIPE, text=True)
        cls.port = re.search(r":(\d+)$", cls.server.stdout.readline().strip()).group(1)

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait()
        cls.server.stdout.close()
        cls.folder.cleanup()

    def measure(self, scenario, *arguments, seconds="1"):
        result = pathlib.Path(self.folder.name) / "result.json"
        plot = pathlib.Path(self.folder.name) / "plot.svg"
        done = bench(scenario, "--port", self.port, "--pid", str(self.server.pid),
                     "--seconds", seconds, "--json", str(result), "--plot", str(plot), *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for name, value in json.loads(result.read_text()).items():
            self.assertIn(name, done.stdout)
            if name.startswith("server_cpu"):
                self.assertGreaterEqual(value, 0)
        self.assertIn("</text>", xml.dom.minidom.parse(str(plot)).toxml())
        return json.loads(result.read_text())

    def test_presence(self):
        found = self.measure("presence", "--clients", "10", "--rate", "5")
        self.assertEqual(found["deliveries"] + found["conflated"], 10 * 5 * 10)
        self.assertEqual(found["latency_ms"]["count"], found["deliveries"])
        self.assertGreater(found["server_cpu_ms_per_join"], 0)

    def test_presence_of_some(self):
        found = self.measure("presence", "--clients", "20", "--senders", "3", "--rate", "10")
        self.assertEqual(found["deliveries"] + found["conflated"], 3 * 10 * 20)

    def test_a_rate_at_which_not_everybody_has_a_turn(self):
        found = self.measure("rooms", "--rooms", "10", "--per-room", "2", "--rate", "0.25")
        self.assertEqual(found["deliveries"] + found["conflated"], 5 * 2)
        found = self.measure("presence", "--clients", "5", "--rate", "0.001", seconds="0.2")
        self.assertEqual(found["deliveries"], 5)

    def test_rooms(self):
        found = self.measure("rooms", "--rooms", "10", "--per-room", "3", "--rate", "5")
        self.assertEqual(found["deliveries"] + found["conflated"], 10 * 3 * 5 * 3)

    def test_broadcast(self):
        found = self.measure("broadcast", "--clients", "5", "--in-flight", "16")
        self.assertGreater(found["deliveries"], 0)
        self.assertEqual(found["deliveries"] % 5, 0)

    def test_storage(self):
        for rate in ("100", "0"):
            found = self.measure("storage", "--clients", "4", "--rate", rate, "--document", "5000")
            self.assertEqual(found["latency_ms"]["count"], found["updates"] * 3)
            self.assertGreater(found["one_join_ms"], 0)
        self.assertGreater(found["updates"], 0)

    def test_storage_without_a_document(self):
        found = self.measure("storage", "--clients", "3", "--rate", "50")
        self.assertEqual(found["updates"], 50)

    def test_join(self):
        found = self.measure("join", "--clients", "20", "--document", "50000")
        self.assertEqual(found["join_ms"]["count"], 20)
        self.assertGreater(found["bytes_per_join"], 50000)

    def test_cold(self):
        found = self.measure("cold", "--rooms", "20", "--document", "3000", "--rate", "15")
        self.assertEqual((found["joins"], found["join_ms"]["count"]), (15, 15))

    def test_mixed(self):
        found = self.measure("mixed", "--clients", "60", "--rooms", "10", seconds="4")
        self.assertGreater(found["keystrokes"], 0)
        self.assertGreater(found["joins"], 0)
        self.assertGreater(found["presence_ms"]["count"], 0)
        self.assertGreater(found["update_ms"]["count"], 0)

    def test_idle(self):
        found = self.measure("idle", "--clients", "50", "--per-room", "2")
        self.assertEqual(found["join_ms"]["count"], 50)

    def test_is_misused(self):
        for arguments in ((), ("presence",), ("presence", "--port", self.port, "--clients", "1"),
                          ("walk", "--port", self.port),
                          ("presence", "--port", self.port, "--protocol", "gopher"),
                          ("presence", "--port", self.port, "--core", "4096")):
            self.assertEqual(bench(*arguments).returncode, 2, arguments)
        done = bench("idle", "--port", self.port, "--clients", "1", "--seconds", "0.1",
                     "--json", os.path.join(self.folder.name, "none", "x.json"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot write", done.stderr)

    def test_what_a_protocol_has_not(self):
        done = bench("presence", "--protocol", "relay", "--port", self.port)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "pluv-bench: this protocol has no presence\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
