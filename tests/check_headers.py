# SPDX-License-Identifier: Apache-2.0
"""Every public header stands alone: check_headers.py HEADER-FOLDER COMPILER..."""

import glob
import os
import subprocess
import sys

import gate

LANGUAGES = (("c", "c11"), ("c", "c17"), ("c++", "c++17"))
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


def complaints(compiler, language, standard, source, flags=()):
    command = [*compiler, "-x", language, f"-std={standard}", *WARNINGS, *flags,
               "-fsyntax-only", "-"]
    outcome = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    return outcome.stderr.splitlines() if outcome.returncode else []


def main(folder, *compiler):
    include = ("-I", os.path.dirname(os.path.abspath(folder)))
    cases = []
    for language, standard in LANGUAGES:
        if complaints(compiler, language, standard, "int nothing;\n"):
            cases.append((f"headers as {standard}", "this compiler does not read it"))
            continue
        for path in sorted(glob.glob(os.path.join(folder, "*.h"))):
            line = f"#include <hashveil/{os.path.basename(path)}>\n"
            # Twice: the second time its include guard must make it nothing.
            cases.append((f"{os.path.basename(path)} as {standard}",
                          complaints(compiler, language, standard, line * 2, include)))
    return gate.report(cases)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
