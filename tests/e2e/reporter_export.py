# SPDX-License-Identifier: Apache-2.0
"""What a reporter gives away of its reports, and what a person decides about them."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../tools/hashveil/stub_report.xsd")
NOTICE = "This is a test"
NAMES_OF_HASHES = {"PDQ": "hash", "MD5": "md5", "SHA1": "sha1", "SHA256": "sha256"}


def filled_store(world, count=3):
    """A store with so many reports; returns their ids, the oldest first."""
    world.scan(*world.with_key(), "--reporter-key", world.key("reporter"),
               "--spool", world.path("spool"), "--report-store", world.path("store"),
               "--list", world.workspace,
               *world.files("listed")[:count], exits=MATCH)
    return [report["id"] for report in world.stored()]


def export(world, *arguments, **options):
    return world.run("reporter", "export", "--store", world.path("store"), *arguments, **options)


def exported(world, *arguments):
    return [json.loads(line) for line in export(world, "--json", *arguments).output.splitlines()]


def review(world, *arguments, **options):
    return world.run("reporter", "review", "--store", world.path("store"), *arguments, **options)


def change(world, sql, *values):
    with contextlib.closing(sqlite3.connect(world.path("store"))) as database:
        database.execute(sql, values)
        database.commit()


def check_schema(world, document):
    if not shutil.which("xmllint"):
        raise harness.Skip("there is no xmllint")
    result = subprocess.run(
        ["xmllint", "--noout", "--nonet", "--schema", SCHEMA,
         world.write("document.xml", document.encode())], capture_output=True, check=False)
    equal(result.returncode, 0, f"xmllint: {result.stderr.decode()}")


@case
def json_says_what_the_list_says_and_that_it_is_a_test(world):
    filled_store(world)
    reports = exported(world)
    for report in reports:
        contains(report.pop("notice"), NOTICE)
        equal(report.pop("review"), "new", "review")
    equal(reports, world.stored(), "reports")


@case
def xml_says_what_the_list_says_and_that_it_is_a_test(world):
    ids = filled_store(world)
    review(world, "--retracted", ids[1])
    root = xml.etree.ElementTree.fromstring(export(world, "--xml").output)
    contains(root.get("notice"), NOTICE)
    equal([report.get("review") for report in root], ["new", "retracted", "new"], "reviews")
    for element, report in zip(root, world.stored(), strict=True):
        equal((element.get("id"), element.get("state"), element.get("distanceBits")),
              (report["id"], report["state"], str(report["distance"])), "attributes")
        equal(element.findtext("report/incidentSummary/incidentDateTime"), report["time"], "time")
        contains(element.findtext("report/incidentSummary/incidentType"), "Test")
        contains(element.findtext("report/additionalInfo"), NOTICE)
        equal(element.findtext("fileDetails/fileViewedByEsp"), "false", "viewed")
        contains(element.findtext("fileDetails/additionalInfo"), NOTICE, report["labels"][0])
        hashes = {NAMES_OF_HASHES[part.get("hashType")]: part.text
                  for part in element.iter("originalFileHash")}
        equal(hashes, {key: report[key] for key in NAMES_OF_HASHES.values() if key in report},
              "hashes")


@cases({"of no reports": 0, "of one report": 1, "of three": 3})
def xml_is_valid_by_the_schema(world, row):
    ids = filled_store(world, max(row, 1))
    if row:
        review(world, "--reviewed", ids[0])
    else:
        change(world, "DELETE FROM reports")
    check_schema(world, export(world, "--xml").output)


@case
def xml_is_well_formed_whatever_a_label_holds(world):
    label = "<b>&amp;]]> \" \ufffe \uffff \U0001f600"
    filled_store(world, 1)
    change(world, "UPDATE reports SET labels = ?", label)
    document = export(world, "--xml").output
    check_schema(world, document)
    root = xml.etree.ElementTree.fromstring(document)
    contains(root.findtext("stubReport/fileDetails/additionalInfo"),
             label.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd"))
    equal(exported(world)[0]["labels"], [label], "labels in JSON")


@case
def an_export_is_of_what_is_asked_for(world):
    ids = filled_store(world)
    change(world, "UPDATE reports SET state = 'rejected' WHERE id = ?", ids[2])
    review(world, "--reviewed", ids[0])
    for arguments, wanted in ((("--review", "new"), ids[1:]), (("--review", "reviewed"), ids[:1]),
                              (("--review", "retracted"), []), (("--state", "rejected"), ids[2:]),
                              (("--state", "confirmed", "--review", "new"), ids[1:2])):
        equal([report["id"] for report in exported(world, *arguments)], wanted, str(arguments))


@case
def what_is_decided_stays_so(world):
    ids = filled_store(world)
    review(world, "--reviewed", ids[0])
    for decision in ("--reviewed", "--retracted"):
        contains(review(world, decision, ids[0], exits=TROUBLE).errors, ids[0], "already")
    review(world, "--retracted", ids[0], ids[1], exits=TROUBLE)
    equal([report["review"] for report in exported(world)], ["reviewed", "retracted", "new"],
          "reviews")
    assert "reviewed" in exported(world)[0] and "reviewed" not in exported(world)[2]


@case
def what_is_not_there_cannot_be_decided(world):
    filled_store(world, 1)
    contains(review(world, "--reviewed", "00" * 16, exits=TROUBLE).errors, "00" * 16, "no report")
    equal(exported(world)[0]["review"], "new", "review")


@case
def a_decision_does_not_stop_reports_from_coming(world):
    ids = filled_store(world, 1)
    review(world, "--reviewed", ids[0])
    equal(len(filled_store(world, 2)), 3, "reports")
    equal([report["review"] for report in exported(world)], ["reviewed", "new", "new"], "reviews")


@cases({"export": ("export", "--xml"), "review": ("review", "--reviewed", "00" * 16)})
def another_file_than_a_store_is_refused_and_stays_as_it_is(world, row):
    command, *arguments = row
    other = world.write("other", b"no store\n" * 1000)
    for path, reason in ((other, "not a format"), (world.path("nowhere"), "no such")):
        outcome = world.run("reporter", command, "--store", path, *arguments, exits=TROUBLE)
        contains(outcome.errors, path, reason)
        equal(outcome.output, "", "output")
    with open(other, "rb") as file:
        equal(file.read(), b"no store\n" * 1000, "file")


@case
def a_store_that_may_only_be_read_is_exported(world):
    filled_store(world, 1)
    os.chmod(world.path("store"), 0o400)
    export(world, "--json", exits=DONE)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
