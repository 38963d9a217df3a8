"""Puts a program in its own place, with what it may change taken away by the kernel (Landlock).

A script of its own, started by `tools/process` as `python -I -S confined.py`: it must import
nothing but the standard library. It exists because a command's text says only what it ought to do.
Linux 5.13 or newer enforces writes, 6.7 or newer also TCP; elsewhere the program runs as it is.
"""

from __future__ import annotations

import ctypes
import os
import sys

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVILEGES = 38
_PATH_BENEATH = 1
_WRITE_FILE = 1 << 1
_CHANGES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
"""Writing, removing and making of all kinds (linux/landlock.h)."""

_REFER, _TRUNCATE = 1 << 13, 1 << 14
_TCP = 0b11
_SCOPES = 0b11
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """The version of Landlock that this kernel has; 0 when it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    found = int(_syscall(_CREATE, None, 0, 1))
    return max(0, found)


def confine(writable: list[str], *, network: bool) -> None:
    """From now on, this process and its children change files only below `writable`, and without
    `network` open no TCP connection. Does what the kernel can. Raises OSError when it can and
    did not."""
    version = abi()
    if version < 1:
        return
    rights = _CHANGES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    net = 0 if network or version < 4 else _TCP
    scoped = _SCOPES if version >= 6 else 0
    attributes = _Ruleset(rights, net, scoped)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(_syscall(_CREATE, ctypes.byref(attributes), size, 0))
    for path in writable:
        _allow(ruleset, path, rights)
    for path in DEVICES:
        _allow(ruleset, path, rights & (_WRITE_FILE | _TRUNCATE))
    library = ctypes.CDLL(None, use_errno=True)
    _checked(library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(_syscall(_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    rule = _PathBeneath(rights, folder)
    _checked(_syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    os.close(folder)


def _syscall(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def main(arguments: list[str]) -> None:
    """`[--network] [--writable PATH]… -- PROGRAM ARGUMENT…`; PROGRAM is an absolute path."""
    end = arguments.index("--")
    given, program = arguments[:end], arguments[end + 1 :]
    writable = [given[at + 1] for at, word in enumerate(given[:-1]) if word == "--writable"]
    try:
        confine(writable, network="--network" in given)
    except OSError as error:
        sys.stderr.write(f"the command could not be confined: {error.strerror}\n")
        raise SystemExit(125) from error
    os.execve(program[0], program, dict(os.environ))


if __name__ == "__main__":
    main(sys.argv[1:])
