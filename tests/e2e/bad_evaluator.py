# SPDX-License-Identifier: Apache-2.0
"""Evaluators that fail, lie or hang: named with the reason, and no picture passes for checked."""

import os
import signal
import sys
import time

import harness
from harness import MATCH, TROUBLE, case, cases, contains, equal
from processes import children_of, is_alive, is_service
from slow_reader import start_slow_scan
from sockets import Peer, Proxy, http_answer

UNREACHABLE = "the peer cannot be reached"
INVALID = "the peer's answer is not valid"
LATE = "the peer did not answer in time"
REFUSED = "the peer refused the request"
OTHER_KEY = "not the key that is needed here"
OTHER_VERSION = "written by another version of the format"

HEADER_BYTES, ELEMENT_BYTES, PROOF_BYTES, RESPONSE_BYTES = 52, 32, 64, 8340
IDENTITY = bytes(ELEMENT_BYTES)
NOT_CANONICAL = b"\xff" * ELEMENT_BYTES


def scan(world, address, code, *arguments):
    """Scans two pictures, of which the first is listed."""
    found = world.scan("--db", world.database, "--evaluator", address, "--workers", "1",
                       *world.with_spool(), *arguments, world.files("listed")[0],
                       world.files("others")[0], exits=code)
    found.check_sums()
    equal(len(found.files), 2, "files")
    return found


def expect_unchecked(world, address, reason, *arguments):
    found = scan(world, address, TROUBLE, *arguments)
    equal([(file["class"], file["reason"]) for file in found.files], 2 * [("unchecked", reason)],
          "files")
    equal(found.errors, f"hashveil: {address}: {reason}\n", "messages")
    equal(world.waiting(world.path("spool")), [], "reports")


def send_endlessly(stream, start, chunk):
    stream.send(start)
    for _ in range(10000):
        stream.send(chunk)


def drip(stream):
    """Each byte comes in time, the whole never."""
    for byte in http_answer(bytes(RESPONSE_BYTES)):
        stream.send(bytes([byte]))
        time.sleep(0.05)


def never(stream):
    return stream.receive()  # until the client goes away


# What a peer does with a request, and what the scan says of it.
PEERS = {
    "closes after the request": (lambda stream: None, UNREACHABLE),
    "closes within the headers": (lambda stream: stream.send(b"HTTP/1.1 200 OK\r\nConte"),
                                  UNREACHABLE),
    "closes within the body":
        (lambda stream: stream.send(http_answer(bytes(RESPONSE_BYTES))[:-1]), UNREACHABLE),
    "answers nonsense": (lambda stream: stream.send(b"nonsense\r\n\r\n"), INVALID),
    "answers with zeros": (lambda stream: stream.send(bytes(5000)), INVALID),
    "sends a body without end":
        (lambda stream: send_endlessly(stream, b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536)), INVALID),
    "sends headers without end":
        (lambda stream: send_endlessly(stream, b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n" * 999),
         INVALID),
    "promises a body of a terabyte":
        (lambda stream: send_endlessly(
            stream, b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n", bytes(65536)),
         INVALID),
    "sends us elsewhere":
        (lambda stream: stream.send(b"HTTP/1.1 302 Found\r\nLocation: http://localhost/x\r\n"
                                    b"Content-Length: 0\r\n\r\n"), INVALID),
    "has an inner error": (lambda stream: stream.send(http_answer(b"", "500 X")), REFUSED),
    "does not know who asks":
        (lambda stream: stream.send(http_answer(b"", "401 X")), "the peer does not know who asks"),
    "has no budget left for this account":
        (lambda stream: stream.send(http_answer(b"", "429 X")),
         "the account's budget is spent for now"),
    "has too much to do":
        (lambda stream: stream.send(http_answer(b"", "503 X")),
         "the peer has too much to do just now"),
    "forbids the request": (lambda stream: stream.send(http_answer(b"", "403 X")), REFUSED),
    "finds it malformed": (lambda stream: stream.send(http_answer(b"", "400 X")), INVALID),
    "wants another version":
        (lambda stream: stream.send(http_answer(b"", "426 X")), OTHER_VERSION),
}


@cases(PEERS)
def an_evaluator_that(world, row):
    answer, reason = row
    expect_unchecked(world, Peer(world, "evaluator", answer).address, reason)


@cases({"never answers": never, "answers byte by byte": drip})
def a_timeout_ends_the_wait_for_an_evaluator_that(world, row):
    expect_unchecked(world, Peer(world, "evaluator", row).address, LATE, "--timeout", "1")


def naming_key(world, body, name):
    with open(world.key("evaluator", name) + ".pub", encoding="ascii") as file:
        digits = next(word for word in file.read().split() if len(word) == 64)
    return body[:16] + bytes.fromhex(digits) + body[48:]


def other_key(world, body):
    return naming_key(world, body, "other-")


def with_last_element(body, element):
    return body[:-PROOF_BYTES - ELEMENT_BYTES] + element + body[-PROOF_BYTES:]


def exchanged(body):
    second, third = HEADER_BYTES + ELEMENT_BYTES, HEADER_BYTES + 2 * ELEMENT_BYTES
    return body[:HEADER_BYTES] + body[second:third] + body[HEADER_BYTES:second] + body[third:]


# What becomes of a right answer's body on its way.
ALTERED = {
    "no bytes": (lambda world, body: b"", INVALID),
    "one byte too few": (lambda world, body: body[:-1], INVALID),
    "one byte too many": (lambda world, body: body + b"\0", INVALID),
    "one element too few": (lambda world, body: body[:-ELEMENT_BYTES], INVALID),
    "another magic": (lambda world, body: b"HVRQ" + body[4:], INVALID),
    "version 2": (lambda world, body: body[:4] + b"\2" + body[5:], OTHER_VERSION),
    "another epoch": (lambda world, body: body[:8] + bytes(8) + body[16:], INVALID),
    "another count":
        (lambda world, body: body[:48] + b"\xff\0\0\0" + body[HEADER_BYTES:], INVALID),
    "another evaluator's key": (other_key, OTHER_KEY),
    "the identity as its first element":
        (lambda world, body: body[:HEADER_BYTES] + IDENTITY +
         body[HEADER_BYTES + ELEMENT_BYTES:], INVALID),
    "the identity as its last element":
        (lambda world, body: with_last_element(body, IDENTITY), INVALID),
    "an element that is no canonical encoding":
        (lambda world, body: with_last_element(body, NOT_CANONICAL), INVALID),
    "no proof": (lambda world, body: body[:-PROOF_BYTES], INVALID),
    "mode 0": (lambda world, body: body[:6] + b"\0" + body[7:-PROOF_BYTES], OTHER_VERSION),
    "a proof of zeros": (lambda world, body: body[:-PROOF_BYTES] + bytes(PROOF_BYTES), OTHER_KEY),
    "one bit of the proof changed":
        (lambda world, body: body[:-1] + bytes([body[-1] ^ 1]), OTHER_KEY),
    "two elements exchanged": (lambda world, body: exchanged(body), OTHER_KEY),
}


@cases(ALTERED)
def an_answer_with(world, row):
    alter, reason = row
    _, socket = world.evaluator()

    def pass_on(way, _number, head, body):
        return head + body if way == "request" else http_answer(alter(world, body))

    expect_unchecked(world, Proxy(world, "proxy", socket, pass_on).address, reason)


def in_pieces(body):
    return b"".join(f"{len(body[at:at + 999]):x}\r\n".encode() + body[at:at + 999] + b"\r\n"
                    for at in range(0, len(body), 999)) + b"0\r\n\r\n"


@cases({
    "unchanged": http_answer,
    "after an interim answer": lambda body: b"HTTP/1.1 103 X\r\n\r\n" + http_answer(body),
    "in chunks": lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                              in_pieces(body),
})
def a_right_answer_is_taken(world, row):
    _, socket = world.evaluator()

    def pass_on(way, _number, head, body):
        return head + body if way == "request" else row(body)

    found = scan(world, Proxy(world, "proxy", socket, pass_on).address, MATCH)
    equal([file["class"] for file in found.files], ["match", "no known match"], "classes")


@cases({
    "nobody listens": lambda world: world.path("absent"),
    "a file has the name": lambda world: world.write("file", b""),
    "a folder has the name": lambda world: world.folder,
})
def an_evaluator_cannot_be_reached_where(world, row):
    expect_unchecked(world, "unix:" + row(world), UNREACHABLE)


@case
def an_evaluator_with_another_key_is_named_with_the_reason(world):
    _, socket = world.evaluator(world.key("evaluator", "other-"))
    expect_unchecked(world, "unix:" + socket, OTHER_KEY)


@cases({"always proved": 100, "proved at times": 50, "never proved": 0})
def an_evaluator_is_caught_that_names_the_right_key_and_uses_another(world, row):
    _, socket = world.evaluator(world.key("evaluator", "other-"))

    def pass_on(way, _number, head, body):
        return head + naming_key(world, body, "other-" if way == "request" else "")

    expect_unchecked(world, Proxy(world, "proxy", socket, pass_on).address, OTHER_KEY,
                     "--verify-share", str(row))


@case
def one_lost_answer_costs_one_picture(world):
    _, socket = world.evaluator()

    def pass_on(way, number, head, body):
        return None if (way, number) == ("response", 1) else head + body

    proxy = Proxy(world, "proxy", socket, pass_on)
    found = world.scan("--db", world.database, "--evaluator", proxy.address, "--workers", "1",
                       *world.with_spool(), *world.files("listed")[:3], exits=TROUBLE)
    found.check_sums()
    equal([file["class"] for file in found.files], ["unchecked", "match", "match"], "classes")
    equal(world.waiting(world.path("spool")), found.reports(), "reports")


@case
def when_the_evaluator_is_killed_the_rest_is_unchecked_and_nothing_reported_is_lost(world):
    process, socket = world.evaluator()

    def pass_on(_way, _number, head, body):
        if len(proxy.requests) == 4:
            process.kill()
            process.wait()
            return None
        return head + body

    proxy = Proxy(world, "proxy", socket, pass_on)
    found = world.scan("--db", world.database, "--evaluator", proxy.address, "--workers", "1",
                       *world.with_spool(), os.path.dirname(world.files("listed")[0]),
                       exits=TROUBLE)
    found.check_sums()
    equal([file["class"] for file in found.files], 3 * ["match"] + 5 * ["unchecked"], "classes")
    equal(world.waiting(world.path("spool")), found.reports(), "reports")
    equal(found.errors, f"hashveil: {proxy.address}: {UNREACHABLE}\n", "messages")


@case
def a_private_evaluator_that_is_killed_is_named_as_such(world):
    process, _, first = start_slow_scan(world, world.files("listed")[0], *world.with_key(),
                                        *world.with_spool())
    child, = filter(is_service, children_of(process.pid))
    os.kill(child, signal.SIGKILL)
    harness.wait_until(lambda: not is_alive(child), "the evaluator is gone")
    found = harness.Scan(*world.finish(process, TROUBLE, first))
    found.check_sums()
    equal(set(found.classes()), {"match", "unchecked"}, "classes")
    contains(found.errors, f"hashveil: private evaluator: {UNREACHABLE}\n")
    equal(world.waiting(world.path("spool")), found.reports(), "reports")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
