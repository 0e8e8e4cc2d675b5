# SPDX-License-Identifier: Apache-2.0
"""Evaluators at addresses of every kind, and clients that ask them."""

import http.client
import re

import harness
from harness import equal
from sockets import Proxy
from web_folder import make_certificate


def start(world, *arguments, listen="http://127.0.0.1:0", name="evaluator", **options):
    """Starts an evaluator; returns its process and where it listens."""
    process = world.start("evaluator", "--key", world.key("evaluator"), "--listen", listen,
                          *arguments, **options)
    line = process.stdout.readline()
    assert line.startswith("listening on "), f"{line!r}: {process.stderr.read()}"
    return process, line.split()[-1]


def connect(address, **options):
    host, port = re.fullmatch(r"https?://(.*):(\d+)", address).groups()
    if address.startswith("https:"):
        return http.client.HTTPSConnection(host, int(port), timeout=harness.MOST_SECONDS, **options)
    return http.client.HTTPConnection(host, int(port), timeout=harness.MOST_SECONDS)


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def metrics(address):
    """Returns what /metrics counts: name with labels -> number."""
    number, text, headers = ask(connect(address), "GET", "/metrics")
    equal((number, headers["Content-Type"]), (200, "text/plain; version=0.0.4"), "metrics")
    lines = [line.rsplit(" ", 1) for line in text.decode().splitlines() if line[0] != "#"]
    return {name: float(value) for name, value in lines}


def captured_request(world):
    _, path = world.evaluator(name="asked")
    proxy = Proxy(world, "proxy", path)
    world.scan("--db", world.database, "--evaluator", proxy.address, world.files("listed")[0])
    return proxy.requests[0][1]


def with_certificate(world, name="server", host="localhost"):
    path = make_certificate(world.folder, name, host)
    return "--certificate", path, "--certificate-key", path + ".key"
