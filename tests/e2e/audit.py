# SPDX-License-Identifier: Apache-2.0
"""Audits: that benign pictures open nothing, shown to whoever has the transcript alone."""

import hashlib
import json
import os
import sys

import harness
from harness import DONE, MATCH, TROUBLE, USAGE, case, cases, contains, equal


def audit(world, *arguments, exits=DONE):
    return world.run("audit", world.database, *arguments, exits=exits)


def with_key(world):
    return "--key", world.key("evaluator")


def transcript_of(world, *pictures, exits=DONE):
    path = world.path("transcript")
    outcome = audit(world, *with_key(world), "--transcript", path, *pictures, exits=exits)
    return path, outcome


@case
def benign_pictures_open_nothing_and_anybody_can_check_that(world):
    pictures = world.files("others")[:3]
    path, outcome = transcript_of(world, *pictures)
    contains(outcome.output, f"{pictures[0]}: no known match", "3 files asked for", "0 open")
    again = audit(world, "--check", path)
    with open(pictures[0], "rb") as file:
        contains(again.output, hashlib.sha256(file.read()).hexdigest() + ": no known match",
                 "3 files asked for, each answer proved; 0 open a record")


@case
def a_listed_picture_is_told_then_and_later(world):
    path, outcome = transcript_of(world, world.files("others")[0], world.files("listed")[0],
                                  exits=MATCH)
    contains(outcome.output, f"{world.files('listed')[0]}: match", "1 open a record")
    lines = audit(world, "--json", "--check", path, exits=MATCH).output.splitlines()
    equal([json.loads(line)["verdict"] for line in lines], ["no known match", "match"], "verdicts")


@case
def a_running_evaluator_and_a_folder_do_as_well(world):
    _, address = world.evaluator()
    folder = world.make_folder("benign", world.files("others")[:2])
    outcome = audit(world, "--evaluator", "unix:" + address, folder)
    contains(outcome.output, "2 files asked for")


DAMAGE = {"a bit of the seed": 45, "a bit of a margin": 300, "a bit of the answer's proof": -20}


@cases(DAMAGE)
def a_damaged_transcript_is_refused_by_entry(world, row):
    path, _ = transcript_of(world, world.files("others")[0])
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[row] ^= 1
    outcome = audit(world, "--check", world.write("damaged", bytes(content)), exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {world.path('damaged')}: entry 1 does not hold")


@case
def a_transcript_of_another_edition_is_refused(world):
    path, _ = transcript_of(world, world.files("others")[0])
    other = world.path("other.hvdb")
    world.run("db", "seal", world.workspace, other, *with_key(world), "--epoch", "9")
    outcome = world.run("audit", other, "--check", path, exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {path}: made with another edition than {other}")


@case
def another_evaluator_is_found_out_and_no_transcript_is_kept(world):
    path = world.path("transcript")
    outcome = audit(world, "--key", world.key("evaluator", "other-"), "--transcript", path,
                    world.files("others")[0], exits=TROUBLE)
    contains(outcome.errors, "not the key that is needed here")
    equal(os.listdir(world.path()), [], "files left")


@case
def a_transcript_that_cannot_be_written_ends_the_audit(world):
    outcome = audit(world, *with_key(world), "--transcript", world.path("no", "folder"),
                    world.files("others")[0], exits=TROUBLE)
    contains(outcome.errors, "no such file or folder")


@case
def usage_is_checked(world):
    for arguments in ((), ("--check", "FILE", "picture"), ("picture",),
                      (*with_key(world), "--check", "FILE"), with_key(world)):
        audit(world, *arguments, exits=USAGE)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
