# SPDX-License-Identifier: Apache-2.0
"""Output that cannot be written is trouble, whatever the command, and costs no report."""

import os
import sys

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

# Commands that print something, and end well if they can.
COMMANDS = {
    "--help": lambda world: ("--help",),
    "--version": lambda world: ("--version",),
    "scan --help": lambda world: ("scan", "--help"),
    "keygen": lambda world: ("keygen", "curator", world.path("key")),
    "hash": lambda world: ("hash", world.files("listed")[0]),
    "hash --json": lambda world: ("hash", "--json", world.files("listed")[0]),
    "db info of a database": lambda world: ("db", "info", world.database),
    "db info --json of a workspace": lambda world: ("db", "info", "--json", world.workspace),
    "db import": lambda world: ("db", "import", world.path("work"),
                                world.make_folder("folder", world.files("listed")[:1]),
                                "--source", "A", "--label", "x"),
    "db seal": lambda world: ("db", "seal", world.workspace, world.path("out.hvdb"), "--key",
                              world.key("evaluator")),
    "scan": lambda world: ("scan", *world.with_key(), world.files("others")[0]),
    "scan --json": lambda world: ("scan", "--json", *world.with_key(), world.files("others")[0]),
    "reporter list": lambda world: ("reporter", "list", "--store", filled_store(world)),
}


def filled_store(world):
    world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
               world.path("first spool"), "--report-store", world.path("store"),
               world.files("listed")[0])
    return world.path("store")


def full(world):
    return {"stdout": world.stack.enter_context(open("/dev/full", "wb"))}


def closed(world):
    return {"under": ("sh", "-c", 'exec "$@" >&-', "sh")}


def closed_pipe(world):
    readable, writable = os.pipe()
    os.close(readable)
    world.stack.callback(os.close, writable)
    return {"stdout": writable}


WAYS = {"full": full, "closed": closed, "a pipe that nobody reads": closed_pipe}


@cases({f"{command}, {way}": (COMMANDS[command], WAYS[way])
        for command in COMMANDS for way in WAYS})
def standard_output_that_fails_is_trouble(world, row):
    arguments, way = row
    outcome = world.run(*arguments(world), exits=TROUBLE, **way(world))
    contains(outcome.errors, "hashveil: standard output: ")


@cases(WAYS)
def matches_are_reported_even_where_they_cannot_be_printed(world, row):
    process = world.start("scan", *world.with_key(), *world.with_spool(), "--workers", "1",
                          world.files("listed")[0], **row(world))
    world.finish(process, TROUBLE)
    equal(len(world.waiting(world.path("spool"))), 1, "reports in the spool")


@case
def a_reader_that_goes_away_ends_the_scan(world):
    readable, writable = os.pipe()
    process = world.start("scan", *world.with_key(), *(100 * world.files("others")),
                          stdout=writable)
    os.close(writable)
    os.read(readable, 1)
    os.close(readable)
    outcome = world.finish(process, TROUBLE)
    contains(outcome.errors, "hashveil: standard output: ", "stopped before its end")


@case
def without_standard_error_a_scan_ends_as_it_would(world):
    for paths, code in ((world.files("listed")[:1], MATCH), (world.files("others")[:1], DONE)):
        world.scan(*world.with_key(), *world.with_spool(), *paths, exits=code,
                   under=("sh", "-c", 'exec "$@" 2>&-', "sh"))


@case
def without_any_stream_no_file_is_written_into(world):
    """A file opened next would get the number of a stream that is closed."""
    world.run("scan", *world.with_key(), *world.with_spool(), world.files("listed")[0],
              exits=TROUBLE, under=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"))
    equal(len(world.waiting(world.path("spool"))), 1, "reports in the spool")
    world.run("db", "info", world.database)


@case
def progress_is_for_terminals_only(world):
    outcome = world.run("scan", *world.with_key(), *world.with_spool(), world.files("others")[0])
    equal(outcome.errors, "", "standard error")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
