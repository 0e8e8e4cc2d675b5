# SPDX-License-Identifier: Apache-2.0
"""Two messengers, the real broker, evaluator and reporter: what leaves, and what does not."""

import fcntl
import json
import os
import pty
import queue
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading

import harness
from harness import case, cases, contains, equal
from web_folder import make_certificate

MESSENGER = sys.argv.pop(3)  # before the harness looks at them
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
DECODER = os.path.join(os.path.dirname(os.path.abspath(sys.argv[1])), "hashveil-decoder")


class Lines:
    """What a program prints, line by line, read by a thread of its own."""

    def __init__(self, stream):
        self.waiting = queue.Queue()
        self.seen = []
        threading.Thread(target=self.read, args=(stream,), daemon=True).start()

    def read(self, stream):
        for line in stream:
            self.waiting.put(line)
        self.waiting.put(None)

    def next(self):
        line = self.waiting.get(timeout=harness.MOST_SECONDS)
        assert line is not None, f"it ended; before: {self.seen[-3:]}"
        self.seen.append(line)
        return line


class Client:
    """One messenger in line mode."""

    def __init__(self, world, name, *options):
        self.name = name
        self.world = world
        self.downloads = world.path(name + ".downloads")
        os.makedirs(self.downloads, exist_ok=True)
        self.process = subprocess.Popen(
            [MESSENGER, "--name", name, "--store", world.path(name + ".store"), "--downloads",
             self.downloads, "--db", world.database, "--reporter-key",
             world.key("reporter") + ".pub", "--spool", world.path(name + ".spool"),
             "--decoder", DECODER, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=world.environment)
        world.stack.callback(world.end, self.process)
        self.lines = Lines(self.process.stdout)
        self.wait_for("connected")

    def tell(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def wait_for(self, *kinds):
        """Returns the next event of one of the kinds."""
        while True:
            event = json.loads(self.lines.next())
            if event["event"] in kinds:
                return event

    def ask(self, *words, kinds):
        self.tell(*words)
        return self.wait_for(*kinds)

    def send_picture(self, contact, path):
        return self.ask("picture", contact, path, kinds=("sent", "held back", "trouble"))

    def facts(self):
        return self.ask("facts", kinds=("facts",))

    def quit(self):
        self.tell("quit")
        self.process.wait(timeout=harness.MOST_SECONDS)
        equal(self.process.returncode, 0, self.name + "'s exit code")


class Subscriber:
    """Somebody who sees all that the broker sees, by a second implementation of MQTT: this one."""

    def __init__(self, world, path):
        self.socket = socket.socket(socket.AF_UNIX)
        world.stack.callback(self.socket.close)
        self.socket.connect(path)
        self.socket.sendall(self.packet(0x10, b"\0\4MQTT\4\2\0\0\0\3spy"))
        self.read_packet()
        self.socket.sendall(self.packet(0x82, b"\0\1\0\1#\0"))
        equal(self.read_packet()[0] & 0xF0, 0x90, "answer to a subscription")
        self.messages = []  # (topic, payload)
        self.condition = threading.Condition()
        threading.Thread(target=self.run, daemon=True).start()

    @staticmethod
    def packet(kind, body):
        assert len(body) < 128
        return bytes([kind, len(body)]) + body

    def read_exactly(self, count):
        parts = b""
        while len(parts) < count:
            part = self.socket.recv(count - len(parts))
            if not part:
                raise EOFError
            parts += part
        return parts

    def read_packet(self):
        kind = self.read_exactly(1)[0]
        length = shift = 0
        while True:
            digit = self.read_exactly(1)[0]
            length |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                return kind, self.read_exactly(length)

    def run(self):
        try:
            while True:
                kind, body = self.read_packet()
                if kind & 0xF0 == 0x30:
                    end = 2 + int.from_bytes(body[:2], "big")
                    with self.condition:
                        self.messages.append((body[2:end].decode(), body[end:]))
                        self.condition.notify_all()
        except (EOFError, OSError):
            pass

    def wait_for(self, start, count=1):
        """Waits until so many messages came by topics that start so; returns their contents."""
        def found():
            return [body for topic, body in self.messages if topic.startswith(start) and body]
        with self.condition:
            assert self.condition.wait_for(lambda: len(found()) >= count, harness.MOST_SECONDS), \
                f"no {start}"
            return found()

    def topics(self):
        with self.condition:
            return {topic.rsplit("/", 1)[0] for topic, _ in self.messages}


class Place:
    """The servers of one case, and two people who know each other."""

    def __init__(self, world, policy=("hold", "hold"), evaluator=None, options=()):
        if not os.path.exists(MOSQUITTO):
            raise harness.Skip("mosquitto is not installed")
        self.world = world
        self.broker = world.path("broker")
        self.start_broker()
        self.subscriber = Subscriber(world, self.broker)
        self.evaluator_process, address = world.evaluator()
        _, self.reporter = world.reporter()
        self.options = ("--broker", "unix:" + self.broker, "--evaluator",
                        "unix:" + (evaluator or address), "--reporter", "unix:" + self.reporter,
                        "--on-match", policy[0], "--on-failure", policy[1], *options)
        self.bob = self.client("bob")
        self.alice = self.client("alice")
        equal(self.meet()["contact"], "bob", "contact")

    def start_broker(self):
        configuration = self.world.write("mosquitto.conf", (
            f"listener 0 {self.broker}\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.world.folder}/\nuser root\n").encode())
        self.broker_process = self.world.start_other([MOSQUITTO, "-c", configuration])
        harness.wait_until(self.is_listening, "the broker listens")

    def is_listening(self):
        with socket.socket(socket.AF_UNIX) as trial:
            return trial.connect_ex(self.broker) == 0

    def client(self, name):
        return Client(self.world, name, *self.options)

    def meet(self):
        self.subscriber.wait_for("hashveil/keys/bob")
        return self.alice.ask("contact", "bob", kinds=("contact", "trouble"))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def one_report(place):
    equal(len(place.world.stored()), 1, "reports")


@case
def two_people_write_to_each_other_and_a_subscriber_to_all_sees_only_ciphertext(world):
    place = Place(world)
    words = "the meeting is at noon, by the old bridge"
    equal(place.alice.ask("text", "bob", words, kinds=("sent", "trouble"))["event"], "sent", "sent")
    received = place.bob.wait_for("text")
    equal((received["contact"], received["text"]), ("alice", words), "what came in")
    answer = "and bring an umbrella, it will rain"
    place.bob.tell("text", "alice", answer)
    equal(place.alice.wait_for("text", "trouble").get("text"), answer, "answer")
    picture = world.files("others")[0]
    equal(place.alice.send_picture("bob", picture)["event"], "sent", "picture")
    place.bob.wait_for("picture")
    blob = place.subscriber.wait_for("hashveil/pictures/")[0]
    equal(len(blob), len(content(picture)) + 16, "length of what is published")
    place.subscriber.wait_for("hashveil/inbox/", 3)
    everything = b"\n".join(body for _, body in place.subscriber.messages)
    for secret in (words, answer, words.encode().hex(), answer.encode().hex(), "picture\":"):
        assert secret.encode() not in everything, secret
    picture_bytes = content(picture)
    for at in range(0, len(picture_bytes) - 16, 16):
        assert picture_bytes[at:at + 16] not in everything, f"the picture's bytes at {at}"
    equal(place.subscriber.topics(),
          {"hashveil/keys", "hashveil/inbox", "hashveil/pictures"}, "topics")


@case
def an_unlisted_picture_arrives_bit_for_bit_and_nothing_reaches_the_reporter(world):
    place = Place(world)
    for picture in world.files("others"):
        sent = place.alice.send_picture("bob", picture)
        equal((sent["event"], sent["check"], sent["reported"]), ("sent", "no known match", False),
              "sent")
        received = place.bob.wait_for("picture")
        equal(content(received["text"]), content(picture), "bytes")
    equal(world.stored(), [], "reports")
    equal(world.waiting(world.path("alice.spool")), [], "spool")
    facts = place.alice.facts()
    equal((facts["checked"], facts["reported"], facts["held_back"]),
          (len(world.files("others")), 0, 0), "facts")


@cases({name: name for name in ("listed", "copies")})
def a_listed_picture_is_reported_and_never_published(world, row):
    place = Place(world)
    pictures = world.files(row)[:4]
    for picture in pictures:
        held = place.alice.send_picture("bob", picture)
        equal((held["event"], held["check"], held["reported"]), ("held back", "match", True),
              os.path.basename(picture))
    equal(len(world.stored()), len(pictures), "reports")
    place.alice.tell("text", "bob", "the last")
    place.bob.wait_for("text")
    assert "hashveil/pictures" not in place.subscriber.topics(), "a picture was published"
    equal(os.listdir(place.bob.downloads), [], "bob's pictures")
    equal(place.alice.facts()["held_back"], len(pictures), "held back")


@case
def by_the_other_policy_a_listed_picture_is_reported_and_sent(world):
    place = Place(world, policy=("send", "hold"))
    picture = world.files("listed")[0]
    sent = place.alice.send_picture("bob", picture)
    equal((sent["event"], sent["check"], sent["reported"]), ("sent", "match", True), "sent")
    equal(content(place.bob.wait_for("picture")["text"]), content(picture), "bytes")
    one_report(place)
    equal(place.alice.facts()["on_match"], "report and send", "what the user is told")


def without_evaluator(place):
    place.evaluator_process.terminate()
    place.evaluator_process.wait(timeout=harness.MOST_SECONDS)


def stuck_evaluator(place):
    place.evaluator_process.send_signal(signal.SIGSTOP)


def dead_decoder(place):
    """A decoder that is there no more when the first one dies."""
    children = subprocess.run(["pgrep", "-P", str(place.alice.process.pid)], text=True,
                              capture_output=True, check=True).stdout.split()
    equal(len(children), 1, "decoders")
    os.kill(int(children[0]), signal.SIGSTOP)


FAILURES = {"the evaluator is down": (without_evaluator, "the peer cannot be reached"),
            "the evaluator does not answer": (stuck_evaluator, "the peer did not answer in time"),
            "the decoder hangs": (dead_decoder, "decoding took longer than the time limit")}


@cases(FAILURES)
def what_cannot_be_checked_is_held_back_and_the_reason_is_shown(world, row):
    break_it, reason = row
    place = Place(world, options=("--timeout", "1000"))
    break_it(place)
    held = place.alice.send_picture("bob", world.files("others")[0])
    equal((held["event"], held["check"], held["reason"]), ("held back", "unchecked", reason),
          "outcome")
    place.alice.tell("text", "bob", "the last")
    place.bob.wait_for("text")
    assert "hashveil/pictures" not in place.subscriber.topics(), "a picture was published"
    equal(place.alice.facts()["unchecked"], 1, "unchecked")


@cases(FAILURES)
def where_the_user_chose_so_it_is_sent_unchecked_and_the_reason_is_shown(world, row):
    break_it, reason = row
    place = Place(world, policy=("hold", "send"), options=("--timeout", "1000"))
    break_it(place)
    picture = world.files("others")[0]
    sent = place.alice.send_picture("bob", picture)
    equal((sent["event"], sent["check"], sent["reason"]), ("sent", "unchecked", reason), "outcome")
    equal(content(place.bob.wait_for("picture")["text"]), content(picture), "bytes")
    equal(place.alice.facts()["on_failure"], "send unchecked", "what the user is told")


@case
def what_is_no_picture_is_unchecked(world):
    place = Place(world)
    held = place.alice.send_picture("bob", world.write("letter", b"no picture at all"))
    equal((held["event"], held["check"]), ("held back", "unchecked"), "outcome")
    missing = place.alice.send_picture("bob", world.path("missing"))
    equal((missing["event"], missing["reason"]), ("trouble", "no such file or folder"), "missing")
    fifo = world.path("fifo")
    os.mkfifo(fifo)
    equal(place.alice.send_picture("bob", fifo)["reason"], "not a regular file", "pipe")


@case
def messages_to_somebody_who_is_away_wait(world):
    place = Place(world)
    place.alice.tell("text", "bob", "before")
    equal(place.bob.wait_for("text")["text"], "before", "before")
    place.bob.quit()
    picture = world.files("others")[0]
    place.alice.tell("text", "bob", "while you were away")
    equal(place.alice.send_picture("bob", picture)["event"], "sent", "picture")
    place.alice.quit()
    bob = place.client("bob")
    equal(bob.wait_for("text")["text"], "while you were away", "text")
    equal(content(bob.wait_for("picture")["text"]), content(picture), "bytes")


@case
def fingerprints_are_the_same_on_both_sides_and_only_the_right_one_verifies(world):
    place = Place(world)
    own = place.bob.ask("fingerprint", kinds=("contact",))["text"]
    assert re.fullmatch("([0-9a-f]{8}-){7}[0-9a-f]{8}", own), own
    seen = place.alice.ask("fingerprint", "bob", kinds=("contact",))
    equal((seen["text"], seen["verified"]), (own, False), "as alice sees it")
    wrong = ("0" if own[0] != "0" else "1") + own[1:]
    equal(place.alice.ask("verify", "bob", wrong, kinds=("contact", "trouble"))["event"], "trouble",
          "another fingerprint")
    equal(place.alice.ask("verify", "bob", own, kinds=("contact", "trouble"))["verified"], True,
          "the right one")


@case
def another_identity_under_a_known_name_is_refused(world):
    place = Place(world)
    place.alice.tell("text", "bob", "first")
    place.bob.wait_for("text")
    place.alice.quit()
    os.rename(world.path("alice.store"), world.path("alice.old"))
    for name in os.listdir(world.folder):
        if name.startswith("alice.store"):
            os.remove(world.path(name))
    impostor = place.client("alice")
    impostor.ask("contact", "bob", kinds=("contact",))
    impostor.tell("text", "bob", "it is me")
    refused = place.bob.wait_for("trouble", "text")
    equal((refused["event"], refused["reason"]),
          ("trouble", "not the key that is needed here"), "outcome")


@case
def the_user_is_told_what_is_checked_against(world):
    place = Place(world)
    facts = place.alice.facts()
    equal((facts["scanning"], facts["lists"], facts["on_match"], facts["on_failure"]),
          (True, ["list A"], "report and hold back", "hold back"), "facts")
    assert facts["epoch"] > 0, facts


@case
def over_tls_the_broker_is_known_by_its_certificate(world):
    place = Place(world)
    certificate = make_certificate(world.folder, "broker.tls")
    other = make_certificate(world.folder, "other")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = world.write("tls.conf", (
        f"listener {port} 127.0.0.1\nallow_anonymous true\ncertfile {certificate}\n"
        f"keyfile {certificate}.key\nuser root\n").encode())
    world.start_other([MOSQUITTO, "-c", configuration])

    def is_listening():
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", port)) == 0

    harness.wait_until(is_listening, "the broker listens")
    place.options += ("--broker", f"localhost:{port}", "--broker-ca", certificate)
    place.client("carol").quit()
    refused = subprocess.run(
        [*place.alice.process.args, "--name", "dave", "--store", world.path("dave.store"),
         "--broker", f"localhost:{port}", "--broker-ca", other],
        input="quit\n", text=True, capture_output=True, check=False)
    equal((refused.returncode, "connected" in refused.stdout), (harness.TROUBLE, False), "outcome")


@case
def the_screen_says_that_scanning_is_on_and_what_became_of_a_picture(world):
    place = Place(world)
    place.alice.quit()
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    process = subprocess.Popen([*place.alice.process.args, "--screen"], stdin=terminal,
                               stdout=terminal, stderr=subprocess.DEVNULL,
                               env={**world.environment, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
    world.stack.callback(world.end, process)
    os.close(terminal)
    seen = b""

    def wait_for(*words):
        nonlocal seen
        while not all(word in seen for word in words):
            assert select.select([main], [], [], 20)[0], (words, seen[-2000:])
            seen += os.read(main, 65536)

    wait_for(b"SCANNING IS ON", b"Against: list A, epoch ", b"reported and held back", b"connected")
    os.write(main, b"picture bob " + world.files("listed")[0].encode() + b"\r")
    wait_for(b"HELD BACK ", b": match, reported")
    os.write(main, b"text bob hello\r")
    place.bob.wait_for("text")
    place.bob.tell("text", "alice", "good\x1b[2Jday")
    wait_for(b"bob (not verified): good [2Jday")
    os.write(main, b"quit\r")
    process.wait(timeout=harness.MOST_SECONDS)
    equal(process.returncode, 0, "exit code")
    os.close(main)


REFUSED = {"no policy for a match": ("--on-match",), "no policy for a failure": ("--on-failure",)}


@cases(REFUSED)
def it_does_not_start_without_a_choice(world, row):
    options = {"--name": "alice", "--store": world.path("store"), "--downloads": world.folder,
               "--broker": "unix:nowhere", "--db": world.database, "--evaluator": "unix:nowhere",
               "--reporter-key": world.key("reporter") + ".pub", "--spool": world.path("spool"),
               "--on-match": "hold", "--on-failure": "hold"}
    words = [word for name, value in options.items() if name not in row for word in (name, value)]
    outcome = subprocess.run([MESSENGER, *words], text=True, capture_output=True, check=False)
    equal(outcome.returncode, harness.USAGE, "exit code")
    contains(outcome.stderr, row[0] + " is needed")


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
