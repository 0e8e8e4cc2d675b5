# SPDX-License-Identifier: Apache-2.0
"""The shared library shows what its headers promise: check_symbols.py LIBRARY HEADER-FOLDER."""

import glob
import os
import re
import subprocess
import sys

import gate

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
DIRECTIVE = re.compile(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
DECLARATION = re.compile(r"\bHASHVEIL_API\b[^;{]*?\b(\w+)\s*\(")


def exported(library):
    command = ["nm", "-D", "--defined-only", "--format=posix", library]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0].split("@")[0] for line in lines}


def declared(folder):
    """Returns the header that declares each public function."""
    headers = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.h"))):
        with open(path, encoding="utf-8") as file:
            text = DIRECTIVE.sub("", COMMENT.sub(" ", file.read()))
        for name in DECLARATION.findall(text):
            headers[name] = os.path.basename(path)
    return headers


def main(library, folder):
    symbols, headers = exported(library), declared(folder)
    cases = []
    for name in sorted(symbols | set(headers)):
        reasons = []
        if name not in symbols:
            reasons.append(f"{headers[name]} declares {name}, but the library does not export it")
        if name not in headers:
            reasons.append(f"the library exports {name}, which no public header declares")
        if not name.startswith("hashveil_"):
            reasons.append(f"{name} lacks the prefix hashveil_")
        cases.append((name, reasons))
    return gate.report(cases)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
