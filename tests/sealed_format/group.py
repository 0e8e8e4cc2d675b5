# SPDX-License-Identifier: Apache-2.0
"""The OPRF of RFC 9497, suite ristretto255-SHA512, for whoever has the key. Slow, and in no way safe
against timing: it is here to be read beside the RFCs."""

import hashlib

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def is_negative(x):
    return x % P & 1


def absolute(x):
    return -x % P if is_negative(x) else x % P


def sqrt_ratio_m1(u, v):
    """RFC 9496 section 4.2: whether u/v is a square, and the root of u/v or of SQRT_M1 u/v."""
    r = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    check = v * r * r % P
    is_square = check == u % P
    if check in (-u % P, -u * SQRT_M1 % P):
        r = r * SQRT_M1 % P
    return is_square or check == -u % P, absolute(r)


INVSQRT_A_MINUS_D = sqrt_ratio_m1(1, -1 - D)[1]
SQRT_AD_MINUS_ONE = -absolute(sqrt_ratio_m1(-D - 1, 1)[1]) % P  # the negative root, as the RFC has
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P
ORDER = 2**252 + 27742317777372353535851937790883648493


def add(a, b):
    """Extended coordinates X Y Z T on -x^2 + y^2 = 1 + d x^2 y^2 (Hisil and others, 2008)."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = 2 * t1 * D * t2 % P
    h = 2 * z1 * z2 % P
    m, n, o, q = f - e, h - g, h + g, f + e
    return m * n % P, o * q % P, n * o % P, m * q % P


def multiply(scalar, point):
    total = (0, 1, 1, 0)
    for bit in bin(scalar)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def encode(point):
    """RFC 9496 section 4.3.2."""
    x0, y0, z0, t0 = point
    u1 = (z0 + y0) * (z0 - y0) % P
    u2 = x0 * y0 % P
    invsqrt = sqrt_ratio_m1(1, u1 * u2 * u2 % P)[1]
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    x, y, den_inv = x0, y0, den2
    if is_negative(t0 * z_inv):
        x, y, den_inv = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if is_negative(x * z_inv):
        y = -y % P
    return absolute(den_inv * (z0 - y)).to_bytes(32, "little")


def elligator(t):
    """RFC 9496 section 4.3.4, MAP."""
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    is_square, s = sqrt_ratio_m1(u, v)
    c = P - 1
    if not is_square:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def expand(message, dst):
    """expand_message_xmd of RFC 9380 section 5.3.1, SHA-512, to 64 bytes."""
    suffix = dst + bytes([len(dst)])
    first = hashlib.sha512(bytes(128) + message + bytes([0, 64, 0]) + suffix).digest()
    return hashlib.sha512(first + b"\x01" + suffix).digest()


def decode_ed25519(data):
    """RFC 8032 section 5.1.3: a point from its 32 bytes, or None."""
    y = int.from_bytes(data, "little") % 2**255
    is_square, x = sqrt_ratio_m1(y * y - 1, D * y * y + 1)
    if y >= P or not is_square or (x == 0 and data[31] >> 7):
        return None
    if is_negative(x) != data[31] >> 7:
        x = -x % P
    return x, y, 1, x * y % P


def verify_ed25519(public, message, signature):
    """RFC 8032 section 5.1.7."""
    commitment, key = decode_ed25519(signature[:32]), decode_ed25519(public)
    scalar = int.from_bytes(signature[32:], "little")
    if commitment is None or key is None or scalar >= ORDER:
        return False
    challenge = hashlib.sha512(signature[:32] + public + message).digest()
    x1, y1, z1, _ = multiply(scalar, BASE_POINT)
    x2, y2, z2, _ = add(commitment, multiply(int.from_bytes(challenge, "little") % ORDER, key))
    return (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0


def hash_to_group(message, mode):
    uniform = expand(message, b"HashToGroup-OPRFV1-" + bytes([mode]) + b"-ristretto255-SHA512")
    halves = [int.from_bytes(uniform[i:i + 32], "little") % 2**255 for i in (0, 32)]
    return add(elligator(halves[0]), elligator(halves[1]))


def evaluate(secret, message, mode):
    """RFC 9497 section 3.3.1, Evaluate: 64 bytes."""
    element = encode(multiply(int.from_bytes(secret, "little"), hash_to_group(message, mode)))
    return hashlib.sha512(len(message).to_bytes(2, "big") + message + b"\x00\x20" + element +
                          b"Finalize").digest()


BASE_POINT = decode_ed25519((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
