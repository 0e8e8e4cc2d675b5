# SPDX-License-Identifier: Apache-2.0
"""Manual pages and completions say what the program's own --help says."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

import harness
from harness import DONE, Skip, case, cases, contains, equal


def made(world, name):
    """Returns the path of what the build made beside the program."""
    return os.path.join(os.path.dirname(world.program), name)


def commands_of(world, words=()):
    """Yields the words of each command, groups too, as --help lists them."""
    yield words
    output = world.run(*words, "--help", exits=DONE).output
    if "\nCommands:\n" in output:
        full_name = re.escape(" ".join(("hashveil", *words)))
        for word in re.findall(rf"^  {full_name} ([a-z]+) ", output, re.MULTILINE):
            yield from commands_of(world, (*words, word))


def page_of(world, words):
    path = os.path.join(made(world, "man1"), "-".join(("hashveil", *words)) + ".1")
    if not os.path.isdir(made(world, "man1")):
        raise Skip("built without scdoc")
    with open(path, encoding="utf-8") as file:
        return re.sub(r"\\f[BIR]|\\&", "", file.read()).replace("\\-", "-")


def options_of_help(text):
    """Those that the list of options begins a line with."""
    return set(re.findall(r"^ +(?:-.,)? +(--[a-z-]+)", text, re.MULTILINE)) - {"--usage"}


@case
def every_command_has_a_page_with_its_very_options(world):
    found = list(commands_of(world))
    assert len(found) > 30, found
    for words in found:
        page = page_of(world, words)
        for heading in "NAME", "SYNOPSIS", "EXIT STATUS", "SEE ALSO":
            contains(page, f".SH {heading}\n")
        options = page.partition(".SH OPTIONS\n")[2].partition(".SH EXAMPLES\n")[0]
        if options:
            printed = options_of_help(world.run(*words, "--help").output)
            equal(set(re.findall(r"^(?:-., |-. \S+, )?(--[a-z-]+)", options, re.MULTILINE)),
                  printed, words)
    equal(len(glob.glob(os.path.join(made(world, "man1"), "*"))), len(found), "pages")


@case
def the_pages_are_well_formed(world):
    if not shutil.which("mandoc"):
        raise Skip("no mandoc")
    pages = glob.glob(os.path.join(made(world, "man1"), "*"))
    if not pages:
        raise Skip("built without scdoc")
    pages.append(made(world, "hashveil-config.5"))
    ran = subprocess.run(["mandoc", "-T", "lint", "-W", "error", *pages], capture_output=True,
                         text=True, check=False)
    equal((ran.returncode, ran.stdout), (0, ""), "mandoc")


def completed_by_bash(world, *words):
    """Returns what bash offers for the last of the words."""
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hashveil; ' \
        'printf "%s\\n" "${COMPREPLY[@]}"'
    ran = subprocess.run(["bash", "-c", script, "bash", made(world, "hashveil.bash"), *words],
                         capture_output=True, text=True, check=True, cwd=world.folder)
    equal(ran.stderr, "", "standard error")
    return ran.stdout.split()


# The words on the line, what is offered for the last one, and what is not.
LINES = {
    "a command": (("d",), {"db"}, {"scan"}),
    "a command of a group": (("db", "im"), {"import"}, {"db"}),
    "an option": (("scan", "--ev"), {"--evaluator"}, {"--db"}),
    "an option after others": (("db", "seal", "--key", "x", "--ep"), {"--epoch"}, {"--key"}),
    "a shared option": (("hash", "--exact-"), {"--exact-decode"}, {"--exact"}),
    "a file of an option": (("scan", "--db", "li"), {"list.hvdb"}, {"--db"}),
    "a file after an equals sign": (("scan", "--db", "=", "li"), {"list.hvdb"}, set()),
    "nothing for a number": (("scan", "--workers", ""), set(), {"list.hvdb", "--db"}),
    "a word and a file": (("keygen", ""), {"evaluator", "curator", "list.hvdb"}, {"scan"}),
    "a file": (("hash", "li"), {"list.hvdb"}, {"--limit"}),
    "nothing after no command": (("nonsense", "--d"), set(), {"--db"}),
}


@cases(LINES)
def bash_completes(world, row):
    words, offered, not_offered = row
    world.write("list.hvdb", b"")
    found = set(completed_by_bash(world, "hashveil", *words))
    assert offered <= found and not found & not_offered, found


@case
def bash_offers_every_option_of_every_command(world):
    for words in commands_of(world):
        printed = world.run(*words, "--help").output
        if "\nCommands:\n" not in printed:
            equal(set(completed_by_bash(world, "hashveil", *words, "--")),
                  options_of_help(printed), words)


@case
def zsh_reads_its_completion(world):
    if not shutil.which("zsh"):
        raise Skip("no zsh")
    subprocess.run(["zsh", "-n", made(world, "_hashveil")], check=True)


@cases({"a command of a group": ("hashveil db im", "import"),
        "an option": ("hashveil scan --eval", "--evaluator"),
        "a word": ("hashveil keygen cur", "curator")})
def fish_completes(world, row):
    line, offered = row
    if not shutil.which("fish"):
        raise Skip("no fish")
    ran = subprocess.run(["fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]',
                          made(world, "hashveil.fish"), line], capture_output=True, text=True,
                         check=True, env=world.environment)
    equal([text.split("\t")[0] for text in ran.stdout.splitlines() if offered in text][:1],
          [offered], ran.stdout + ran.stderr)


@case
def an_installation_has_all_of_them(world):
    ran = subprocess.run(["meson", "introspect", "--installed",
                          os.path.dirname(os.path.dirname(world.program))],
                         capture_output=True, text=True, check=True)
    targets = "\n".join(json.loads(ran.stdout).values())
    contains(targets, "bash-completion/completions/hashveil.bash", "site-functions/_hashveil",
             "vendor_completions.d/hashveil.fish")
    if os.path.isdir(made(world, "man1")):
        contains(targets, "/man1")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
