# SPDX-License-Identifier: Apache-2.0
"""The doctor finds each thing that a scan would fail over, and says what to mend."""

import json
import os
import shutil
import subprocess
import sys

import harness
from harness import DONE, TROUBLE, USAGE, case, cases, contains, equal


def findings(world, *arguments, exits=DONE):
    """Returns check -> its last finding."""
    output = world.run("doctor", "--json", *arguments, exits=exits).output
    return {line["check"]: line for line in map(json.loads, output.splitlines())}


def states(found):
    return {check: line["state"] for check, line in found.items()}


@case
def all_that_is_in_order_is_told(world):
    _, evaluator = world.evaluator()
    _, reporter = world.reporter()
    found = findings(world, "--db", world.database, "--evaluator", "unix:" + evaluator,
                     "--reporter", "unix:" + reporter, *world.with_spool())
    equal(states(found), {"sandbox": "ok", "database": "ok", "curators": "none", "trust": "ok",
                          "evaluator": "ok", "reporter key": "ok", "spool": "ok",
                          "reporter": "ok"}, "states")
    assert not os.path.exists(world.path("spool")), "it leaves nothing"


@case
def a_private_evaluator_needs_its_key(world):
    equal(states(findings(world, *world.with_key())),
          {"sandbox": "ok", "database": "ok", "curators": "none", "trust": "ok", "key": "ok",
           "reporter": "none"}, "states")


@case
def what_is_not_named_is_asked_for(world):
    found = findings(world, exits=TROUBLE)
    equal(states(found), {"sandbox": "ok", "database": "bad", "evaluator": "bad",
                          "reporter": "none"}, "states")
    contains(found["database"]["remedy"], "--db")
    contains(found["evaluator"]["remedy"], "--evaluator", "--key")


# What is wrong, by options after the right ones, and which check finds it.
WRONG = {
    "no such database": (lambda world: ("--db", world.path("absent")), "database"),
    "no database": (lambda world: ("--db", world.write("text", b"text")), "database"),
    "another evaluator's key": (lambda world: ("--key", world.key("evaluator", "other")), "key"),
    "a key of another kind": (lambda world: ("--key", world.key("reporter")), "key"),
    "no such key": (lambda world: ("--key", world.path("absent")), "key"),
    "a curator who did not sign":
        (lambda world: ("--curator", world.key("curator") + ".pub"), "trust"),
    "no curator's key": (lambda world: ("--curator", world.path("absent")), "curators"),
    "no evaluator there": (lambda world: ("--evaluator", "unix:" + world.path("x")), "evaluator"),
    "another evaluator":
        (lambda world: ("--evaluator", "unix:" +
                        world.evaluator(world.key("evaluator", "other"))[1]), "evaluator"),
    "a token for all to read":
        (lambda world: ("--token-file", world.write("token", b"token")), "account"),
    "no reporter's key": (lambda world: ("--reporter-key", world.path("absent")), "reporter key"),
    "the public half for a store":
        (lambda world: ("--report-store", world.path("store"), "--reporter-key",
                        world.key("reporter") + ".pub"), "reporter key"),
    "no reporter there": (lambda world: ("--reporter", "unix:" + world.path("x"), "--reporter-key",
                                         world.key("reporter") + ".pub"), "reporter"),
    "no folder for the spool":
        (lambda world: ("--reporter-key", world.key("reporter") + ".pub", "--spool",
                        world.path("absent", "spool")), "spool"),
    "a spool that is none": (lambda world: ("--reporter-key", world.key("reporter") + ".pub",
                                            "--spool", world.write("spool", b"text" * 999)),
                             "spool"),
    "no sandbox": (lambda world: ("--no-sandbox",), "sandbox"),
}


@cases(WRONG)
def one_fault_is_one_finding(world, row):
    make, check = row
    found = findings(world, *world.with_key(), *make(world), exits=TROUBLE)
    bad = {name for name, state in states(found).items() if state == "bad"}
    equal(bad, {check}, "what is bad")
    assert found[check]["remedy"], found[check]


@case
def its_options_come_from_the_section_of_scan(world):
    path = world.write("config", f'scan = {{ db = "{world.database}"; '
                                 f'key = "{world.key("evaluator")}"; }};'.encode())
    outcome = world.run("doctor", "--config", path, exits=DONE)
    contains(outcome.output, f"ok    database: {world.database}: epoch ", "none  reporter: ")
    wrong = world.write("wrong", b"doctor = {\n dbx = 1; };")
    contains(world.run("doctor", "--config", wrong, exits=USAGE).errors, f"{wrong}:2: 'dbx'")


@case
def without_a_decoder_there_is_no_sandbox(world):
    program = os.path.join(world.make_folder("programs"), "hashveil")
    shutil.copy(world.program, program)
    library = {**world.environment, "LD_LIBRARY_PATH":
               os.path.dirname(os.path.dirname(os.path.abspath(world.program)))}
    ran = subprocess.run([program, "doctor", *world.with_key()], env=library, check=False,
                         capture_output=True, text=True)
    equal(ran.returncode, TROUBLE, "code")
    contains(ran.stdout, "bad   sandbox: hashveil-decoder: ", "      -> install")


@case
def it_takes_no_argument(world):
    contains(world.run("doctor", "folder", exits=USAGE).errors, "'folder'")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
