# SPDX-License-Identifier: Apache-2.0
"""Scans that are ended from outside: nothing that was told is lost, nothing is left running."""

import os
import random
import re
import signal
import sys
import time

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal
from processes import catches, children_of, is_alive, is_service
from slow_reader import start_slow_scan
from sockets import Proxy

ROUNDS = 15
REPORT = re.compile(r'"report":"([0-9a-f]{32})".*\}\n')


def kill_after(process, pause_s):
    """Kills a scan, wherever it is by then; returns the reports of the lines that it printed."""
    time.sleep(pause_s)
    process.kill()
    output, errors = process.communicate(timeout=harness.MOST_SECONDS)
    assert process.returncode in (-signal.SIGKILL, MATCH), (process.returncode, errors)
    return REPORT.findall(output)


def ids_of(world):
    """Returns what waits and what has arrived."""
    return world.waiting(world.path("spool")), [report["id"] for report in world.stored()]


def arguments(world, reporter_address):
    return (*world.with_key(), *world.with_spool(), "--reporter", reporter_address)


@case
def a_scan_killed_at_any_moment_loses_no_report_that_it_printed(world):
    _, socket = world.reporter()
    command = ("scan", "--json", *arguments(world, "unix:" + socket), *world.files("listed"))
    seed = int.from_bytes(os.urandom(4), "little")
    draw = random.Random(seed)
    start = time.monotonic()
    printed = REPORT.findall(world.run(*command, exits=MATCH).output)
    whole_s = time.monotonic() - start
    for number in range(ROUNDS):
        printed += kill_after(world.start(*command), draw.uniform(0, whole_s))
        waiting, stored = ids_of(world)
        lost = set(printed) - set(waiting) - set(stored)
        equal(lost, set(), f"lost in round {number} of seed {seed}")
    world.scan(*arguments(world, "unix:" + socket), world.files("others")[0], exits=DONE)
    waiting, stored = ids_of(world)
    equal(waiting, [], "what waits in the end")
    equal(len(set(stored)), len(stored), "different reports")
    equal(len(set(printed)), len(printed), "different printed reports")
    # A report is on disk before it is told, so each kill may leave one untold, and no more.
    assert set(printed) <= set(stored) and len(stored) - len(printed) <= ROUNDS, \
        f"{len(stored)} stored, {len(printed)} printed, seed {seed}"


@cases({f"{way} {number}": (way, number)
        for way in ("request", "response") for number in (1, 2, 5)})
def a_scan_killed_while_it_delivers_loses_and_doubles_nothing_at(world, row):
    _, socket = world.reporter()

    def pass_on(way, number, head, body):
        if (way, number) == row:
            process.kill()
            process.wait()
            return None
        return head + body

    proxy = Proxy(world, "proxy", socket, pass_on)
    process = world.start("scan", "--json", *arguments(world, proxy.address),
                          *world.files("listed")[:5])
    printed = REPORT.findall(process.communicate(timeout=harness.MOST_SECONDS)[0])
    equal(process.returncode, -signal.SIGKILL, "exit code")
    equal(len(printed), 5, "printed reports")
    waiting, stored = ids_of(world)
    equal(set(waiting) | set(stored), set(printed), "reports after the kill")
    world.scan(*arguments(world, "unix:" + socket), world.files("others")[0], exits=DONE)
    waiting, stored = ids_of(world)
    equal((waiting, sorted(stored)), ([], sorted(printed)), "reports in the end")


@case
def a_match_is_in_the_spool_before_it_is_told(world):
    process, _, first = start_slow_scan(world, world.files("listed")[0], *world.with_key(),
                                        *world.with_spool())
    printed = REPORT.findall(first) + kill_after(process, 0)
    assert printed
    equal(set(printed) - set(world.waiting(world.path("spool"))), set(), "lost")


@cases({"SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP})
def a_scan_ends_with_a_summary_after(world, row):
    """The signal goes to the whole group, as that of Ctrl-C does."""
    process, _, first = start_slow_scan(
        world, world.files("listed")[0], *world.with_key(), "--reporter-key", world.key("reporter"),
        "--spool", world.path("spool"), "--report-store", world.path("store"),
        start_new_session=True)
    os.killpg(process.pid, row)
    harness.wait_until(lambda: not catches(process.pid, row), "the signal has arrived")
    found = harness.Scan(*world.finish(process, TROUBLE, first))
    found.check_sums()
    equal(found.summary["is_complete"], False, "is_complete")
    equal(set(found.classes()), {"match"}, "classes")
    contains(found.errors, "hashveil: scan: stopped before its end")
    equal(sorted(report["id"] for report in world.stored()), sorted(found.reports()), "store")
    equal(world.left_behind(), [], "what is left")


@case
def a_second_interrupt_ends_the_scan_at_once(world):
    process, _, _ = start_slow_scan(world, world.files("others")[0], *world.with_key())
    process.send_signal(signal.SIGINT)
    harness.wait_until(lambda: not catches(process.pid, signal.SIGINT), "the signal has arrived")
    process.send_signal(signal.SIGINT)
    equal(process.wait(harness.MOST_SECONDS), -signal.SIGINT, "exit code")


@cases({"kill -9": signal.SIGKILL, "a second interrupt": signal.SIGINT})
def private_services_and_decoders_do_not_survive(world, row):
    process, _, _ = start_slow_scan(
        world, world.files("listed")[0], *world.with_key(), "--reporter-key", world.key("reporter"),
        "--spool", world.path("spool"), "--report-store", world.path("store"))
    children = children_of(process.pid)
    equal(len(list(filter(is_service, children))), 2, "services, beside decoders")
    while process.poll() is None:
        process.send_signal(row)
        time.sleep(0.01)
    harness.wait_until(lambda: not any(map(is_alive, children)), f"{children} are gone")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
