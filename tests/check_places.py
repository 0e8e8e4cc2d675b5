# SPDX-License-Identifier: Apache-2.0
"""No file names a place that exists on its author's machine alone: check_places.py ROOT."""

import os
import re
import sys

import gate

PLACES = re.compile(r"(?<![\w.~*-])/(?:work|home|root|Users)/[\w.]|\.\./shared\b")


def reasons_against(root, path):
    with open(os.path.join(root, path), "rb") as file:
        content = file.read()
    if b"\0" in content:  # a picture or the like
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    return [f"{path}:{number}: {line.strip()}" for number, line in enumerate(lines, 1)
            if PLACES.search(line)]


def main(root):
    return gate.report((path, reasons_against(root, path)) for path in gate.project_files(root))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
