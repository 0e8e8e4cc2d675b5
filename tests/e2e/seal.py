# SPDX-License-Identifier: Apache-2.0
"""Sealing that is ended from outside, and sealing that asks an evaluator."""

import hashlib
import json
import os
import random
import signal
import sys
import time

import harness
from harness import DONE, TROUBLE, USAGE, case, cases, contains, equal

KILLS = 50
HASHES = 400


def make_workspace(world):
    """A workspace of made-up hashes, and the seed that they are sealed with."""
    draw = random.Random(1)
    lines = "".join(f"{draw.getrandbits(256):064x}\n" for _ in range(HASHES))
    hashes = world.write("hashes.txt", lines.encode())
    world.run("db", "import", world.path("work"), hashes, "--source", "list A", "--label", "x")
    return world.path("work"), world.write("seed", b"a secret of this test")


def same_bytes(world, *key):
    """Arguments of a sealing that gives the same bytes each time."""
    workspace, seed = make_workspace(world)
    world.environment["SOURCE_DATE_EPOCH"] = "1700000000"
    world.stack.callback(world.environment.pop, "SOURCE_DATE_EPOCH", None)
    key = key or ("--key", world.key("evaluator"))
    return lambda out, *more: ("db", "seal", workspace, world.path(out), *key, "--seed", seed,
                               "--epoch", "7", *more)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def is_begun(world):
    """Returns whether sealing to list.hvdb has come so far that it can go on: after the header."""
    try:
        return os.stat(world.path("list.hvdb.partial")).st_size > 4096
    except FileNotFoundError:
        return False


def databases(world):
    """Returns the names of what sealing has left in the folder."""
    return sorted(name for name in os.listdir(world.folder) if ".hvdb" in name)


@case
def a_sealing_killed_at_any_moment_goes_on_to_the_same_bytes(world):
    seal = same_bytes(world)
    start = time.monotonic()
    world.run(*seal("whole.hvdb"))
    whole_s = time.monotonic() - start
    wanted = digest(world.path("whole.hvdb"))
    seed = int.from_bytes(os.urandom(4), "little")
    draw = random.Random(seed)
    killed = went_on = 0
    while killed < KILLS:
        process = world.start(*seal("killed.hvdb"))
        time.sleep(draw.uniform(0, whole_s))
        process.kill()
        _, errors = process.communicate(timeout=harness.MOST_SECONDS)
        killed += process.returncode != DONE
        went_on += "going on" in errors
        assert "anew" not in errors, (seed, errors)
        if process.returncode == DONE or draw.random() < 0.5:
            world.run(*seal("killed.hvdb"))
            equal(digest(world.path("killed.hvdb")), wanted, f"bytes, seed {seed}")
            equal(databases(world), ["killed.hvdb", "whole.hvdb"], f"what is left, seed {seed}")
            os.unlink(world.path("killed.hvdb"))
    world.run(*seal("killed.hvdb"))
    equal(digest(world.path("killed.hvdb")), wanted, f"bytes in the end, seed {seed}")
    assert went_on > 0, f"never went on, seed {seed}"


@case
def what_was_there_stays_until_sealing_is_done(world):
    seal = same_bytes(world)
    old = world.write("list.hvdb", b"the edition before")
    process = world.start(*seal("list.hvdb"))
    harness.wait_until(lambda: is_begun(world), "a piece is done")
    process.kill()
    process.communicate(timeout=harness.MOST_SECONDS)
    with open(old, "rb") as file:
        equal(file.read(), b"the edition before", "content")
    contains(world.run(*seal("list.hvdb")).errors, "going on from")


@case
def another_list_begins_anew_and_says_so(world):
    seal = same_bytes(world)
    process = world.start(*seal("list.hvdb"))
    harness.wait_until(lambda: is_begun(world), "a piece is done")
    process.kill()
    process.communicate(timeout=harness.MOST_SECONDS)
    outcome = world.run(*seal("list.hvdb", "--epoch", "8"))
    contains(outcome.errors, "list.hvdb.partial", "begins anew")
    equal(databases(world), ["list.hvdb"], "what is left")


@case
def two_at_once_do_not_seal_to_one_name(world):
    seal = same_bytes(world)
    first = world.start(*seal("list.hvdb"))
    harness.wait_until(lambda: is_begun(world), "a piece is done")
    first.send_signal(signal.SIGSTOP)  # it must not be done before the other one begins
    contains(world.run(*seal("list.hvdb"), exits=TROUBLE).errors, "list.hvdb", "another process")
    first.send_signal(signal.SIGCONT)
    world.finish(first)


@case
def asking_an_evaluator_gives_the_same_bytes_as_its_key(world):
    _, socket = world.evaluator()
    seal = same_bytes(world)
    world.run(*seal("key.hvdb"))
    ask = same_bytes(world, "--evaluator", "unix:" + socket, "--evaluator-key",
                     world.key("evaluator") + ".pub")
    world.run(*ask("asked.hvdb"))
    equal(digest(world.path("asked.hvdb")), digest(world.path("key.hvdb")), "bytes")


@case
def sealing_waits_for_an_evaluator_that_is_started_again(world):
    process, socket = world.evaluator()
    ask = same_bytes(world, "--evaluator", "unix:" + socket, "--evaluator-key",
                     world.key("evaluator") + ".pub")
    sealing = world.start(*ask("list.hvdb"))
    harness.wait_until(lambda: is_begun(world), "a piece is done")
    process.kill()
    process.wait()
    os.unlink(socket)
    world.evaluator()
    world.finish(sealing)
    equal(databases(world), ["list.hvdb"], "what is left")


@case
def sealing_goes_on_when_the_evaluator_is_back(world):
    process, socket = world.evaluator()
    ask = same_bytes(world, "--evaluator", "unix:" + socket, "--evaluator-key",
                     world.key("evaluator") + ".pub", "--retry", "0")
    sealing = world.start(*ask("list.hvdb"))
    harness.wait_until(lambda: is_begun(world), "a piece is done")
    process.kill()
    process.wait()
    contains(world.finish(sealing, TROUBLE).errors, "unix:" + socket, "cannot be reached")
    equal(databases(world), ["list.hvdb.partial"], "what is left")
    os.unlink(socket)
    world.evaluator()
    contains(world.run(*ask("list.hvdb")).errors, "going on from")
    equal(databases(world), ["list.hvdb"], "what is left in the end")


@case
def an_evaluator_with_another_key_is_refused(world):
    _, socket = world.evaluator(key=world.key("evaluator", "other "))
    ask = same_bytes(world, "--evaluator", "unix:" + socket, "--evaluator-key",
                     world.key("evaluator") + ".pub")
    contains(world.run(*ask("list.hvdb"), exits=TROUBLE).errors, "unix:" + socket, "not the key")
    assert "list.hvdb" not in databases(world), databases(world)


def flipped(text, bits):
    """Returns a hash so many bits away."""
    return f"{int(text, 16) ^ ((1 << bits) - 1):064x}"


def overlapping(world):
    """Four hashes: one of two sources, one of two sources 4 bits apart, two of one source each."""
    draw = random.Random(2)
    both, near, first, second = (f"{draw.getrandbits(256):064x}" for _ in range(4))
    for source, label, hashes in (("zoo", "VIC_US:1", [both, near, first]),
                                  ("ark", "CAID_UK:A", [both, flipped(near, 4), second])):
        path = world.write(source, "".join(text + "\n" for text in hashes).encode())
        world.run("db", "import", world.path("work"), path, "--source", source, "--label", label)
    return world.path("work"), both, first


def seal(world, workspace, out, *arguments, **options):
    """Seals with the key; returns what was printed, and the messages."""
    outcome = world.run("db", "seal", workspace, world.path(out), "--json", "--key",
                        world.key("evaluator"), *arguments, **options)
    return json.loads(outcome.output) if outcome.output else None, outcome.errors


@cases({
    "all": (5, ()),
    "of two sources": (1, ("--min-sources", "2")),
    "of two sources that are not near enough": (1, ("--min-sources", "2", "--within", "3")),
    "of two sources that are near": (3, ("--min-sources", "2", "--within", "4")),
    "of a category": (3, ("--category", "VIC_US:1")),
    "of a scheme": (3, ("--category", "CAID_UK:")),
    "of two categories": (5, ("--category", "CAID_UK:", "--category", "VIC_US:1")),
    "of a category, and two sources": (1, ("--min-sources", "2", "--category", "VIC_US:")),
})
def only_what_is_selected_is_sealed(world, row):
    count, arguments = row
    workspace, _, _ = overlapping(world)
    result, errors = seal(world, workspace, "list.hvdb", *arguments)
    equal(result["entries"], count, "entries")
    equal("entries selected" in errors, count < 5, "told that some are left out")


@case
def a_selection_of_nothing_is_refused(world):
    workspace, _, _ = overlapping(world)
    seal(world, workspace, "list.hvdb", "--min-sources", "3", exits=TROUBLE)
    equal(databases(world), [], "what is left")


@case
def what_an_allow_list_names_is_told_and_not_sealed(world):
    workspace, both, first = overlapping(world)
    good = world.write("good", f"{both}\n{flipped(first, 31)}\n".encode())
    world.run("db", "import", workspace, good, "--source", "library", "--allow")
    result, errors = seal(world, workspace, "list.hvdb")
    equal(result["entries"], 3, "entries")
    contains(errors, f"{both} is not sealed: listed by zoo, ark, allowed by library, 0 bits",
             f"{first} is not sealed: listed by zoo, allowed by library, 31 bits", "2 disputed")


@case
def the_history_says_what_was_sealed(world):
    workspace, _, _ = overlapping(world)
    result, _ = seal(world, workspace, "list.hvdb", "--min-sources", "2", "--who", "alice")
    history = world.run("db", "history", workspace).output.splitlines()[-1]
    contains(history, "alice", "seal", result["digest"], '"min_sources":2', '"as_of_change":2')


def base_of_pictures(world):
    """A workspace of all listed pictures but the last two, sealed."""
    listed = world.files("listed")
    workspace = world.path("work")
    world.run("db", "import", workspace, world.make_folder("old", listed[:-2]), "--source", "A",
              "--label", "x")
    seal(world, workspace, "base.hvdb")
    return workspace, listed


def matches(world, listed, *segments):
    arguments = [word for path in segments for word in ("--segment", world.path(path))]
    scan = world.scan("--db", world.path("base.hvdb"), "--key", world.key("evaluator"), *arguments,
                      *listed)
    return scan.classes()["match"]


@case
def a_segment_holds_what_has_changed_since_its_base(world):
    workspace, listed = base_of_pictures(world)
    world.run("db", "import", workspace, world.make_folder("new", listed[-2:]), "--source", "B",
              "--label", "x")
    values = [line.split()[0] for line in world.run("db", "list", workspace, "--source",
                                                    "A").output.splitlines()]
    world.run("db", "remove", workspace, values[0])
    result, _ = seal(world, workspace, "monday.hvdb", "--base", world.path("base.hvdb"))
    equal((result["entries"], result["withdrawn"]), (2, 1), "entries, withdrawn")
    equal(matches(world, listed), len(listed) - 2, "matches of the base")
    equal(matches(world, listed, "monday.hvdb"), len(listed) - 1, "matches with the segment")


@case
def a_base_that_fits_nothing_is_refused(world):
    workspace, listed = base_of_pictures(world)
    base = world.path("base.hvdb")
    contains(seal(world, workspace, "x.hvdb", "--base", base, exits=TROUBLE)[1],
             "nothing has changed")
    world.run("db", "import", workspace, world.make_folder("new", listed[-2:]), "--source", "B",
              "--label", "x")
    other = world.path("other")
    world.run("db", "import", other, world.path("new"), "--source", "A", "--label", "x")
    contains(seal(world, other, "x.hvdb", "--base", base, exits=TROUBLE)[1], "not sealed from")
    contains(seal(world, workspace, "x.hvdb", "--base", base, "--epoch", "1", exits=TROUBLE)[1],
             "base.hvdb", "higher --epoch")
    seal(world, workspace, "monday.hvdb", "--base", base)
    contains(seal(world, workspace, "x.hvdb", "--base", world.path("monday.hvdb"),
                  exits=TROUBLE)[1], "itself a segment")
    world.run("db", "seal", workspace, world.path("x.hvdb"), "--key", world.key("evaluator"),
              "--base", base, "--min-sources", "2", exits=USAGE)
    equal(databases(world), ["base.hvdb", "monday.hvdb"], "what is left")


@cases({
    "no key": (),
    "a key and an evaluator": ("--key", "k", "--evaluator", "unix:/e"),
    "an evaluator without its key": ("--evaluator", "unix:/e"),
    "both keys": ("--key", "k", "--evaluator-key", "k", "--evaluator", "unix:/e"),
    "an evaluator's key alone": ("--evaluator-key", "k"),
    "an address of another kind": ("--evaluator", "e", "--evaluator-key", "k"),
    "a life that is no number": ("--key", "k", "--expires", "soon"),
})
def wrong_usage_is_refused(world, row):
    world.run("db", "seal", "work", "list.hvdb", *row, exits=USAGE)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
