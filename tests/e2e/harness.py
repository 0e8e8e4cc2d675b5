# SPDX-License-Identifier: Apache-2.0
"""Starts the real programs in folders of their own, and prints TAP: one case a sentence.

A script of cases has functions under @case or @cases, each taking the world, and ends with
sys.exit(harness.main(sys.argv)), which is given the programs hashveil and make_pictures.
"""

import collections
import contextlib
import functools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

import processes

DONE, MATCH, TROUBLE, USAGE = 0, 1, 2, 64
MOST_SECONDS = 100  # after which a program or a condition counts as stuck

_cases = []  # (sentence, function)


def case(function):
    """A case named after the function."""
    _cases.append((function.__name__.replace("_", " "), function))
    return function


def cases(rows):
    """One case a row; rows: name -> what the function is given beside the world."""
    def add(function):
        for name, row in rows.items():
            sentence = f"{function.__name__.replace('_', ' ')}: {name}"
            _cases.append((sentence, functools.partial(function, row=row)))
        return function
    return add


class Skip(Exception):
    """Raised by a case that this machine cannot run."""


def equal(actual, wanted, what="value"):
    assert actual == wanted, f"{what}: got {actual!r}, wanted {wanted!r}"


def contains(text, *words):
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"


def wait_until(condition, what):
    """Waits for what another process does in its own time."""
    end = time.monotonic() + MOST_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.005)


def check_sound(code, errors, arguments):
    """No program may crash, however it is treated, or be faulted by a sanitizer."""
    faults = [line for line in errors.splitlines()
              if "Sanitizer" in line or "runtime error" in line]
    assert not faults, f"{arguments}: {faults}: {errors}"
    assert code >= 0 or -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT), \
        f"{arguments}: ended by signal {-code}: {errors}"


Outcome = collections.namedtuple("Outcome", "code output errors")


class Scan:
    """What a scan with --json printed."""

    def __init__(self, code, output, errors):
        lines = [json.loads(line) for line in output.splitlines()]
        self.code = code
        self.errors = errors
        self.files = [line for line in lines if "path" in line]
        self.summary = lines[-1].get("summary") if lines else None
        equal([line for line in lines if "path" not in line],
              [{"summary": self.summary}] if self.summary else [], "lines that are of no file")

    def classes(self):
        """Returns how many files each class has, by the lines."""
        return collections.Counter(file["class"] for file in self.files)

    def by_name(self):
        return {os.path.basename(file["path"]): file for file in self.files}

    def check_sums(self):
        """The summary and the lines say the same."""
        by_class = self.summary["by_class"]
        equal({name: count for name, count in by_class.items() if count}, dict(self.classes()),
              "summary by class")
        equal(self.summary["files"], len(self.files), "files in the summary")
        equal(self.summary["files"], sum(by_class.values()), "sum over the classes")
        equal(self.summary["reports_spooled"], len(self.reports()), "reports in the summary")

    def reports(self):
        """Returns the ids of the reports that the lines name."""
        return [file["report"] for file in self.files if "report" in file]


class World:
    """The programs, and a folder for each case. What is slow to make is made once a script."""

    def __init__(self, program, picture_maker, folder):
        self.program = program
        self.picture_maker = picture_maker
        self.root = folder
        self.folder = folder
        self.stack = contextlib.ExitStack()  # closed when the case ends
        self.environment = {**os.environ, "HOME": self.once("home")}
        for name in "XDG_STATE_HOME", "XDG_CONFIG_HOME":
            self.environment.pop(name, None)

    def once(self, name):
        """Returns a folder that all cases share."""
        path = os.path.join(self.root, name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def path(self, *names):
        """Returns a path in the folder of this case."""
        return os.path.join(self.folder, *names)

    def left_behind(self):
        """Returns what private services have not removed."""
        return os.listdir(self.environment["XDG_RUNTIME_DIR"])

    def make_folder(self, name, paths=()):
        """Makes a folder of this case with links to the files; paths: a list, or name -> file."""
        os.mkdir(self.path(name))
        named = paths if isinstance(paths, dict) else {os.path.basename(p): p for p in paths}
        for new_name, path in named.items():
            os.link(path, self.path(name, new_name))
        return self.path(name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    # Programs

    def start(self, *arguments, under=(), **options):
        """Starts the program; it does not outlive the case. under: a command that runs it."""
        pipe = subprocess.PIPE
        options = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, "text": True,
                   "env": self.environment, **options}
        process = subprocess.Popen([*under, self.program, *arguments], **options)
        self.stack.callback(self.end, process)
        return process

    def start_other(self, command, **options):
        """Starts another program in the same way, whose output nobody reads."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                   "stderr": subprocess.DEVNULL, "env": self.environment, **options}
        process = subprocess.Popen(command, **options)
        self.stack.callback(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=MOST_SECONDS)

    def run(self, *arguments, exits=(DONE,), **options):
        """Runs the program to its end. exits: the exit code or codes that are right."""
        return self.finish(self.start(*arguments, **options), exits)

    @staticmethod
    def finish(process, exits=(DONE,), output_so_far=""):
        output, errors = process.communicate(timeout=MOST_SECONDS)
        outcome = Outcome(process.returncode, output_so_far + (output or ""), errors or "")
        check_sound(outcome.code, outcome.errors, process.args[1:])
        exits = exits if isinstance(exits, tuple) else (exits,)
        assert outcome.code in exits, \
            f"{process.args[1:]}: exit code {outcome.code}, not {exits}: {outcome.errors}"
        return outcome

    def scan(self, *arguments, exits=(DONE, MATCH), **options):
        """Scans with --json. Unless the arguments say otherwise every answer is proved at once, so that
        each picture has one request, and reports are sent once."""
        return Scan(*self.run("scan", "--json", "--verify-share", "100", "--delivery-retry", "0",
                              *arguments, exits=exits, **options))

    def serve(self, *arguments, name):
        """Starts a server; returns its process and its socket's path."""
        path = self.path(name)
        process = self.start(*arguments, "--listen", "unix:" + path)
        line = process.stdout.readline()
        assert line == f"listening on unix:{path}\n", f"{line!r}: {process.stderr.read()}"
        return process, path

    def evaluator(self, key=None, name="evaluator"):
        return self.serve("evaluator", "--key", key or self.key("evaluator"), name=name)

    def reporter(self, store=None, name="reporter"):
        return self.serve("reporter", "serve", "--key", self.key("reporter"), "--list",
                          self.workspace, "--store", store or self.path("store"), name=name)

    def stored(self, store=None):
        """Returns the reports that the reporter has, as 'reporter list' prints them."""
        store = store or self.path("store")
        output = self.run("reporter", "list", "--json", "--store", store).output
        return [json.loads(line) for line in output.splitlines()]

    @staticmethod
    def waiting(spool):
        """Returns the ids of the reports in a spool, the oldest first."""
        with contextlib.closing(sqlite3.connect(spool)) as database:
            rows = database.execute("SELECT id FROM report ORDER BY sequence")
            return [row[0].hex() for row in rows]

    # What the cases stand on

    def key(self, kind, owner=""):
        path = os.path.join(self.once("keys"), owner + kind)
        if not os.path.exists(path):
            self.run("keygen", kind, path)
        return path

    @functools.cached_property
    def pictures(self):
        """A folder with the folders listed, copies, faded (of listed ones, too) and others."""
        folder = self.once("pictures")
        subprocess.run([self.picture_maker, folder], check=True)
        return folder

    def files(self, folder):
        """Returns the paths of one of the folders of pictures."""
        path = os.path.join(self.pictures, folder)
        return [os.path.join(path, name) for name in sorted(os.listdir(path))]

    @functools.cached_property
    def workspace(self):
        """The listed pictures, each under a label of its own: 'picture 03'."""
        path = os.path.join(self.once("lists"), "workspace")
        for picture in self.files("listed"):
            number = os.path.basename(picture)[:2]
            folder = os.path.join(self.once("alone"), number)
            os.mkdir(folder)
            os.link(picture, os.path.join(folder, "picture.jpg"))
            self.run("db", "import", path, folder, "--source", "list A", "--label",
                     "picture " + number)
        return path

    @functools.cached_property
    def database(self):
        path = os.path.join(self.once("lists"), "list.hvdb")
        self.run("db", "seal", self.workspace, path, "--key", self.key("evaluator"))
        return path

    def with_key(self):
        """Arguments of a scan with a private evaluator."""
        return "--db", self.database, "--key", self.key("evaluator")

    def with_spool(self):
        """Arguments of a scan whose reports wait in the spool of this case."""
        return "--reporter-key", self.key("reporter") + ".pub", "--spool", self.path("spool")


def run_case(world, number, sentence, function):
    """Runs one case in a fresh folder, prints its line and returns whether it passed."""
    world.folder = world.once(f"case-{number}")
    world.environment["XDG_RUNTIME_DIR"] = world.once(f"run-{number}")
    try:
        with contextlib.ExitStack() as world.stack:
            function(world)
    except Skip as reason:
        print("ok", number, "-", sentence, "# SKIP", reason, flush=True)
        return True
    except Exception:  # pylint: disable=broad-except
        print("not ok", number, "-", sentence, flush=True)
        traceback.print_exc()  # which is what Meson shows of a failed test
        return False
    print("ok", number, "-", sentence, flush=True)
    return True


def main(argv):
    program, picture_maker = argv[1:3]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # of Meson, when it takes too long
    chosen = [row for row in _cases if not argv[3:] or any(word in row[0] for word in argv[3:])]
    # Sockets have short names, so this does not go below a build folder.
    folder = tempfile.mkdtemp(prefix="hashveil-e2e-", dir="/tmp")
    print(f"1..{len(chosen)}", flush=True)
    try:
        world = World(os.path.abspath(program), os.path.abspath(picture_maker), folder)
        passed = [run_case(world, number, *row) for number, row in enumerate(chosen, 1)]
    finally:
        for pid in processes.mentioning(folder):
            processes.kill_if_alive(pid)
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if all(passed) else 1
