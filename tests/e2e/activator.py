#!/usr/bin/env python3
"""What systemd does for a service with a socket unit, for one process: activator.py COMMAND...

Listens on a free port of the loopback and prints it. Starts COMMAND with that socket as descriptor
3, LISTEN_FDS and LISTEN_PID (sd_listen_fds(3)), and again whenever it has ended. SIGHUP: SIGTERM to
the process, which is a restart. SIGTERM: the same, and the end. Prints each start and each end.
"""

import ctypes
import os
import signal
import socket
import sys

BACKLOG = 4096  # as docs/systemd/pluvd.socket
FIRST_FD = 3
PR_SET_PDEATHSIG = 1


def say(*words):
    print("activator:", *words, flush=True)


def start(listening, command):
    pid = os.fork()
    if pid:
        return pid
    try:
        # It does not outlive this program, however that ends.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(listening, FIRST_FD)  # inheritable, unlike the original
        os.environ["LISTEN_FDS"] = "1"
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.execvp(command[0], command)
    except OSError as error:
        say("cannot start", command[0], error)
    os._exit(127)


def main():
    command = sys.argv[1:]
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as server:
        say("port", server.getsockname()[1])
        # Not 3: a descriptor that is copied onto itself stays closed on exec.
        listening = os.dup(server.fileno())
        serve(listening if listening != FIRST_FD else server.fileno(), command)


def serve(listening, command):
    ending = False
    running = 0

    def pass_on(number, _):
        nonlocal ending
        ending = ending or number == signal.SIGTERM
        if running:
            os.kill(running, signal.SIGTERM)

    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, pass_on)
    while not ending:
        running = start(listening, command)
        say("started", running)
        if ending:  # it was said while there was nobody to tell
            os.kill(running, signal.SIGTERM)
        _, status = os.waitpid(running, 0)
        running = 0
        say("ended", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
