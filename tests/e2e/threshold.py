# SPDX-License-Identifier: Apache-2.0
"""A reporter that can read nothing of a device before enough different listed pictures matched."""

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time

import harness
from harness import DONE, MATCH, TROUBLE, USAGE, case, cases, contains, equal
from postgresql import Postgresql

THRESHOLD = 3
SCHEMA = os.path.join(os.path.dirname(__file__), "../../tools/hashveil/reports.sql")


def sqlite_store(world):
    return "sqlite:" + world.path("store")


def postgresql_store(world):
    server = Postgresql(world)
    server.load(SCHEMA)
    return server.address


STORES = {"SQLite": sqlite_store, "PostgreSQL": postgresql_store}


def start_reporter(world, threshold=THRESHOLD, store=None, name="reporter"):
    return world.serve("reporter", "serve", "--key", world.key("reporter"), "--list",
                       world.workspace, "--store", store or world.path("store"), "--threshold",
                       str(threshold), name=name)


def scan(world, address, *pictures, spool="spool", threshold=THRESHOLD, exits=MATCH):
    return world.scan(*world.with_key(), "--reporter-key", world.key("reporter") + ".pub",
                      "--spool", world.path(spool), "--reporter", "unix:" + address,
                      "--threshold", str(threshold), *pictures, exits=exits)


def accounts(world, store=None):
    output = world.run("reporter", "list", "--store", store or world.path("store"), "--accounts",
                       "--json").output
    return [json.loads(line) for line in output.splitlines()]


def states(world, store=None):
    return [report["state"] for report in world.stored(store or world.path("store"))]


def count_only(world, store=None):
    return [(row["records"], row["reports"], row["opened"]) for row in accounts(world, store)]


@cases(STORES)
def below_the_threshold_reports_are_counted_and_at_it_all_open(world, row):
    store = row(world)
    _, address = start_reporter(world, store=store)
    listed = world.files("listed")
    copies = [world.path(f"copy {number}.jpg") for number in range(4)]
    for path in copies:
        os.link(listed[0], path)
    scan(world, address, listed[0], listed[1], *copies)
    equal(count_only(world, store), [(2, 6, 0)], "before: records, reports, open")
    equal(states(world, store), [], "reports that can be read")
    scan(world, address, listed[2])
    equal(count_only(world, store), [(3, 7, 7)], "at the threshold")
    equal(states(world, store), 7 * ["confirmed"], "reports that can be read")
    scan(world, address, listed[3])
    equal(count_only(world, store), [(4, 8, 8)], "after")
    equal(len({report["account"] for report in world.stored(store)}), 1, "accounts")


@cases(STORES)
def reports_are_listed_decided_and_exported_from(world, row):
    store = row(world)
    _, address = start_reporter(world, threshold=1, store=store)
    scan(world, address, *world.files("listed")[:3], threshold=1)
    ids = [report["id"] for report in world.stored(store)]
    equal(len(ids), 3, "reports")
    world.run("reporter", "review", "--store", store, "--reviewed", ids[1])
    world.run("reporter", "review", "--store", store, "--retracted", ids[1], exits=TROUBLE)
    world.run("reporter", "review", "--store", store, "--reviewed", 32 * "0", exits=TROUBLE)
    output = world.run("reporter", "export", "--store", store, "--json").output
    rows = [json.loads(line) for line in output.splitlines()]
    equal([(line["id"], line["review"]) for line in rows],
          [(ids[0], "new"), (ids[1], "reviewed"), (ids[2], "new")], "export")


@case
def two_reporters_share_a_database_and_an_account(world):
    store = postgresql_store(world)
    addresses = [start_reporter(world, store=store, name=name)[1] for name in ("one", "two")]
    for number, picture in enumerate(world.files("listed")[:THRESHOLD]):
        scan(world, addresses[number % 2], picture)
    equal(count_only(world, store), [(3, 3, 3)], "records, reports, open")


@case
def a_database_that_is_away_loses_no_report(world):
    server = Postgresql(world)
    server.load(SCHEMA)
    process, address = start_reporter(world, threshold=1, store=server.address)
    scan(world, address, world.files("listed")[0], threshold=1)
    server.stop("fast")
    found = scan(world, address, world.files("listed")[1], threshold=1, exits=TROUBLE)
    contains(found.errors, "the peer has too much to do just now")
    contains(process.stderr.readline(), "hashveil: PostgreSQL: ")
    equal(len(world.waiting(world.path("spool"))), 1, "reports that wait")
    server.start()
    scan(world, address, world.files("others")[0], threshold=1, exits=DONE)
    equal(world.waiting(world.path("spool")), [], "reports that wait")
    equal(states(world, server.address), 2 * ["confirmed"], "reports")


@case
def a_database_without_the_tables_is_told(world):
    server = Postgresql(world)
    outcome = world.run("reporter", "list", "--store", server.address, exits=TROUBLE)
    contains(outcome.errors, 'hashveil: PostgreSQL: ERROR:  relation "reports" does not exist')


@case
def what_is_stored_below_the_threshold_says_nothing_of_the_pictures(world):
    _, address = start_reporter(world)
    listed = world.files("listed")
    scan(world, address, *listed[:THRESHOLD - 1])
    with open(world.path("store"), "rb") as file:
        content = file.read()
    output = world.run("hash", "--json", *listed[:THRESHOLD - 1]).output
    for line in output.splitlines():
        words = [value for value in json.loads(line).values() if isinstance(value, str)]
        hashes = [word for word in words if len(word) == 64]
        assert hashes, line
        for word in hashes:
            assert word.encode() not in content and bytes.fromhex(word) not in content, word
    assert b"picture 0" not in content, "a label is in the store"


@case
def devices_do_not_add_up(world):
    _, address = start_reporter(world)
    listed = world.files("listed")
    for number in range(THRESHOLD):
        scan(world, address, *listed[number:number + 2], spool=f"spool {number}")
    equal(count_only(world), THRESHOLD * [(2, 2, 0)], "accounts")
    equal(states(world), [], "reports that can be read")


@case
def reports_of_another_threshold_are_refused_and_wait(world):
    _, address = start_reporter(world)
    found = scan(world, address, world.files("listed")[0], threshold=2, exits=TROUBLE)
    contains(found.errors, "the reporter expects another threshold")
    equal(accounts(world), [], "accounts")
    equal(len(world.waiting(world.path("spool"))), 1, "reports that wait")
    start_reporter(world, threshold=2, store=world.path("other store"),
                   name="other")
    again = scan(world, world.path("other"), world.files("others")[0], threshold=2, exits=DONE)
    equal(again.summary["reports_delivered"], 1, "delivered")


@case
def an_account_goes_on_after_the_reporter_was_killed(world):
    process, address = start_reporter(world)
    listed = world.files("listed")
    scan(world, address, *listed[:2])
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, address = start_reporter(world)
    scan(world, address, listed[2])
    equal(count_only(world), [(3, 3, 3)], "records, reports, open")


@case
def a_share_that_was_changed_hides_reports_until_enough_right_ones_came(world):
    process, address = start_reporter(world)
    listed = world.files("listed")
    scan(world, address, listed[0])
    process.terminate()
    world.finish(process, DONE)
    with contextlib.closing(sqlite3.connect(world.path("store"))) as database, database:
        database.execute("UPDATE envelopes SET share = zeroblob(16)")
    _, address = start_reporter(world)
    scan(world, address, *listed[1:3])
    equal(count_only(world), [(3, 3, 0)], "with a false share among the last three")
    scan(world, address, listed[3])
    equal(count_only(world), [(4, 4, 3)], "with three right ones behind it")


@case
def a_scan_starts_a_reporter_with_its_own_threshold(world):
    listed = world.files("listed")
    for pictures, count in ((listed[:1], 0), (listed[1:2], 2)):
        world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
                   world.path("spool"), "--report-store", world.path("store"), "--list",
                   world.workspace, "--threshold", "2", *pictures, exits=MATCH)
        equal(len(states(world)), count, "reports that can be read")


@case
def accounts_are_listed_for_people_too(world):
    _, address = start_reporter(world)
    scan(world, address, *world.files("listed")[:2])
    output = world.run("reporter", "list", "--store", world.path("store"), "--accounts").output
    contains(output, accounts(world)[0]["account"] + "\t", "\t2 of 3 records\t2 reports, 0 open\n")


@cases({"zero": "0", "more than 100": "101", "a word": "many"})
def no_threshold_is(world, row):
    for command in (("scan", "--db", world.database, "--key", world.key("evaluator"), "x"),
                    ("reporter", "serve", "--key", world.key("reporter"), "--store",
                     world.path("store"), "--listen", "unix:" + world.path("socket"))):
        world.run(*command, "--threshold", row, exits=USAGE)


KILLS = 200


@case
def two_hundred_kills_lose_no_report_and_repeat_none(world):
    """Each report that a scan has told of is in the spool or with the reporter, once."""
    _, address = start_reporter(world, threshold=1)
    told, kills, number = set(), 0, 0
    spool = world.path("spool")
    begin = time.monotonic()
    scan(world, address, *world.files("listed"), threshold=1)
    whole_s = time.monotonic() - begin
    while kills < KILLS:
        process = world.start("scan", "--json", *world.with_key(), "--reporter-key",
                              world.key("reporter") + ".pub", "--spool", spool, "--reporter",
                              "unix:" + address, *world.files("listed"))
        # Through the whole of a scan again and again, whose length changes with the machine's load.
        time.sleep(whole_s * (number % 20 + 0.5) / 20)
        process.kill()
        output, _ = process.communicate(timeout=harness.MOST_SECONDS)
        is_killed = process.returncode == -signal.SIGKILL
        kills += is_killed
        number += 1
        whole_s *= 1.01 if is_killed else 0.9
        lines = output[:output.rfind("\n") + 1].splitlines()
        told |= {line["report"] for line in map(json.loads, lines) if "report" in line}
        if number % 20 == 0:
            kept = {report["id"] for report in world.stored(world.path("store"))}
            lost = told - kept - set(world.waiting(spool))
            assert not lost, f"after {kills} kills: {lost}"
    scan(world, address, world.files("others")[0], threshold=1, exits=DONE)
    equal(world.waiting(spool), [], "reports that wait at the end")
    kept = [report["id"] for report in world.stored(world.path("store"))]
    equal(len(kept), len(set(kept)), "reports with ids of their own")
    equal(told - set(kept), set(), "reports that were told of and lost")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
