# SPDX-License-Identifier: Apache-2.0
"""A curator's day: overlapping lists, withdrawals, allow-lists, two workspaces, lists written."""

import json
import os
import random
import shutil
import signal
import sys
import time

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

HEADER = "signal_type,signal_str,quality,item,id,label,member,status\n"
HASHES = ["1" + "0" * 63, "2f" * 32, "3a5" * 21 + "b", "4c" * 32]
MD5 = "0123456789abcdef0123456789abcdef"
SHA256 = "89abcdef" * 8
KILLS = 50


def write(world, name, rows):
    return world.write(name, (HEADER + "".join(row + "\n" for row in rows)).encode())


def line_of(value, item="", label="", status="", kind="pdq"):
    return f"{kind},{value},,{item},{item},{label},,{status}"


def load(world, workspace, source, rows, *arguments, name="list.csv"):
    outcome = world.run("db", "import", workspace, write(world, name, rows), "--source", source,
                        "--json", *arguments)
    return json.loads(outcome.output)


def listed(world, workspace, *arguments):
    """Returns (value, source) of what 'db list' prints."""
    lines = world.run("db", "list", workspace, "--json", *arguments).output.splitlines()
    return sorted((claim["value"], claim["source"]) for claim in map(json.loads, lines))


def overlapping(world, name="work"):
    """Two lists that share one hash; of one list a digest beside it."""
    workspace = world.path(name)
    load(world, workspace, "zoo", [line_of(HASHES[0], "7", "VIC_US:1"), line_of(MD5, "7", "VIC_US:1",
                                                                        kind="md5"),
                                   line_of(HASHES[1])], "--who", "alice")
    load(world, workspace, "ark", [line_of(HASHES[0], label="tests"), line_of(HASHES[2])])
    return workspace


@case
def a_list_tells_who_names_what(world):
    workspace = overlapping(world)
    equal(listed(world, workspace),
          sorted([(HASHES[0], "zoo"), (HASHES[0], "ark"), (HASHES[1], "zoo"), (HASHES[2], "ark"),
                  ("md5:" + MD5, "zoo")]), "claims")
    equal(listed(world, workspace, "--source", "ark"),
          sorted([(HASHES[0], "ark"), (HASHES[2], "ark")]), "of one source")
    equal(listed(world, workspace, "--label", "VIC_US:1"),
          sorted([(HASHES[0], "zoo"), ("md5:" + MD5, "zoo")]), "with one label")
    equal(listed(world, workspace, MD5.upper()), [("md5:" + MD5, "zoo")], "of one value")
    line = world.run("db", "list", workspace, "md5:" + MD5).output.rstrip("\n").split("\t")
    equal((line[0], line[1:4], line[5:]), ("md5:" + MD5, ["zoo", "VIC_US:1", "7"],
                                           ["alice", "-", "-"]), "fields")


@case
def the_history_tells_what_changed_when_and_by_whom(world):
    workspace = overlapping(world)
    load(world, workspace, "ark", [line_of(HASHES[2], status="withdrawn")], "--who", "bob")
    world.run("db", "remove", workspace, "--reason", "wrong picture", "--who", "carol", HASHES[1])
    changes = [json.loads(line) for line in
               world.run("db", "history", workspace, "--json").output.splitlines()]
    equal([(change["action"], change["added"], change["ended"]) for change in changes],
          [("import", 3, 0), ("import", 2, 0), ("import", 0, 1), ("remove", 0, 1)], "changes")
    equal([changes[0]["who"], changes[2]["who"], changes[3]["who"], changes[3]["detail"]],
          ["alice", "bob", "carol", "wrong picture"], "who")
    ended = [json.loads(line) for line in
             world.run("db", "list", workspace, "--json", "--ended").output.splitlines()]
    equal({claim["value"]: claim["ended_by"] for claim in ended if "ended" in claim},
          {HASHES[2]: "bob", HASHES[1]: "carol"}, "ended")


@case
def what_is_removed_is_no_longer_sealed_and_comes_back_with_its_list(world):
    workspace = overlapping(world)
    outcome = world.run("db", "remove", workspace, "--json", HASHES[0], "md5:" + MD5, HASHES[3])
    equal(json.loads(outcome.output)["ended"], 3, "ended")
    equal(json.loads(outcome.output)["not_named"], 1, "not named")
    equal(listed(world, workspace), [(HASHES[1], "zoo"), (HASHES[2], "ark")], "left")
    load(world, workspace, "ark", [line_of(HASHES[0])])
    contains(str(listed(world, workspace)), HASHES[0])
    outcome = world.run("db", "remove", workspace, "--source", "nobody", HASHES[0], exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {workspace}: no source is called 'nobody'")
    outcome = world.run("db", "remove", workspace, "12345", exits=TROUBLE)
    contains(outcome.errors, "hashveil: 12345: neither a PDQ hash nor a digest")
    before = listed(world, workspace)
    with open(world.write("values", f"{HASHES[1]}\n12345\n".encode()), "rb") as values:
        outcome = world.run("db", "remove", workspace, "-", exits=TROUBLE, stdin=values)
    contains(outcome.errors, "hashveil: 12345: neither")
    equal(listed(world, workspace), before, "nothing is removed by halves")
    with open(world.write("values", f"{HASHES[1]}\n{HASHES[2]}\n".encode()), "rb") as values:
        outcome = world.run("db", "remove", workspace, "--json", "-", stdin=values)
    equal(json.loads(outcome.output)["ended"], 2, "removed by standard input")
    equal(json.loads(world.run("db", "info", "--json", workspace).output)["ended_claims"],
          len(listed(world, workspace, "--ended")) - len(listed(world, workspace)), "ended claims")


@case
def a_diff_shows_what_differs_and_its_exit_code_says_whether(world):
    old = overlapping(world, "old")
    new = world.path("new")
    shutil.copy(old, new)
    equal(world.run("db", "diff", old, new, exits=DONE).output, "", "no difference")
    load(world, new, "ark", [line_of(HASHES[1]), line_of(HASHES[3], label="new"), line_of(HASHES[2], status="withdrawn")])
    lines = world.run("db", "diff", old, new, exits=MATCH).output.splitlines()
    equal([line.split("\t")[0] for line in lines],
          ["~ " + HASHES[1], "- " + HASHES[2], "+ " + HASHES[3]], "lines")
    since = world.run("db", "diff", new, "--since", "2", exits=MATCH).output.splitlines()
    equal(since, lines, "since the change before")
    backwards = world.run("db", "diff", new, old, "--json", exits=MATCH).output.splitlines()
    equal([json.loads(line)["change"] for line in backwards], ["changed", "added", "removed"],
          "backwards")
    equal([json.loads(line)["labels"] for line in backwards], [[], [], ["new"]], "labels")


@case
def merging_brings_everything_in_once_and_the_last_word_counts(world):
    here = world.path("here")
    there = world.path("there")
    load(world, here, "zoo", [line_of(HASHES[0], label="old")], "--who", "alice")
    shutil.copy(here, there)
    time.sleep(1.1)  # what is said within one second has no order
    load(world, there, "zoo", [line_of(HASHES[0], label="new"), line_of(HASHES[1])], "--who", "bob")
    load(world, there, "ark", [line_of(HASHES[0])])
    counts = json.loads(world.run("db", "merge", here, there, "--json").output)
    equal((counts["added"], counts["changed"], counts["ended"]), (2, 1, 0), "counts")
    equal(world.run("db", "diff", here, there, exits=DONE).output, "", "difference")
    counts = json.loads(world.run("db", "merge", here, there, "--json").output)
    equal((counts["added"], counts["changed"], counts["ended"]), (0, 0, 0), "merged again")
    counts = json.loads(world.run("db", "merge", there, here, "--json").output)
    equal((counts["added"], counts["changed"], counts["ended"]), (0, 0, 0), "the other way")
    by = {json.loads(line)["added_by"] for line in
          world.run("db", "list", here, HASHES[1], "--json").output.splitlines()}
    equal(by, {"bob"}, "who said so")
    time.sleep(1.1)
    load(world, there, "zoo", [line_of(HASHES[1], status="withdrawn")])
    counts = json.loads(world.run("db", "merge", here, there, "--json").output)
    equal((counts["added"], counts["changed"], counts["ended"]), (0, 0, 1), "withdrawn there")
    outcome = world.run("db", "merge", here, world.files("listed")[0], exits=TROUBLE)
    contains(outcome.errors, world.files("listed")[0])


@case
def merging_keeps_together_what_is_of_one_item(world):
    here = world.path("here")
    there = world.path("there")
    load(world, here, "library", [line_of(MD5, kind="md5")], "--allow")
    load(world, there, "zoo", [line_of(HASHES[0], "7"), line_of(MD5, "7", kind="md5")])
    world.run("db", "merge", here, there)
    equal(json.loads(world.run("db", "info", here, "--json").output)["disputed"], 2, "disputed")
    records = {json.loads(line)["record"] for line in
               world.run("db", "list", here, "--json").output.splitlines()}
    equal(len(records), 1, "records")
    changes = world.run("db", "history", here).output
    world.run("db", "merge", here, there)
    equal(world.run("db", "history", here).output, changes, "history of merging again")


@case
def what_was_withdrawn_stays_so_in_whatever_order_workspaces_are_merged(world):
    before = world.path("before")
    load(world, before, "zoo", [line_of(HASHES[0]), line_of(HASHES[1])], "--who", "alice")
    after = world.path("after")
    shutil.copy(before, after)
    time.sleep(1.1)
    load(world, after, "zoo", [line_of(HASHES[0], status="withdrawn")], "--who", "bob")
    for name, order in (("one", (before, after)), ("other", (after, before))):
        workspace = world.path(name)
        world.run("db", "merge", workspace, *order)
        equal(listed(world, workspace), [(HASHES[1], "zoo")], name)
        claims = [json.loads(line) for line in
                  world.run("db", "list", workspace, "--ended", "--json",
                            HASHES[0]).output.splitlines()]
        equal([(claim["added_by"], claim["ended_by"]) for claim in claims], [("alice", "bob")],
              name)


FORMATS = {name: name for name in ("csv", "pdq", "pdq-fields", "checksums", "hashdeep", "xml",
                                   "json-records", "json-results", "odata")}
SAY_LESS = ("pdq", "pdq-fields", "checksums", "hashdeep")


@cases(FORMATS)
def what_a_format_can_say_comes_back_from(world, row):
    form = row
    workspace = overlapping(world)
    load(world, workspace, "zoo", [line_of(SHA256, "7", "VIC_US:1", kind="sha256")])
    outcome = world.run("db", "export", workspace, "--format", form, "--source", "zoo")
    path = world.write("exported", outcome.output.encode())
    again = world.path("again")
    world.run("db", "import", again, path, "--source", "zoo")
    before, after = listed(world, workspace, "--source", "zoo"), listed(world, again)
    assert after and set(after) <= set(before), (before, after)
    if form not in SAY_LESS:
        equal(after, before, "claims")
    equal("left out" in outcome.errors, form in SAY_LESS, outcome.errors)


@case
def a_list_of_what_is_withdrawn_ends_it_elsewhere(world):
    workspace = overlapping(world)
    other = world.path("other")
    world.run("db", "merge", other, workspace)
    load(world, workspace, "zoo", [line_of(HASHES[1], status="withdrawn")])
    exported = world.run("db", "export", workspace, "--withdrawn", "--source", "zoo").output
    path = world.write("exported.csv", exported.encode())
    counts = json.loads(world.run("db", "import", other, path, "--source", "zoo",
                                  "--json").output)
    equal(counts["withdrawn"], 1, "withdrawn")
    equal(listed(world, other), listed(world, workspace), "claims")


@case
def a_list_of_everything_comes_back_whole(world):
    workspace = overlapping(world)
    load(world, workspace, "zoo", [line_of(HASHES[3], status="allowed")])
    load(world, workspace, "zoo", [line_of(HASHES[1], status="allowed")])
    world.run("db", "remove", workspace, "--source", "zoo (allowed)", HASHES[1])
    path = world.write("exported.csv",
                       world.run("db", "export", workspace, "--withdrawn").output.encode())
    again = world.path("again")
    world.run("db", "import", again, path)
    equal(listed(world, again), listed(world, workspace), "claims")
    counts = json.loads(world.run("db", "import", workspace, path, "--json").output)
    equal((counts["added"], counts["withdrawn"]), (0, 0), "imported where it is from")


@case
def an_allow_list_keeps_its_hashes_out_of_the_database(world):
    workspace = overlapping(world)
    load(world, workspace, "library", [line_of(HASHES[1])], "--allow", name="good.csv")
    database = world.path("list.hvdb")
    outcome = world.run("db", "seal", workspace, database, "--key", world.key("evaluator"),
                        "--json")
    equal(json.loads(outcome.output)["entries"], 2, "hashes sealed")
    outcome = world.run("db", "import", workspace, world.path("good.csv"), "--source", "zoo",
                        "--allow", exits=TROUBLE)
    contains(outcome.errors, "both lists and allows")


@case
def an_import_killed_at_any_time_leaves_all_or_nothing(world):
    workspace = world.path("work")
    generator = random.Random(7)
    load(world, workspace, "zoo", [line_of(HASHES[0])])
    values = [f"{generator.getrandbits(256):064x}" for _ in range(60000)]
    path = world.write("many", "".join(value + "\n" for value in values).encode())
    start = time.monotonic()
    shutil.copy(workspace, world.path("measured"))
    world.run("db", "import", world.path("measured"), path, "--source", "ark")
    whole = time.monotonic() - start
    seen = set()
    for _ in range(KILLS):
        shutil.copy(workspace, world.path("killed"))
        process = world.start("db", "import", world.path("killed"), path, "--source", "ark")
        time.sleep(generator.uniform(0, 1.1 * whole))
        process.kill()
        process.wait()
        assert process.returncode in (DONE, -signal.SIGKILL), process.returncode
        info = json.loads(world.run("db", "info", world.path("killed"), "--json").output)
        assert info["hashes"] in (1, 1 + len(values)), info
        seen.add(info["hashes"])
        counts = json.loads(world.run("db", "import", world.path("killed"), path, "--source",
                                      "ark", "--json").output)
        equal(counts["added"] + counts["known"], len(values), "imported again")
        os.remove(world.path("killed"))
    assert 1 in seen, seen


def flipped(value, bits):
    return f"{int(value, 16) ^ (1 << bits) - 1:064x}"


@case
def a_match_in_the_clear_finds_all_that_is_near_the_nearest_first(world):
    workspace = world.path("work")
    near = [flipped(HASHES[1], bits) for bits in (31, 3, 32)]
    load(world, workspace, "zoo", [line_of(value) for value in (HASHES[1], *near)])
    load(world, workspace, "zoo", [line_of(MD5, kind="md5")])
    found = [line.split("\t") for line in
             world.run("db", "match", workspace, HASHES[1], exits=MATCH).output.splitlines()]
    equal([(line[1], line[2]) for line in found],
          [("0", HASHES[1]), ("3", near[1]), ("31", near[0])], "found")
    found = world.run("db", "match", workspace, "--within", "3", "--json", HASHES[1],
                      exits=MATCH).output.splitlines()
    equal([json.loads(line)["distance"] for line in found], [0, 3], "within 3")
    equal(world.run("db", "match", workspace, HASHES[2], exits=DONE).output, "", "nothing near")
    outcome = world.run("db", "match", workspace, MD5, "--most", "1", HASHES[1], exits=MATCH)
    equal(outcome.output.count("\n"), 2, outcome.output)
    contains(outcome.errors, "3 listed hashes are as near")


@case
def an_index_file_finds_what_its_workspace_finds(world):
    workspace, index = world.path("work"), world.path("listed.hvindex")
    load(world, workspace, "zoo", [line_of(flipped(HASHES[1], 31)), line_of(flipped(HASHES[1], 32))])
    load(world, workspace, "zoo", [line_of(MD5, kind="md5")])
    contains(world.run("db", "index", workspace, index).output, "2 hashes, 1 digests")
    for query in (HASHES[1], MD5):
        listed = world.run("db", "match", workspace, query, exits=MATCH).output
        found = world.run("db", "match", index, query, exits=MATCH).output
        equal(found.split(), listed.split()[:3], f"found of {query}")
    equal(world.run("db", "match", index, HASHES[2], exits=DONE).output, "", "nothing near")
    with open(index, "r+b") as file:
        file.seek(4096)
        file.write(b"\0\1")
    outcome = world.run("db", "match", index, HASHES[1], exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {index}: hashes: ")
    world.run("db", "index", world.path("absent"), index, exits=TROUBLE)


@case
def pictures_are_matched_in_the_clear_too(world):
    found = world.run("db", "match", world.workspace, os.path.join(world.pictures, "copies"),
                      exits=MATCH).output.splitlines()
    equal(len({line.split("\t")[0] for line in found}), 48, "copies found")
    others = world.run("db", "match", world.workspace, os.path.join(world.pictures, "others"),
                       exits=DONE)
    equal(others.output, "", "others")
    outcome = world.run("db", "match", world.workspace, world.path("absent"), exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {world.path('absent')}: no such file")


@case
def a_workspace_that_is_none_is_named(world):
    picture = world.files("listed")[0]
    for command in (("list", picture), ("history", picture), ("export", picture),
                    ("diff", picture, picture), ("remove", picture, HASHES[0]),
                    ("merge", picture, picture), ("match", picture, HASHES[0])):
        outcome = world.run("db", *command, exits=TROUBLE)
        contains(outcome.errors, f"hashveil: {picture}: ")
    workspace = overlapping(world)
    outcome = world.run("db", "export", workspace, "--format", "tables", exits=TROUBLE)
    contains(outcome.errors, "tables")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
