# SPDX-License-Identifier: Apache-2.0
"""Hashes on the command line: one line a picture, and never one for a file that has none."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import harness
from drawing import large_png
from harness import TROUBLE, case, cases, contains, equal

LINE = re.compile(r"([0-9a-f]{64}),(\d{1,3}),(.*)")


def rows(output):
    return [LINE.fullmatch(line).groups() for line in output.splitlines()]


@case
def a_folder_is_hashed_in_the_order_of_names(world):
    folder = world.make_folder("folder", world.files("listed"))
    world.write("folder/notes.txt", b"notes")
    printed = rows(world.run("hash", folder).output)
    equal([path for _, _, path in printed],
          [os.path.join(folder, f"{number:02}.jpg") for number in range(8)], "paths")
    equal({quality for _, quality, _ in printed}, {"100"}, "qualities")
    equal(len({digits for digits, _, _ in printed}), 8, "different hashes")


@case
def json_says_the_same(world):
    paths = world.files("listed")[:2] + world.files("faded")[:1]
    lines = [json.loads(line) for line in world.run("hash", "--json", *paths).output.splitlines()]
    equal([(line["hash"], str(line["quality"]), line["path"]) for line in lines],
          rows(world.run("hash", *paths).output), "lines")


@case
def dihedral_prints_eight_forms_of_which_the_first_is_the_picture(world):
    path = world.files("listed")[0]
    lines = world.run("hash", "--dihedral", path).output.splitlines()
    equal([line.rsplit(",", 1)[1] for line in lines],
          ["original", "rotate-90", "rotate-180", "rotate-270", "flip-x", "flip-y", "flip-plus-1",
           "flip-minus-1"], "forms")
    equal(lines[0].rsplit(",", 1)[0], world.run("hash", path).output.rstrip("\n"), "original")
    equal(len({line[:64] for line in lines}), 8, "different hashes")


@case
def paths_come_from_standard_input(world):
    names = {b"plain.jpg": False, b"with space.jpg": False, b"with\nnewline.jpg": True}
    for name, needs_null in names.items():
        path = os.path.join(os.fsencode(world.folder), name)
        os.link(world.files("listed")[0], path)
        for options, end in ((("--null",), b"\0"), ((), b"\n")):
            if needs_null and not options:
                continue
            with open(world.write("paths", path + end), "rb") as stdin:
                output = world.run("hash", *options, "-", stdin=stdin).output
            contains(output, os.fsdecode(path))


@case
def a_file_that_cannot_be_hashed_has_a_message_and_no_line(world):
    good = world.files("listed")[0]
    bad = {world.path("absent.jpg"): "no such file",
           world.write("text.jpg", b"text"): "not a format",
           world.write("cut.jpg", b"\xff\xd8\xff\xe0 cut"): "",
           world.write("empty.jpg", b""): "empty"}
    outcome = world.run("hash", *bad, good, exits=TROUBLE)
    equal([path for _, _, path in rows(outcome.output)], [good], "lines")
    equal(outcome.errors.count("\n"), len(bad), "messages")
    for path, words in bad.items():
        message = next(line for line in outcome.errors.splitlines() if path in line)
        contains(message.lower(), f"hashveil: {path}: ", words)


def many(world, count):
    """Returns a folder of links to pictures and other files, slow ones and fast ones in turn."""
    pictures = world.files("listed") + world.files("others")
    notes = world.write("notes.txt", b"notes")
    return world.make_folder("many", {
        f"{number:04}": notes if number % 3 == 2 else pictures[number % len(pictures)]
        for number in range(count)})


@case
def lines_keep_their_order_whatever_the_workers(world):
    folder = many(world, 200)
    expected = world.run("hash", "--workers", "1", "--no-sandbox", folder).output
    paths = [path for _, _, path in rows(expected)]
    equal(paths, sorted(paths), "order")
    for workers in "1", "2", "7":
        equal(world.run("hash", "--workers", workers, folder).output, expected, workers)


@case
def a_line_comes_before_the_next_path_is_sent(world):
    process = world.start("hash", "-", stdin=subprocess.PIPE)
    for path in world.files("listed")[:3]:
        process.stdin.write(path + "\n")
        process.stdin.flush()
        equal(rows(process.stdout.readline())[0][2], path, "path")
    process.stdin.close()
    process.stdin = None
    world.finish(process)


@case
def exact_prints_the_digests_of_every_file(world):
    picture = world.files("listed")[0]
    notes = world.write("notes.txt", b"notes")
    empty = world.write("empty", b"")
    cut = world.write("cut.jpg", b"\xff\xd8\xff\xe0 cut")
    paths = [picture, notes, empty, cut]
    outcome = world.run("hash", "--exact", *paths, exits=TROUBLE)
    lines = [line.split(",", 5) for line in outcome.output.splitlines()]
    equal([line[5] for line in lines], paths, "paths")
    for path, line in zip(paths, lines):
        with open(path, "rb") as file:
            content = file.read()
        equal(line[2:5], [hashlib.new(name, content).hexdigest()
                          for name in ("md5", "sha1", "sha256")], path)
    equal([bool(line[0]) for line in lines], [True, False, False, False], "hashes")
    equal(outcome.errors.count("\n"), 1, "messages: only what should be a picture is trouble")
    contains(outcome.errors, cut)
    objects = [json.loads(line) for line in
               world.run("hash", "--exact", "--json", *paths, exits=TROUBLE).output.splitlines()]
    equal([[line.get("hash", ""), str(line.get("quality", "")), line["md5"], line["sha1"],
            line["sha256"], line["path"]] for line in objects], lines, "JSON")


@case
def margins_agree_with_the_bits(world):
    for line in world.run("hash", "--json", "--margins", *world.files("listed")).output.splitlines():
        found = json.loads(line)
        bits = int(found["hash"], 16)
        equal(len(found["margins"]), 256, "margins")
        equal([margin > 0 for margin in found["margins"]],
              [bool(bits >> number & 1) for number in range(256)], "bits")


@case
def policies_part_on_large_pictures_only(world):
    def hashes(path, policy):
        return [digits for digits, _, _ in rows(world.run("hash", "--policy", policy, path).output)]

    small = world.files("listed")[0]
    equal(hashes(small, "full"), hashes(small, "nearest512"), "small")
    large = world.write("large.png", large_png())
    assert hashes(large, "full") != hashes(large, "nearest512")


@cases({"alone": b"", "and half a path": b"/no/such"})
def an_interrupt_ends_the_wait_for_a_path(world, row):
    readable, writable = os.pipe()
    world.stack.callback(os.close, writable)  # open until the case ends
    process = world.start("hash", "-", world.files("others")[0], stdin=readable, process_group=0)
    os.close(readable)
    path = world.files("listed")[0]
    os.write(writable, os.fsencode(path) + b"\n" + row)
    equal(rows(process.stdout.readline())[0][2], path, "path")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    outcome = world.finish(process, TROUBLE)
    equal((outcome.output, outcome.errors.count("\n")), ("", 1), "what else is printed")
    contains(outcome.errors, "hashveil: hash: stopped before its end")


@case
def a_reader_that_goes_away_ends_it(world):
    # With margins it is more than a pipe holds, however slowly this case goes on.
    process = world.start("hash", "--json", "--margins", many(world, 200))
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    outcome = world.finish(process, TROUBLE)
    contains(outcome.errors, "hashveil: standard output: ")


@case
def standard_input_that_cannot_be_read_is_trouble(world):
    descriptor = os.open(world.folder, os.O_RDONLY)
    outcome = world.run("hash", "-", world.files("listed")[0], stdin=descriptor, exits=TROUBLE)
    os.close(descriptor)
    contains(outcome.errors, "hashveil: standard input: ")
    equal(len(rows(outcome.output)), 1, "lines of the other arguments")


@case
def a_path_of_odd_bytes_is_printed_as_it_is(world):
    path = os.path.join(os.fsencode(world.folder), b"caf\xe9,1.jpg")
    os.link(world.files("listed")[0], path)
    process = world.start("hash", path, text=False)
    output = process.communicate(timeout=harness.MOST_SECONDS)[0]
    equal((process.returncode, output.split(b",", 2)[2]), (0, path + b"\n"), "outcome")
    found = json.loads(world.run("hash", "--json", path).output)
    equal(bytes.fromhex(found["path_bytes"]), path, "path_bytes")


@cases({"none": None, "another program": b"#!/bin/true\n"})
def without_its_decoder_nothing_is_decoded(world, row):
    program = os.path.join(world.make_folder("programs"), "hashveil")
    shutil.copy(world.program, program)
    if row:
        with open(program + "-decoder", "wb") as file:
            file.write(row)
        os.chmod(program + "-decoder", 0o755)
    library = {**world.environment, "LD_LIBRARY_PATH":
               os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(world.program))))}
    ran = subprocess.run([program, "hash", world.files("listed")[0]], env=library, check=False,
                         capture_output=True, text=True)
    equal((ran.returncode, ran.stdout), (TROUBLE, ""), "outcome")
    contains(ran.stderr, "hashveil-decoder: no sandbox to decode pictures in")
    ran = subprocess.run([program, "hash", "--no-sandbox", world.files("listed")[0]], env=library,
                         check=False, capture_output=True, text=True)
    equal(ran.returncode, 0, "without a sandbox")


@case
def copies_are_near_and_others_are_far(world):
    def hashes(folder):
        printed = rows(world.run("hash", os.path.join(world.pictures, folder)).output)
        return [(os.path.basename(path)[:2], int(digits, 16)) for digits, _, path in printed]

    listed = dict(hashes("listed"))
    for number, own in hashes("copies"):
        assert (own ^ listed[number]).bit_count() <= 31, number
    for number, own in hashes("others"):
        assert min((own ^ other).bit_count() for other in listed.values()) > 60, number


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
