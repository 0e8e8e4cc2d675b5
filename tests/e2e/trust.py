# SPDX-License-Identifier: Apache-2.0
"""Signatures and editions: who must have signed a database before a scan uses it."""

import json
import os
import random
import shutil
import signal
import sys
import time

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

CURATORS = ("alice-", "bob-", "carol-")
KILLS = 12


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


@case
def kill_9_leaves_a_database_signed_or_not_signed(world):
    unsigned = seal(world, "unsigned.hvdb", 5)
    database = world.path("list.hvdb")
    generator = random.Random(20)
    seen = set()
    for _ in range(KILLS):
        shutil.copy(unsigned, database)
        process = world.start("db", "sign", database, "--key", key(world, "bob-"))
        time.sleep(generator.uniform(0, 0.03))
        process.kill()
        process.wait()
        assert process.returncode in (DONE, -signal.SIGKILL), process.returncode
        verified = json.loads(world.run("db", "verify", database, "--json").output)
        seen.add(len(verified["signed_by"]))
    assert seen <= {0, 1}, seen
    sign(world, database, "bob-")
    left = [name for name in os.listdir(world.folder) if name not in ("list.hvdb", "unsigned.hvdb")]
    assert len(left) <= KILLS, left


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
