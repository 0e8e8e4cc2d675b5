# SPDX-License-Identifier: Apache-2.0
"""The transparency log: what is in it, what changed it, and what a scan makes of that."""

import functools
import json
import os
import random
import resource
import shutil
import signal
import sys
import time

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal
from web_folder import make_certificate, served

KILLS = 50


def seal(world, name, epoch):
    path = world.path(name)
    world.run("db", "seal", world.workspace, path, "--key", world.key("evaluator"), "--epoch",
              str(epoch))
    return path


def log_key(world, owner="log-"):
    return world.key("curator", owner)


def append(world, *databases, log="log", key=None, exits=DONE, **options):
    return world.run("log", "append", world.path(log), *databases, "--key",
                     key or log_key(world), exits=exits, **options)


def verify(world, *databases, log="log", exits=DONE):
    return world.run("log", "verify", world.path(log), *databases, "--key",
                     log_key(world) + ".pub", exits=exits)


def scan(world, database, log="log", exits=MATCH, **options):
    return scan_with(world, database, world.path(log), exits=exits, **options)


def scan_with(world, database, log, *more, exits=MATCH, **options):
    return world.run("scan", "--db", database, "--key", world.key("evaluator"), "--log", log,
                     "--log-key", log_key(world) + ".pub", *more, world.files("listed")[0],
                     exits=exits, **options)


def own_state(world):
    return {"env": {**world.environment, "XDG_STATE_HOME": world.path("state")}}


@case
def what_is_in_the_log_is_scanned_with_and_what_is_not_is_refused(world):
    first, second = seal(world, "first.hvdb", 5), seal(world, "second.hvdb", 6)
    append(world, first)
    state = own_state(world)
    scan(world, first, **state)
    outcome = scan(world, second, exits=TROUBLE, **state)
    contains(outcome.errors, f"hashveil: {second}: not trusted: it is not in the log")
    append(world, second)
    scan(world, second, **state)
    scan(world, first, **state)
    contains(verify(world, first, second).output, "undamaged, 2 editions", "edition 0",
             "edition 1")


@case
def a_log_that_went_back_or_forked_is_refused(world):
    first, second, third = (seal(world, f"{epoch}.hvdb", epoch) for epoch in (5, 6, 7))
    state = own_state(world)
    append(world, first)
    shutil.copytree(world.path("log"), world.path("short"))
    append(world, first, log="fork")
    append(world, third, log="fork")
    append(world, second)
    scan(world, first, **state)
    for log in ("short", "fork"):
        outcome = scan(world, first, log=log, exits=TROUBLE, **state)
        contains(outcome.errors, f"hashveil: {world.path(log)}: not trusted: it does not go on")
    append(world, third)
    scan(world, third, **state)


@case
def a_proof_stands_without_the_log(world):
    first, second = seal(world, "first.hvdb", 5), seal(world, "second.hvdb", 6)
    append(world, first, second)
    printed = world.run("log", "prove", world.path("log"), first, "--key",
                        log_key(world) + ".pub", "--since", "1").output
    equal((json.loads(printed)["size"], json.loads(printed)["index"]), (2, 0), "proof")
    proof = world.write("proof", printed.encode())
    arguments = ("log", "verify", "--proof", proof, "--key", log_key(world) + ".pub")
    contains(world.run(*arguments, first).output, "edition 0 of the log")
    contains(world.run(*arguments, second, exits=TROUBLE).errors, "it does not prove")
    other = log_key(world, "other-") + ".pub"
    outcome = world.run("log", "verify", "--proof", proof, "--key", other, first, exits=TROUBLE)
    contains(outcome.errors, "its head is not signed with")
    for broken in (printed.replace('"index":0', '"index":1'), printed.replace('"size":2', '"size":3'),
                   printed[:-20], "{}", printed.replace('"inclusion":["', '"inclusion":["0')):
        world.write("proof", broken.encode())
        assert world.run(*arguments, first, exits=TROUBLE).errors


DAMAGE = {
    "a bit of the head": ("head", 40, "head: "),
    "a bit of a leaf": ("leaves", 33, "leaves: its content does not match its digest"),
}


@cases(DAMAGE)
def a_damaged_log_is_refused_by_file(world, row):
    name, place, words = row
    database = seal(world, "list.hvdb", 5)
    append(world, database, seal(world, "other.hvdb", 6))
    with open(world.path("log", name), "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))
    outcomes = (verify(world, exits=TROUBLE), append(world, database, exits=TROUBLE),
                scan(world, database, exits=TROUBLE, **own_state(world)))
    for outcome in outcomes:
        contains(outcome.errors, f"hashveil: {world.path('log')}: {words}")


@case
def only_the_logs_own_key_adds_to_it(world):
    database = seal(world, "list.hvdb", 5)
    append(world, database)
    outcome = append(world, seal(world, "other.hvdb", 6), key=log_key(world, "other-"),
                     exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {world.path('log')}: head: ")
    contains(append(world, database).output, "was in the log already")
    contains(verify(world).output, "1 editions")


@case
def a_disk_without_room_leaves_a_log_as_it_was(world):
    first, second = seal(world, "first.hvdb", 5), seal(world, "second.hvdb", 6)
    append(world, first)
    for room in (0, 50, 100, 500):
        limits = room, room
        outcome = append(world, second, exits=TROUBLE, restore_signals=False,
                         preexec_fn=functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE,
                                                      limits))
        contains(outcome.errors, "hashveil: ", "no space left")
        contains(verify(world, first).output, "undamaged, 1 editions")
    append(world, second)
    contains(verify(world, first, second).output, "undamaged, 2 editions")


@case
def kill_9_leaves_a_log_as_it_was_or_as_it_becomes(world):
    databases = [seal(world, f"{epoch}.hvdb", epoch) for epoch in range(5, 9)]
    append(world, databases[0])
    generator = random.Random(3)
    sizes = set()
    start = time.monotonic()
    append(world, *databases, log="measured")
    whole = time.monotonic() - start
    for number in range(KILLS):
        log = f"log-{number}"
        shutil.copytree(world.path("log"), world.path(log))
        process = world.start("log", "append", world.path(log), *databases[1:], "--key",
                              log_key(world))
        time.sleep(generator.uniform(0, whole))
        process.kill()
        process.wait()
        assert process.returncode in (DONE, -signal.SIGKILL), process.returncode
        sizes.add(verify(world, log=log).output.split(" editions")[0].rsplit(" ", 1)[1])
        append(world, *databases, log=log)
        contains(verify(world, *databases, log=log).output, "4 editions")
    assert sizes <= set("1234"), sizes


@case
def a_log_on_a_web_server_is_as_good_as_its_folder(world):
    database, other = seal(world, "list.hvdb", 5), seal(world, "other.hvdb", 6)
    append(world, database)
    state = own_state(world)
    key = ("--key", log_key(world) + ".pub")
    with served(world.folder) as url:
        scan_with(world, database, url + "/log", **state)
        outcome = scan_with(world, other, url + "/log/", exits=TROUBLE, **state)
        contains(outcome.errors, f"{other}: not trusted: it is not in the log {url}/log/")
        contains(world.run("log", "verify", url + "/log", database, *key).output, "1 editions")
        proof = world.run("log", "prove", url + "/log", database, *key).output
        equal(proof, world.run("log", "prove", world.path("log"), database, *key).output, "proof")
        outcome = world.run("log", "verify", url + "/nothing", *key, exits=TROUBLE)
        contains(outcome.errors, f"hashveil: {url}/nothing: head: the peer refused")
        with open(world.path("log/leaves"), "r+b") as leaves:
            leaves.write(b"\0")
        outcome = scan_with(world, database, url + "/log", exits=TROUBLE, **state)
        contains(outcome.errors, f"hashveil: {url}/log: leaves: ")
    outcome = scan_with(world, database, url + "/log", exits=TROUBLE, **state)
    contains(outcome.errors, f"hashveil: {url}/log: head: the peer cannot be reached")


@case
def a_web_server_is_known_by_its_certificate(world):
    append(world, seal(world, "list.hvdb", 5))
    key = ("--key", log_key(world) + ".pub")
    certificate = make_certificate(world.folder, "server.pem")
    another = make_certificate(world.folder, "another.pem")
    elsewhere = make_certificate(world.folder, "elsewhere.pem", host="example.org")
    with served(world.path("log"), certificate) as url:
        world.run("log", "verify", url, *key, "--ca", certificate)
        for authority in ((), ("--ca", another), ("--ca", world.path("list.hvdb"))):
            outcome = world.run("log", "verify", url, *key, *authority, exits=TROUBLE)
            contains(outcome.errors, f"hashveil: {url}: head: a certificate is not")
    with served(world.path("log"), elsewhere) as url:
        outcome = world.run("log", "verify", url, *key, "--ca", elsewhere, exits=TROUBLE)
        contains(outcome.errors, f"hashveil: {url}: head: a certificate is not")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
