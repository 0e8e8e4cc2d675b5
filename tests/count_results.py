# SPDX-License-Identifier: Apache-2.0
"""Adds up the cases in Meson's own records of its last test runs: count_results.py BUILD..."""

import collections
import json
import os
import sys
import xml.etree.ElementTree as xml

LOGS = "meson-logs"
PASSING = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def outcome_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def cases_by_test(build):
    """Returns the cases of each program that counted its own."""
    suites = xml.parse(os.path.join(build, LOGS, "testlog.junit.xml")).getroot()
    return {suite.get("name"): [outcome_of(case) for case in suite.iter("testcase")]
            for suite in suites.iter("testsuite")}


def count(build, totals):
    """Counts cases; a program that failed beside its cases (a crash, a leak) is one failure more."""
    cases = cases_by_test(build)
    with open(os.path.join(build, LOGS, "testlog.json"), encoding="utf-8") as log:
        tests = [json.loads(line) for line in log]
    for test in tests:
        whole = PASSING.get(test["result"], "failed")
        name = next((name for name in cases if name.endswith("." + test["name"])), None)
        outcomes = cases.get(name) or [whole]
        if whole == "failed" and "failed" not in outcomes:
            outcomes = outcomes + [whole]
        totals.update(outcomes)


def main(builds):
    totals = collections.Counter()
    for build in builds:
        count(build, totals)
    print(", ".join(f"{totals[word]} {word}" for word in ("passed", "failed", "skipped")))
    return 1 if totals["failed"] or not totals["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
