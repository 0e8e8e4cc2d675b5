# SPDX-License-Identifier: Apache-2.0
"""A second reader of sealed databases, written from hashdb/sealed/FORMAT.md: reader.py MAKER.

MAKER writes a database and tells what is in it; this opens the same records from the bytes alone.
"""

import hashlib
import os
import struct
import subprocess
import sys
import tempfile

import cipher
import group

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import gate  # noqa: E402 (it stands in the folder above)

MASK_64 = 2**64 - 1
MASKS_TRIED = 3
VOPRF = 1
DIGESTS = ["md5", "sha1", "sha256"]  # by their numbers


class Refused(Exception):
    """The file breaks a rule of the format."""


def demand(holds, what):
    if not holds:
        raise Refused(what)


class Fields:
    """Takes fields from the front."""

    def __init__(self, data):
        self.data = data

    def take(self, count):
        demand(len(self.data) >= count, "it ends too early")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, count):
        return int.from_bytes(self.take(count), "little")


class Database:
    """A file, all of it checked."""

    def __init__(self, data):
        self.data = data
        magic, version, manifest_len, file_bytes, signatures, digest = struct.unpack(
            "<8sIIQQ32s", data[:64])
        demand(magic == b"HVSEALDB" and version == 3, "header")
        demand(file_bytes == len(data), "length")
        manifest = data[64:64 + manifest_len]
        demand(hashlib.sha256(manifest).digest() == digest, "manifest digest")
        self.end = 64 + manifest_len
        self.parse(Fields(manifest))
        demand(signatures == self.end, "place of the signatures")
        self.signature_count = self.parse_signatures(Fields(data[signatures:]), digest)

    def parse(self, fields):
        demand(fields.number(4) == 1 and fields.number(1) == VOPRF, "suite and mode")
        demand(fields.take(3) == bytes(3), "reserved")
        self.epoch, self.token_epoch, self.created_s, self.expires_s = (
            fields.number(8) for _ in range(4))
        self.evaluator_public, base_digest, self.mask_seed = (fields.take(32) for _ in range(3))
        is_segment = base_digest != bytes(32)
        demand(self.token_epoch < self.epoch if is_segment else self.token_epoch == self.epoch,
               "token epoch")
        self.masks, self.bits, self.pool_bits, self.slot_bits = (fields.number(4) for _ in range(4))
        demand(2 <= self.masks <= 32 and 16 <= self.bits <= 64, "masks")
        demand(self.bits <= self.pool_bits <= 256 and 10 <= self.slot_bits <= 24, "pool and slots")
        demand(fields.number(4) == 112, "record length")
        list_count, curator_count = fields.number(4), fields.number(4)
        exact_bits, withdrawn_count = fields.number(4), fields.number(4)
        demand(fields.number(4) == 0, "reserved")
        demand(list_count <= 64 and curator_count <= 16, "counts")
        demand(exact_bits == 0 or 10 <= exact_bits <= 24, "number of digests")
        demand(withdrawn_count <= 2**24 and (is_segment or withdrawn_count == 0), "withdrawn")
        self.lists = [fields.take(32).rstrip(b"\0").decode() for _ in range(list_count)]
        self.curators = [fields.take(32) for _ in range(curator_count)]
        self.value_bytes = 16 + (self.slot_bits + 7) // 8
        tables = [self.parse_table(fields) for _ in range(self.masks)]
        exact = [self.parse_table(fields)] if exact_bits else []
        withdrawn, records, pages = (self.section_place(fields) for _ in range(3))
        pages_digest = fields.take(32)
        demand(not fields.data, "manifest length")
        body = tables[0][0][0]
        body_len = sum(records) - body
        pages = self.section(pages, -(-body_len // 8192) * 32)
        demand(hashlib.sha256(pages).digest() == pages_digest, "digest of pages")
        self.tables = [self.table(*table) for table in tables]
        self.exact = self.table(*exact[0]) if exact else None
        self.withdrawn = self.section(withdrawn, 16 * withdrawn_count)
        self.records = self.section(records, 112 << self.slot_bits)
        for page in range(-(-body_len // 8192)):
            start = body + 8192 * page
            content = self.data[start:min(start + 8192, body + body_len)]
            demand(hashlib.sha256(content).digest() == pages[32 * page:32 * page + 32], "digest")

    def parse_signatures(self, fields, digest):
        count, zero = fields.number(4), fields.number(4)
        demand(count <= 16 and zero == 0 and len(fields.data) == 96 * count, "signatures")
        last = b""
        for _ in range(count):
            curator, signature = fields.take(32), fields.take(64)
            demand(curator in self.curators and last < curator, "signer")
            demand(group.verify_ed25519(curator, b"hashveil/v1/manifest" + digest, signature),
                   "signature")
            last = curator
        return count

    def section_place(self, fields):
        return fields.number(8), fields.number(8)

    def section(self, place, length):
        offset, found = place
        demand(offset == (self.end + 63) // 64 * 64 and found == length, "place of a section")
        demand(self.data[self.end:offset] == bytes(offset - self.end), "bytes between sections")
        content = self.data[offset:offset + length]
        demand(len(content) == length, "it ends too early")
        self.end = offset + length
        return content

    def parse_table(self, fields):
        place = self.section_place(fields)
        seed, segment_len, segment_count = fields.number(8), fields.number(4), fields.number(4)
        demand(segment_len in [1 << i for i in range(19)], "segment length")
        demand(1 <= segment_count <= 2**28, "segment count")
        return place, seed, segment_len, segment_count

    def table(self, place, seed, segment_len, segment_count):
        length = (segment_count + 2) * segment_len * self.value_bytes
        return seed, segment_len, segment_count, self.section(place, length)

    def positions(self):
        """Returns each mask's positions."""
        pool = sorted(range(256), key=lambda i: ((i // 16 + 1)**2 + (i % 16 + 1)**2, i))
        pool = pool[:self.pool_bits]
        numbers = mask_numbers(self.mask_seed)
        in_deck = self.pool_bits // self.bits
        decks = -(-self.masks // in_deck)
        first = draw_below(numbers, 64)
        masks = []
        for deck in range(decks):
            x = 32 - (first + 64 * deck // decks) % 64
            y = 32 - abs(x)
            place = {i: i // 16 * x + i % 16 * y + draw_below(numbers, 64) for i in pool}
            cut = sorted(pool, key=place.get)
            masks += [cut[i * self.bits:(i + 1) * self.bits] for i in range(in_deck)]
        return masks[:self.masks]

    def look_up(self, table, y):
        """Returns a token's slot and share, or a digest's slot and secret."""
        seed, segment_len, segment_count, table = table
        h = int.from_bytes(y[:8], "little") + seed & MASK_64
        h = (h ^ h >> 33) * 0xff51afd7ed558ccd & MASK_64
        h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53 & MASK_64
        h ^= h >> 33
        p0 = h * segment_count * segment_len >> 64
        places = (p0, p0 + segment_len ^ (h >> 18) % segment_len,
                  p0 + 2 * segment_len ^ h % segment_len)
        value = int.from_bytes(y[8:8 + self.value_bytes], "little")
        for place in places:
            stored = table[place * self.value_bytes:(place + 1) * self.value_bytes]
            value ^= int.from_bytes(stored, "little")
        share = (value % 2**128).to_bytes(16, "little")
        return (value >> 128) % 2**self.slot_bits, share

    def open_record(self, slot, secret):
        """Returns id, lists and labels, or None."""
        key = hashlib.sha512(b"hashveil/v1/record" + struct.pack("<QQ", self.epoch, slot) +
                             secret).digest()[:32]
        sealed = self.records[112 * slot:112 * slot + 112]
        plain = cipher.open_gcm(key, bytes(12), sealed[:96], sealed[96:])
        if plain is None:
            return None
        labels = [plain[i + 1:i + 1 + plain[i]].decode() for i in (24, 48, 72)]
        return plain[:16].hex(), int.from_bytes(plain[16:24], "little"), labels


def mask_numbers(seed):
    block = 0
    while True:
        digest = hashlib.sha512(b"hashveil/v1/masks" + seed + block.to_bytes(4, "little")).digest()
        yield from struct.unpack("<16I", digest)
        block += 1


def draw_below(numbers, bound):
    limit = 2**32 // bound * bound
    return next(number for number in numbers if number < limit) % bound


def match(database, secret, hash_bits):
    """Returns the record that a hash opens, or None."""
    found = []
    for mask, positions in list(enumerate(database.positions()))[:MASKS_TRIED]:
        bits = sum((hash_bits >> position & 1) << k for k, position in enumerate(positions))
        token = (b"hashveil/v1/token" + database.token_epoch.to_bytes(8, "little") + bytes([mask]) +
                 bits.to_bytes(8, "little"))
        y = group.evaluate(secret, token, VOPRF)
        found.append((mask + 1, *database.look_up(database.tables[mask], y)))
    for i, (point_a, slot_a, share_a) in enumerate(found):
        for point_b, slot_b, share_b in found[:i]:
            if slot_a == slot_b:
                return database.open_record(slot_a, cipher.join(point_a, share_a, point_b, share_b))
    return None


def match_digest(database, secret, kind, digest):
    """Returns the record that a digest opens, or None."""
    text = (b"hashveil/v1/exact" + database.token_epoch.to_bytes(8, "little") +
            bytes([DIGESTS.index(kind)]) + digest)
    return database.open_record(
        *database.look_up(database.exact, group.evaluate(secret, text, VOPRF)))


def match_any(database, secret, value):
    """A PDQ hash, or KIND:DIGEST."""
    *kind, digits = value.split(":")
    return (match_digest(database, secret, kind[0], bytes.fromhex(digits)) if kind else
            match(database, secret, int(digits, 16)))


def opens_all(database, secret, entries):
    wrong = []
    for value, *expected in entries:
        record = match_any(database, secret, value)
        labels = expected[2:]
        wanted = expected[0], int(expected[1]), labels + [""] * (3 - len(labels))
        if record != wanted:
            wrong.append(f"{value}: got {record}, sealed was {wanted}")
    return wrong


def is_refused(data, offset):
    damaged = bytearray(data)
    damaged[offset] ^= 1
    try:
        Database(bytes(damaged))
    except (Refused, ValueError):
        return []
    return [f"byte {offset} changed, and nothing noticed"]


def gcm_answers():
    """Test case 14 of the GCM specification (McGrew and Viega, 2005)."""
    ciphertext = bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18")
    tag = bytes.fromhex("d0d1c8a799996bf0265b98b5d48ab919")
    plain = cipher.open_gcm(bytes(32), bytes(12), ciphertext, tag)
    return [] if plain == bytes(16) else [f"got {plain}"]


def ed25519_answers():
    """Test 2 of RFC 8032 section 7.1."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    verified = [group.verify_ed25519(public, message, signature) for message in (b"\x72", b"\x73")]
    return [] if verified == [True, False] else [f"got {verified}"]


def main(maker):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "list.hvdb")
        told = subprocess.run([maker, path], check=True, text=True, capture_output=True).stdout
        with open(path, "rb") as file:
            data = file.read()
    secret, *entries = [line.split("\t") for line in told.splitlines()]
    secret = bytes.fromhex(secret[0])
    database = Database(data)
    hashes = [entry for entry in entries if ":" not in entry[0]]
    digests = [entry for entry in entries if ":" in entry[0]]
    unlisted = match(database, secret, int(hashes[0][0], 16) ^ (2**256 - 1))
    changed = match_any(database, secret, digests[0][0][:-2] + "ee")
    offsets = {"header": 16, "manifest": 90, "pages": 2000, "a table": len(data) // 2,
               "a record": len(data) - 300, "a signature": len(data) - 1,
               "a curator's key": len(data) - 96, "the number of signatures": len(data) - 200}
    cases = [("GCM gives the published answer", gcm_answers()),
             ("Ed25519 gives the published answer", ed25519_answers()),
             ("two curators' signatures verify",
              [] if database.signature_count == 2 else [str(database.signature_count)]),
             ("every listed hash opens its own record", opens_all(database, secret, hashes)),
             ("every listed digest opens its own record", opens_all(database, secret, digests)),
             ("there are digests of all kinds",
              [kind for kind in DIGESTS if not any(kind in entry[0] for entry in digests)]),
             ("an unlisted hash opens nothing", [str(unlisted)] if unlisted else []),
             ("an unlisted digest opens nothing", [str(changed)] if changed else []),
             ("the lists' names are in the manifest",
              [] if database.lists == ["list A", "list B"] else [str(database.lists)])]
    cases += [(f"a changed byte is refused: {name}", is_refused(data, offset))
              for name, offset in offsets.items()]
    return gate.report(cases)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
