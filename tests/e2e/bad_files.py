# SPDX-License-Identifier: Apache-2.0
"""Files that cannot be checked: each is named with the reason, and the scan goes on."""

import os
import shutil
import struct
import subprocess
import sys
import zlib

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal
from slow_reader import start_slow_scan

PNG_START = b"\x89PNG\r\n\x1a\n"
SOF0 = b"\xff\xc0\x00\x11\x08"  # and then the height and the width, two bytes each


def png_chunk(kind, content):
    return (struct.pack(">I", len(content)) + kind + content +
            struct.pack(">I", zlib.crc32(kind + content)))


def png(width_px, height_px, rows):
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)  # 8 bits, grey
    return (PNG_START + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) +
            png_chunk(b"IEND", b""))


def jpeg(world):
    with open(world.files("listed")[0], "rb") as file:
        return file.read()


def huge_jpeg(world):
    start, end = jpeg(world).split(SOF0, 1)
    return start + SOF0 + struct.pack(">HH", 65500, 65500) + end[4:]


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 0xff]) + content[at + 1:]


# What a file holds, the class of the file, and a word of the reason.
FILES = {
    "a JPEG cut after its first bytes": (lambda w: jpeg(w)[:20], "undecodable", "too early"),
    "a JPEG cut in its tables": (lambda w: jpeg(w)[:300], "undecodable", "too early"),
    "a JPEG cut in the middle": (lambda w: jpeg(w)[:len(jpeg(w)) // 2], "undecodable", "too early"),
    "a JPEG cut before its last row":
        (lambda w: jpeg(w)[:len(jpeg(w)) * 9 // 10], "undecodable", "too early"),
    "a PNG cut in the middle":
        (lambda w: png(64, 64, 64 * 65 * b"a")[:60], "undecodable", "too early"),
    "a PNG with a wrong checksum":
        (lambda w: flipped(png(64, 64, 64 * 65 * b"\0"), 20), "undecodable", "damaged"),
    "a JPEG that declares 4,290 megapixels": (huge_jpeg, "undecodable", "limit"),
    "a PNG that declares 4,290 megapixels":
        (lambda w: png(65500, 65500, b"\0"), "undecodable", "limit"),
    "a PNG that declares a side of 2^31 - 1":
        (lambda w: png(2**31 - 1, 1, b"\0"), "undecodable", "limit"),
    "nothing": (lambda w: b"", "not an image", None),
    "text": (lambda w: b"Not a picture.\n", "not an image", None),
    "a TIFF": (lambda w: b"II*\0" + bytes(100), "not an image", None),
    "zeros": (lambda w: bytes(100000), "not an image", None),
    "a picture of one pixel": (lambda w: png(1, 1, b"\0\0"), "low quality", None),
}


def scan_among_good_ones(world, paths, code):
    """Scans the paths between a picture that is listed and one that is not; returns their lines."""
    listed, other = world.files("listed")[0], world.files("others")[0]
    found = world.scan(*world.with_key(), listed, *paths, other, exits=code)
    found.check_sums()
    first, *middle, last = found.files
    equal((first["class"], last["class"]), ("match", "no known match"), "the files beside it")
    return middle, found


@cases(FILES)
def a_file_that_holds(world, row):
    content, file_class, word = row
    path = world.write("file.jpg", content(world))
    (line,), _ = scan_among_good_ones(world, [path], TROUBLE if word else MATCH)
    equal((line["path"], line["class"]), (path, file_class), "line")
    equal("reason" in line, bool(word), "whether there is a reason")
    if word:
        contains(line["reason"], word)
        text = world.run("scan", *world.with_key(), path, exits=TROUBLE).output
        equal(text.splitlines()[0], f"{path}: {file_class}: {line['reason']}", "text")


def dangling_link(world):
    os.symlink("nowhere", world.path("link.jpg"))
    return world.path("link.jpg")


def fifo(world):
    os.mkfifo(world.path("fifo.jpg"))
    return world.path("fifo.jpg")


def looping_link(world):
    os.symlink("loop.jpg", world.path("loop.jpg"))
    return world.path("loop.jpg")


UNREADABLE = {
    "that is not there": (lambda world: world.path("absent.jpg"), "no such file"),
    "whose folder is not there": (lambda world: world.path("absent/x.jpg"), "no such file"),
    "below a file": (lambda world: os.path.join(world.write("file", b""), "x.jpg"), ""),
    "that is a link to nowhere": (dangling_link, "no such file"),
    "that is a link to itself": (looping_link, ""),
    "that is a pipe nobody writes to": (fifo, "not a regular file"),
    "that is a device": (lambda world: "/dev/zero", "not a regular file"),
    "with a name longer than any": (lambda world: world.path("x" * 300), ""),
}


@cases(UNREADABLE)
def a_path(world, row):
    make, word = row
    path = make(world)
    (line,), _ = scan_among_good_ones(world, [path], TROUBLE)
    equal((line["path"], line["class"]), (path, "unreadable"), "line")
    contains(line["reason"], word)
    assert line["reason"]


@case
def links_and_pipes_below_a_folder_are_passed_over(world):
    folder = world.make_folder("folder", world.files("others")[:1])
    os.symlink(world.files("listed")[0], os.path.join(folder, "link.jpg"))
    os.symlink("nowhere", os.path.join(folder, "dangling.jpg"))
    os.symlink(folder, os.path.join(folder, "round"))
    os.mkfifo(os.path.join(folder, "pipe.jpg"))
    found = world.scan(*world.with_key(), folder, exits=DONE)
    equal([os.path.basename(file["path"]) for file in found.files], ["00.jpg"], "files")


def without_root(world):
    """Returns a command under which permissions hold for root as well."""
    if os.geteuid() != 0:
        return ()
    rights = "-dac_override,-dac_read_search"
    command = ("setpriv", "--bounding-set", rights, "--inh-caps", rights)
    try:
        subprocess.run([*command, "cat", world.write("x", b"")], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise harness.Skip("permissions cannot be made to hold for root here") from error
    return command


@case
def a_file_that_may_not_be_read(world):
    under = without_root(world)
    folder = world.make_folder("folder", world.files("others")[:1])
    shutil.copy(world.files("listed")[0], os.path.join(folder, "01.jpg"))
    os.chmod(os.path.join(folder, "01.jpg"), 0)
    found = world.scan(*world.with_key(), folder, under=under, exits=TROUBLE)
    found.check_sums()
    equal([(file["class"], file.get("reason")) for file in found.files],
          [("no known match", None), ("unreadable", "permission denied")], "files")


@case
def a_folder_that_may_not_be_read(world):
    under = without_root(world)
    folder = world.make_folder("folder", world.files("others")[:1])
    os.mkdir(os.path.join(folder, "locked"), mode=0)
    found = world.scan(*world.with_key(), folder, under=under, exits=TROUBLE)
    equal({os.path.basename(file["path"]): file["class"] for file in found.files},
          {"00.jpg": "no known match", "locked": "unreadable"}, "files")
    contains(found.by_name()["locked"]["reason"], "permission denied")


@case
def a_folder_that_vanishes_during_the_scan(world):
    process, folder, first = start_slow_scan(world, world.files("others")[0], *world.with_key())
    shutil.rmtree(folder)
    found = harness.Scan(*world.finish(process, TROUBLE, first))
    found.check_sums()
    equal(set(found.classes()), {"no known match", "unreadable"}, "classes")
    equal({file["reason"] for file in found.files if file["class"] == "unreadable"},
          {"no such file or folder"}, "reasons")


@case
def a_name_of_odd_bytes_and_control_characters(world):
    folder = os.fsencode(world.make_folder("folder"))
    names = [b"a\nb.jpg", b"c\x1b[2J.jpg", b"d\xff.jpg", "é.jpg".encode(), b"  .jpg"]
    for name in names:
        os.link(world.files("others")[0], os.path.join(folder, name))
    found = world.scan(*world.with_key(), os.fsdecode(folder), exits=DONE)
    paths = [bytes.fromhex(file["path_bytes"]) if "path_bytes" in file else file["path"].encode()
             for file in found.files]
    equal(sorted(os.path.basename(path) for path in paths), sorted(names), "names")


@case
def an_empty_folder_is_done_and_counted_as_nothing(world):
    found = world.scan(*world.with_key(), world.make_folder("empty"), exits=DONE)
    equal((found.files, found.summary["files"]), ([], 0), "files")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
