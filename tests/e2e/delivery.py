# SPDX-License-Identifier: Apache-2.0
"""Reports between spool and reporter: whatever fails, none is lost, and none counts twice."""

import contextlib
import sqlite3
import sys

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal
from sockets import Peer, Proxy, http_answer

UNREACHABLE = "the peer cannot be reached"


def scan(world, address, paths, code, *arguments):
    """Scans for reports to this address; None for no address."""
    reporter = ("--reporter", address) if address else ()
    found = world.scan(*world.with_key(), *world.with_spool(), *reporter, *arguments, *paths,
                       exits=code)
    found.check_sums()
    return found


def stored_ids(world):
    return sorted(report["id"] for report in world.stored())


def expect_delivered_later(world, waiting):
    """A scan that finds nothing delivers what waits to a reporter that is up, once."""
    reporter, socket = world.reporter(name="later")
    later = scan(world, "unix:" + socket, world.files("others")[:1], DONE)
    equal(later.summary["reports_delivered"], len(waiting), "delivered later")
    equal(world.waiting(world.path("spool")), [], "spool afterwards")
    again = scan(world, "unix:" + socket, world.files("others")[:1], DONE)
    equal(again.summary["reports_delivered"], 0, "delivered again")
    reporter.terminate()
    world.finish(reporter)


@case
def without_a_reporter_the_reports_wait(world):
    found = scan(world, None, world.files("listed")[:3], MATCH)
    equal(world.waiting(world.path("spool")), found.reports(), "spool")
    equal(len(found.reports()), 3, "reports")
    expect_delivered_later(world, found.reports())
    equal(stored_ids(world), sorted(found.reports()), "store")


@case
def while_the_reporter_is_down_the_reports_of_several_scans_wait(world):
    address = "unix:" + world.path("down")
    ids = []
    for paths in (world.files("listed")[:2], world.files("listed")[2:5]):
        found = scan(world, address, paths, TROUBLE)
        equal(found.errors, f"hashveil: {address}: {UNREACHABLE}\n", "messages")
        equal(found.summary["report_trouble"], UNREACHABLE, "trouble in the summary")
        equal(found.classes(), {"match": len(paths)}, "classes")
        ids += found.reports()
    equal(world.waiting(world.path("spool")), ids, "spool")
    expect_delivered_later(world, ids)
    equal(stored_ids(world), sorted(ids), "store")


# What a peer does with a report, and what the scan says of it.
PEERS = {
    "closes after the report": (lambda stream: None, UNREACHABLE),
    "answers nonsense": (lambda stream: stream.send(b"nonsense\r\n\r\n"), "not valid"),
    "refuses": (lambda stream: stream.send(http_answer(b"", "500 X")), "refused"),
    "has no room": (lambda stream: stream.send(http_answer(b"", "507 X")), "no space left"),
    "finds it malformed": (lambda stream: stream.send(http_answer(b"", "400 X")), "not valid"),
    "sends us elsewhere":
        (lambda stream: stream.send(http_answer(b"", "302 X\r\nLocation: http://localhost/")),
         "not valid"),
    "never answers": (lambda stream: stream.receive(), "did not answer in time"),
}


@cases(PEERS)
def the_reports_wait_when_the_reporter(world, row):
    answer, words = row
    peer = Peer(world, "reporter", answer)
    found = scan(world, peer.address, world.files("listed")[:2], TROUBLE, "--timeout", "1")
    contains(found.errors, f"hashveil: {peer.address}: ", words)
    equal(found.summary["reports_delivered"], 0, "delivered")
    equal(world.waiting(world.path("spool")), found.reports(), "spool")
    expect_delivered_later(world, found.reports())
    equal(stored_ids(world), sorted(found.reports()), "store")


@case
def a_lost_acknowledgement_makes_no_second_report(world):
    """libcurl asks a second time by itself, which is not answered either."""
    reporter, socket = world.reporter()

    def pass_on(way, number, head, body):
        return None if way == "response" and number > 1 else head + body

    proxy = Proxy(world, "proxy", socket, pass_on)
    found = scan(world, proxy.address, world.files("listed")[:3], TROUBLE)
    first, second, third = found.reports()
    equal(stored_ids(world), sorted([first, second]), "store after the loss")
    equal(world.waiting(world.path("spool")), [second, third], "spool after the loss")
    reporter.terminate()
    world.finish(reporter)
    expect_delivered_later(world, [second, third])
    equal(stored_ids(world), sorted([first, second, third]), "store")


@case
def a_report_that_arrives_twice_is_one_report(world):
    _, socket = world.reporter()

    def pass_on(way, number, head, body):
        return None if (way, number) == ("response", 2) else head + body

    proxy = Proxy(world, "proxy", socket, pass_on)
    found = scan(world, proxy.address, world.files("listed")[:3], MATCH)
    sent = [body for _, body in proxy.requests]
    equal((len(sent), sent[1]), (4, sent[2]), "what was sent")
    equal(stored_ids(world), sorted(found.reports()), "store")
    equal(world.waiting(world.path("spool")), [], "spool")


@case
def a_reporter_that_is_killed_has_all_that_it_acknowledged(world):
    process, socket = world.reporter()

    def pass_on(way, number, head, body):
        if (way, number) == ("request", 3):
            process.kill()
            process.wait()
            return None
        return head + body

    proxy = Proxy(world, "proxy", socket, pass_on)
    found = scan(world, proxy.address, world.files("listed")[:5], TROUBLE)
    equal(found.summary["reports_delivered"], 2, "delivered")
    equal(stored_ids(world), sorted(found.reports()[:2]), "store")
    equal(world.waiting(world.path("spool")), found.reports()[2:], "spool")
    expect_delivered_later(world, found.reports()[2:])
    equal(stored_ids(world), sorted(found.reports()), "store in the end")


@case
def a_reporter_with_another_key_gets_nothing_it_could_read(world):
    process, socket = world.serve("reporter", "serve", "--key", world.key("reporter", "other-"),
                                  "--store", world.path("other store"), name="other")
    found = scan(world, "unix:" + socket, world.files("listed")[:1], TROUBLE)
    equal(found.errors, f"hashveil: unix:{socket}: not the key that is needed here\n", "messages")
    equal(world.stored(world.path("other store")), [], "store")
    process.terminate()
    world.finish(process)
    expect_delivered_later(world, found.reports())


@case
def two_scans_at_once_share_a_spool_and_a_reporter(world):
    _, socket = world.reporter()
    scans = [world.start("scan", "--json", *world.with_key(), *world.with_spool(), "--reporter",
                         "unix:" + socket, *world.files("listed")) for _ in range(2)]
    found = [harness.Scan(*world.finish(process, MATCH)) for process in scans]
    ids = found[0].reports() + found[1].reports()
    equal(len(set(ids)), 16, "reports")
    equal(stored_ids(world), sorted(ids), "store")
    equal(world.waiting(world.path("spool")), [], "spool")


def foreign_database(world):
    with contextlib.closing(sqlite3.connect(world.path("foreign"))) as database:
        database.execute("CREATE TABLE notes (text)")
        database.commit()
    return world.path("foreign")


BAD_SPOOLS = {
    "a folder": (lambda world: world.folder, "not a regular file"),
    "in a folder that is not there": (lambda world: world.path("absent/spool"), "no such file"),
    "a text": (lambda world: world.write("text", b"text\n" * 999), "not a format"),
    "a database of somebody else": (foreign_database, "not a format"),
    "a workspace": (lambda world: world.workspace, "not a format"),
    "a device": (lambda world: "/dev/full", "not a regular file"),
}


@cases(BAD_SPOOLS)
def nothing_is_scanned_when_the_spool_is(world, row):
    make, words = row
    path = make(world)
    outcome = world.run("scan", *world.with_key(), "--reporter-key", world.key("reporter"),
                        "--spool", path, world.files("listed")[0], exits=TROUBLE)
    equal(outcome.output, "", "output")
    contains(outcome.errors, f"hashveil: {path}: ", words)


@case
def a_match_that_cannot_be_kept_is_told_as_not_reported(world):
    scan(world, None, world.files("others")[:1], DONE)  # makes the spool
    with contextlib.closing(sqlite3.connect(world.path("spool"))) as database:
        database.execute("CREATE TRIGGER t BEFORE INSERT ON report BEGIN "
                         "SELECT RAISE(FAIL, 'no'); END")
        database.commit()
    found = world.scan(*world.with_key(), *world.with_spool(), *world.files("listed")[:2],
                       exits=TROUBLE)
    found.check_sums()
    equal(found.classes(), {"match": 2}, "classes")
    equal(found.reports(), [], "reports")
    contains(found.errors, f"hashveil: {world.path('spool')}: ")
    text = world.run("scan", *world.with_key(), *world.with_spool(), world.files("listed")[0],
                     exits=TROUBLE).output
    contains(text, "; not reported\n")


@case
def a_store_that_cannot_be_used_is_named_and_nothing_is_scanned(world):
    store = world.write("store", b"no store")
    outcome = world.run("scan", *world.with_key(), "--reporter-key", world.key("reporter"),
                        "--spool", world.path("spool"), "--report-store", store,
                        world.files("listed")[0], exits=TROUBLE)
    equal(outcome.output, "", "output")
    contains(outcome.errors, f"hashveil: {store}: not a format", "hashveil: private reporter: ")
    with open(store, "rb") as file:
        equal(file.read(), b"no store", "the file")
    equal(world.left_behind(), [], "what is left")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
