# SPDX-License-Identifier: Apache-2.0
"""The servers on the internet's side: https, certificates, many clients, slow ones, counts, keys."""

import concurrent.futures
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

import harness
from evaluators import ask, captured_request, connect, metrics, start, with_certificate
from harness import DONE, MATCH, TROUBLE, USAGE, Skip, case, cases, contains, equal, wait_until
from sockets import Stream
from web_folder import make_certificate


def scan_by(world, address, *arguments, exits=MATCH):
    return world.scan("--db", world.database, "--evaluator", address, *arguments,
                      world.files("listed")[0], exits=exits)


@case
def a_scan_asks_by_https_whom_it_has_a_certificate_of(world):
    certificate = with_certificate(world)
    _, address = start(world, *certificate, listen="https://localhost:0")
    found = scan_by(world, address, "--ca", certificate[1])
    equal(found.files[0]["class"], "match", "class")
    strange = scan_by(world, address, exits=TROUBLE)
    equal(strange.files[0]["class"], "unchecked", "class")


@case
def a_certificate_of_another_host_is_refused(world):
    certificate = with_certificate(world, host="elsewhere.example")
    _, address = start(world, *certificate, listen="https://localhost:0")
    found = scan_by(world, address, "--ca", certificate[1], exits=TROUBLE)
    equal(found.files[0]["class"], "unchecked", "class")


@case
def nothing_older_than_tls_1_3_is_spoken(world):
    certificate = with_certificate(world)
    _, address = start(world, *certificate, listen="https://localhost:0")
    for version, is_spoken in ((ssl.TLSVersion.TLSv1_2, False), (ssl.TLSVersion.TLSv1_3, True)):
        context = ssl.create_default_context(cafile=certificate[1])
        context.minimum_version = context.maximum_version = version
        try:
            number, _, _ = ask(connect(address, context=context), "GET", "/healthz")
            equal((number, is_spoken), (200, True), version)
        except ssl.SSLError:
            assert not is_spoken, version


@case
def clients_need_a_certificate_where_it_is_asked_for(world):
    certificate = with_certificate(world)
    client = make_certificate(world.folder, "client")
    stranger = make_certificate(world.folder, "stranger")
    _, address = start(world, *certificate, "--client-ca", client, listen="https://localhost:0")
    known = ("--ca", certificate[1], "--certificate", client,
             "--certificate-key", client + ".key")
    equal(scan_by(world, address, *known).files[0]["class"], "match", "class")
    for wrong in (known[:2], (*known[:3], stranger, known[4], stranger + ".key")):
        found = scan_by(world, address, *wrong, exits=TROUBLE)
        equal(found.files[0]["class"], "unchecked", "class")


@case
def a_certificate_is_read_anew_at_a_signal(world):
    certificate = with_certificate(world)
    process, address = start(world, *certificate, listen="https://localhost:0")
    before = ssl.create_default_context(cafile=certificate[1])
    equal(ask(connect(address, context=before), "GET", "/healthz")[0], 200, "before")
    make_certificate(world.folder, "server")
    after = ssl.create_default_context(cafile=certificate[1])
    process.send_signal(signal.SIGHUP)

    def is_new():
        try:
            return ask(connect(address, context=after), "GET", "/healthz")[0] == 200
        except ssl.SSLError:
            return False
    wait_until(is_new, "the new certificate is shown")
    os.truncate(certificate[1], 10)
    process.send_signal(signal.SIGHUP)
    contains(process.stderr.readline(), certificate[1])
    assert is_new(), "a damaged file took the certificate away"


@cases({
    "a host that is not this machine, without TLS": ("http://0.0.0.0:0", "http://"),
    "no port": ("http://127.0.0.1", "http://"),
    "a path": ("http://127.0.0.1:0/x", "http://"),
    "another scheme": ("ftp://127.0.0.1:0", "ftp://"),
    "https without a certificate": ("https://localhost:0", "--certificate"),
})
def it_does_not_listen_at(world, row):
    address, words = row
    outcome = world.run("evaluator", "--key", world.key("evaluator"), "--listen", address,
                        exits=USAGE)
    contains(outcome.errors, words)


@case
def a_port_in_use_is_refused(world):
    _, address = start(world)
    outcome = world.run("evaluator", "--key", world.key("evaluator"), "--listen", address,
                        exits=TROUBLE)
    equal(outcome.errors, f"hashveil: {address}: cannot listen there: Address already in use\n",
          "message")


@case
def it_listens_at_several_places(world):
    certificate = with_certificate(world)
    process, first = start(world, *certificate, "--listen", "https://localhost:0", "--listen",
                           "unix:" + world.path("socket"), listen="http://[::1]:0")
    others = [process.stdout.readline().split()[-1] for _ in "12"]
    equal(others[1], "unix:" + world.path("socket"), "address")
    for address in (first, others[1]):
        equal(scan_by(world, address).files[0]["class"], "match", address)
    found = scan_by(world, others[0], "--ca", certificate[1])
    equal(found.files[0]["class"], "match", others[0])


@case
def sockets_of_a_socket_unit_are_taken(world):
    with socket.socket(socket.AF_UNIX) as given:
        given.bind(world.path("socket"))
        given.listen()
        # The shell's process becomes the server, and so has the number that LISTEN_PID says.
        command = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&{given.fileno()}'
        process = subprocess.Popen(
            ["/bin/bash", "-c", command, world.program, "evaluator", "--key",
             world.key("evaluator"), "--listen", "systemd"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            pass_fds=[given.fileno()], env=world.environment)
        world.stack.callback(world.end, process)
        equal(process.stdout.readline(), "listening on systemd:3\n", "line")
    found = scan_by(world, "unix:" + world.path("socket"))
    equal(found.files[0]["class"], "match", "class")
    process.terminate()
    world.finish(process, DONE)
    assert os.path.exists(world.path("socket")), "the unit's socket was removed"


@case
def no_sockets_of_a_unit_are_refused(world):
    outcome = world.run("evaluator", "--key", world.key("evaluator"), "--listen", "systemd",
                        exits=TROUBLE)
    equal(outcome.errors,
          "hashveil: systemd: it hands over no sockets: start this by a socket unit\n", "message")


@case
def what_is_answered_is_counted(world):
    request = captured_request(world)
    _, address = start(world)
    connection = connect(address)
    for body, number in ((request, 200), (request, 200), (request[:-1], 400), (b"", 400)):
        equal(ask(connection, "POST", "/v1/evaluate", body)[0], number, "answer")
    equal(ask(connection, "GET", "/nothing")[0], 404, "answer")
    counts = metrics(address)
    equal({name: counts[f'hashveil_answers_total{{code="{name}"}}'] for name in (200, 400, 404)},
          {200: 2, 400: 2, 404: 1}, "answers")
    equal(counts["hashveil_elements_total"], 2 * (len(request) - 52) // 32, "elements")
    equal(counts["hashveil_answer_seconds_count"], 5, "timed answers")
    equal(counts['hashveil_answer_seconds_bucket{le="+Inf"}'], 5, "timed answers by time")
    equal((counts["hashveil_connections_total"], counts["hashveil_connections_open"]), (2, 2),
          "connections")


@case
def what_is_counted_is_told_to_this_machine_alone(world):
    certificate = with_certificate(world)
    _, address = start(world, *certificate, listen="https://localhost:0")
    context = ssl.create_default_context(cafile=certificate[1])
    equal(ask(connect(address, context=context), "GET", "/metrics")[0], 404, "metrics by https")


@case
def the_manifest_names_every_key_and_a_request_is_answered_by_its_own(world):
    request = captured_request(world)
    folder = world.make_folder("keys", {"a.key": world.key("evaluator", "second "),
                                        "notes": world.files("listed")[0]})
    process = world.start("evaluator", "--key", folder, "--listen", "http://127.0.0.1:0")
    address = process.stdout.readline().split()[-1]

    def keys():
        number, text, headers = ask(connect(address), "GET", "/v1/manifest")
        equal((number, headers["Content-Type"]), (200, "application/json"), "manifest")
        return json.loads(text)["keys"]

    def public(owner):
        with open(world.key("evaluator", owner) + ".pub", encoding="ascii") as file:
            return next(word for word in file.read().split() if len(word) == 64)
    equal(keys(), [public("second ")], "keys")
    equal(ask(connect(address), "POST", "/v1/evaluate", request)[0], 409, "another's request")
    os.link(world.key("evaluator"), os.path.join(folder, "b.key"))
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: keys() == [public("second "), public("")], "the new key is there")
    equal(ask(connect(address), "POST", "/v1/evaluate", request)[0], 200, "answer")
    world.write("keys/c.key", b"no key")
    process.send_signal(signal.SIGHUP)
    contains(process.stderr.readline(), "c.key: ")
    equal(keys(), [public("second "), public("")], "keys after a damaged file")


@case
def keys_change_without_a_request_that_is_dropped(world):
    request = captured_request(world)
    folder = world.make_folder("keys", {"a.key": world.key("evaluator")})
    process = world.start("evaluator", "--key", folder, "--listen", "http://127.0.0.1:0")
    address = process.stdout.readline().split()[-1]

    def ask_often(_):
        connection = connect(address)
        return {ask(connection, "POST", "/v1/evaluate", request)[0] for _ in range(20)}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(ask_often, number) for number in range(4)]
        while not all(one.done() for one in asked):
            process.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        equal(set().union(*(one.result() for one in asked)), {200}, "answers")


@case
def a_folder_without_keys_is_refused(world):
    outcome = world.run("evaluator", "--key", world.make_folder("keys"), "--listen",
                        "unix:" + world.path("socket"), exits=TROUBLE)
    contains(outcome.errors, "has no file named *.key")


@case
def more_than_it_can_do_is_told_to_come_again(world):
    request = captured_request(world)
    _, address = start(world, "--workers", "1")
    clients = [connect(address) for _ in range(150)]  # 64 may wait for a worker
    for client in clients:
        client.request("POST", "/v1/evaluate", request)
    answers = [client.getresponse() for client in clients]
    bodies = {answer.status: answer.read() for answer in answers}
    equal(set(bodies), {200, 503}, "answers")
    equal(bodies[503], b"the peer has too much to do just now\n", "body")
    equal({answer.headers["Retry-After"] for answer in answers if answer.status == 503}, {"1"},
          "Retry-After")
    equal(ask(clients[0], "POST", "/v1/evaluate", request)[0], 200, "answer afterwards")


@case
def a_client_that_leaves_costs_nobody_else_anything(world):
    request = captured_request(world)
    process, address = start(world, "--workers", "1")
    head = f"POST /v1/evaluate HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request)}\r\n\r\n"
    port = int(address.rsplit(":", 1)[1])
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head.encode() + request)
    equal(ask(connect(address), "POST", "/v1/evaluate", request)[0], 200, "answer")
    process.terminate()
    world.finish(process, DONE)


@case
def more_connections_than_allowed_wait_for_the_others_to_end(world):
    _, address = start(world, "--connections", "3")
    port = int(address.rsplit(":", 1)[1])
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    for one in held:
        world.stack.callback(one.close)
        stream = Stream(one)
        stream.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.message()
    with socket.create_connection(("127.0.0.1", port)) as waiting:
        waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        waiting.settimeout(1)
        try:
            assert not waiting.recv(1), "answered beyond the limit"
        except TimeoutError:
            pass
        held[0].close()
        waiting.settimeout(harness.MOST_SECONDS)
        contains(waiting.recv(100).decode(), "200 OK")


@case
def a_request_that_comes_byte_by_byte_is_cut_off(world):
    process, address = start(world, "--request-timeout", "1")
    port = int(address.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(0.05)
        sent = b"POST /v1/evaluate HTTP/1.1\r\nHost: x\r\nX: " + 100000 * b"x"
        is_open, at = True, 0
        while is_open:
            assert at < len(sent), "a request without end is still taken"
            try:
                slow.sendall(sent[at:at + 1])
                at += 1
                is_open = slow.recv(1000) != b""
            except TimeoutError:
                pass
            except OSError:
                is_open = False
    equal(metrics(address)["hashveil_connections_cut_total"], 1, "connections cut")
    process.terminate()
    world.finish(process, DONE)


@case
def curl_asks_it_too(world):
    if not shutil.which("curl"):
        raise Skip("no curl here")
    certificate = with_certificate(world)
    _, address = start(world, *certificate, listen="https://localhost:0")
    text = subprocess.run(["curl", "-sS", "--cacert", certificate[1], address + "/v1/manifest"],
                          check=True, capture_output=True).stdout
    equal(json.loads(text)["suite"], "ristretto255-SHA512", "suite")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
