# SPDX-License-Identifier: Apache-2.0
"""The two servers: their sockets, their ends, and what they answer to clients of every kind."""

import contextlib
import os
import signal
import socket
import sqlite3
import stat
import struct
import sys

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal
from sockets import Proxy, Stream

SERVERS = {"evaluator": lambda world, name: world.evaluator(name=name),
           "reporter": lambda world, name: world.reporter(name=name)}
COMMANDS = {
    "evaluator": lambda world: ("evaluator", "--key", world.key("evaluator")),
    "reporter": lambda world: ("reporter", "serve", "--key", world.key("reporter"), "--store",
                               world.path("other store")),
}


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def post(path, body):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


HEALTH = get("/healthz")
PROOF_BYTES = 64


def connect(world, path):
    client = socket.socket(socket.AF_UNIX)
    world.stack.callback(client.close)
    client.settimeout(harness.MOST_SECONDS)
    client.connect(path)
    return Stream(client)


def ask(world, path, content):
    """Sends bytes on a connection of their own; returns the answer's number and body, or None."""
    stream = connect(world, path)
    stream.send(content)
    answer = stream.message()
    return (int(answer[0].split()[1]), answer[1]) if answer else None


def expect_healthy(world, path):
    equal(ask(world, path, HEALTH), (200, b"ok\n"), "health")


@cases(SERVERS)
def its_socket_is_for_its_owner_alone(world, row):
    _, path = row(world, "socket")
    info = os.stat(path)
    equal((stat.S_ISSOCK(info.st_mode), info.st_mode & 0o777), (True, 0o600), "socket")
    expect_healthy(world, path)


@cases(COMMANDS)
def a_socket_in_use_is_refused_and_left_alone(world, row):
    for name, start in SERVERS.items():
        _, path = start(world, name)
        outcome = world.run(*row(world), "--listen", "unix:" + path, exits=TROUBLE)
        contains(outcome.errors, f"hashveil: unix:{path}: another server is listening there\n")
        expect_healthy(world, path)


@cases(COMMANDS)
def a_file_of_the_sockets_name_is_refused_and_left_alone(world, row):
    path = world.write("file", b"precious")
    outcome = world.run(*row(world), "--listen", "unix:" + path, exits=TROUBLE)
    contains(outcome.errors, f"hashveil: unix:{path}: ", "no socket")
    with open(path, "rb") as file:
        equal(file.read(), b"precious", "file")
    os.symlink("file", world.path("link"))
    world.run(*row(world), "--listen", "unix:" + world.path("link"), exits=TROUBLE)
    equal(os.readlink(world.path("link")), "file", "link")


@cases(COMMANDS)
def a_socket_needs_a_folder(world, row):
    path = world.path("absent", "socket")
    outcome = world.run(*row(world), "--listen", "unix:" + path, exits=TROUBLE)
    equal(outcome.errors, f"hashveil: unix:{path}: no such file or folder\n", "message")


@cases(SERVERS)
def the_socket_of_a_killed_server_is_taken_over(world, row):
    process, path = row(world, "socket")
    process.kill()
    process.wait()
    assert os.path.exists(path)
    _, path = row(world, "socket")
    expect_healthy(world, path)


@cases({f"{server}, {number.name}": (SERVERS[server], number) for server in SERVERS
        for number in (signal.SIGTERM, signal.SIGINT)})
def a_signal_ends_it_and_its_socket(world, row):
    start, number = row
    process, path = start(world, "socket")
    idle = connect(world, path)
    idle.send(HEALTH)
    assert idle.message()
    process.send_signal(number)
    outcome = world.finish(process, DONE)
    equal(outcome.errors, "", "messages")
    assert not os.path.exists(path)


@case
def a_server_does_not_remove_the_socket_of_its_successor(world):
    first, path = world.evaluator(name="socket")
    os.rename(path, world.path("elsewhere"))
    world.evaluator(name="socket")
    first.terminate()
    world.finish(first, DONE)
    expect_healthy(world, path)


def captured_request(world):
    """Returns a request as a device sends it, and the evaluator's socket."""
    _, path = world.evaluator()
    proxy = Proxy(world, "proxy", path)
    world.scan("--db", world.database, "--evaluator", proxy.address, world.files("listed")[0])
    return proxy.requests[0][1], path


@case
def what_has_arrived_is_answered_before_the_end(world):
    request, _ = captured_request(world)
    for number in range(5):
        process, path = world.evaluator(name=f"socket {number}")
        stream = connect(world, path)
        stream.send(HEALTH)
        assert stream.message()
        stream.send(post("/v1/evaluate", request))
        process.terminate()
        head, body = stream.message()
        equal((head.split()[1], len(body)), (b"200", len(request) + PROOF_BYTES), "answer")
        world.finish(process, DONE)


@case
def an_evaluator_answers_each_fault_with_its_number(world):
    request, path = captured_request(world)
    faults = {
        200: {"a right request": request, "no proof wanted": request[:7] + b"\0" + request[8:]},
        400: {"nothing": b"", "a byte": b"H", "one byte too few": request[:-1],
              "a byte too many": request + b"\0",
              "another magic": b"X" + request[1:], "neither with proof nor without":
                  request[:7] + b"\2" + request[8:], "a count of zero": request[:48] + bytes(4),
              "another count": request[:48] + struct.pack("<I", 256) + request[52:],
              "the identity": request[:-32] + bytes(32),
              "no element": request[:-32] + b"\xff" * 32, "zeros": bytes(len(request)),
              "the largest request": bytes(32852)},
        409: {"another key": request[:16] + bytes(31) + b"\1" + request[48:]},
        413: {"more than the largest request": bytes(32853), "a megabyte": bytes(1 << 20)},
        426: {"version 2": request[:4] + b"\2" + request[5:],
              "mode 0": request[:6] + b"\0" + request[7:]},
    }
    for number, bodies in faults.items():
        for name, body in bodies.items():
            answer = ask(world, path, post("/v1/evaluate", body))
            equal(answer and answer[0], number, name)
            wanted = len(request) + body[7] * PROOF_BYTES if number == 200 else 0
            equal(len(answer[1]) if wanted else 0, wanted, f"{name}: body")
    expect_healthy(world, path)


@case
def all_of_an_answer_but_its_proof_is_a_function_of_the_request(world):
    request, path = captured_request(world)
    first, second = (ask(world, path, post("/v1/evaluate", request))[1] for _ in "12")
    equal(first[:-PROOF_BYTES], second[:-PROOF_BYTES], "answers to the same request")
    assert first[-PROOF_BYTES:] != second[-PROOF_BYTES:], "a proof's random number came twice"


@cases(SERVERS)
def what_is_not_served_is_refused(world, row):
    _, path = row(world, "socket")
    for content, numbers in ((get("/"), (404,)), (get("/v1/nothing"), (404,)),
                             (post("/healthz", b"x"), (405,)),
                             # Each server has one of these, for POST alone.
                             (get("/v1/evaluate"), (404, 405)), (get("/v1/reports"), (404, 405))):
        number, _ = ask(world, path, content)
        assert number in numbers, f"{content}: {number}"
    expect_healthy(world, path)


HOSTILE = {
    "nothing at all": b"",
    "random bytes": bytes(range(256)) * 100,
    "a request line without end": b"GET /" + 100000 * b"x",
    "headers without end": b"GET / HTTP/1.1\r\n" + 10000 * b"X-Y: z\r\n",
    "a negative length": b"POST /v1/evaluate HTTP/1.1\r\nContent-Length: -5\r\n\r\nabc",
    "a length beyond any": b"POST /v1/reports HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\n",
    "a chunk beyond any":
        b"POST /v1/reports HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    "half a request": post("/v1/evaluate", bytes(8276))[:4000],
    "another method": b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
}


@cases({f"{server}, {name}": (SERVERS[server], content) for server in SERVERS
        for name, content in HOSTILE.items()})
def a_hostile_client_costs_nobody_else_anything(world, row):
    start, content = row
    process, path = start(world, "socket")
    clients = [connect(world, path) for _ in range(20)]
    for client in clients:
        client.send(content)
    expect_healthy(world, path)
    for client in clients:
        client.connection.close()
    expect_healthy(world, path)
    process.terminate()
    world.finish(process, DONE)


def sealed_report(world):
    world.scan(*world.with_key(), *world.with_spool(), world.files("listed")[0], exits=MATCH)
    with contextlib.closing(sqlite3.connect(world.path("spool"))) as database:
        (sealed,), = database.execute("SELECT sealed FROM report")
    return sealed


@case
def a_report_is_kept_once_however_often_it_is_sent(world):
    sealed = sealed_report(world)
    _, path = world.reporter()
    for _ in range(3):
        number, body = ask(world, path, post("/v1/reports", sealed))
        equal((number // 100, body), (2, b""), "answer")
    equal([report["id"] for report in world.stored()], world.waiting(world.path("spool")), "store")


@case
def a_reporter_keeps_nothing_that_is_no_report_to_it(world):
    sealed = sealed_report(world)
    _, path = world.reporter()
    changed = {at: sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:]
               for at in (0, 4, 6, 8, 24, 32, 64, 100, 455)}
    wanted = {4: 426, 24: 409}
    for at, body in changed.items():
        equal(ask(world, path, post("/v1/reports", body))[0], wanted.get(at, 400), f"byte {at}")
    for body, number in ((b"", 400), (sealed[:-1], 400), (bytes(456), 400), (sealed + b"\0", 413)):
        equal(ask(world, path, post("/v1/reports", body))[0], number, f"{len(body)} bytes")
    equal(world.stored(), [], "store")


@case
def a_reporter_that_cannot_begin_leaves_no_socket(world):
    for option, value, words in (("--list", world.path("absent"), "no such file"),
                                 ("--list", world.database, "not a format"),
                                 ("--store", world.folder, "not a regular file"),
                                 ("--store", world.workspace, "not a format")):
        command = ["reporter", "serve", "--key", world.key("reporter"), "--listen",
                   "unix:" + world.path("socket"), option, value]
        command += [] if option == "--store" else ["--store", world.path("store")]
        outcome = world.run(*command, exits=TROUBLE)
        contains(outcome.errors, f"hashveil: {value}: ", words)
        assert not os.path.exists(world.path("socket"))


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
