# SPDX-License-Identifier: Apache-2.0
"""A scan that cannot end before the test lets it: its output goes into a pipe that is soon full."""

import fcntl
import os

FILES = 60
NAME_LEN = 200  # so that few lines fill the pipe
PIPE_BYTES = 4096


def start_slow_scan(world, picture, *arguments, **options):
    """Starts a scan of a folder of links to one picture; returns its process, the folder, and its
    first line, by which some files are done and most are not."""
    names = [f"{number:0{NAME_LEN}}.jpg" for number in range(FILES)]
    folder = world.make_folder("many", dict.fromkeys(names, picture))
    readable, writable = os.pipe()
    fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    assert FILES * NAME_LEN > 2 * fcntl.fcntl(writable, fcntl.F_GETPIPE_SZ)
    process = world.start("scan", "--json", *arguments, folder, stdout=writable, **options)
    os.close(writable)
    process.stdout = os.fdopen(readable)
    return process, folder, read_line(readable)


def read_line(descriptor):
    """Reads a line and not a byte more."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        assert byte, f"the output ended within a line: {line!r}"
        line += byte
    return line.decode()
