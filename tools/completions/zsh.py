# SPDX-License-Identifier: Apache-2.0
"""The completion of zsh: zsh.py commands.json OUT."""

import re
import sys

import rows

HEAD = """#compdef hashveil
# Completion of hashveil for zsh, made from the program's tables of options.
_hashveil() {
    local place=hashveil
    while (( CURRENT > 2 )); do
        case "$place ${words[2]}" in
        COMMANDS) place+=" ${words[2]}" ;;
        *) break ;;
        esac
        shift words
        (( CURRENT-- ))
    done
    case $place in
"""
TAIL = """    esac
}
_hashveil "$@"
"""


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def escaped(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


def option(row):
    spec = f"*--{row['name']}"
    if "argument" not in row:
        return quoted(f"{spec}[{escaped(row['text'])}]")
    action = "_files" if rows.is_path(row["argument"]) else " "
    return quoted(f"{spec}=[{escaped(row['text'])}]:{escaped(row['argument'])}:{action}")


def completion(commands):
    names = [" ".join(command["words"]) for command in commands]
    summaries = dict(zip(names, (command["summary"] for command in commands)))
    yield HEAD.replace("COMMANDS", " | ".join(f"'{name}'" for name in names[1:]))
    for command, name in zip(commands, names):
        yield f"    '{name}')\n"
        if command["commands"]:
            choices = " ".join(quoted(f"{word}:{escaped(summaries[f'{name} {word}'])}")
                               for word in command["commands"])
            yield f"        local -a commands=({choices})\n"
            yield "        _describe command commands\n"
        else:
            first = " ".join(rows.first_words(command))
            lines = [option(row) for row in rows.options(command)] + ["'--help[Print help]'"]
            lines.append(f"'1:argument:({first})'" if first else "'*:file:_files'")
            lines += ["'*:file:_files'"] if first else []
            yield "        _arguments " + " \\\n            ".join(lines) + "\n"
        yield "        ;;\n"
    yield TAIL


if __name__ == "__main__":
    sys.exit(rows.write(completion, *sys.argv[1:]))
