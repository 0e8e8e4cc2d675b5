# SPDX-License-Identifier: Apache-2.0
"""Lists as the programs write them whose formats they are: what they say is what we compute."""

import json
import os
import shutil
import subprocess
import sys

import harness
from harness import DONE, TROUBLE, Skip, cases, contains, equal

# Names that a program may have to escape, or that look like something else in its lines.
NAMES = ["plain.txt", "two words", "a,b", "back\\slash", "line\nend", "*star", "a) = b", "'\"", "#x"]
KINDS = 3


def make_files(world, names):
    os.mkdir(world.path("files"))
    for name in names:
        world.write(os.path.join("files", name), name.encode() * 3)
    return world.path("files")


def run_program(world, command, folder, names):
    if not shutil.which(command[0]):
        raise Skip(f"{command[0]} is not installed")
    output = subprocess.run([*command, *names], cwd=folder, stdout=subprocess.PIPE, check=True)
    return world.write("list", output.stdout)


def digest_counts(world, path, *more, exits=DONE):
    outcome = world.run("db", "import", world.path("work"), path, "--source", "list A", "--label",
                        "x", "--json", *more, exits=exits)
    counts = json.loads(outcome.output)
    return (counts["digests_added"], counts["digests_known"], counts["problems"]), outcome.errors


# A command, and how many digests it prints of each file.
PROGRAMS = {
    "md5sum": (["md5sum"], 1),
    "sha1sum": (["sha1sum"], 1),
    "sha256sum": (["sha256sum"], 1),
    "md5sum --binary": (["md5sum", "--binary"], 1),
    "sha256sum --binary": (["sha256sum", "--binary"], 1),
    "md5sum --tag": (["md5sum", "--tag"], 1),
    "sha1sum --tag": (["sha1sum", "--tag"], 1),
    "sha256sum --tag": (["sha256sum", "--tag"], 1),
    "openssl dgst -r": (["openssl", "dgst", "-r", "-sha256"], 1),
}
# hashdeep has no way of writing a name with a line's end.
DEEP_PROGRAMS = {
    "hashdeep": (["hashdeep"], 2),
    "hashdeep of all kinds": (["hashdeep", "-c", "md5,sha1,sha256,tiger,whirlpool"], 3),
    "hashdeep of relative names": (["hashdeep", "-l", "-c", "sha1"], 1),
    "md5deep": (["md5deep"], 1),
    "sha256deep": (["sha256deep", "-b"], 1),
}


def compare(world, row, names):
    command, kinds = row
    folder = make_files(world, names)
    path = run_program(world, command, folder, names)
    equal(digest_counts(world, folder, "--digests")[0], (len(names) * KINDS, 0, 0), "the files")
    equal(digest_counts(world, path)[0], (0, len(names) * kinds, 0), "the list")


@cases(PROGRAMS)
def names_no_file_otherwise_than_we_do(world, row):
    compare(world, row, NAMES)


@cases(DEEP_PROGRAMS)
def names_no_file_otherwise_than_we_do_in_its_own_format(world, row):
    compare(world, row, [name for name in NAMES if "\n" not in name])


@cases({"sha256sum": (["sha256sum"], 2), "hashdeep": (["hashdeep", "-j0"], 7)})
def an_empty_file_is_told_by_its_line(world, row):
    command, line = row
    folder = make_files(world, ["a"])
    world.write("files/empty", b"")
    path = run_program(world, command, folder, ["a", "empty"])
    (added, _, problems), errors = digest_counts(world, path, exits=TROUBLE)
    equal((added > 0, problems), (True, 1), "counts")
    contains(errors, f"{path}:{line}: it is empty")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
