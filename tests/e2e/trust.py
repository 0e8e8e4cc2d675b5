# SPDX-License-Identifier: Apache-2.0
"""Signatures and editions: who must have signed a database before a scan uses it."""

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import time

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

CURATORS = ("alice-", "bob-", "carol-")
KILLS = 50
EPOCH_OFFSET = 2**63  # of the epochs in the file of editions, whose numbers have signs


def key(world, owner):
    return world.key("curator", owner)


def seal(world, name, epoch, *arguments):
    path = world.path(name)
    named = [word for owner in CURATORS for word in ("--curator", key(world, owner) + ".pub")]
    world.run("db", "seal", world.workspace, path, "--key", world.key("evaluator"), "--epoch",
              str(epoch), *named, *arguments)
    return path


def sign(world, database, *owners):
    for owner in owners:
        world.run("db", "sign", database, "--key", key(world, owner))
    return database


def pins(world, needed, *owners):
    pinned = [word for owner in owners for word in ("--curator", key(world, owner) + ".pub")]
    return [*pinned, "--signatures", str(needed)]


def scan(world, database, *arguments, exits):
    return world.run("scan", "--db", database, "--key", world.key("evaluator"), *arguments,
                     world.files("listed")[0], exits=exits)


@case
def a_scan_takes_what_enough_curators_have_signed(world):
    database = sign(world, seal(world, "list.hvdb", 5), "alice-", "carol-")
    outcome = world.run("db", "verify", database, "--json", *pins(world, 2, *CURATORS))
    verified = json.loads(outcome.output)
    equal((verified["is_trusted"], verified.get("reason"), len(verified["signed_by"])),
          (True, None, 2), "verified")
    contains(world.run("db", "verify", database, *pins(world, 1, "carol-")).output,
             f"{database}: undamaged and trusted", f" of {key(world, 'carol-')}.pub")
    pinned_nobody = world.run("db", "verify", database, "--json").output
    equal(json.loads(pinned_nobody)["is_trusted"], False, "trusted with nobody pinned")
    scan(world, database, *pins(world, 2, *CURATORS), exits=MATCH)
    scan(world, database, "--pin", world.key("evaluator") + ".pub", exits=MATCH)


REFUSALS = {
    "too few signatures": (lambda world: pins(world, 3, *CURATORS), "not signed by as many"),
    "another curator's": (lambda world: pins(world, 1, "bob-"), "not signed by as many"),
    "an evaluator that is not the pinned one":
        (lambda world: ("--pin", world.key("evaluator", "other-") + ".pub"), "another evaluator"),
}


@cases(REFUSALS)
def a_scan_and_db_verify_refuse_for(world, row):
    arguments, words = row
    database = sign(world, seal(world, "list.hvdb", 5), "alice-", "carol-")
    for outcome in (scan(world, database, *arguments(world), exits=TROUBLE),
                    world.run("db", "verify", database, *arguments(world), exits=TROUBLE)):
        contains(outcome.errors, f"hashveil: {database}: not trusted: ", words)


@case
def a_database_that_has_expired_is_refused(world):
    lasting = seal(world, "lasting.hvdb", 5, "--expires", "1")
    scan(world, lasting, exits=MATCH)
    expired = seal(world, "expired.hvdb", 5, "--expires", "0")
    contains(scan(world, expired, exits=TROUBLE).errors, "not trusted: it has expired")
    contains(world.run("db", "verify", expired, exits=TROUBLE).errors, "it has expired")


@case
def an_older_edition_than_one_used_before_is_refused(world):
    old = sign(world, seal(world, "old.hvdb", 5), "alice-")
    new = sign(world, seal(world, "new.hvdb", 6), "alice-")
    environment = {**world.environment, "XDG_STATE_HOME": world.path("state")}
    arguments = ("--key", world.key("evaluator"), *pins(world, 1, "alice-"),
                 world.files("listed")[0])

    def scan_with(database, *more, exits):
        return world.run("scan", "--db", database, *more, *arguments, env=environment, exits=exits)

    scan_with(old, exits=MATCH)
    scan_with(new, exits=MATCH)
    contains(scan_with(old, exits=TROUBLE).errors, f"{old}: not trusted: an older edition")
    scan_with(old, "--take-older", exits=MATCH)
    scan_with(old, exits=TROUBLE)
    scan_with(new, exits=MATCH)


@case
def only_a_curator_whom_the_database_names_signs_it(world):
    database = seal(world, "list.hvdb", 5)
    with open(database, "rb") as file:
        before = file.read()
    stranger = key(world, "stranger-")
    outcome = world.run("db", "sign", database, "--key", stranger, exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {stranger}: not the key of a curator that")
    outcome = world.run("db", "sign", database, "--key", world.key("evaluator"), exits=TROUBLE)
    contains(outcome.errors, world.key("evaluator"), "not the key that is needed")
    outcome = world.run("db", "sign", world.files("listed")[0], "--key", key(world, "bob-"),
                        exits=TROUBLE)
    contains(outcome.errors, "not a format")
    with open(database, "rb") as file:
        equal(file.read() == before, True, "the database is as it was")


def killed(world, draw, whole_s, *arguments, **options):
    """Runs and kills the program, wherever it is by then; returns whether it had ended."""
    process = world.start(*arguments, **options)
    time.sleep(draw.uniform(0, whole_s))
    process.kill()
    process.wait(harness.MOST_SECONDS)
    assert process.returncode in (DONE, MATCH, -signal.SIGKILL), process.returncode
    return process.returncode != -signal.SIGKILL


def seeded():
    seed = int.from_bytes(os.urandom(4), "little")
    return seed, random.Random(seed)


@case
def kill_9_leaves_a_database_signed_or_not_signed(world):
    unsigned = seal(world, "unsigned.hvdb", 5)
    database = world.path("list.hvdb")
    seed, draw = seeded()
    shutil.copy(unsigned, database)
    start = time.monotonic()
    sign(world, database, "bob-")
    whole_s = time.monotonic() - start
    for number in range(KILLS):
        shutil.copy(unsigned, database)
        had_ended = killed(world, draw, 1.2 * whole_s, "db", "sign", database, "--key",
                           key(world, "bob-"))
        verified = json.loads(world.run("db", "verify", database, "--json").output)
        count = len(verified["signed_by"])
        assert count == 1 or (count == 0 and not had_ended), f"round {number} of seed {seed}"
    sign(world, database, "bob-", "carol-")
    left = set(os.listdir(world.folder)) - {"list.hvdb", "unsigned.hvdb"}
    assert all(name.startswith("list.hvdb.new-") for name in left), left


def newest_epoch(state):
    """Returns what the one series of the file of editions has come to."""
    path = os.path.join(state, "hashveil", "editions.sqlite")
    with contextlib.closing(sqlite3.connect(path)) as editions:
        return editions.execute("SELECT epoch FROM edition").fetchone()[0] + EPOCH_OFFSET


@case
def a_scan_killed_at_any_moment_forgets_no_edition(world):
    databases = [sign(world, seal(world, f"{epoch}.hvdb", epoch), "alice-") for epoch in (5, 6, 7)]
    state = world.path("state")
    options = {"env": {**world.environment, "XDG_STATE_HOME": state}}
    arguments = ("--key", world.key("evaluator"), *pins(world, 1, "alice-"),
                 world.files("others")[0])
    seed, draw = seeded()
    start = time.monotonic()
    world.run("scan", "--db", databases[0], *arguments, **options)
    whole_s = time.monotonic() - start
    newest = 5
    for number in range(KILLS // 2):
        had_ended = killed(world, draw, whole_s, "scan", "--db", databases[number // 10],
                           *arguments, **options)
        noted = newest_epoch(state)
        least = max(newest, 5 + number // 10) if had_ended else newest
        assert least <= noted <= 7, f"{noted} in round {number} of seed {seed}"
        newest = noted
    world.run("scan", "--db", databases[2], *arguments, **options)
    world.run("scan", "--db", databases[1], *arguments, exits=TROUBLE, **options)


def no_file_grows():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def put_a_file_there(state):
    shutil.rmtree(state)
    with open(state, "wb"):
        pass


def damage_the_editions(state):
    with open(os.path.join(state, "hashveil", "editions.sqlite"), "r+b") as file:
        file.write(b"no editions")


# What becomes of the state folder, and how the next scan is started.
LOST_STATES = {
    "its folder is a file": (put_a_file_there, {}),
    "the editions are damaged": (damage_the_editions, {}),
    "the disk is full": (shutil.rmtree, {"preexec_fn": no_file_grows, "restore_signals": False}),
}


@cases(LOST_STATES)
def a_scan_that_cannot_know_the_newest_edition_refuses_when(world, row):
    lose, how = row
    state = world.path("state")
    arguments = ("scan", "--db", sign(world, seal(world, "list.hvdb", 5), "alice-"), "--key",
                 world.key("evaluator"), *pins(world, 1, "alice-"), world.files("listed")[0])
    environment = {**world.environment, "XDG_STATE_HOME": state}
    world.run(*arguments, env=environment, exits=MATCH)
    lose(state)
    outcome = world.run(*arguments, env=environment, exits=TROUBLE, **how)
    contains(outcome.errors, state, "the editions used before are not known")
    equal(outcome.output, "", "results")


@case
def what_contradicts_is_wrong_usage(world):
    for arguments in (("--signatures", "2", "--curator", key(world, "bob-") + ".pub"),
                      ("--signatures", "0"), ("--signatures", "17")):
        world.run("db", "verify", world.database, *arguments, exits=64)
    twice = [word for _ in range(2) for word in ("--curator", key(world, "bob-") + ".pub")]
    outcome = world.run("db", "verify", world.database, *twice, exits=TROUBLE)
    contains(outcome.errors, "given before")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
