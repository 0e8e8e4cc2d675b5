# SPDX-License-Identifier: Apache-2.0
"""Writes a file's bytes as a C array, ended by a NUL: embed.py NAME INPUT OUTPUT."""

import sys


def main(name, source, target):
    with open(source, "rb") as file:
        content = file.read() + b"\0"
    rows = [", ".join(str(byte) for byte in content[at:at + 20])
            for at in range(0, len(content), 20)]
    with open(target, "w", encoding="ascii") as file:
        file.write(f"static const char {name}[] = {{\n" + ",\n".join(rows) + "};\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
