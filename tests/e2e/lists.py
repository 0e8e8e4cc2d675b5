# SPDX-License-Identifier: Apache-2.0
"""Lists: what an import takes, counts and refuses, and what of it a sealed database shows."""

import hashlib
import json
import os
import sys

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

COUNTS = ("added", "known", "low_quality", "not_images", "problems")


def import_into(world, *paths, exits=DONE, source="list A", label="x", more=()):
    """Returns the counts of each path, in the order of COUNTS, and the messages."""
    outcome = world.run("db", "import", world.path("work"), *paths, "--source", source, "--label",
                        label, "--json", *more, exits=exits)
    lines = [json.loads(line) for line in outcome.output.splitlines()]
    return [tuple(line[name] for name in COUNTS) for line in lines], outcome.errors


def info(world, path):
    return json.loads(world.run("db", "info", "--json", path).output)


def listed(world):
    return os.path.dirname(world.files("listed")[0])


def hash_lines(world, folder):
    """Returns the lines of a text list, as 'hashveil hash' prints them."""
    return world.run("hash", os.path.join(world.pictures, folder)).output.splitlines()


def write_list(world, name, lines):
    return world.write(name, "".join(line + "\n" for line in lines).encode())


@case
def a_folder_is_counted_by_what_became_of_each_file(world):
    folder = world.make_folder("folder", world.files("listed")[:3])
    world.make_folder("folder/below", {"faded.jpg": world.files("faded")[0],
                                       "same.jpg": world.files("listed")[0]})
    world.write("folder/notes.txt", b"notes")
    world.write("folder/cut.jpg", b"\xff\xd8\xff\xe0 cut")
    counts, errors = import_into(world, folder, exits=TROUBLE)
    equal(counts, [(3, 1, 1, 1, 1)], "counts")
    contains(errors, f"hashveil: {folder}/cut.jpg: ")
    equal(info(world, world.path("work"))["hashes"], 3, "hashes")


@case
def importing_the_same_again_changes_nothing(world):
    for number, counts in enumerate([(8, 0, 0, 0, 0), (0, 8, 0, 0, 0), (0, 8, 0, 0, 0)]):
        equal(import_into(world, listed(world)), ([counts], ""), f"import {number}")
    equal(info(world, world.path("work"))["hashes"], 8, "hashes")


@case
def a_text_list_of_a_folder_holds_the_same_hashes(world):
    path = write_list(world, "list", hash_lines(world, "listed"))
    equal(import_into(world, listed(world)), ([(8, 0, 0, 0, 0)], ""), "folder")
    equal(import_into(world, path, source="list B"), ([(0, 8, 0, 0, 0)], ""), "text")
    equal(info(world, world.path("work")), {
        "path": world.path("work"), "kind": "workspace", "hashes": 8, "digests": 0, "digest_kinds": {},
        "sources": {"list A": 8, "list B": 8}, "labels": {"x": 8}, "disputed": 0,
        "ended_claims": 0, "last_change": 2}, "information")


@case
def of_a_text_list_bad_lines_are_named_and_passed_over(world):
    good = hash_lines(world, "listed")
    lines = ["# a list", "", good[0], "no hash", good[1][:63], good[1].split(",")[0], good[0],
             hash_lines(world, "faded")[0], good[2].upper().split(",")[0] + "\r"]
    path = write_list(world, "list", lines)
    counts, errors = import_into(world, path, exits=TROUBLE)
    equal(counts, [(3, 1, 1, 0, 2)], "counts")
    equal([line.rsplit(": ", 1)[0] for line in errors.splitlines()],
          [f"hashveil: {path}:{number}" for number in (4, 5)], "messages")


def digest_counts(world, *paths, more=(), exits=DONE):
    outcome = world.run("db", "import", world.path("work"), *paths, "--source", "list A",
                        "--label", "x", "--json", *more, exits=exits)
    lines = [json.loads(line) for line in outcome.output.splitlines()]
    return [(line["added"], line["digests_added"], line["digests_known"]) for line in lines]


def checksums(path, kind):
    with open(path, "rb") as file:
        return hashlib.new(kind, file.read()).hexdigest()


@case
def checksum_files_are_told_from_lists_of_hashes(world):
    one, two = world.files("listed")[:2]
    plain = write_list(world, "SHA256SUMS", [checksums(one, "sha256") + "  " + one])
    binary = write_list(world, "md5", [checksums(one, "md5") + " *" + one, "words"])
    tagged = write_list(world, "tagged", [f"SHA1 ({one}) = " + checksums(one, "sha1"),
                                          checksums(two, "sha1")])
    hashes = write_list(world, "hashes", hash_lines(world, "listed"))
    equal(digest_counts(world, plain, binary, tagged, hashes, plain, exits=TROUBLE),
          [(0, 1, 0), (0, 1, 0), (0, 2, 0), (8, 0, 0), (0, 0, 1)], "counts")
    described = info(world, world.path("work"))
    equal((described["hashes"], described["digests"]), (8, 4), "entries")
    equal(described["digest_kinds"], {"md5": 1, "sha1": 2, "sha256": 1}, "kinds")
    equal((described["sources"], described["labels"]), ({"list A": 12}, {"x": 12}), "claims")


@case
def of_a_folder_the_digests_of_all_files_are_taken_when_asked_for(world):
    folder = world.make_folder("folder", world.files("listed")[:2])
    world.write("folder/notes.txt", b"notes")
    world.write("folder/empty.txt", b"")
    equal(digest_counts(world, folder), [(2, 0, 0)], "counts without")
    equal(digest_counts(world, folder, more=["--digests"]), [(0, 9, 0)], "counts with")
    equal(digest_counts(world, folder, more=["--digests"]), [(0, 0, 9)], "counts again")


def list_with_bad_line(world):
    return write_list(world, "bad", hash_lines(world, "listed") + ["x"])


def folder_with_bad_picture(world):
    folder = world.make_folder("bad", world.files("listed"))
    world.write("bad/zz.jpg", b"\xff\xd8\xff\xe0 cut")
    return folder


@cases({"a bad line": list_with_bad_line, "a bad picture": folder_with_bad_picture})
def strict_keeps_nothing_of_a_path_with(world, row):
    other = write_list(world, "good", hash_lines(world, "others"))
    counts, errors = import_into(world, row(world), other, exits=TROUBLE, more=["--strict"])
    equal(counts, [], "counts")
    contains(errors, f"hashveil: {world.path('bad')}: nothing of it was imported: ")
    equal(info(world, world.path("work"))["hashes"], 0, "hashes")
    counts, _ = import_into(world, other, more=["--strict"])
    equal(counts, [(8, 0, 0, 0, 0)], "counts of a good list")


BAD_PATHS = {
    "that is not there": (lambda world: world.path("absent"), "no such file"),
    "that is a device": (lambda world: "/dev/zero", "not a regular file"),
    "that is a picture": (lambda world: world.files("listed")[0], ""),
}


@cases(BAD_PATHS)
def a_path_is_refused_and_the_next_one_taken(world, row):
    make, words = row
    good = write_list(world, "good", hash_lines(world, "listed"))
    counts, errors = import_into(world, make(world), good, exits=TROUBLE)
    equal(counts[-1], (8, 0, 0, 0, 0), "counts of the good list")
    contains(errors, f"hashveil: {make(world)}", words)


@cases({"a text": b"text\n" * 999, "zeros": bytes(9999), "half a workspace": None})
def a_workspace_is_not_taken_from(world, row):
    if row is None:
        with open(world.workspace, "rb") as file:
            row = file.read()[:5000]
    path = world.write("work", row)
    for command in (("db", "import", path, listed(world), "--source", "A", "--label", "x"),
                    ("db", "seal", path, world.path("out.hvdb"), "--key", world.key("evaluator"))):
        outcome = world.run(*command, exits=TROUBLE)
        contains(outcome.errors, f"hashveil: {path}: ")
    with open(path, "rb") as file:
        equal(file.read(), row, "the file")


@case
def a_record_names_every_list_that_has_it(world):
    for source, count in (("list A", 2), ("list B", 3), ("list C", 1)):
        write_list(world, source, hash_lines(world, "listed")[:count])
        import_into(world, world.path(source), source=source, label="label of " + source)
    database = world.path("out.hvdb")
    world.run("db", "seal", world.path("work"), database, "--key", world.key("evaluator"))
    equal(info(world, database)["lists"], ["list A", "list B", "list C"], "lists")
    scan = ("--db", database, "--key", world.key("evaluator"))
    found = world.scan(*scan, *world.files("listed")[:4], exits=MATCH)
    equal([file.get("lists") for file in found.files],
          [["list A", "list B", "list C"], ["list A", "list B"], ["list B"], None], "lists")
    text = world.run("scan", *scan, world.files("listed")[0], exits=MATCH).output
    contains(text, ", lists list A,list B,list C; ")


@case
def a_record_keeps_its_id_through_editions(world):
    """A name that a reporter has seen must mean the same picture for ever."""
    seen = []
    for source in ("list A", "list B"):
        import_into(world, listed(world), source=source)
        import_into(world, os.path.dirname(world.files("others")[0]), source=source)
        world.run("db", "seal", world.path("work"), world.path("out.hvdb"), "--key",
                  world.key("evaluator"))
        found = world.scan("--db", world.path("out.hvdb"), "--key", world.key("evaluator"),
                           *world.files("listed"), exits=MATCH)
        seen.append([file["record"] for file in found.files])
    equal(seen[0], seen[1], "record ids")


@case
def an_edition_tells_the_number_of_entries_only_as_a_power_of_two(world):
    sizes = set()
    for count in (1, 8):
        world.folder = world.once(f"{world.folder}/{count}")
        import_into(world, write_list(world, "list", hash_lines(world, "listed")[:count]))
        output = world.run("db", "seal", world.path("work"), world.path("out.hvdb"), "--key",
                           world.key("evaluator"), "--json").output
        sealed = json.loads(output)
        equal((sealed["entries"], sealed["padded_count"]), (count, 1024), "counts")
        sizes.add(os.path.getsize(world.path("out.hvdb")))
    equal(len(sizes), 1, "different sizes")


@case
def listed_hashes_are_not_in_a_sealed_database(world):
    with open(world.database, "rb") as file:
        content = file.read()
    for line in hash_lines(world, "listed"):
        digits = bytes.fromhex(line[:64])
        assert digits not in content and digits[::-1] not in content and digits[:8] not in content


@cases({"an empty workspace": lambda world: import_into(
            world, write_list(world, "list", ["# nothing"])),
        "no workspace": lambda world: None})
def what_cannot_be_sealed_leaves_the_old_database(world, row):
    row(world)
    old = world.write("out.hvdb", b"the old one")
    outcome = world.run("db", "seal", world.path("work"), old, "--key", world.key("evaluator"),
                        exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {world.path('work')}: ")
    with open(old, "rb") as file:
        equal(file.read(), b"the old one", "database")


@case
def a_database_cannot_be_sealed_into_a_folder_that_is_not_there(world):
    path = world.path("absent", "out.hvdb")
    outcome = world.run("db", "seal", world.workspace, path, "--key", world.key("evaluator"),
                        exits=TROUBLE)
    equal(outcome.errors, f"hashveil: {path}: no such file or folder\n", "message")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
