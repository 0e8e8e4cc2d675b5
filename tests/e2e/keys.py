# SPDX-License-Identifier: Apache-2.0
"""Keys: who may read them, that none is overwritten, and that none is taken for another."""

import json
import os
import re
import sys

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

KINDS = ("evaluator", "reporter", "curator")


def mode(path):
    return os.stat(path).st_mode & 0o7777


@cases({kind: kind for kind in KINDS})
def a_key_pair_is_two_files_of_which_the_secret_is_its_owners(world, row):
    path = world.path("key")
    output = world.run("keygen", row, path, umask=0).output
    match = re.fullmatch(rf"{row} public ([0-9a-f]{{64}}) {re.escape(path)}\.pub\n", output)
    assert match, output
    equal(mode(path), 0o600, "mode of the secret key")
    equal(sorted(os.listdir(world.folder)), ["key", "key.pub"], "files")
    with open(path + ".pub", encoding="ascii") as file:
        contains(file.read(), match[1])
    with open(path, encoding="ascii") as file:
        secret = file.read()
    assert not any(word in output for word in secret.split() if word != match[1] and len(word) > 32)


@case
def two_keys_are_never_the_same(world):
    outputs = {world.run("keygen", kind, world.path(kind + number)).output.split()[2]
               for kind in KINDS for number in "12"}
    equal(len(outputs), 6, "different public keys")


@cases({"the secret key": "key", "the public key": "key.pub"})
def nothing_is_overwritten_where_there_is(world, row):
    path = world.write(row, b"precious")
    outcome = world.run("keygen", "evaluator", world.path("key"), exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {world.path('key')}: ", "not overwritten")
    equal(os.listdir(world.folder), [row], "files")
    with open(path, "rb") as file:
        equal(file.read(), b"precious", row)


@case
def a_key_cannot_be_made_in_a_folder_that_is_not_there(world):
    path = world.path("absent", "key")
    outcome = world.run("keygen", "evaluator", path, exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {path}: no such file or folder")


def scan_with(world, *arguments):
    return ("scan", "--db", world.database, *arguments, world.files("listed")[0])


# Every option that takes a key: the kind it needs, whether the public half is enough, and the
# command, given the path of a key.
OPTIONS = {
    "db seal --key": ("evaluator", False, lambda world, path: (
        "db", "seal", world.workspace, world.path("out.hvdb"), "--key", path)),
    "db seal --curator": ("curator", True, lambda world, path: (
        "db", "seal", world.workspace, world.path("out.hvdb"), "--key", world.key("evaluator"),
        "--curator", path)),
    "scan --key": ("evaluator", False, lambda world, path: scan_with(world, "--key", path)),
    "scan --reporter-key": ("reporter", True, lambda world, path: scan_with(
        world, "--key", world.key("evaluator"), "--spool", world.path("spool"), "--reporter-key",
        path)),
    "scan --report-store": ("reporter", False, lambda world, path: scan_with(
        world, "--key", world.key("evaluator"), "--spool", world.path("spool"), "--report-store",
        world.path("store"), "--reporter-key", path)),
    "evaluator --key": ("evaluator", False, lambda world, path: (
        "evaluator", "--listen", "unix:" + world.path("socket"), "--key", path)),
    "reporter serve --key": ("reporter", False, lambda world, path: (
        "reporter", "serve", "--listen", "unix:" + world.path("socket"), "--store",
        world.path("store"), "--key", path)),
}


def refused(world, command, path, words):
    outcome = world.run(*command(world, path), exits=TROUBLE)
    equal(outcome.output, "", "output")
    equal(outcome.errors.splitlines()[-1], f"hashveil: {path}: {words}", "message")
    for name in ("out.hvdb", "spool", "store", "socket"):
        assert not os.path.exists(world.path(name)), f"{name} was made"


@cases(OPTIONS)
def a_key_of_another_kind_is_refused_by(world, row):
    needed, _, command = row
    for kind in KINDS:
        if kind != needed:
            refused(world, command, world.key(kind), "not the key that is needed here")
            refused(world, command, world.key(kind) + ".pub", "not the key that is needed here")


@cases({name: row for name, row in OPTIONS.items() if not row[1]})
def a_public_half_is_not_enough_for(world, row):
    refused(world, row[2], world.key(row[0]) + ".pub", "not the key that is needed here")


@cases({name: row for name, row in OPTIONS.items() if row[1]})
def either_half_is_enough_for(world, row):
    for suffix in ("", ".pub"):
        world.run(*row[2](world, world.key(row[0]) + suffix), exits=(DONE, MATCH))


def cut(content):
    return content[:-20]


def with_another_digit(content):
    at = re.search(rb"[0-9a-f]{64}", content).start()
    return content[:at] + (b"0" if content[at:at + 1] != b"0" else b"1") + content[at + 1:]


@cases(OPTIONS)
def what_is_no_key_is_refused_by(world, row):
    needed, _, command = row
    with open(world.key(needed), "rb") as file:
        secret = file.read()
    for name, content in {"empty": b"", "text": b"key\n", "zeros": bytes(200),
                          "cut": cut(secret), "long": secret + secret}.items():
        path = world.write(name, content)
        outcome = world.run(*command(world, path), exits=TROUBLE)
        contains(outcome.errors, f"hashveil: {path}: ")
    for path, words in ((world.path("absent"), "no such file or folder"),
                        (world.folder, "has no file named *.key" if command(world, "")[0] == "evaluator"
                         else "not a regular file")):
        refused(world, command, path, words)


@cases({name: row for name, row in OPTIONS.items() if not row[1]})
def halves_that_do_not_belong_together_are_refused_by(world, row):
    with open(world.key(row[0]), "rb") as file:
        path = world.write("changed", with_another_digit(file.read()))
    outcome = world.run(*row[2](world, path), exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {path}: ")


@case
def the_curators_of_a_database_are_named_in_order(world):
    curators = [world.key("curator", owner) for owner in ("alice-", "bob-")]
    database = world.path("out.hvdb")
    world.run("db", "seal", world.workspace, database, "--key", world.key("evaluator"), "--epoch",
              "7", "--curator", curators[1] + ".pub", "--curator", curators[0])
    public = []
    for path in (curators[1], curators[0], world.key("evaluator")):
        with open(path + ".pub", encoding="ascii") as file:
            public.append(re.search("[0-9a-f]{64}", file.read())[0])
    info = json.loads(world.run("db", "info", "--json", database).output)
    equal(info["curators"], public[:2], "curators")
    equal((info["evaluator"], info["epoch"]), (public[2], 7), "evaluator and epoch")
    contains(world.run("db", "info", database).output, f"curators: {public[0]}, {public[1]}\n")


@case
def files_with_secrets_are_their_owners_alone(world):
    world.run("scan", *world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
              world.path("spool"), "--report-store", world.path("store"), world.files("listed")[0],
              exits=MATCH, umask=0)
    world.run("db", "import", world.path("work"), os.path.dirname(world.files("listed")[0]),
              "--source", "A", "--label", "x", umask=0)
    for name in ("spool", "store", "work"):
        equal(mode(world.path(name)), 0o600, name)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
