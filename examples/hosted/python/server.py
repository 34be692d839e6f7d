#!/usr/bin/env python3
"""A back end of a hosted pluvd, with nothing but Python: hands out tokens, keeps documents and a log
of what happened, and announces things in rooms. ../README.md says how to start it."""

import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

PORT = int(os.environ.get("PORT", "9000"))
SERVICE = os.environ["PLUV_URL"].rstrip("/")
PUBLIC_KEY = os.environ["PLUV_PUBLIC_KEY"]
SECRET_KEY = os.environ["PLUV_SECRET_KEY"]
WEBHOOK_SECRET = os.environ["PLUV_WEBHOOK_SECRET"]
FOLDER = pathlib.Path(os.environ.get("DATA", "hosted-data"))

BODY_BYTES_MAX = 64 * 1024 * 1024  # a document of 30 MiB in base64, and some more
ROOM = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,254}[A-Za-z0-9])?")
EVENTS = {"initial-storage", "storage-destroyed", "room-destroyed", "user-connected",
          "user-disconnected"}
log_lock = threading.Lock()


def is_room(room):
    return isinstance(room, str) and ROOM.fullmatch(room) is not None


def call_service(target, value, headers=None):
    """Status and body of the answer to a POST."""
    request = urllib.request.Request(
        SERVICE + target, data=json.dumps(value).encode(), method="POST",
        headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def authorize(query):
    """Who may enter which room is up to this back end. A real one asks its session who the user is,
    instead of the query."""
    room = query.get("room")
    if not is_room(room):
        return 400, "room, please\n", {}
    wanted = {"maxAge": None, "publicKey": PUBLIC_KEY, "room": room, "secretKey": SECRET_KEY,
              "user": {"id": query.get("user", "guest")}}
    if query.get("as") == "reader":
        wanted["permissions"] = ["read", "presence"]
    status, body = call_service("/api/room/token", wanted)
    if status == 200:
        return 200, body, {}
    print(f"no token: {status} {body}", file=sys.stderr)
    return 502, "The rooms' server gave no token\n", {}


def is_signed(body, header):
    """The body as it came is what was signed. Compared in a time that tells nothing."""
    wanted = "sha256=" + hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest((header or "").encode(), wanted.encode())


def document_of(room):
    return FOLDER / f"{room}.base64"


def keep_document(room, storage):
    new = FOLDER / f"{room}.base64.new"
    new.write_text(storage)
    new.replace(document_of(room))  # never half a document


def webhook(body, header):
    def answer(status, value, event="unknown"):
        return status, json.dumps(value), {"Content-Type": "application/json",
                                           "x-pluv-event": event}

    def refuse(status, message):
        return answer(status, {"ok": False, "error": {"message": message}})

    if not is_signed(body, header):
        return refuse(401, "Unauthorized")
    payload = json.loads(body)
    event, data = payload["event"], payload["data"]
    room = data["room"]
    if event not in EVENTS or not is_room(room):
        return refuse(400, "Invalid request")
    result = {"event": event, "room": room}
    if event == "initial-storage":
        kept = document_of(room)
        result["storage"] = kept.read_text() if kept.exists() else None
    elif event == "storage-destroyed" and data["storage"]:
        keep_document(room, data["storage"])
    line = {"event": event, "room": room}
    if "user" in data:
        line["user"] = data["user"]["id"]
    with log_lock, open(FOLDER / "events.log", "a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
    return answer(200, {"ok": True, "data": result}, event)


def announce(query, text):
    """The admin API: an event from the server's side to everybody in the room."""
    room = query.get("room")
    if not is_room(room):
        return 400, "room, please\n", {}
    status, _ = call_service(f"/api/v1/rooms/{room}/events",
                             {"event": "announced", "data": {"text": text.decode()}},
                             {"Authorization": f"Bearer {SECRET_KEY}"})
    if 200 <= status < 300:
        return 200, "announced\n", {}
    return 502, f"The rooms' server answered {status}\n", {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        size = int(self.headers.get("Content-Length", "0"))
        if size > BODY_BYTES_MAX:
            self.close_connection = True
            return 413, "The body is too big\n", {}
        body = self.rfile.read(size)
        if (self.command, url.path) == ("GET", "/authorize"):
            return authorize(query)
        if (self.command, url.path) == ("POST", "/webhook"):
            return webhook(body, self.headers.get("x-pluv-signature-256"))
        if (self.command, url.path) == ("POST", "/announce"):
            return announce(query, body)
        return 404, "Not found\n", {}

    def respond(self):
        try:
            status, text, headers = self.answer()
        except Exception as error:  # whatever it was, the caller is told, and the server goes on
            print(repr(error), file=sys.stderr)
            status, text, headers = 500, "Internal server error\n", {}
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = respond

    def log_message(self, *_):
        pass


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
