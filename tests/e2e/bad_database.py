# SPDX-License-Identifier: Apache-2.0
"""Databases that are damaged or are none: refused before anything is scanned or started."""

import os
import struct
import sys

import harness
from harness import MATCH, TROUBLE, case, cases, contains, equal

HEADER_BYTES = 64


def layout(database):
    """Returns where the parts begin; hashdb/sealed/FORMAT.md has the fields."""
    manifest_len, _, signatures = struct.unpack_from("<IQQ", database, 12)
    records = signatures - 112 * 1024
    pages = (HEADER_BYTES + manifest_len + 63) // 64 * 64
    pages_len, = struct.unpack_from("<Q", database, HEADER_BYTES + manifest_len - 40)
    tables = (pages + pages_len + 63) // 64 * 64
    return {"header": 0, "manifest": HEADER_BYTES, "pages": pages, "tables": tables,
            "records": records, "signatures": signatures}


def flip(part, at=0):
    def damage(database):
        place = layout(database)[part] + at
        return database[:place] + bytes([database[place] ^ 1]) + database[place + 1:]
    return damage


def cut_in(part):
    return lambda database: database[:layout(database)[part] + 3]


# What was done to the database, and words of the message.
DAMAGE = {
    "one bit of its magic": (flip("header"), "not a format"),
    "one bit of its version": (flip("header", 8), "another version"),
    "one bit of the manifest's length": (flip("header", 12), "manifest: "),
    "one bit of the manifest's digest":
        (flip("header", 32), "manifest: its content does not match its digest"),
    "one bit of the epoch":
        (flip("manifest", 8), "manifest: its content does not match its digest"),
    "one bit of the mask seed": (flip("manifest", 56), "manifest: its content does not match"),
    "one bit of the pages' digests":
        (flip("pages", 5), "pages: its content does not match its digest"),
    "one bit of the first table":
        (flip("tables", 5), "tables: its content does not match its digest"),
    "one bit of the last table": (flip("records", -64 * 150), "tables: its content does not match"),
    "one bit of the records": (flip("records", 64 * 512),
                               "records: its content does not match its digest"),
    "one bit of the number of signatures": (flip("signatures"), "signatures: "),
    "cut in the header": (lambda database: database[:40], "header: it ends too early"),
    "cut in the manifest": (cut_in("manifest"), "too early"),
    "cut in the tables": (cut_in("tables"), "too early"),
    "cut in the records": (cut_in("records"), "too early"),
    "cut before its last byte": (lambda database: database[:-1], "too early"),
    "a byte too long": (lambda database: database + b"\0", "header: "),
    "empty": (lambda database: b"", "empty"),
    "a text": (lambda database: b"# hashes\n" * 100, "not a format"),
    "zeros": (lambda database: bytes(len(database)), "not a format"),
}


def damaged(world, damage):
    with open(world.database, "rb") as file:
        return world.write("damaged.hvdb", damage(file.read()))


@cases(DAMAGE)
def a_damaged_database_is_refused_by_name_and_part(world, row):
    damage, words = row
    path = damaged(world, damage)
    for command in (("scan", "--db", path, "--key", world.key("evaluator"), world.pictures),
                    ("db", "info", path)):
        if command[0] == "db" and words == "not a format":
            continue  # it might be a workspace, and that says so in other words
        outcome = world.run(*command, exits=TROUBLE)
        equal(outcome.output, "", "output")
        equal(outcome.errors.count("\n"), 1, outcome.errors)
        contains(outcome.errors, f"hashveil: {path}: ", words)


@case
def what_is_neither_a_database_nor_a_workspace_is_no_information(world):
    outcome = world.run("db", "info", world.files("listed")[0], exits=TROUBLE)
    contains(outcome.errors, "neither a sealed database nor a workspace")


OTHER_PATHS = {
    "that is not there": (lambda world: world.path("absent"), "no such file"),
    "that is a folder": (lambda world: world.folder, "not a regular file"),
    "that is a device": (lambda world: "/dev/zero", "not a regular file"),
    "that is a picture": (lambda world: world.files("listed")[0], "not a format"),
    "that is a workspace": (lambda world: world.workspace, "not a format"),
}


@cases(OTHER_PATHS)
def a_database(world, row):
    make, words = row
    outcome = world.run("scan", "--db", make(world), "--key", world.key("evaluator"),
                        world.pictures, exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {make(world)}: ", words)


@case
def a_refused_database_reaches_neither_evaluator_nor_spool(world):
    path = damaged(world, flip("records"))
    world.run("scan", "--db", path, "--evaluator", "unix:" + world.path("none"),
              *world.with_spool(), world.pictures, exits=TROUBLE)
    assert not os.path.exists(world.path("spool"))


@case
def another_key_than_the_databases_is_refused_before_the_scan(world):
    outcome = world.run("scan", "--db", world.database, "--key", world.key("evaluator", "other-"),
                        world.pictures, exits=TROUBLE)
    equal(outcome.output, "", "output")
    contains(outcome.errors, f"hashveil: {world.key('evaluator', 'other-')}: ", world.database)


@case
def a_database_may_be_replaced_while_it_is_scanned_with(world):
    database = world.path("list.hvdb")
    seal = ("db", "seal", world.workspace, database, "--key", world.key("evaluator"))
    world.run(*seal)
    process = world.start("scan", "--json", "--db", database, "--key", world.key("evaluator"),
                          os.path.join(world.pictures, "copies"))
    world.run(*seal)
    found = harness.Scan(*world.finish(process, MATCH))
    equal(found.classes(), {"match": 48}, "classes")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
