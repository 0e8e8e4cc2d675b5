# SPDX-License-Identifier: Apache-2.0
"""Wrong usage is told on standard error with exit code 64, before anything is done."""

import sys

import harness
from harness import DONE, USAGE, case, cases, contains, equal

SCAN = ("scan", "--db", "x.hvdb")
WITH_KEY = (*SCAN, "--key", "x")
IMPORT = ("db", "import", "work", "list")

# What is wrong, and a word of the message.
WRONG = {
    "no command": ((), "command"),
    "an unknown command": (("find",), "find"),
    "an unknown option": (("--loud",), "--loud"),
    "db alone": (("db",), "command"),
    "an unknown db command": (("db", "drop"), "drop"),
    "reporter alone": (("reporter",), "command"),
    "keygen alone": (("keygen",), "KIND"),
    "keygen of no kind": (("keygen", "king", "file"), "king"),
    "keygen of two files": (("keygen", "curator", "a", "b"), ""),
    "hash of nothing": (("hash",), "FILE"),
    "hash --null without -": (("hash", "--null", "x.jpg"), "--null"),
    "hash --margins without --json": (("hash", "--margins", "x.jpg"), "--json"),
    "hash by an unknown policy": (("hash", "--policy", "best", "x.jpg"), "best"),
    "hash with no workers": (("hash", "--workers", "0", "x.jpg"), "--workers"),
    "hash in no time": (("hash", "--time-limit", "0", "x.jpg"), "--time-limit"),
    "hash with no memory": (("hash", "--memory-limit", "1", "x.jpg"), "--memory-limit"),
    "a limit of no sandbox":
        (("hash", "--no-sandbox", "--time-limit", "9", "x.jpg"), "--time-limit"),
    "scan by an unknown policy": ((*WITH_KEY, "--policy", "best", "path"), "best"),
    "db import of nothing": (("db", "import", "work", "--source", "A", "--label", "x"), "PATH"),
    "db import of no such format": ((*IMPORT, "--source", "A", "--format", "tables"), "--format"),
    "db import with an empty source": ((*IMPORT, "--source", "", "--label", "x"), "--source"),
    "db import with too long a source": ((*IMPORT, "--source", "s" * 32, "--label", "x"),
                                         "--source"),
    "db import with too long a label": ((*IMPORT, "--source", "A", "--label", "l" * 24), "--label"),
    "db import with a control character":
        ((*IMPORT, "--source", "A", "--label", "a\nb"), "--label"),
    "db import with a label that is no UTF-8":
        ((*IMPORT, "--source", "A", "--label", b"\xff"), "--label"),
    "db import with no workers": ((*IMPORT, "--source", "A", "--label", "x", "--workers", "0"),
                                  "--workers"),
    "db seal without a key": (("db", "seal", "work", "out"), "--key"),
    "db seal of one name": (("db", "seal", "work", "--key", "x"), ""),
    "db seal of epoch 0": (("db", "seal", "work", "out", "--key", "x", "--epoch", "0"), "--epoch"),
    "db seal of epoch 2^63":
        (("db", "seal", "work", "out", "--key", "x", "--epoch", str(2**63)), "--epoch"),
    "db seal with too many curators":
        (("db", "seal", "work", "out", "--key", "x", *17 * ("--curator", "x")), "--curator"),
    "db info of nothing": (("db", "info"), "FILE"),
    "db info of two files": (("db", "info", "a", "b"), "FILE"),
    "scan without a database": (("scan", "--key", "x", "path"), "--db"),
    "scan without an evaluator": ((*SCAN, "path"), "--evaluator"),
    "scan with two evaluators": ((*WITH_KEY, "--evaluator", "unix:x", "path"), "--evaluator"),
    "scan of nothing": (WITH_KEY, "PATH"),
    "scan with a spool and no reporter's key": ((*WITH_KEY, "--spool", "x", "path"),
                                                "--reporter-key"),
    "scan with a reporter and no reporter's key":
        ((*WITH_KEY, "--reporter", "unix:x", "path"), "--reporter-key"),
    "scan with two reporters": ((*WITH_KEY, "--reporter-key", "x", "--reporter", "unix:x",
                                 "--report-store", "x", "path"), "--report-store"),
    "scan with a list and no store":
        ((*WITH_KEY, "--reporter-key", "x", "--list", "x", "path"), "--report-store"),
    "scan with a share above the whole": ((*WITH_KEY, "--verify-share", "101", "path"),
                                          "--verify-share"),
    "scan with a share in words": ((*WITH_KEY, "--verify-share", "all", "path"), "--verify-share"),
    "scan with no workers": ((*WITH_KEY, "--workers", "0", "path"), "--workers"),
    "scan with a negative timeout": ((*WITH_KEY, "--timeout", "-1", "path"), "--timeout"),
    "scan with a timeout of 0": ((*WITH_KEY, "--timeout", "0", "path"), "--timeout"),
    "scan with a timeout in words": ((*WITH_KEY, "--timeout", "long", "path"), "--timeout"),
    "scan over a network in the clear": ((*SCAN, "--evaluator", "http://example.org/", "path"),
                                         "https://HOST"),
    "scan with a certificate and no key": ((*WITH_KEY, "--certificate", "x", "path"),
                                           "--certificate-key"),
    "scan with too long an address": ((*SCAN, "--evaluator", "unix:" + "x" * 108, "path"),
                                      "--evaluator"),
    "eval of nothing": (("eval",), "FOLDER"),
    "eval of two folders": (("eval", "a", "b"), "FOLDER"),
    "eval by both ways": (("eval", "--simulate", "--crypto", "a"), "exclude"),
    "eval --crypto with other probes": (("eval", "--crypto", "--probes", "255", "a"), "--probes"),
    "eval of part 0": (("eval", "--split", "0/2", "a"), "--split"),
    "eval of part 3 of 2": (("eval", "--split", "3/2", "a"), "--split"),
    "eval of a part of nothing": (("eval", "--split", "2", "a"), "--split"),
    "eval with 15 bits": (("eval", "--bits", "15", "a"), "--bits"),
    "eval with 65 bits": (("eval", "--bits", "65", "a"), "--bits"),
    "eval with 33 masks": (("eval", "--masks", "33", "a"), "--masks"),
    "eval with a pool below its bits": (("eval", "--bits", "32", "--pool", "31", "a"), "--pool"),
    "eval of a frontier of nothing": (("eval", "--frontier", "", "a"), "--frontier"),
    "eval of a frontier with a gap": (("eval", "--frontier", "24,,28", "a"), "--frontier"),
    "eval of a frontier of 65 bits": (("eval", "--frontier", "28,65", "a"), "--frontier"),
    "eval of a frontier of 280 bits": (("eval", "--frontier", "280", "a"), "--frontier"),
    "eval of a frontier of 17 sizes": (("eval", "--frontier", ",".join(["28"] * 17), "a"),
                                       "--frontier"),
    "eval of a frontier above its pool": (("eval", "--frontier", "28,40", "--pool", "39", "a"),
                                          "--pool"),
    "eval of a frontier by the exchange": (("eval", "--frontier", "28", "--crypto", "a"),
                                           "--crypto"),
    "eval of a frontier in HTML": (("eval", "--frontier", "28", "--html", "b", "a"), "--html"),
    "eval of a list of no policy": (("eval", "--list-policy", "half", "a"), "--list-policy"),
    "eval with one probe": (("eval", "--probes", "1", "a"), "--probes"),
    "eval with no workers": (("eval", "--workers", "0", "a"), "--workers"),
    "evaluator alone": (("evaluator",), "--key"),
    "evaluator with a file to serve": (("evaluator", "--key", "x", "--listen", "unix:x", "x"), ""),
    "evaluator on a port": (("evaluator", "--key", "x", "--listen", "localhost:80"), "unix:PATH"),
    "reporter serve alone": (("reporter", "serve"), "--store"),
    "reporter list alone": (("reporter", "list"), "--store"),
    "reporter review alone": (("reporter", "review"), "--store"),
    "reporter review of nothing": (("reporter", "review", "--store", "x", "--reviewed"), "ID"),
    "reporter review both ways":
        (("reporter", "review", "--store", "x", "--reviewed", "--retracted", "1"), "exclude"),
    "reporter page alone": (("reporter", "page"), "--store"),
    "reporter page for others": (("reporter", "page", "--store", "x", "--listen",
                                  "http://0.0.0.0:80"), "--listen"),
    "reporter api alone": (("reporter", "api"), "--users"),
    "reporter export alone": (("reporter", "export"), "--store"),
    "reporter export both ways":
        (("reporter", "export", "--store", "x", "--xml", "--json"), "--json"),
    "reporter export of no such state":
        (("reporter", "export", "--store", "x", "--xml", "--state", "new"), "--state"),
    "reporter export of no such review":
        (("reporter", "export", "--store", "x", "--xml", "--review", "confirmed"), "--review"),
}


@cases(WRONG)
def wrong_usage(world, row):
    arguments, word = row
    outcome = world.run(*arguments, exits=USAGE, cwd=world.folder)
    equal(outcome.output, "", "output")
    contains(outcome.errors.lower(), word.lower(), "hashveil")


COMMANDS = ((), ("keygen",), ("hash",), ("db",), ("db", "import"), ("db", "seal"), ("db", "info"),
            ("scan",), ("doctor",), ("evaluator",), ("reporter",), ("reporter", "serve"), ("reporter", "list"),
            ("reporter", "review"), ("reporter", "export"), ("reporter", "api"),
            ("reporter", "page"),
            ("eval",))


@cases({" ".join(("hashveil", *command)): command for command in COMMANDS})
def help_is_printed_for(world, row):
    outcome = world.run(*row, "--help", exits=DONE)
    contains(outcome.output, "Usage: hashveil", *row)
    equal(outcome.errors, "", "standard error")
    assert all(len(line) <= 100 for line in outcome.output.splitlines()), outcome.output


@case
def the_version_is_printed(world):
    first, second = world.run("--version").output.splitlines()
    name, version = first.split()
    equal((name, version.count(".")), ("hashveil", 2), "version")
    equal(second.startswith("reads JPEG, PNG"), True, "formats")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
