# SPDX-License-Identifier: Apache-2.0
"""A reporting API for those who write clients, as such a client meets it."""

import base64
import contextlib
import http.client
import re
import shutil
import socket
import sqlite3
import subprocess
import sys

import harness
from harness import DONE, TROUBLE, case, cases, contains, equal

NOTICE = "This is a test"
REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<report>
  <incidentSummary>
    <incidentType>Test</incidentType>
    <incidentDateTime>2026-01-31T23:59:59Z</incidentDateTime>
  </incidentSummary>
  <reporter><reportingPerson><firstName>A</firstName></reportingPerson></reporter>
</report>"""
FILE = """<fileDetails><reportId>{}</reportId><fileViewedByEsp>false</fileViewedByEsp>
<originalFileHash hashType="MD5">00112233445566778899aabbccddeeff</originalFileHash>
</fileDetails>"""


class Api:
    """A server, and what it answers."""

    def __init__(self, world, *arguments):
        users = world.write("users", b"tester:pass word\nother:x\n")
        self.process = world.start("reporter", "api", "--listen", "http://127.0.0.1:0", "--users",
                                   users, "--store", world.path("submissions"), *arguments)
        line = self.process.stdout.readline()
        assert line.startswith("api on http://127.0.0.1:"), f"{line!r}"
        self.port = int(line.rsplit(":", 1)[1])

    def ask(self, method, path, body=None, user="tester:pass word", **headers):
        """Returns the number of HTTP, the answer's code, and its text."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port,
                                                           timeout=100)) as connection:
            if user is not None:
                token = base64.b64encode(user.encode()).decode()
                headers["Authorization"] = "Basic " + token
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        code = re.search(r"<responseCode>(\d+)</responseCode>", text)
        return answer.status, code and int(code[1]), text

    def submit(self):
        number, code, text = self.ask("POST", "/submit", REPORT)
        equal((number, code), (200, 0), text)
        return re.search(r"<reportId>(\d+)</reportId>", text)[1]

    def code(self, path, body, **options):
        return self.ask("POST", path, body, **options)[1]


@case
def a_report_is_submitted_described_and_finished(world):
    api = Api(world)
    number, code, text = api.ask("GET", "/status")
    equal((number, code), (200, 0), "status")
    contains(text, NOTICE)
    report = api.submit()
    _, code, text = api.ask("POST", "/fileinfo", FILE.format(report))
    equal(code, 0, text)
    file, = re.findall(r"<fileId>([0-9a-f]{32})</fileId>", text)
    _, code, text = api.ask("POST", "/finish", f"id={report}")
    equal(code, 0, text)
    contains(text, f"<reportId>{report}</reportId><files><fileId>{file}</fileId></files>", NOTICE)
    equal(api.code("/retract", f"id={report}"), 5102, "retracted when finished")


@case
def a_report_is_retracted(world):
    api = Api(world)
    report = api.submit()
    equal(api.code("/retract", f"id={report}"), 0, "retracted")
    equal(api.code("/finish", f"id={report}"), 5101, "finished when retracted")


@case
def a_report_is_finished_as_curl_sends_a_form(world):
    if not shutil.which("curl"):
        raise harness.Skip("there is no curl")
    api = Api(world)
    result = subprocess.run(["curl", "--silent", "--user", "tester:pass word", "--form",
                             f"id={api.submit()}", f"http://127.0.0.1:{api.port}/finish"],
                            capture_output=True, check=True, timeout=harness.MOST_SECONDS)
    contains(result.stdout.decode(), "<responseCode>0</responseCode>")


HOSTILE = {
    "nothing at all": b"",
    "random bytes": bytes(range(256)) * 100,
    "a request line without end": b"GET /" + 100000 * b"x",
    "headers without end": b"GET / HTTP/1.1\r\n" + 10000 * b"X-Y: z\r\n",
    "half a request": b"POST /submit HTTP/1.1\r\nContent-Length: 4000\r\n\r\n<report>",
    "a length beyond any": b"POST /submit HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
}


@cases(HOSTILE)
def a_hostile_client_costs_nobody_else_anything(world, row):
    api = Api(world)
    clients = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(20)]
    for client in clients:
        with contextlib.suppress(OSError):  # it may have hung up already
            client.sendall(row)
    equal(api.ask("GET", "/status")[0], 200, "number")
    for client in clients:
        client.close()
    equal(api.ask("GET", "/status")[0], 200, "number afterwards")


@case
def elements_in_another_order_are_refused(world):
    api = Api(world)
    first, second = re.findall(r"<incident[TD].*", REPORT)
    swapped = REPORT.replace(first, "@").replace(second, first).replace("@", second)
    _, code, text = api.ask("POST", "/submit", swapped)
    equal(code, 4100, text)
    contains(text, "incidentDateTime", NOTICE)


@cases({"nobody": None, "another password": "tester:password", "an unknown user": "me:x"})
def who_is_not_known_is_asked_for_a_name(world, row):
    equal(Api(world).ask("POST", "/submit", REPORT, user=row)[:2], (401, 2000), "answer")


@case
def anothers_report_is_not_touched(world):
    api = Api(world)
    report = api.submit()
    equal(api.ask("POST", "/retract", f"id={report}", user="other:x")[:2], (403, 3000), "answer")
    equal(api.code("/finish", f"id={report}"), 0, "finished")


@case
def an_unfinished_report_expires_and_a_finished_one_does_not(world):
    api = Api(world)
    finished, open_one = api.submit(), api.submit()
    equal(api.code("/finish", f"id={finished}"), 0, "finished")
    api.process.terminate()
    world.finish(api.process, DONE)
    api = Api(world, "--expire-open", "0", "--expire-idle", "0")
    equal(api.code("/finish", f"id={open_one}"), 5001, "the one left open")
    equal(api.code("/finish", f"id={finished}"), 5102, "the finished one")


@case
def faults_come_when_they_are_asked_for(world):
    api = Api(world)
    report = api.submit()
    fault = "X-Stub-Fault"
    equal(api.ask("POST", "/finish", f"id={report}", **{fault: "1000"})[:2], (500, 1000), "before")
    equal(api.ask("POST", "/finish", f"id={report}", **{fault: "after:1000"})[:2], (500, 1000),
          "after")
    equal(api.code("/finish", f"id={report}"), 5102, "again")


@case
def what_was_acknowledged_outlives_a_kill(world):
    for _ in range(5):
        api = Api(world)
        report = api.submit()
        equal(api.code("/finish", f"id={report}"), 0, "finished")
        api.process.kill()
        api.process.wait()
    with contextlib.closing(sqlite3.connect(world.path("submissions"))) as database:
        rows = database.execute("SELECT state, notice FROM submission").fetchall()
    equal([state for state, _ in rows], ["finished"] * 5, "states")
    contains(rows[0][1], NOTICE)


@case
def the_schema_is_served(world):
    number, _, text = Api(world).ask("GET", "/xsd", user=None)
    equal(number, 200, "number")
    contains(text, "xs:schema", "incidentSummary")


@cases({"another path": ("GET", "/nothing", "", 404), "GET for POST": ("GET", "/submit", "", 405),
        "POST for GET": ("POST", "/status", "", 405),
        "too large a body": ("POST", "/submit", "x" * 65537, 413)})
def what_is_not_served_is_refused(world, row):
    method, path, body, wanted = row
    api = Api(world)
    equal(api.ask(method, path, body)[0], wanted, "number")
    equal(api.ask("GET", "/status")[0], 200, "number afterwards")


@cases({"another name": ("example.org", 421), "a name that begins alike": ("localhostile", 421),
        "localhost": ("localhost", 200), "with a port": ("127.0.0.1:80", 200)})
def only_this_machines_names_are_answered(world, row):
    host, wanted = row
    equal(Api(world).ask("GET", "/status", Host=host)[0], wanted, "number")


@cases({"another host": "http://0.0.0.0:0", "a name": "http://example.org:80",
        "no port": "http://127.0.0.1", "a port beyond any": "http://127.0.0.1:65536",
        "more than a port": "http://127.0.0.1:80/", "TLS": "https://127.0.0.1:80"})
def it_listens_on_this_machine_alone(world, row):
    outcome = world.run("reporter", "api", "--listen", row, "--users", "x", "--store", "x",
                        exits=harness.USAGE, cwd=world.folder)
    contains(outcome.errors, "--listen", row)


@case
def a_port_in_use_is_told(world):
    address = f"http://127.0.0.1:{Api(world).port}"
    outcome = world.run("reporter", "api", "--listen", address, "--users", world.path("users"),
                        "--store", world.path("store"), exits=TROUBLE)
    contains(outcome.errors, address, "in use")


@cases({"no file": (None, "no such"), "no password": (b"a:b\nc\n", "line 2"),
        "nobody": (b"", "empty")})
def bad_users_are_refused(world, row):
    content, reason = row
    path = world.path("users") if content is None else world.write("users", content)
    outcome = world.run("reporter", "api", "--listen", "http://127.0.0.1:0", "--users", path,
                        "--store", world.path("store"), exits=TROUBLE)
    contains(outcome.errors, path, reason)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
