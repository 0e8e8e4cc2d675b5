# SPDX-License-Identifier: Apache-2.0
"""Three evaluators behind haproxy that share their accounts in PostgreSQL, as tools/haproxy has it."""

import concurrent.futures
import http.client
import os
import re
import shutil
import socket
import sys
import time

import harness
from account_store import ELEMENTS, SCHEMA, accounts, add, read
from evaluators import ask, captured_request, connect, start, with_certificate
from harness import MATCH, Skip, case, equal, wait_until
from postgresql import Postgresql

CONFIGURATION = os.path.join(os.path.dirname(__file__), "../../tools/haproxy/haproxy.cfg")
REPLICAS = 3


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def public_key(world, owner=""):
    with open(world.key("evaluator", owner) + ".pub", encoding="ascii") as file:
        return re.search("[0-9a-f]{64}", file.read())[0]


class Front:
    """Replicas at ports that they keep, and haproxy before them."""

    def __init__(self, world, store, bind="", rate=1000000, key=None):
        program = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not program:
            raise Skip("no haproxy here")
        self.world, self.store = world, store
        self.ports = [free_port() for _ in range(REPLICAS)]
        self.replicas = [self.replica(number) for number in range(REPLICAS)]
        port = free_port()
        self.address = f"{'https' if bind else 'http'}://localhost:{port}"
        environment = {f"HASHVEIL_REPLICA_{number + 1}": f"127.0.0.1:{self.ports[number]}"
                       for number in range(REPLICAS)}
        self.process = world.start_other(
            [program, "-db", "-f", CONFIGURATION],
            env={**world.environment, **environment, "HASHVEIL_KEY": key or public_key(world),
                 "HASHVEIL_BIND": f"127.0.0.1:{port}{bind}", "HASHVEIL_CLIENT_RATE": str(rate)})

    def replica(self, number):
        process, _ = start(self.world, "--accounts", self.store,
                           listen=f"http://127.0.0.1:{self.ports[number]}")
        return process

    def asked(self, number):
        """Returns how many requests a replica has answered with elements."""
        connection = connect(f"http://127.0.0.1:{self.ports[number]}")
        text = ask(connection, "GET", "/metrics")[1].decode()
        return int(re.search(r"^hashveil_elements_total (\d+)$", text, re.MULTILINE)[1]) // ELEMENTS

    def wait(self):
        wait_until(lambda: self.number("GET", "/healthz") == 200, "a replica is known to be well")
        time.sleep(2)  # until each one has been looked at: once a second

    def number(self, method, path, body=None):
        try:
            return ask(connect(self.address), method, path, body)[0]
        except (OSError, http.client.HTTPException):
            return None


@case
def a_replica_that_is_killed_under_load_costs_no_request(world):
    request = captured_request(world)
    database = Postgresql(world)
    database.load(SCHEMA)
    token = read(add(world, database.address, "phone", 100000 * ELEMENTS))
    front = Front(world, database.address)
    front.wait()

    def ask_often(_):
        connection = connect(front.address)
        headers = {"Authorization": "Bearer " + token}
        return [ask(connection, "POST", "/v1/evaluate", request, headers)[0] for _ in range(40)]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask_often, number) for number in range(8)]
        wait_until(lambda: front.asked(0) >= 5, "the first replica is at work")
        front.replicas[0].kill()
        front.replicas[0].wait()
        before = [front.asked(number) for number in (1, 2)]
        wait_until(lambda: front.asked(1) >= before[0] + 5, "the others go on")
        front.replicas[0] = front.replica(0)
        answers = [number for one in asked for number in one.result()]
    equal((len(answers), set(answers)), (320, {200}), "answers")
    wait_until(lambda: ask_often(0) and front.asked(0) > 0, "the replica is asked again")
    used = 100000 * ELEMENTS - accounts(world, database.address)["phone"]["available"]
    # Each replica, and the killed one, may hold a sixteenth of the burst ahead.
    assert used >= 320 * ELEMENTS - 1000, used


@case
def a_replica_without_the_key_is_not_asked(world):
    request = captured_request(world)
    database = Postgresql(world)
    database.load(SCHEMA)
    front = Front(world, database.address, key=public_key(world, "next "))
    time.sleep(2)
    equal(front.number("POST", "/v1/evaluate", request), 503, "answer")
    equal([front.asked(number) for number in range(REPLICAS)], [0, 0, 0], "asked")


@case
def a_scan_goes_by_https_through_it(world):
    certificate = with_certificate(world)
    both = world.path("both.pem")
    with open(both, "wb") as out:
        for path in (certificate[1], certificate[3]):
            with open(path, "rb") as file:
                out.write(file.read())
    database = Postgresql(world)
    database.load(SCHEMA)
    token = add(world, database.address, "phone", 10 * ELEMENTS)
    front = Front(world, database.address, bind=f" ssl crt {both} ssl-min-ver TLSv1.3")
    time.sleep(2)
    found = world.scan("--db", world.database, "--evaluator", front.address, "--ca",
                       certificate[1], "--token-file", token, world.files("listed")[0],
                       exits=MATCH)
    equal(found.files[0]["class"], "match", "class")


@case
def what_is_not_for_clients_is_not_passed_on(world):
    database = Postgresql(world)
    database.load(SCHEMA)
    front = Front(world, database.address)
    front.wait()
    equal([front.number("GET", path) for path in ("/healthz", "/v1/manifest", "/metrics", "/")],
          [200, 200, 404, 404], "answers")
    equal(front.number("POST", "/v1/evaluate", bytes(32853)), 413, "too large")


@case
def a_client_that_asks_too_often_is_told_to_wait(world):
    database = Postgresql(world)
    database.load(SCHEMA)
    front = Front(world, database.address, rate=20)
    front.wait()
    connection = connect(front.address)
    answers = [ask(connection, "GET", "/healthz") for _ in range(40)]
    equal({answer[0] for answer in answers}, {200, 429}, "answers")
    equal(answers[-1][2]["Retry-After"], "10", "Retry-After")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
