# SPDX-License-Identifier: Apache-2.0
"""Accounts of evaluators, made and listed by the program."""

import json
import os

from harness import DONE

ELEMENTS = 257  # of a picture's request
SCHEMA = os.path.join(os.path.dirname(__file__), "../../tools/hashveil/accounts.sql")


def add(world, store, name, per_day, burst=None, exits=DONE):
    """Makes an account; returns its token's file."""
    more = ("--burst", str(burst)) if burst else ()
    path = world.path(name + " token")
    world.run("account", "add", "--accounts", store, "--per-day", str(per_day), *more,
              "--token-file", path, name, exits=exits)
    return path


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def accounts(world, store):
    output = world.run("account", "list", "--accounts", store, "--json").output
    return {row["name"]: row for row in map(json.loads, output.splitlines())}
