# SPDX-License-Identifier: Apache-2.0
"""Two bodies that share an evaluator's key: both are asked, and neither alone is of any use."""

import os
import re
import sys

import harness
from harness import DONE, MATCH, TROUBLE, USAGE, case, cases, contains, equal
from sockets import Proxy

UNDER_ANOTHER_KEY = "not the key that is needed here"


def public(path):
    with open(path + ".pub", encoding="ascii") as file:
        return re.search("[0-9a-f]{64}", file.read())[0]


class Shared:
    """A key in two shares, an evaluator for each, and a list sealed by asking both."""

    def __init__(self, world, names=("one", "two")):
        self.world = world
        self.key = world.path("shared.key")
        world.run("keygen", "evaluator", "--split", self.key)
        self.shares = [self.key + ".1", self.key + ".2"]
        self.proxies = []
        for share, name in zip(self.shares, names):
            _, path = world.evaluator(key=share, name=name)
            self.proxies.append(Proxy(world, name + " proxy", path))
        self.database = world.path("list.hvdb")

    def peers(self, order=(0, 1), keys=None):
        arguments = []
        for number in order:
            arguments += ["--evaluator", self.proxies[number].address]
        for path in keys or [self.shares[number] + ".pub" for number in order]:
            arguments += ["--evaluator-key", path]
        return arguments

    def seal(self, *more, exits=DONE, peers=None):
        return self.world.run("db", "seal", self.world.workspace, self.database,
                              *(peers or self.peers()), *more, exits=exits)

    def scan(self, peers=None, picture=None, exits=MATCH, percent="100"):
        found = self.world.scan("--db", self.database, *(peers or self.peers()), "--verify-share",
                                percent, picture or self.world.files("listed")[0], exits=exits)
        return found


@case
def what_both_sealed_both_find(world):
    shared = Shared(world)
    shared.seal()
    for percent in ("0", "100"):
        equal(shared.scan(percent=percent).files[0]["class"], "match", "listed")
        found = shared.scan(picture=world.files("others")[0], exits=DONE, percent=percent)
        equal(found.files[0]["class"], "no known match", "another")
    equal(shared.scan(peers=shared.peers((1, 0))).files[0]["class"], "match", "in another order")


@case
def both_are_asked_the_same_elements_and_nothing_else(world):
    shared = Shared(world)
    shared.seal()
    for proxy in shared.proxies:
        del proxy.requests[:]
    shared.scan()
    bodies = [[body for _, body in proxy.requests] for proxy in shared.proxies]
    equal([len(own) for own in bodies], [1, 1], "requests")
    equal(bodies[0][0][:16], bodies[1][0][:16], "start of the header")
    equal([own[0][16:48].hex() for own in bodies], [public(share) for share in shared.shares],
          "whose key each names")
    equal(bodies[0][0][48:], bodies[1][0][48:], "elements")


@case
def neither_alone_finds_or_seals_anything(world):
    shared = Shared(world)
    shared.seal()
    for number, share in enumerate(shared.shares):
        alone = ["--evaluator", shared.proxies[number].address]
        found = shared.scan(peers=alone, exits=TROUBLE)
        equal(found.files[0]["class"], "unchecked", "class")
        outcome = world.run("scan", "--db", shared.database, "--key", share,
                            world.files("listed")[0], exits=TROUBLE)
        contains(outcome.errors, share + ": not the key that")
        outcome = world.run("scan", "--db", shared.database, *alone, "--evaluator-key",
                            share + ".pub", world.files("listed")[0], exits=TROUBLE)
        contains(outcome.errors, share + ".pub: not the key that")


@case
def the_same_one_twice_is_not_both(world):
    shared = Shared(world)
    shared.seal()
    for number in (0, 1):
        outcome = world.run("scan", "--db", shared.database, *shared.peers((number, number)),
                            world.files("listed")[0], exits=TROUBLE)
        contains(outcome.errors, "do not add up to the key that it was sealed with")


@case
def evaluators_with_other_keys_than_said_are_noticed(world):
    shared = Shared(world)
    shared.seal()
    swapped = shared.peers(keys=[shared.shares[1] + ".pub", shared.shares[0] + ".pub"])
    found = shared.scan(peers=swapped, exits=TROUBLE)
    equal(found.files[0]["class"], "unchecked", "class")


@case
def one_that_is_away_is_named_and_nothing_passes(world):
    shared = Shared(world)
    shared.seal()
    gone = "unix:" + world.path("gone")
    for number in (0, 1):
        addresses = [proxy.address for proxy in shared.proxies]
        addresses[number] = gone
        peers = []
        for address, share in zip(addresses, shared.shares):
            peers += ["--evaluator", address, "--evaluator-key", share + ".pub"]
        found = shared.scan(peers=peers, exits=TROUBLE)
        equal((found.files[0]["class"], found.files[0]["reason"]),
              ("unchecked", "the peer cannot be reached"), "file")
        contains(found.errors, f"hashveil: {gone}: the peer cannot be reached\n")


@case
def two_that_made_their_own_keys_join_them(world):
    shares = [world.key("evaluator", name + " ") for name in ("first", "second")]
    whole = world.path("whole")
    output = world.run("keygen", "evaluator", "--join", whole, *(path + ".pub" for path in shares))
    equal(output.output, f"evaluator public {public(whole)} {whole}.pub\n", "line")
    assert not os.path.exists(whole), "a secret"
    addresses = ["unix:" + world.evaluator(key=path, name=f"socket {number}")[1]
                 for number, path in enumerate(shares)]
    peers = []
    for address, share in zip(addresses, shares):
        peers += ["--evaluator", address, "--evaluator-key", share + ".pub"]
    database = world.path("list.hvdb")
    world.run("db", "seal", world.workspace, database, *peers)
    world.run("db", "verify", database, "--pin", whole + ".pub")
    found = world.scan("--db", database, *peers, "--pin", whole + ".pub", world.files("listed")[0],
                       exits=MATCH)
    equal(found.files[0]["class"], "match", "class")


SPLIT_FILES = ("shared", "shared.1", "shared.1.pub", "shared.2", "shared.2.pub", "shared.pub")


@case
def a_split_writes_no_whole_secret_and_overwrites_nothing(world):
    os.mkdir(world.path("keys"))
    path = world.path("keys", "shared")
    world.run("keygen", "evaluator", "--split", path)
    equal(sorted(os.listdir(world.path("keys"))), list(SPLIT_FILES[1:]), "files")
    for name in ("shared.1", "shared.2"):
        equal(os.stat(world.path("keys", name)).st_mode & 0o777, 0o600, name)
    before = public(path)
    world.run("keygen", "evaluator", "--split", path, exits=TROUBLE)
    equal(public(path), before, "key")


@cases({
    "another kind": ("reporter", "--split", "x"),
    "both at once": ("evaluator", "--split", "--join", "x", "y", "z"),
    "one share": ("evaluator", "--join", "x", "y"),
    "three shares": ("evaluator", "--join", "x", "y", "z", "w"),
    "one with a share": ("evaluator", "x", "y"),
})
def no_key_is_shared_by(world, row):
    world.run("keygen", *row, exits=USAGE)


@case
def a_key_of_another_kind_is_no_share(world):
    share = world.key("evaluator", "first ")
    outcome = world.run("keygen", "evaluator", "--join", world.path("x"), share + ".pub",
                        world.key("reporter") + ".pub", exits=TROUBLE)
    contains(outcome.errors, world.key("reporter"), UNDER_ANOTHER_KEY)


@cases({
    "two without keys": ["--evaluator", "unix:/a", "--evaluator", "unix:/b"],
    "two with one key": ["--evaluator", "unix:/a", "--evaluator", "unix:/b",
                                        "--evaluator-key", "x"],
    "three": 3 * ["--evaluator", "unix:/a"],
    "a key alone": ["--evaluator-key", "x"],
})
def a_scan_does_not_take(world, row):
    world.run("scan", "--db", world.database, *row, world.files("listed")[0], exits=USAGE)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
