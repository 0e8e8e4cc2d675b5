# SPDX-License-Identifier: Apache-2.0
"""Makes the HEIF and AVIF files beside it: make.py. ImageMagick codes the pictures, what is around
them is written here, so that a file can say what no program would write."""

import os
import struct
import subprocess
import tempfile

WIDTH, HEIGHT = 74, 66
# A colour a quarter, in the order of reading.
COLOURS = ["rgb(200,30,30)", "rgb(30,160,40)", "rgb(40,50,200)", "rgb(220,220,210)"]
ALPHAS = ["gray(255)", "gray(40%)", "gray(255)", "gray(40%)"]
MASTER, ALPHA, DERIVED, EXIF = 1, 2, 3, 4
EXIF_QUARTER_TURN = b"\0\0\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


def box(kind, *content):
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind, version, flags, *content):
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def boxes(content):
    """Yields kind and body of each box."""
    while content:
        size, kind = struct.unpack(">I4s", content[:8])
        yield kind, content[8:size]
        content = content[size:]


def find(content, kind):
    return next(body for found, body in boxes(content) if found == kind)


class Coded:
    """A still picture: its configuration box and its bytes."""

    def __init__(self, suffix, quarters, size=(WIDTH, HEIGHT)):
        self.size = size
        self.is_avif = suffix == "avif"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "picture." + suffix)
            tiles = [f"xc:{colour}" for colour in quarters]
            half = (size[0] // 2, size[1] // 2)
            rest = (size[0] - half[0], size[1] - half[1])
            command = ["convert"]
            for height, row in ((half[1], tiles[:2]), (rest[1], tiles[2:])):
                command += ["(", "-size", f"{half[0]}x{height}", row[0],
                            "-size", f"{rest[0]}x{height}", row[1], "+append", ")"]
            command += ["-append", "-strip", "-quality", "90", path]
            subprocess.run(command, check=True)
            with open(path, "rb") as file:
                content = file.read()
        properties = find(find(find(content, b"meta")[4:], b"iprp"), b"ipco")
        self.kind = b"av01" if self.is_avif else b"hvc1"
        name = b"av1C" if self.is_avif else b"hvcC"
        self.configuration = box(name, find(properties, name))
        self.data = find(content, b"mdat")


def extent(size):
    return full_box(b"ispe", 0, 0, struct.pack(">II", *size))


def write(name, items, primary=MASTER, references=(), brands=b"mif1heicmiaf"):
    """items: identity, kind, properties, data of each."""
    properties = []
    associations = b""
    for identity, _, own, _ in items:
        associations += struct.pack(">HB", identity, len(own))
        for each in own:
            properties.append(each)
            associations += struct.pack(">B", len(properties))
    entries = b"".join(full_box(b"infe", 2, 0, struct.pack(">HH", identity, 0), kind, b"\0")
                       for identity, kind, _, _ in items)
    links = b"".join(box(kind, struct.pack(">HH", source, len(targets)),
                         *(struct.pack(">H", target) for target in targets))
                     for kind, source, targets in references)
    front = box(b"ftyp", brands[:4], bytes(4), brands)

    def meta(start):
        places = b""
        for identity, _, _, data in items:
            places += struct.pack(">HHHII", identity, 0, 1, start, len(data))
            start += len(data)
        return full_box(
            b"meta", 0, 0,
            full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
            full_box(b"pitm", 0, 0, struct.pack(">H", primary)),
            full_box(b"iinf", 0, 0, struct.pack(">H", len(items)), entries),
            full_box(b"iloc", 0, 0, b"\x44\0", struct.pack(">H", len(items)), places),
            *([full_box(b"iref", 0, 0, links)] if links else []),
            box(b"iprp", box(b"ipco", *properties),
                full_box(b"ipma", 0, 0, struct.pack(">I", len(items)), associations)))

    start = len(front) + len(meta(0)) + 8
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "wb") as file:
        file.write(front + meta(start) + box(b"mdat", *(data for *_, data in items)))


def number(value):
    """ue(v)."""
    bits = bin(value + 1)[2:]
    return "0" * (len(bits) - 1) + bits


def size_alone(width, height):
    """A stream of nothing but the beginning of a sequence parameter set."""
    bits = "0000" + "000" + "1" + "0" * 96 + number(0) + number(1) + number(width) + number(height)
    payload = bytes(int((bits[i:i + 8] + "0" * 7)[:8], 2) for i in range(0, len(bits), 8))
    unit = b"\x42\x01"
    for byte in payload + b"\x80":
        if unit.endswith(b"\0\0") and byte <= 3:
            unit += b"\3"
        unit += bytes([byte])
    return struct.pack(">I", len(unit)) + unit


def master(coded, *others, size=None):
    return (MASTER, coded.kind, [extent(size or coded.size), coded.configuration, *others],
            coded.data)


def main():
    heic, avif = Coded("heic", COLOURS), Coded("avif", COLOURS)
    alphas = {coded: Coded(suffix, ALPHAS) for coded, suffix in ((heic, "heic"), (avif, "avif"))}
    avif_brands = b"avifmif1miaf"
    write("plain.heic", [master(heic)])
    write("plain.avif", [master(avif)], brands=avif_brands)
    for coded, name, references, brands in (
            (heic, "alpha.heic", [(b"auxl", ALPHA, [MASTER])], b"mif1heicmiaf"),
            (heic, "premultiplied.heic",
             [(b"auxl", ALPHA, [MASTER]), (b"prem", MASTER, [ALPHA])], b"mif1heicmiaf"),
            (avif, "alpha.avif", [(b"auxl", ALPHA, [MASTER])], avif_brands)):
        plane = alphas[coded]
        kind = full_box(b"auxC", 0, 0, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
        auxiliary = (ALPHA, plane.kind, [extent(plane.size), plane.configuration, kind], plane.data)
        write(name, [master(coded), auxiliary], references=references, brands=brands)
    write("cut.heic", [master(heic, box(b"clap", struct.pack(">8I", 40, 1, 30, 1, 0, 1, 0, 1)))])
    write("turned.heic", [master(heic, box(b"irot", b"\x01"))])
    write("exif.heic", [master(heic), (EXIF, b"Exif", [], EXIF_QUARTER_TURN)],
          references=[(b"cdsc", EXIF, [MASTER])])
    grid = bytes([0, 0, 0, 1]) + struct.pack(">HH", 2 * WIDTH, HEIGHT)
    write("grid.heic",
          [master(heic), (DERIVED, b"grid", [extent((2 * WIDTH, HEIGHT))], grid)],
          primary=DERIVED, references=[(b"dimg", DERIVED, [MASTER, MASTER])])
    write("giant.heic", [master(heic, size=(65500, 65500))])
    tile = bytes([0, 0, 0, 0]) + struct.pack(">HH", *heic.size)
    write("two_derivations.heic",
          [master(heic), (DERIVED, b"grid", [extent(heic.size)], tile),
           (DERIVED + 1, b"grid", [extent(heic.size)], tile)],
          primary=DERIVED, references=[(b"dimg", DERIVED, [DERIVED + 1]),
                                       (b"dimg", DERIVED + 1, [MASTER])])
    tiles = bytes([0, 0, 255, 15]) + struct.pack(">HH", *heic.size)
    for name, count in (("many_tiles.heic", 4097), ("too_few_tiles.heic", 4095)):
        write(name, [master(heic), (DERIVED, b"grid", [extent(heic.size)], tiles)],
              primary=DERIVED, references=[(b"dimg", DERIVED, [MASTER] * count)])
    grid = bytes([0, 1, 0, 0]) + struct.pack(">II", 65500, 65500)
    write("giant_grid.heic",
          [master(heic), (DERIVED, b"grid", [extent((65500, 65500))], grid)],
          primary=DERIVED, references=[(b"dimg", DERIVED, [MASTER])])
    for name, side in (("giant_coded.heic", 14143), ("large_coded.heic", 14142)):
        write(name, [(MASTER, heic.kind, [extent((8, 8)), heic.configuration],
                      size_alone(side, side))])
    write("larger_than_it_says.heic", [master(heic, size=(8, 8))])
    write("derived_from_itself.heic",
          [(DERIVED, b"grid", [extent(heic.size)], tile)],
          primary=DERIVED, references=[(b"dimg", DERIVED, [DERIVED])])
    write("identity.heic",
          [master(heic), (DERIVED, b"iden", [extent(heic.size)], b"")],
          primary=DERIVED, references=[(b"dimg", DERIVED, [MASTER])])
    write("of_another_codec.heic", [(MASTER, b"vvc1", [extent((8, 8))], b"\0" * 8)])
    write("sequence_alone.heic", [master(heic)], brands=b"msf1hevc")


if __name__ == "__main__":
    main()
