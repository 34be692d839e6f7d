#!/usr/bin/env python3
"""Starts a program as systemd would with the sandbox of a unit, as far as that goes without systemd:

    sandbox.py UNIT DATA_FOLDER PROGRAM [ARGUMENT...]      (as root)

What is carried out: User (an unprivileged one), no capabilities, NoNewPrivileges, UMask, LimitCORE and
LimitNOFILE, PrivateNetwork, ProtectSystem=strict but for DATA_FOLDER, SystemCallFilter with
SystemCallErrorNumber, RestrictAddressFamilies, MemoryDenyWriteExecute. Descriptors and the environment
pass through, LISTEN_PID becomes the program's. The rest (ProtectProc, PrivateUsers, credentials,
control groups) is systemd's alone.
"""

import ctypes
import errno
import os
import pathlib
import re
import resource
import subprocess
import sys

NOBODY = 65534
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 38, 24
ACT_ALLOW, ACT_ERRNO = 0x7fff0000, 0x00050000
CMP_EQ, CMP_MASKED = 4, 7
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
PROT_WRITE, PROT_EXEC = 2, 4

libc = ctypes.CDLL(None, use_errno=True)


class Compared(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]


def settings_of(unit):
    """The unit's lines: name to its values, in order."""
    found = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", pathlib.Path(unit).read_text(), re.M):
        found.setdefault(name, []).append(value)
    return found


def called(done, what):
    if done != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def system_calls(name, known):
    """The calls of a name, which may be a set of systemd's: "@resources"."""
    if not name.startswith("@"):
        return {name}
    out = set()
    for member in known[name]:
        out |= system_calls(member, known)
    return out


def sets_of_systemd():
    """The sets of calls that systemd knows: name to members, sets among them."""
    text = subprocess.run(["systemd-analyze", "syscall-filter"], check=True, text=True,
                          capture_output=True, env={**os.environ, "SYSTEMD_PAGER": ""}).stdout
    known, name = {}, None
    for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines():
        if line.startswith("@"):
            name = line.strip()
            known[name] = []
        elif name and line.startswith(" ") and not line.strip().startswith("#"):
            known[name].append(line.strip())
        elif line.startswith("#"):
            name = None
    return known


def allowed_calls(settings):
    """As systemd.exec(5) says: the first line is a list of what is allowed, "~" takes away. Reading
    the time and the like (@default) is always allowed, and so is execve, which starts the program."""
    known = sets_of_systemd()
    allowed = system_calls("@default", known) | {"execve"}
    for line in settings["SystemCallFilter"]:
        names = set().union(*(system_calls(name, known) for name in line.lstrip("~").split()))
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def load_filter(settings):
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    refused = ACT_ERRNO | getattr(errno, settings["SystemCallErrorNumber"][-1])
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(refused)))

    def allow(name, *compared):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number == -1:
            return  # of another machine
        array = (Compared * len(compared))(*compared)
        failed = seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(ACT_ALLOW), number,
                                                len(compared), array)
        # What this machine reaches otherwise has no number of its own.
        if failed and number >= 0:
            raise OSError(-failed, f"seccomp: {name}")

    families = [FAMILIES[name] for name in settings["RestrictAddressFamilies"][-1].split()]
    for name in sorted(allowed_calls(settings)):
        if name == "socket":
            for family in families:
                allow(name, Compared(0, CMP_EQ, family, 0))
        elif name == "mmap":  # never writable and executable at once
            allow(name, Compared(2, CMP_MASKED, PROT_WRITE, 0))
            allow(name, Compared(2, CMP_MASKED, PROT_EXEC, 0))
        elif name in ("mprotect", "pkey_mprotect"):  # nor executable later
            allow(name, Compared(2, CMP_MASKED, PROT_EXEC, 0))
        else:
            allow(name)
    called(-seccomp.seccomp_load(context), "seccomp_load")


def mount(source, target, flags):
    called(libc.mount(source, target, None, ctypes.c_ulong(flags), None), f"mount {target}")


def enter(settings, data):
    called(libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
    mount(b"none", b"/", MS_REC | MS_PRIVATE)
    read_only = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").open()]
    mount(os.fsencode(data), os.fsencode(data), MS_BIND)  # stays writable
    for place in read_only:
        if not place.startswith(("/proc", "/sys", "/dev")) and "\\" not in place:
            mount(b"none", os.fsencode(place), MS_REMOUNT | MS_BIND | MS_RDONLY)
    os.umask(int(settings["UMask"][-1], 8))
    for name, limit in (("LimitCORE", resource.RLIMIT_CORE), ("LimitNOFILE", resource.RLIMIT_NOFILE)):
        value = int(settings[name][-1])
        most = resource.getrlimit(limit)[1]
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (value, value))
    for capability in range(int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
        called(libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    called(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def main():
    unit, data, *command = sys.argv[1:]
    settings = settings_of(unit)
    # Before the folder of root's own programs may be out of reach.
    environment = {**os.environ}
    if "LISTEN_FDS" in environment:
        environment["LISTEN_PID"] = str(os.getpid())
    enter(settings, data)
    load_filter(settings)
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    main()
