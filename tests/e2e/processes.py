# SPDX-License-Identifier: Apache-2.0
"""What Linux says about processes that are not our own children."""

import contextlib
import os
import signal


def fields_of(pid):
    """Returns the state and the parent of a process, or None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def is_alive(pid):
    """A zombie is dead, whether or not anybody has asked for its exit code yet."""
    fields = fields_of(pid)
    return fields is not None and fields[0] not in "ZX"


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def mentioning(folder):
    """Returns the processes that were started with arguments below a folder."""
    found = []
    for pid in all_pids():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if os.fsencode(folder) + b"/" in file.read():
                found.append(pid)
    return found


def kill_if_alive(pid):
    if is_alive(pid):
        os.kill(pid, signal.SIGKILL)


def children_of(pid):
    return [child for child in all_pids() if (fields_of(child) or (None, None))[1] == pid]


def is_service(pid):
    """Returns whether a child is a private service: not a decoder, nor one about to become one."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")[1] in (b"evaluator", b"reporter")
    except (OSError, IndexError):
        return False


def catches(pid, number):
    """Returns whether the process has a handler for a signal."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        caught = next(line for line in file if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
