# SPDX-License-Identifier: Apache-2.0
"""What the completions of all shells take from the table of commands."""

import json
import re


def options(command):
    return [row for row in command["options"] if "name" in row]


def is_path(argument):
    """Returns whether a file or a folder stands for this, as options name what they take."""
    return re.search(r"FILE|FOLDER|PATH|WORKSPACE|STORE|INDEX|DB", argument) is not None


def first_words(command):
    """Returns the words of which the first argument is one: of 'evaluator|reporter FILE' two."""
    words = command.get("arguments", "").partition(" ")[0].split("|")
    return [word for word in words if word.islower()]


def write(completion, source, target):
    with open(source, encoding="utf-8") as file:
        commands = json.load(file)
    with open(target, "w", encoding="utf-8") as file:
        file.writelines(completion(commands))
