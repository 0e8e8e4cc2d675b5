# SPDX-License-Identifier: Apache-2.0
"""Every source file is as clang-format leaves it: check_format.py ROOT."""

import os
import shutil
import subprocess
import sys

import gate

FOLDERS = ("include", "src", "hashdb", "tools", "tests")
VERSION = "14"  # others differ in details, so only this one judges


def reasons_against(program, path):
    outcome = subprocess.run([program, "--dry-run", "-Werror", path], capture_output=True,
                             text=True, check=False)
    return outcome.stderr.splitlines() or ["it failed"] if outcome.returncode else []


def main(root):
    program = shutil.which("clang-format-" + VERSION) or shutil.which("clang-format")
    version = subprocess.run([program, "--version"], capture_output=True, text=True,
                             check=True).stdout if program else ""
    if f"version {VERSION}." not in version:
        return gate.report([("format", f"clang-format {VERSION} is not installed")])
    paths = gate.project_files(root, (".c", ".h"), FOLDERS)
    return gate.report((path, reasons_against(program, os.path.join(root, path)))
                       for path in paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
