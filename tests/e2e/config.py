# SPDX-License-Identifier: Apache-2.0
"""What a configuration file says is what the same options would say; what it says wrong is told."""

import os
import sys

import harness
from harness import DONE, MATCH, TROUBLE, USAGE, case, cases, contains, equal


def usual_file(world, text):
    """Writes it where the program looks by itself, for this case alone."""
    folder = world.make_folder("settings")
    os.makedirs(os.path.join(folder, "hashveil"))
    with open(os.path.join(folder, "hashveil", "config"), "w", encoding="utf-8") as file:
        file.write(text)
    world.environment["XDG_CONFIG_HOME"] = folder
    world.stack.callback(world.environment.pop, "XDG_CONFIG_HOME")


@case
def a_scan_takes_all_its_options_from_the_usual_file(world):
    usual_file(world, f"""
        # What is for services is for others than those that a scan starts for itself.
        evaluator = {{ listen = "unix:/nowhere"; key = "/nowhere"; }};
        reporter: {{ serve: {{ store = "/nowhere"; }}; }};
        scan: {{
            db = "{world.database}";
            key = "{world.key('evaluator')}";
            json = true; quiet = false;
            workers = 1;
        }};""")
    outcome = world.run("scan", world.files("copies")[0], exits=MATCH)
    contains(outcome.output, '"class":')


@case
def the_command_line_goes_before_the_file(world):
    path = world.write("config", b'hash = { policy = "nearest512"; json = true; workers = 1000; };')
    picture = world.files("listed")[0]
    contains(world.run("hash", "--config", path, "--workers", "1", picture).output, '"hash"')
    usual_file(world, 'hash = { workers = 0; };')
    contains(world.run("hash", f"--config={path}", picture).output, '"hash"')


@case
def a_list_of_values_repeats_the_option(world):
    path = world.write("config", b'scan = { db = "x"; key = "x"; curator = ["a", "b"]; };')
    outcome = world.run("scan", "--config", path, "--signatures", "3", "x", exits=USAGE)
    contains(outcome.errors, "--signatures 3 needs")
    outcome = world.run("scan", "--config", path, "--signatures", "2", "x", exits=TROUBLE)
    contains(outcome.errors, "hashveil: x: no such file")


@case
def without_a_file_or_a_home_all_is_as_before(world):
    usual_file(world, "")
    world.run("hash", world.files("listed")[0], exits=DONE)
    home = world.environment.pop("HOME")
    world.environment.pop("XDG_CONFIG_HOME")
    world.run("hash", world.files("listed")[0], exits=DONE)
    world.environment.update(HOME=home, XDG_CONFIG_HOME="")


# What the file has, the line that is at fault, and a word of the message.
WRONG = {
    "no configuration": ("hash = {\n\n oh no };", 3, "syntax"),
    "an unknown command": ("hash = {};\nscna = {};", 2, "'scna' is no command"),
    "an unknown command of a group": ("db = {\n sea = {};};", 2, "'sea' is no command"),
    "an unknown option": ("hash = { workers = 1;\nworker = 1; };", 2, "'worker' is no option"),
    "an unknown option of another command": ("scan = {\n bd = \"x\"; };", 2, "'bd' is no option"),
    "a command that is no section": ("\nhash = 7;", 2, "'hash' is a section"),
    "an option outside sections": ("\n\nworkers = 1;", 3, "'workers' is no command"),
    "a flag with a number": ("hash = {\n json = 1; };", 2, "'json' takes true or false"),
    "a value that is a flag": ("hash = {\n workers = true; };", 2, "'workers' takes a text"),
    "a value out of range": ("hash = {\n json = true;\n workers = 0; };", 3, "--workers takes"),
    "a value of a shared option": ("hash = { policy =\n \"best\"; };", 1, "--policy takes"),
    "a file in a file": ("hash = {\n config = \"x\"; };", 2, "'config' is no option"),
}


@cases(WRONG)
def a_wrong_file_is_named_with_its_line(world, row):
    text, line, words = row
    path = world.write("config", text.encode())
    outcome = world.run("hash", "--config", path, world.files("listed")[0], exits=USAGE)
    equal(outcome.output, "", "output")
    contains(outcome.errors, f"hashveil: {path}:{line}: ", words)
    equal(outcome.errors.count("\n"), 1, "lines of the message")


@case
def a_file_that_is_named_must_be_there(world):
    outcome = world.run("hash", "--config", world.path("absent"), world.files("listed")[0],
                        exits=TROUBLE)
    contains(outcome.errors, "absent", "no such file")
    outcome = world.run("hash", "--config", world.folder, world.files("listed")[0], exits=TROUBLE)
    contains(outcome.errors, world.folder)
    world.run("hash", "--conf", world.path("absent"), world.files("listed")[0], exits=USAGE)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
