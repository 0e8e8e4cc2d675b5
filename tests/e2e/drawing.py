# SPDX-License-Identifier: Apache-2.0
"""Pictures that no other file of the tests has."""

import zlib


def png_of(width, height, samples):
    """Returns a grey PNG."""
    def chunk(kind, content):
        return (len(content).to_bytes(4, "big") + kind + content +
                zlib.crc32(kind + content).to_bytes(4, "big"))

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 0, 0, 0, 0))
    content = zlib.compress(b"".join(b"\0" + row for row in samples))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) +
            chunk(b"IEND", b""))


def large_png():
    """Returns a picture that the two policies of PDQ hash differently."""
    return png_of(800, 700, [bytes((x * y // 7 + 40 * (x // 97 % 2) + 60 * (y // 61 % 2)) % 256
                                   for x in range(800)) for y in range(700)])
