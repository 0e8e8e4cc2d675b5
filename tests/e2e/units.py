# SPDX-License-Identifier: Apache-2.0
"""The systemd units: well formed, hardened, and what they start does start."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys

import harness
from harness import DONE, Skip, cases, equal
from web_folder import make_certificate

FOLDER = os.path.join(os.path.dirname(__file__), "../../tools/systemd")
SERVERS = {name: name for name in ("evaluator", "reporter")}
MOST_EXPOSED = 1.5  # of 10, by systemd-analyze security


def units(world, name):
    """Puts the units in a folder of the case as they are installed; returns the service's path."""
    for kind in ("service", "socket"):
        with open(f"{FOLDER}/hashveil-{name}.{kind}", encoding="ascii") as file:
            text = file.read().replace("@BINDIR@", os.path.dirname(world.program))
        world.write(f"hashveil-{name}.{kind}", text.encode())
    return world.path(f"hashveil-{name}.service")


def analyze(world, *arguments):
    program = shutil.which("systemd-analyze")
    if not program:
        raise Skip("no systemd-analyze here")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False,
                          env={**world.environment, "SYSTEMD_UNIT_PATH": world.folder + ":"})


@cases(SERVERS)
def units_are_well_formed(world, row):
    service = units(world, row)
    outcome = analyze(world, "verify", "--man=no", service, service.replace("service", "socket"))
    ours = [line for line in outcome.stderr.splitlines() if "hashveil" in line]
    equal((outcome.returncode, ours), (0, []), "systemd-analyze verify")


@cases(SERVERS)
def a_service_can_do_little_beside_its_work(world, row):
    outcome = analyze(world, "security", "--offline=true", units(world, row))
    level = re.search(r"exposure level for \S+: ([0-9.]+)", outcome.stdout)
    assert level, outcome.stderr
    assert float(level[1]) <= MOST_EXPOSED, level[0]


def listen_at(world, address, family):
    one = socket.socket(family)
    world.stack.callback(one.close)
    one.bind(address)
    one.listen()
    return one


def prepare(world, name):
    """Fills the state folder as the operator does."""
    certificate = make_certificate(world.folder, "server.pem")
    os.rename(certificate + ".key", world.path("server.key"))
    if name == "evaluator":
        world.make_folder("keys", {"one.key": world.key("evaluator")})
        world.run("account", "add", "--accounts", "sqlite:" + world.path("accounts"), "--per-day",
                  "1000", "--token-file", world.path("token"), "phone")
    else:
        os.link(world.key("reporter"), world.path("reporter.key"))


@cases(SERVERS)
def what_the_unit_says_starts_on_the_units_sockets(world, row):
    prepare(world, row)
    with open(units(world, row), encoding="ascii") as file:
        command = re.search(r"^ExecStart=((?:.*\\\n)*.*)", file.read(), re.MULTILINE)[1]
    command = command.replace("\\\n", " ").replace("${STATE_DIRECTORY}", world.folder)
    given = [listen_at(world, ("0.0.0.0", 0), socket.AF_INET),
             listen_at(world, world.path("socket"), socket.AF_UNIX)]
    numbers = " ".join(f"{3 + at}<&{one.fileno()}" for at, one in enumerate(given))
    process = subprocess.Popen(
        ["/bin/bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" "$@" {numbers}',
         *shlex.split(command)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        pass_fds=[one.fileno() for one in given], env=world.environment)
    world.stack.callback(world.end, process)
    equal([process.stdout.readline() for _ in given],
          ["listening on systemd:3\n", "listening on systemd:4\n"], "lines")
    port = given[0].getsockname()[1]
    for way in (["--cacert", world.path("server.pem"), f"https://localhost:{port}/healthz"],
                ["--unix-socket", world.path("socket"), "http://x/healthz"]):
        answer = subprocess.run(["curl", "-sS", *way], capture_output=True, text=True, check=True)
        equal(answer.stdout, "ok\n", "answer")
    process.terminate()
    world.finish(process, DONE)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
