# SPDX-License-Identifier: Apache-2.0
"""What leaves the device, seen by a proxy before the evaluator and another before the reporter."""

import functools
import os
import re
import sys

import harness
from harness import DONE, MATCH, case, cases, equal
from sockets import Proxy

PICTURES = 6  # in each folder that is scanned
HEADER_BYTES, ELEMENT_BYTES, PROOF_BYTES, ELEMENTS = 52, 32, 64, 257
REQUEST_BYTES = HEADER_BYTES + ELEMENTS * ELEMENT_BYTES
RESPONSE_BYTES = REQUEST_BYTES + PROOF_BYTES
REPORT_BYTES, REPORT_HEADER_BYTES, BLOCK_BYTES = 456, 32, 16

# Folders of pictures, as unlike as they can be, and the exit codes that scans of them end with.
FOLDERS = {
    "all listed": (lambda world: world.files("copies")[:PICTURES], MATCH),
    "none listed": (lambda world: world.files("others")[:PICTURES], DONE),
    "low quality": (lambda world: world.files("faded")[:PICTURES], DONE),
    "the same listed picture again and again":
        (lambda world: {f"{'x' * n}.jpg": world.files("listed")[0] for n in range(9, 15)}, MATCH),
    "one listed among others":
        (lambda world: world.files("others")[1:PICTURES] + world.files("copies")[-1:], MATCH),
}


class Capture:
    """All that passed in one scan of a folder."""

    def __init__(self, world, name, paths, code, workers=1, database=None):
        evaluator_process, evaluator_socket = world.evaluator(name=f"{name} e")
        reporter_process, reporter_socket = world.reporter(world.path(f"{name} store"), f"{name} r")
        self.evaluator = Proxy(world, f"{name} pe", evaluator_socket)
        self.reporter = Proxy(world, f"{name} pr", reporter_socket)
        self.spool = world.path(f"{name} spool")
        self.scan = world.scan("--db", database or world.database, "--evaluator",
                               self.evaluator.address, "--reporter-key",
                               world.key("reporter") + ".pub", "--spool", self.spool,
                               "--reporter", self.reporter.address, "--workers", str(workers),
                               world.make_folder(f"{name} files", paths), exits=code)
        self.waiting = world.waiting(self.spool)
        self.stored = world.stored(world.path(f"{name} store"))
        for process in (evaluator_process, reporter_process):
            process.terminate()
            world.finish(process)


@functools.cache
def captures(world):
    """Scans every folder once."""
    return {name: Capture(world, str(number), paths(world), code)
            for number, (name, (paths, code)) in enumerate(FOLDERS.items())}


def bodies(messages):
    return [body for _, body in messages]


def elements(messages):
    return [body[at:at + ELEMENT_BYTES] for body in bodies(messages)
            for at in range(HEADER_BYTES, REQUEST_BYTES, ELEMENT_BYTES)]


def without_date(head):
    """A clock's time is as long as any other, and the same for all pictures."""
    return re.sub(rb"(?i)(\r\ndate: )[^\r]{29}\r", rb"\1\r", head)


@case
def the_evaluator_gets_one_request_for_each_picture(world):
    for name, capture in captures(world).items():
        equal(len(capture.scan.files), PICTURES, f"{name}: files")
        equal(len(capture.evaluator.requests), PICTURES, f"{name}: requests")
        equal(len(capture.evaluator.responses), PICTURES, f"{name}: responses")


@case
def all_requests_have_one_size_and_so_have_all_responses(world):
    for name, capture in captures(world).items():
        for messages, size in ((capture.evaluator.requests, REQUEST_BYTES),
                               (capture.evaluator.responses, RESPONSE_BYTES)):
            equal({len(body) for body in bodies(messages)}, {size}, name)
        sizes = {len(head) for head, _ in capture.evaluator.responses}
        equal(len(sizes), 1, f"{name}: sizes of the responses' headers")


@case
def all_headers_are_equal_whatever_the_pictures(world):
    everything = captures(world).values()
    requests = {head for capture in everything for head, _ in capture.evaluator.requests}
    responses = {without_date(head) for capture in everything
                 for head, _ in capture.evaluator.responses}
    own = {body[:HEADER_BYTES] for capture in everything
           for body in bodies(capture.evaluator.requests)}
    equal((len(requests), len(responses), len(own)), (1, 1, 1), "kinds of headers")


@case
def nothing_is_sent_to_the_evaluator_beside_the_requests(world):
    for name, capture in captures(world).items():
        raw = capture.evaluator.received_bytes()
        equal(len(raw), 1, f"{name}: connections")
        equal(raw[0], b"".join(head + body for head, body in capture.evaluator.requests), name)


@case
def no_element_is_ever_repeated(world):
    for way in ("requests", "responses"):
        seen = [element for capture in captures(world).values()
                for element in elements(getattr(capture.evaluator, way))]
        equal(len(seen), len(FOLDERS) * PICTURES * ELEMENTS, way)
        equal(len(set(seen)), len(seen), f"different elements of the {way}")


@case
def a_second_scan_of_the_same_folder_repeats_no_element(world):
    paths = world.files("listed")[:2]
    first, second = (set(elements(Capture(world, name, paths, MATCH).evaluator.requests))
                     for name in ("first", "second"))
    equal((len(first), len(second)), (2 * ELEMENTS, 2 * ELEMENTS), "elements")
    equal(first & second, set(), "repeated elements")


PROOF_WANTED = 7  # offset of the byte that says whether a proof is wanted


@cases({"of none": 0, "of half": 50, "of all": 100})
def whether_an_answer_is_to_be_proved_changes_nothing_else(world, row):
    _, socket = world.evaluator()
    proxy = Proxy(world, "proxy", socket)
    paths = [path for make, _ in FOLDERS.values() for path in make(world)][:3 * PICTURES]
    world.scan("--db", world.database, "--evaluator", proxy.address, "--workers", "1",
               "--verify-share", str(row), *paths)
    asked = {}
    for body, answer in zip(bodies(proxy.requests), bodies(proxy.responses)):
        wants = body[PROOF_WANTED]
        equal(len(answer), RESPONSE_BYTES if wants else REQUEST_BYTES, "size of an answer")
        asked.setdefault(body[:PROOF_WANTED] + body[PROOF_WANTED + 1:], []).append(wants)
    equal(len(asked), len(paths), "different requests")
    allowed = {0: [[0]], 50: [[0], [0, 1]], 100: [[1]]}[row]
    assert all(wants in allowed for wants in asked.values()), asked.values()


@case
def several_workers_send_the_same_number_and_sizes(world):
    for number, (name, (paths, code)) in enumerate(FOLDERS.items()):
        capture = Capture(world, str(number), paths(world), code, workers=3)
        for messages, size in ((capture.evaluator.requests, REQUEST_BYTES),
                               (capture.evaluator.responses, RESPONSE_BYTES)):
            equal([len(body) for body in bodies(messages)], PICTURES * [size], name)
        equal({head for head, _ in capture.evaluator.requests},
              {captures(world)["none listed"].evaluator.requests[0][0]}, f"{name}: headers")


@case
def files_that_are_not_pictures_send_nothing(world):
    paths = [world.write(f"{number}.txt", b"text") for number in range(3)]
    paths.append(world.write("cut.jpg", b"\xff\xd8\xff\xe0"))
    capture = Capture(world, "x", paths, harness.TROUBLE)
    equal(capture.evaluator.received_bytes(), [], "connections to the evaluator")
    equal(capture.reporter.received_bytes(), [], "connections to the reporter")


def documents(world, folder, texts):
    """Makes a folder of documents of all sizes; returns their paths."""
    world.make_folder(folder)
    return [world.write(f"{folder}/{number}.txt", text * 10**number)
            for number, text in enumerate(texts)]


def database_with_digests(world):
    """The listed pictures, and the digests of them and of six documents that are returned too."""
    listed = documents(world, "listed documents", [b"a listed document\n"] * PICTURES)
    for folder in (world.path("listed documents"), os.path.dirname(world.files("listed")[0])):
        world.run("db", "import", world.path("work"), folder, "--digests", "--source", "list A",
                  "--label", "x")
    world.run("db", "seal", world.path("work"), world.path("digests.hvdb"), "--key",
              world.key("evaluator"))
    return world.path("digests.hvdb"), listed


@case
def with_digests_in_the_list_documents_and_pictures_give_equal_views(world):
    database, listed = database_with_digests(world)
    cut = [world.write(f"cut{number}.jpg", b"\xff\xd8\xff\xe0") for number in range(PICTURES)]
    folders = {"listed documents": (listed, MATCH),
               "documents": (documents(world, "others", [b"another\n"] * PICTURES), DONE),
               "cut pictures": (cut, harness.TROUBLE),
               "listed pictures": (world.files("listed")[:PICTURES], MATCH),
               "copies": (world.files("copies")[:PICTURES], MATCH),
               "others": (world.files("others")[:PICTURES], DONE),
               "low quality": (world.files("faded")[:PICTURES], (DONE, MATCH))}
    views = set()
    seen = []
    for number, (name, (paths, code)) in enumerate(folders.items()):
        capture = Capture(world, str(number), paths, code, database=database)
        own = capture.evaluator
        equal(len(own.requests), PICTURES, f"{name}: requests")
        equal(own.received_bytes(), [b"".join(head + body for head, body in own.requests)], name)
        views |= {(head, len(body), body[:HEADER_BYTES]) for head, body in own.requests}
        views |= {(without_date(head), len(body), body[:HEADER_BYTES])
                  for head, body in own.responses}
        seen += elements(own.requests)
        if code != MATCH:
            equal(capture.reporter.received_bytes() != [], "match" in capture.scan.classes(),
                  f"{name}: whether the reporter was sent anything")
    equal(len(views), 2, "kinds of requests and of responses")
    equal((len(seen), len(set(seen))), 2 * (len(folders) * PICTURES * ELEMENTS,), "elements")


@cases({name: name for name, (_, code) in FOLDERS.items() if code == DONE})
def without_a_match_there_is_no_connection_to_the_reporter(world, row):
    capture = captures(world)[row]
    equal(capture.reporter.received_bytes(), [], "what the reporter was sent")
    equal((capture.waiting, capture.stored), ([], []), "reports")


@cases({name: name for name, (_, code) in FOLDERS.items() if code == MATCH})
def with_matches_the_reporter_gets_one_report_for_each(world, row):
    capture = captures(world)[row]
    matches = capture.scan.classes()["match"]
    raw = capture.reporter.received_bytes()
    assert matches > 0
    equal(len(raw), 1, "connections")
    equal(raw[0], b"".join(head + body for head, body in capture.reporter.requests), "bytes")
    equal([len(body) for body in bodies(capture.reporter.requests)], matches * [REPORT_BYTES],
          "sizes of reports")
    equal(sorted(report["id"] for report in capture.stored), sorted(capture.scan.reports()), "ids")


@case
def all_reports_have_the_same_headers_and_sizes(world):
    sent = [message for capture in captures(world).values()
            for message in capture.reporter.requests]
    equal(len({head for head, _ in sent}), 1, "kinds of headers")
    equal({len(body) for body in bodies(sent)}, {REPORT_BYTES}, "sizes")


@case
def two_reports_of_one_picture_have_no_sealed_block_in_common(world):
    capture = captures(world)["the same listed picture again and again"]
    blocks = [body[at:at + BLOCK_BYTES] for body in bodies(capture.reporter.requests)
              for at in range(REPORT_HEADER_BYTES, REPORT_BYTES - BLOCK_BYTES, BLOCK_BYTES)]
    assert len(blocks) > 6 * 10
    equal(len(set(blocks)), len(blocks), "different blocks")


def parts_of(digits):
    """Returns every eighth of a hash as digits, and every quarter as bytes of either order."""
    content = bytes.fromhex(digits)
    quarters = [content[at:at + 8] for at in range(0, 32, 8)]
    return ([digits[at:at + 8].encode() for at in range(0, 64, 8)] + quarters +
            [quarter[::-1] for quarter in quarters])


@case
def names_labels_and_hashes_are_in_nothing_that_is_sent(world):
    for name, capture in captures(world).items():
        sent = b"".join(capture.evaluator.received_bytes() + capture.reporter.received_bytes())
        for file in capture.scan.files:
            assert os.path.basename(file["path"]).encode() not in sent, f"{name}: a file's name"
        for report in capture.stored:
            secrets = [report["labels"][0].encode(), bytes.fromhex(report["record"])]
            secrets += parts_of(report["hash"])
            assert not any(secret in sent for secret in secrets), f"{name}: {report}"


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
