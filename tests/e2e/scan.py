# SPDX-License-Identifier: Apache-2.0
"""The main job: keys, list, database, and a scan that finds edited copies and nothing else."""

import contextlib
import os
import re
import sqlite3
import struct
import sys
import zlib

import harness
from harness import DONE, MATCH, case, contains, equal


def records(world):
    """Returns the record id of each listed picture's number, as the curator has them."""
    with contextlib.closing(sqlite3.connect(world.workspace)) as database:
        rows = database.execute("SELECT label, record FROM claim JOIN entry USING (kind, value)")
        return {label.removeprefix("picture "): record.hex() for label, record in rows}


def number_of(file):
    return os.path.basename(file["path"])[:2]


@case
def every_edited_copy_matches_the_record_of_its_original(world):
    found = world.scan(*world.with_key(), os.path.join(world.pictures, "copies"), exits=MATCH)
    found.check_sums()
    equal(len(found.files), 6 * 8, "copies")
    equal(len(set(records(world).values())), 8, "records")
    for file in found.files:
        equal(file["class"], "match", file["path"])
        equal(file["record"], records(world)[number_of(file)], file["path"])
        equal(file["labels"], ["picture " + number_of(file)], file["path"])
        equal(file["lists"], ["list A"], file["path"])
        assert file["matched_by"] == "pdq" and 2 <= file["masks"] <= 32, file


@case
def a_listed_picture_itself_matches_its_record(world):
    found = world.scan(*world.with_key(), os.path.join(world.pictures, "listed"), exits=MATCH)
    equal({number_of(file): file["record"] for file in found.files}, records(world), "records")


@case
def turned_copies_match_where_they_are_asked_for(world):
    folder = os.path.join(world.pictures, "turned")
    equal(world.scan(*world.with_key(), folder).classes(), {"no known match": 16}, "classes")
    found = world.scan(*world.with_key(), "--dihedral", folder, exits=MATCH)
    found.check_sums()
    equal(len(found.files), 16, "copies")
    for file in found.files:
        equal(file["class"], "match", file["path"])
        equal(file["record"], records(world)[number_of(file)], file["path"])


@case
def turned_copies_are_confirmed_by_the_reporter(world):
    store = world.path("turned.sqlite")
    folder = os.path.join(world.pictures, "turned")
    found = world.scan(*world.with_key(), "--dihedral", "--reporter-key", world.key("reporter"),
                       "--spool", world.path("spool"), "--report-store", store,
                       "--list", world.workspace, folder, exits=MATCH)
    equal(found.summary["reports_delivered"], 16, "reports")
    with contextlib.closing(sqlite3.connect(store)) as reports:
        states = reports.execute("SELECT state, count(*) FROM reports GROUP BY state").fetchall()
    equal(states, [("confirmed", 16)], "states")


def two_policy_png(side):
    """A picture of which nearest512 sees other pixels than those that most of it consists of."""
    def row(y):
        return bytes((x // 90 * 70 + y // 170 * 50 if x % 2 == 0 and y % 2 == 0 else
                      x // 230 * 110 + y // 75 * 90) % 256 for x in range(side))

    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content +
                struct.pack(">I", zlib.crc32(kind + content)))
    pixels = b"".join(b"\0" + row(y) for y in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", side, side, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


@case
def a_list_made_under_the_other_policy_finds_large_pictures_and_is_confirmed(world):
    folder = world.make_folder("large")
    world.write("large/picture.png", two_policy_png(1024))
    hashes = [int(world.run("hash", "--policy", policy, folder).output[:64], 16)
              for policy in ("full", "nearest512")]
    assert (hashes[0] ^ hashes[1]).bit_count() > 64, hashes
    for policy in ("full", "nearest512"):
        workspace, database = world.path(policy), world.path(policy + ".hvdb")
        world.run("db", "import", workspace, folder, "--policy", policy, "--source", "list A",
                  "--label", "x")
        world.run("db", "seal", workspace, database, "--key", world.key("evaluator"))
        for more in ((), ("--exact-decode",), ("--policy", "nearest512")):
            found = world.scan("--key", world.key("evaluator"), "--db", database, "--reporter-key",
                               world.key("reporter"), "--spool", world.path("spool"),
                               "--report-store", world.path("store"), "--list", workspace, *more,
                               folder, exits=MATCH)
            equal(found.classes(), {"match": 1}, policy)
    equal([report["state"] for report in world.stored()], ["confirmed"] * 6, "reports")


@case
def pictures_that_are_not_listed_do_not_match(world):
    found = world.scan(*world.with_key(), os.path.join(world.pictures, "others"), exits=DONE)
    found.check_sums()
    equal(found.classes(), {"no known match": 8}, "classes")
    for file in found.files:
        equal(sorted(file), ["class", "path", "quality"], "keys of a line")


@case
def pictures_of_low_quality_are_counted_and_do_not_match(world):
    found = world.scan(*world.with_key(), os.path.join(world.pictures, "faded"), exits=DONE)
    found.check_sums()
    equal(found.classes(), {"low quality": 8}, "classes")
    assert all(file["quality"] < 50 for file in found.files), found.files


@case
def a_mix_is_told_apart_in_the_order_of_the_walk(world):
    mix = world.make_folder("mix")
    copies = world.files("copies")
    world.make_folder("mix/b", world.files("others")[:3])
    world.make_folder("mix/a", [copies[0], copies[13]])
    world.write("mix/c.txt", b"no picture\n")
    found = world.scan(*world.with_key(), mix, world.files("faded")[0], exits=MATCH)
    found.check_sums()
    equal([file["class"] for file in found.files],
          2 * ["match"] + 3 * ["no known match"] + ["not an image", "low quality"], "classes")
    equal([os.path.relpath(file["path"], mix) for file in found.files[:-1]],
          ["a/" + os.path.basename(copies[0]), "a/" + os.path.basename(copies[13]), "b/00.jpg",
           "b/01.jpg", "b/02.jpg", "c.txt"], "paths")


def some_of_each(world):
    """Returns paths of pictures of every kind; the copies are differently edited."""
    return (world.files("copies")[::7] + world.files("listed")[:1] + world.files("others")[:2] +
            world.files("faded")[:1])


@case
def a_running_evaluator_gives_the_same_verdicts(world):
    _, socket = world.evaluator()
    private = world.scan(*world.with_key(), *some_of_each(world), exits=MATCH)
    running = world.scan("--db", world.database, "--evaluator", "unix:" + socket,
                         *some_of_each(world), exits=MATCH)
    equal(running.files, private.files, "files")
    equal(running.summary, private.summary, "summary")


@case
def one_worker_and_many_print_the_same(world):
    one = world.scan(*world.with_key(), "--workers", "1", *some_of_each(world),
                     exits=MATCH)
    many = world.scan(*world.with_key(), "--workers", "7", *some_of_each(world),
                      exits=MATCH)
    equal(many.files, one.files, "files")


@case
def text_has_one_line_a_file_and_a_summary_that_adds_up(world):
    mix = world.make_folder("mix", [world.files("copies")[0]])
    world.make_folder("mix/x", world.files("others")[:2])
    copy, *others, counts, reports = world.run("scan", *world.with_key(), mix,
                                               exits=MATCH).output.splitlines()
    pattern = r": match: picture 00 \(record [0-9a-f]{32}, lists list A; pdq, \d+ masks\); not reported"
    assert re.fullmatch(re.escape(world.path("mix", "00-brightened.jpg")) + pattern, copy), copy
    equal(others, [f"{world.path('mix/x', name)}: no known match" for name in ("00.jpg", "01.jpg")],
          "lines")
    total, rest = counts.split(" files: ")
    equal([total, sum(int(part.split()[0]) for part in rest.split(", "))], ["3", 3], counts)
    contains(rest, "1 match", "2 no known match")
    equal(reports, "0 matches reported, 0 reports delivered")


@case
def no_text_promises_that_a_picture_is_harmless(world):
    outcome = world.run("scan", *world.with_key(), *some_of_each(world), exits=MATCH)
    help_text = world.run("scan", "--help").output
    for text in (outcome.output, outcome.errors, help_text):
        assert not re.search(r"(?i)\b(safe|clean|harmless|innocent)\b", text), text


@case
def quiet_prints_matches_and_trouble_only(world):
    copies = world.files("copies")[:2]
    mix = world.make_folder("mix", copies + world.files("others")[:2])
    world.write("mix/z.jpg", b"\xff\xd8\xff\xe0 cut")
    outcome = world.run("scan", "--quiet", *world.with_key(), mix, exits=harness.TROUBLE)
    lines = outcome.output.splitlines()
    equal(len(lines), 2 + 1 + 2, "lines")
    equal([line.split(": ")[1] for line in lines[:3]], ["match", "match", "undecodable"], "classes")
    contains(lines[3], "5 files: ")
    found = world.scan("--quiet", *world.with_key(), mix, exits=harness.TROUBLE)
    equal(len(found.files), 3, "JSON lines")
    equal(found.summary["files"], 5, "files in the summary")


@case
def without_a_reporters_key_matches_are_printed_and_standard_error_says_so(world):
    outcome = world.run("scan", *world.with_key(), world.files("listed")[0], exits=MATCH)
    contains(outcome.output, ": match: ", "; not reported\n")
    contains(outcome.errors, "hashveil: scan: ", "--reporter-key")


@case
def every_match_is_confirmed_by_its_true_distance(world):
    found = world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
                       world.path("spool"), "--report-store", world.path("store"), "--list",
                       world.workspace, *some_of_each(world), exits=MATCH)
    found.check_sums()
    stored = {report["id"]: report for report in world.stored()}
    matches = [file for file in found.files if file["class"] == "match"]
    equal(sorted(stored), sorted(file["report"] for file in matches), "report ids")
    equal(found.summary["reports_delivered"], len(matches), "delivered")
    equal(world.waiting(world.path("spool")), [], "spool")
    listed = hashes(world, "listed")
    own = {**listed, **hashes(world, "copies")}
    for file in matches:
        report = stored[file["report"]]
        distance = (own[file["path"]] ^ listed[original_of(world, file)]).bit_count()
        equal((report["state"], report["distance"]), ("confirmed", distance), file["path"])
        equal(int(report["hash"], 16), own[file["path"]], file["path"])
        equal([report[key] for key in ("record", "quality")],
              [file[key] for key in ("record", "quality")], file["path"])
        equal(report.get("labels") or [report["label"]], file["labels"], file["path"])


def original_of(world, file):
    return os.path.join(world.pictures, "listed", number_of(file) + ".jpg")


def hashes(world, folder):
    output = world.run("hash", os.path.join(world.pictures, folder)).output
    rows = (line.split(",", 2) for line in output.splitlines())
    return {path: int(digits, 16) for digits, _, path in rows}


@case
def a_report_that_the_list_does_not_bear_out_is_rejected(world):
    other = world.path("other.work")
    world.run("db", "import", other, os.path.join(world.pictures, "others"), "--source", "B",
              "--label", "x")
    world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
               world.path("spool"), "--report-store", world.path("store"), "--list", other,
               world.files("listed")[0], exits=MATCH)
    report, = world.stored()
    equal(report["state"], "rejected", "state")
    assert report["distance"] > 31, report


@case
def a_report_is_unchecked_where_the_reporter_has_no_list(world):
    world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
               world.path("spool"), "--report-store", world.path("store"),
               world.files("listed")[0], exits=MATCH)
    report, = world.stored()
    equal((report["state"], "distance" in report), ("unchecked", False), "state")
    columns = world.run("reporter", "list", "--store", world.path("store")).output.split("\t")
    equal(columns[1:4], ["unchecked", "-", "picture 00"], "columns")


@case
def reports_wait_in_the_users_state_folder_when_no_spool_is_named(world):
    for name, folder in (("home", ".local/state"), ("state", "")):
        base = world.make_folder(name)
        environment = {"HOME": base} if folder else {"XDG_STATE_HOME": base}
        found = world.scan(*world.with_key(), "--reporter-key", world.key("reporter") + ".pub",
                           world.files("listed")[0], exits=MATCH,
                           env={**world.environment, **environment})
        home = os.path.join(base, folder, "hashveil")
        equal(os.stat(home).st_mode & 0o7777, 0o700, home)
        spool = os.path.join(home, "spool.sqlite")
        equal(os.stat(spool).st_mode & 0o7777, 0o600, spool)
        equal(world.waiting(spool), found.reports(), spool)


@case
def private_services_leave_nothing_behind(world):
    world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
               world.path("spool"), "--report-store", world.path("store"),
               world.files("listed")[0], exits=MATCH)
    equal(world.left_behind(), [], "what is left")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
