# SPDX-License-Identifier: Apache-2.0
"""Hashes on the command line: one line a picture, and never one for a file that has none."""

import json
import os
import re
import sys

import harness
from harness import TROUBLE, case, contains, equal

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
