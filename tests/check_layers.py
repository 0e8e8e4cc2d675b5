# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: check_layers.py ROOT. Arrows point down only."""

import os
import re
import sys

import gate

PUBLIC = "include/hashveil"
ANYTHING = "anything"

# Each module, and what it may include beside itself. This is the rule; the rest enforces it.
MAY_INCLUDE = {
    PUBLIC: (),
    "src/base": (PUBLIC,),
    "src/image": (PUBLIC, "src/base"),
    "src/pdq": (PUBLIC, "src/base"),
    "src/sandbox": (PUBLIC, "src/base"),
    "src/fingerprint": (PUBLIC, "src/base", "src/image", "src/pdq", "src/sandbox"),
    "src/psi": (PUBLIC, "src/base"),
    "src/transport": (PUBLIC, "src/base"),
    "src/report": (PUBLIC, "src/base"),
    "src/trust": (PUBLIC, "src/base"),
    "src/key": (PUBLIC, "src/base", "src/psi"),
    "hashdb": (PUBLIC, "src/base", "src/psi", "src/pdq"),
    "src/match": (PUBLIC, "src/base", "src/psi", "hashdb"),
    "src/digest": (PUBLIC, "src/base"),
    "src/files": (PUBLIC, "src/base"),
    "src/scan": (PUBLIC, "src/base", "src/files"),
    "tools/hashveil": (PUBLIC,),
    "tools/messenger": (PUBLIC,),
    "tests": (ANYTHING,),
}

FOLDERS = ("include", "src", "hashdb", "tools", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]*)"|<([^>]*)>|(.*))', re.MULTILINE)


def module_of(path):
    return next((m for m in MAY_INCLUDE if path.startswith(m + "/")), None)


def resolve(root, path, quoted, angled):
    """Returns the path of the included project file, or None for one of the system."""
    name = quoted or angled
    places = ("src", "", "include") if angled else (os.path.dirname(path), "src", "", "include")
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def reason_against(root, path, quoted, angled, computed):
    """Returns why this include is forbidden, or None."""
    if computed is not None:
        return f"{path}: an include must name its header: {computed.strip()}"
    module = module_of(path)
    target = resolve(root, path, quoted, angled)
    if target is None:
        is_system = angled is not None and not angled.startswith("hashveil/")
        return None if is_system else f"{path}: no such header in the project: {quoted or angled}"
    target_module = module_of(target)
    allowed = (module, *MAY_INCLUDE[module])
    if target_module in allowed or ANYTHING in allowed:
        return None
    return f"{path}: module {module} may not include {target} of {target_module or 'no module'}"


def reasons_against(root, path):
    if module_of(path) is None:
        return [f"{path}: its folder is no module of the table in tests/check_layers.py"]
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    found = (reason_against(root, path, *match.groups()) for match in INCLUDE.finditer(text))
    return [reason for reason in found if reason]


def main(root):
    paths = gate.project_files(root, (".c", ".h"), FOLDERS)
    return gate.report((path, reasons_against(root, path)) for path in paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
