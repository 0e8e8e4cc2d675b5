# SPDX-License-Identifier: Apache-2.0
"""The completion of bash: bash.py commands.json OUT."""

import sys

import rows

# $place is the command as far as it stands on the line; a value comes after its option or after =.
HEAD = """# Completion of hashveil for bash, made from the program's tables of options.
_hashveil() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} place=hashveil i
    local words='' first='' files=''
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$place ${COMP_WORDS[i]}" in
        COMMANDS) place+=" ${COMP_WORDS[i]}" ;;
        *) break ;;
        esac
    done
    if [[ $word == = ]]; then
        word=''
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case "$place $before" in
"""
MIDDLE = """    *)
        case $place in
"""
TAIL = """        esac
        [[ $word == -* || -z $files ]] || words=$first
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    if [[ -n $files && $word != -* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -F _hashveil hashveil
"""


def completion(commands):
    names = [" ".join(command["words"]) for command in commands]
    yield HEAD.replace("COMMANDS", " | ".join(f"'{name}'" for name in names[1:]))
    for command, name in zip(commands, names):
        for is_file, pattern in (True, "files=1"), (False, ":"):
            values = [f"'{name} --{row['name']}'" for row in rows.options(command)
                      if "argument" in row and rows.is_path(row["argument"]) == is_file]
            if values:
                yield f"    {' | '.join(values)}) {pattern} ;;\n"
    yield MIDDLE
    for command, name in zip(commands, names):
        words = [f"--{row['name']}" for row in rows.options(command)]
        if command["commands"]:
            yield f"        '{name}') words='{' '.join(command['commands'])} --help' ;;\n"
        else:
            yield (f"        '{name}') words='{' '.join(words)} --help' files=1 "
                   f"first='{' '.join(rows.first_words(command))}' ;;\n")
    yield TAIL


if __name__ == "__main__":
    sys.exit(rows.write(completion, *sys.argv[1:]))
