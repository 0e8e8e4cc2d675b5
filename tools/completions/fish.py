# SPDX-License-Identifier: Apache-2.0
"""The completion of fish: fish.py commands.json OUT."""

import sys

import rows

HEAD = """# Completion of hashveil for fish, made from the program's tables of options.
function __hashveil_is_at
    set -l words (commandline -opc)
    set -l path
    for word in $words
        if contains -- (string join ' ' $path $word) COMMANDS
            set -a path $word
        else
            break
        end
    end
    test "$path" = "$argv"
end
"""


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def completion(commands):
    names = [" ".join(command["words"]) for command in commands]
    summaries = dict(zip(names, (command["summary"] for command in commands)))
    yield HEAD.replace("COMMANDS", " ".join(quoted(name) for name in names))
    for command, name in zip(commands, names):
        start = f"complete -c hashveil -n {quoted('__hashveil_is_at ' + name)}"
        for word in command["commands"]:
            yield f"{start} -f -a {word} -d {quoted(summaries[name + ' ' + word])}\n"
        for word in rows.first_words(command):
            yield f"{start} -a {word}\n"
        for row in rows.options(command):
            letter = f" -s {row['letter']}" if row["letter"] else ""
            value = ""
            if "argument" in row:
                value = " -r -F" if rows.is_path(row["argument"]) else " -x"
            yield f"{start} -l {row['name']}{letter}{value} -d {quoted(row['text'])}\n"
        yield f"{start} -l help -d 'Print help'\n"


if __name__ == "__main__":
    sys.exit(rows.write(completion, *sys.argv[1:]))
