# SPDX-License-Identifier: Apache-2.0
"""What the check_*.py gates share: which files the project has, and one TAP line a case."""

import os
import re
import sys

MAX_REASONS = 8  # the first ones name the fault, a compiler's later ones follow from it
NOT_OURS = re.compile(r"build(-.*)?|__pycache__|\.git")
IN_BUILDS = "meson-private"  # a folder that every build has, whatever the build is called


def project_files(root, suffixes=("",), folders=(".",)):
    """Returns the files of the folders as sorted paths from the root; no build folders."""
    found = []
    for folder in folders:
        for parent, names, files in os.walk(os.path.join(root, folder)):
            names[:] = [name for name in names if not NOT_OURS.fullmatch(name) and
                        not os.path.isdir(os.path.join(parent, name, IN_BUILDS))]
            paths = [os.path.relpath(os.path.join(parent, name), root) for name in files
                     if not NOT_OURS.fullmatch(name)]
            found += [path for path in paths if path.endswith(tuple(suffixes))]
    return sorted(found)


def report(cases):
    """Prints one case each and returns the exit status.

    cases: (name, outcome); the outcome is a list of the reasons why it fails, empty when it
    passes, or a text that says why it is skipped.
    """
    cases = list(cases)
    failed = not cases
    print(f"1..{len(cases)}" if cases else "1..1\nnot ok 1 - nothing to check")
    for number, (name, outcome) in enumerate(cases, 1):
        if isinstance(outcome, str):
            print("ok", number, "-", name, "# SKIP", outcome)
            continue
        print("not ok" if outcome else "ok", number, "-", name)
        for reason in outcome[:MAX_REASONS]:
            print(reason, file=sys.stderr)  # which is what Meson shows of a failed test
        failed |= bool(outcome)
    return 1 if failed else 0
