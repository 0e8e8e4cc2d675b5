# SPDX-License-Identifier: Apache-2.0
"""Manual pages of all commands: make_manual.py SCDOC VERSION commands.json FOLDER."""

import json
import os
import re
import subprocess
import sys

EXIT_STATUS = """# EXIT STATUS

*0*
	Done, or nothing found.

*1*
	A match was found.

*2*
	Trouble: messages on standard error say which.

*64*
	Wrong usage.
"""


def escape(text):
    """scdoc marks bold and underlined text by these, and lists at a line's beginning."""
    return re.sub(r"([\\*_~#|\[\]<>+-])", r"\\\1", text)


def literal(block):
    return "```\n" + block.rstrip("\n").replace("\\", "\\\\") + "\n```\n"


def paragraphs(text):
    """Text as --help has it: what is indented stays as it is, and a word in capitals is a heading."""
    for paragraph in re.split(r"\n\n+", text.strip("\n")):
        heading, _, rest = paragraph.partition("\n")
        if re.fullmatch(r"[A-Z]+", heading):
            yield f"# {heading}\n"
            paragraph = rest
        if paragraph.startswith(" "):
            yield literal(re.sub(r"^  ", "", paragraph, flags=re.MULTILINE))
        else:
            yield escape(paragraph.replace("\n", " ")) + "\n"


def option(row):
    if "heading" in row:
        return f"## {row['heading'].rstrip(':')}\n"
    argument = f"_{escape(row['argument'])}_" if "argument" in row else ""
    names = [f"*\\-\\-{escape(row['name'])}*" + (f"={argument}" if argument else "")]
    if row["letter"]:
        names.insert(0, f"*\\-{row['letter']}*" + (f" {argument}" if argument else ""))
    return f"{', '.join(names)}\n\t{escape(row['text'])}.\n"


def page(command, commands, version):
    words = " ".join(command["words"])
    name = "-".join(command["words"])
    usage = "COMMAND [ARGUMENT...]" if command["commands"] else \
        f"[OPTION...] {command['arguments']}".rstrip()
    yield f"{name}(1) \"hashveil {version}\" \"hashveil\"\n"
    yield f"# NAME\n\n{escape(name)} \\- {escape(command['summary'])}\n"
    yield f"# SYNOPSIS\n\n*{escape(words)}* {escape(usage)}\n"
    details = command.get("details", "").partition("EXAMPLES")
    if details[0]:
        yield "# DESCRIPTION\n"
        yield from paragraphs(details[0])
    if command["commands"]:
        yield "# COMMANDS\n"
        for other in commands:
            if other["words"][:-1] == command["words"]:
                yield (f"*{escape(' '.join(other['words']))}*\n\t{escape(other['summary'])}. "
                       f"See *{escape('-'.join(other['words']))}*(1).\n")
    else:
        yield "# OPTIONS\n"
        yield from (option(row) for row in command["options"])
        yield option({"name": "help", "letter": "", "text": "Print all of this in short, and end"})
    if details[1]:
        yield from paragraphs("".join(details[1:]))
    yield EXIT_STATUS
    near = [other["words"] for other in commands if other["words"] != command["words"] and
            command["words"][:-1] in (other["words"], other["words"][:-1], [])]
    others = ", ".join(f"*{escape('-'.join(other))}*(1)" for other in near)
    yield f"# SEE ALSO\n\n{others}, *hashveil\\-config*(5)\n"


def main(scdoc, version, source, folder):
    with open(source, encoding="utf-8") as file:
        commands = json.load(file)
    os.makedirs(folder, exist_ok=True)
    for command in commands:
        text = "\n".join(page(command, commands, version))
        made = subprocess.run([scdoc], input=text, text=True, check=True, capture_output=True,
                              env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
        path = os.path.join(folder, "-".join(command["words"]) + ".1")
        with open(path, "w", encoding="utf-8") as file:
            file.write(made.stdout)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
