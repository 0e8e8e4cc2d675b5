# SPDX-License-Identifier: Apache-2.0
"""Good and hostile clients at once, for long: memory and files stay as they are. HASHVEIL_SOAK_S says
how long, in seconds; 15 where it is not set."""

import json
import os
import random
import re
import ssl
import sys
import threading
import time

import harness
from account_store import ELEMENTS, add, read
from evaluators import ask, captured_request, connect, metrics, start, with_certificate
from harness import DONE, MATCH, case, equal

SECONDS = float(os.environ.get("HASHVEIL_SOAK_S", "15"))
WARM_SHARE = 0.3  # of the time, after which nothing may grow
MOST_GROWTH_KIB = 6 * 1024


class Soak:
    """Threads that do something again and again until the end."""

    def __init__(self):
        self.end = time.monotonic() + SECONDS
        self.lock = threading.Lock()
        self.counts = {}
        self.failures = []
        self.threads = []

    def run(self, name, function):
        def loop():
            while time.monotonic() < self.end and not self.failures:
                try:
                    what = function()
                except Exception as failure:  # pylint: disable=broad-except
                    with self.lock:
                        self.failures.append((name, repr(failure)))
                    return
                with self.lock:
                    key = (name, what)
                    self.counts[key] = self.counts.get(key, 0) + 1
        thread = threading.Thread(target=loop)
        thread.start()
        self.threads.append(thread)

    def join(self):
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures


def resident_kib(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def open_files(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def is_sanitized(process):
    """Sanitizers keep freed memory for a while."""
    with open(f"/proc/{process.pid}/maps", encoding="utf-8") as file:
        return re.search("lib[at]san", file.read()) is not None


def hostile_bytes(request):
    """What no client of ours sends."""
    head = b"POST /v1/evaluate HTTP/1.1\r\nHost: x\r\n"
    changed = bytearray(request)
    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return random.choice([
        os.urandom(random.randrange(1, 2000)),
        b"GET /" + 20000 * b"x",
        head + b"Content-Length: 999999999\r\n\r\n" + request,
        head + b"Content-Length: -1\r\n\r\n",
        head + b"Content-Length: %d\r\n\r\n" % len(request) + request[:random.randrange(len(request))],
        head + b"Content-Length: %d\r\n\r\n" % len(request) + bytes(changed),
        head + b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n",
        b"\x16\x03\x01\x02\x00" + os.urandom(517),
    ])


def send_and_leave(address, content, waits):
    connection = connect(address)
    connection.connect()
    try:
        connection.sock.sendall(content)
        if waits:
            connection.sock.settimeout(0.2)
            connection.sock.recv(1000)
    except OSError:
        pass  # cut off, or refused: as it should be
    connection.close()
    time.sleep(0.01)  # a mix, and not a flood
    return "left"


@case
def good_and_hostile_clients_leave_no_trace(world):
    request = captured_request(world)
    certificate = with_certificate(world)
    store = "sqlite:" + world.path("accounts")
    token = read(add(world, store, "phone", 10**9 * ELEMENTS))
    poor = read(add(world, store, "poor", ELEMENTS))
    process, address = start(world, *certificate, "--accounts", store, "--listen",
                             "https://localhost:0", "--request-timeout", "5")
    secure = process.stdout.readline().split()[-1]
    _, reporter = world.reporter()
    context = ssl.create_default_context(cafile=certificate[1])

    def evaluate(**options):
        def once():
            headers = {"Authorization": "Bearer " + options["token"]} if options["token"] else {}
            where = secure if options["is_secure"] else address
            connection = connect(where, context=context)
            number = [ask(connection, "POST", "/v1/evaluate", request, headers)[0]
                      for _ in range(5)][-1]
            connection.close()
            return number
        return once

    def scan():
        name = f"spool {threading.get_ident()}"
        found = world.run("scan", "--json", *world.with_key(), "--reporter-key",
                          world.key("reporter") + ".pub", "--spool", world.path(name),
                          "--reporter", "unix:" + reporter, world.files("listed")[0],
                          exits=MATCH)
        return json.loads(found.output.splitlines()[-1])["summary"]["reports_delivered"]

    soak = Soak()
    soak.run("good", evaluate(token=token, is_secure=False))
    soak.run("good, TLS", evaluate(token=token, is_secure=True))
    soak.run("poor", evaluate(token=poor, is_secure=False))
    soak.run("stranger", evaluate(token=None, is_secure=True))
    soak.run("scan", scan)
    for waits in (False, True):
        soak.run("hostile", lambda waits=waits: send_and_leave(address, hostile_bytes(request),
                                                               waits))
        soak.run("hostile, TLS", lambda waits=waits: send_and_leave(secure.replace("https", "http"),
                                                          os.urandom(300), waits))
    time.sleep(SECONDS * WARM_SHARE)
    before = resident_kib(process), open_files(process)
    most = before
    while time.monotonic() < soak.end:
        most = max(most[0], resident_kib(process)), max(most[1], open_files(process))
        time.sleep(0.5)
    soak.join()
    numbers = {what for name, what in soak.counts if name.startswith("good")}
    equal(numbers, {200}, "good clients' answers")
    equal({what for name, what in soak.counts if name == "stranger"}, {401}, "strangers' answers")
    assert {what for name, what in soak.counts if name == "poor"} <= {200, 429}, soak.counts
    time.sleep(6)  # longer than a silent client may stay
    after = resident_kib(process), open_files(process)
    counts = metrics(address)
    print(f"# {SECONDS:.0f} s: KiB and open files {before} warm, {most} at most, {after} at the end; "
          f"connections {counts['hashveil_connections_total']:.0f}, cut off "
          f"{counts['hashveil_connections_cut_total']:.0f}, elements "
          f"{counts['hashveil_elements_total']:.0f}; "
          + ", ".join(f"{name} {what}: {count}" for (name, what), count
                      in sorted(soak.counts.items(), key=str)), flush=True)
    assert is_sanitized(process) or after[0] - before[0] <= MOST_GROWTH_KIB, \
        f"memory grew: {before}, {after}"
    assert after[1] <= before[1], f"open files grew: {before}, {after}"
    process.terminate()
    world.finish(process, DONE)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
