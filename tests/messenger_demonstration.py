# SPDX-License-Identifier: Apache-2.0
"""Two messengers side by side: messenger_demonstration.py BUILD [SESSION].

Starts a broker, an evaluator and a reporter on sockets in BUILD/demo, and two clients in a tmux
session; SESSION: only made, for whoever attaches to it. All ends with the session.
"""

import contextlib
import getpass
import os
import shlex
import shutil
import subprocess
import sys
import time

import demonstration
from demonstration import Trouble, run, say

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
START_SECONDS = 30


def wait_for_socket(path):
    end = time.monotonic() + START_SECONDS
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise Trouble(f"nobody listens at {path}")
        time.sleep(0.05)


@contextlib.contextmanager
def servers(demo):
    """Runs the three servers."""
    demo.remove("broker")
    with open(demo.path("mosquitto.conf"), "w", encoding="utf-8") as file:
        file.write(f"listener 0 {demo.path('broker')}\nallow_anonymous true\nlog_dest none\n"
                   f"user {getpass.getuser()}\n")
    commands = {
        "broker": (MOSQUITTO, "-c", demo.path("mosquitto.conf")),
        "evaluator": (demo.program, "evaluator", "--key", demo.path("evaluator.key"), "--listen",
                      "unix:" + demo.path("evaluator")),
        "reporter": (demo.program, "reporter", "serve", "--key", demo.path("reporter.key"),
                     "--list", demo.path("list.sqlite"), "--store", demo.path("messenger.reports"),
                     "--listen", "unix:" + demo.path("reporter")),
    }
    processes = []
    try:
        for name, command in commands.items():
            say("$", shlex.join(command))
            processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                              start_new_session=True))
            wait_for_socket(demo.path(name))
        yield
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def client(demo, build, name):
    """Returns the command of one client."""
    downloads = demo.path(name + ".pictures")
    os.makedirs(downloads, exist_ok=True)
    return shlex.join((
        os.path.join(build, "tools", "messenger", "hashveil-messenger"), "--screen", "--name", name,
        "--store", demo.path(name + ".store"), "--downloads", downloads,
        "--broker", "unix:" + demo.path("broker"), "--db", demo.path("list.hvdb"),
        "--evaluator", "unix:" + demo.path("evaluator"),
        "--reporter", "unix:" + demo.path("reporter"),
        "--reporter-key", demo.path("reporter.key.pub"), "--spool", demo.path(name + ".spool"),
        "--decoder", os.path.join(build, "tools", "hashveil-decoder"),
        "--on-match", "hold", "--on-failure", "hold"))


def show(demo, build, session):
    """Runs until the session ends."""
    clients = [client(demo, build, name) for name in ("alice", "bob")]
    if not shutil.which("tmux") or not (session or sys.stdout.isatty()):
        print("No terminal with tmux here; run these in two terminals, then Ctrl-C here:\n")
        print("\n\n".join(clients), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
        return
    tmux = ("tmux", "-L", session or "hashveil")
    run(*tmux, "new-session", "-d", "-x", "200", "-y", "50", clients[0], ";", "split-window", "-h",
        clients[1])
    if not session:
        with open("/dev/tty", encoding="utf-8") as terminal:  # stdin may be another file
            run(*tmux, "attach", exits=(0, 1), stdin=terminal)
    while run(*tmux, "has-session", exits=(0, 1), stderr=subprocess.DEVNULL).returncode == 0:
        time.sleep(0.2)


def main(build, session=None):
    if not os.path.exists(MOSQUITTO):
        say("messenger: it needs the Debian package mosquitto")
        return demonstration.TROUBLE_EXIT
    build = os.path.abspath(build)
    demo = demonstration.Demonstration(build)
    try:
        demo.make_keys()
        demo.seal_list()
        say("\nIn alice's window:  contact bob\n"
            f"a listed picture:   picture bob {demo.path('listed', demonstration.LISTED[0])}\n"
            "one that is not:    picture bob "
            f"{os.path.join(demonstration.PHOTOGRAPHS, demonstration.NOT_LISTED[0])}\n")
        with servers(demo):
            show(demo, build, session)
    except (Trouble, OSError) as error:
        say("messenger:", error)
        return demonstration.TROUBLE_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
