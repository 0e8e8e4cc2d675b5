# SPDX-License-Identifier: Apache-2.0
"""Exact signals: files of any type, listed by their digests, beside pictures listed by their hash."""

import hashlib
import json
import sys

import harness
from harness import DONE, MATCH, case, contains, equal

LISTED_TEXT = b"a listed document\n"


def import_and_seal(world, *imports):
    """Returns what 'db seal' says of a workspace with all of these, and the database's path."""
    for arguments in imports:
        world.run("db", "import", world.path("work"), *arguments, "--source", "list A", "--label", "x")
    sealed = world.run("db", "seal", "--json", "--key", world.key("evaluator"), world.path("work"),
                       world.path("list.hvdb"))
    return json.loads(sealed.output), world.path("list.hvdb")


def scan(world, database, *paths, exits=MATCH):
    return world.scan("--key", world.key("evaluator"), "--db", database, *paths, exits=exits)


def listed_folder(world):
    folder = world.make_folder("listed", world.files("listed")[:3])
    world.write("listed/document.txt", LISTED_TEXT)
    return folder


@case
def a_folder_with_digests_has_one_record_an_item(world):
    sealed, _ = import_and_seal(world, (listed_folder(world), "--digests"))
    equal((sealed["entries"], sealed["digests"], sealed["records"]), (3, 12, 4), "sealed")
    equal((sealed["labels_left_out"], sealed["tokens_lost"]), (0, 0), "left out")
    equal((sealed["padded_count"], sealed["padded_exact_count"]), (1024, 1024), "padded")


@case
def a_file_matches_by_its_digest_and_a_copy_by_its_hash(world):
    _, database = import_and_seal(world, (listed_folder(world), "--digests"))
    mine = world.make_folder("mine", {"same.jpg": world.files("listed")[0],
                                      "copy.jpg": world.files("copies")[0],
                                      "other.jpg": world.files("others")[0]})
    world.write("mine/same.txt", LISTED_TEXT)
    world.write("mine/changed.txt", LISTED_TEXT.upper())
    found = scan(world, database, mine)
    found.check_sums()
    equal({name: (file["class"], file.get("matched_by")) for name, file in found.by_name().items()},
          {"changed.txt": ("not an image", None), "copy.jpg": ("match", "pdq"),
           "other.jpg": ("no known match", None), "same.jpg": ("match", "sha256"),
           "same.txt": ("match", "sha256")}, "matches")
    same, copy = (found.by_name()[name]["record"] for name in ("same.jpg", "copy.jpg"))
    equal(same, copy, "the record of the file and of its edited copy")


@case
def a_list_of_checksums_alone_finds_files(world):
    world.make_folder("mine")
    world.write("mine/document.txt", LISTED_TEXT)
    world.write("mine/other.txt", b"another")
    md5 = hashlib.md5(LISTED_TEXT).hexdigest()
    sums = world.write("list.md5", f"{md5}  document.txt\n".encode())
    sealed, database = import_and_seal(world, (sums,))
    equal((sealed["entries"], sealed["digests"], sealed["records"]), (0, 1, 1), "sealed")
    found = scan(world, database, world.path("mine"))
    equal(found.classes(), {"match": 1, "not an image": 1}, "classes")
    equal(found.by_name()["document.txt"]["matched_by"], "md5", "signal")


@case
def without_digests_in_the_list_nothing_is_asked_for_documents(world):
    sealed, database = import_and_seal(world, (world.files("listed")[0].rsplit("/", 1)[0],))
    equal((sealed["digests"], sealed["padded_exact_count"]), (0, 0), "digests")
    world.make_folder("mine")
    world.write("mine/document.txt", LISTED_TEXT)
    equal(scan(world, database, world.path("mine"), exits=DONE).classes(), {"not an image": 1})


@case
def the_reporter_confirms_by_digest_and_by_distance(world):
    _, database = import_and_seal(world, (listed_folder(world), "--digests"))
    store = world.path("reports.sqlite")
    mine = world.make_folder("mine", {"copy.jpg": world.files("copies")[0]})
    world.write("mine/same.txt", LISTED_TEXT)
    found = scan(world, database, "--reporter-key", world.key("reporter"), "--spool",
                 world.path("spool"), "--report-store", store, "--list", world.path("work"), mine)
    equal(found.summary["reports_delivered"], 2, "reports")
    reports = [json.loads(line) for line in
               world.run("reporter", "list", "--json", "--store", store).output.splitlines()]
    equal(sorted((report["matched_by"], report["state"]) for report in reports),
          [("pdq", "confirmed"), ("sha256", "confirmed")], "reports")


@case
def near_duplicates_of_two_lists_are_one_record_with_both_labels(world):
    first = world.make_folder("first", world.files("listed")[:1])
    second = world.make_folder("second", world.files("copies")[:1])
    for folder, source, label in ((first, "list A", "a"), (second, "list B", "b")):
        world.run("db", "import", world.path("work"), folder, "--source", source, "--label", label)
    sealed, database = import_and_seal(world)
    equal((sealed["entries"], sealed["records"]), (2, 1), "sealed")
    found = scan(world, database, first)
    equal(found.files[0]["labels"], ["a", "b"], "labels")
    equal(found.files[0]["lists"], ["list A", "list B"], "lists")
    contains(world.run("db", "info", database).output, "lists: list A, list B")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
