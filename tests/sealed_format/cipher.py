# SPDX-License-Identifier: Apache-2.0
"""AES-256-GCM (FIPS 197, NIST SP 800-38D) and the field of the shares. Slow; see group.py."""


def make_sbox():
    def times(a, b):
        product = 0
        for i in range(8):
            product ^= a << i if b >> i & 1 else 0
        for i in range(14, 7, -1):
            product ^= 0x11B << i - 8 if product >> i & 1 else 0
        return product

    inverse = [0] * 256
    for a in range(1, 256):
        inverse[a] = next(b for b in range(1, 256) if times(a, b) == 1)
    box = []
    for value in inverse:
        turned = value
        for shift in range(1, 5):
            turned ^= (value << shift | value >> 8 - shift) & 0xFF
        box.append(turned ^ 0x63)
    return box


SBOX = make_sbox()


def expand_key(key):
    words = [list(key[i:i + 4]) for i in range(0, 32, 4)]
    constant = 1
    for i in range(8, 60):
        word = list(words[-1])
        if i % 8 == 0:
            word = [SBOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant <<= 1
        elif i % 8 == 4:
            word = [SBOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(word, words[i - 8])])
    return [sum(words[i:i + 4], []) for i in range(0, 60, 4)]


def double(byte):
    return (byte << 1 ^ 0x1B) & 0xFF if byte & 0x80 else byte << 1


def mix(column):
    total = column[0] ^ column[1] ^ column[2] ^ column[3]
    return [column[i] ^ total ^ double(column[i] ^ column[(i + 1) % 4]) for i in range(4)]


def encrypt_block(round_keys, block):
    state = [a ^ b for a, b in zip(block, round_keys[0])]
    for number, key in enumerate(round_keys[1:], 1):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < 14:
            state = sum((mix(state[i:i + 4]) for i in range(0, 16, 4)), [])
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def ghash_times(a, b):
    """GHASH's own order of bits: the highest bit of the first byte is the lowest power."""
    product = 0
    for i in range(127, -1, -1):
        if b >> i & 1:
            product ^= a
        a = a >> 1 ^ (0xE1 << 120 if a & 1 else 0)
    return product


def open_gcm(key, nonce, ciphertext, tag):
    """Returns the plaintext, or None when the tag does not fit. Without additional data."""
    round_keys = expand_key(key)
    h = int.from_bytes(encrypt_block(round_keys, bytes(16)), "big")
    digest = 0
    blocks = [ciphertext[i:i + 16].ljust(16, b"\0") for i in range(0, len(ciphertext), 16)]
    for block in blocks + [(8 * len(ciphertext)).to_bytes(16, "big")]:
        digest = ghash_times(digest ^ int.from_bytes(block, "big"), h)
    stream = [encrypt_block(round_keys, nonce + (i + 1).to_bytes(4, "big"))
              for i in range(len(blocks) + 1)]
    if digest.to_bytes(16, "big") != bytes(a ^ b for a, b in zip(tag, stream[0])):
        return None
    return bytes(a ^ b for a, b in zip(ciphertext, b"".join(stream[1:])))


MODULUS = 1 << 128 | 0x87


def share_times(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (MODULUS if a >> 127 else 0)
        b >>= 1
    return product


def share_inverse(a):
    power, product = a, 1
    for _ in range(127):
        power = share_times(power, power)
        product = share_times(product, power)
    return product


def join(point_a, share_a, point_b, share_b):
    """Returns the secret of the line through two shares, as 16 bytes."""
    a, b = (int.from_bytes(share, "little") for share in (share_a, share_b))
    slope = share_times(a ^ b, share_inverse(point_a ^ point_b))
    return (a ^ share_times(slope, point_a)).to_bytes(16, "little")
