# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of a case's own, on a socket in its folder."""

import glob
import os
import pwd
import shutil
import subprocess

from harness import Skip


class Postgresql:
    """Runs until the case ends. The server refuses to run as root: then it is another user's."""

    def __init__(self, world, name="postgresql"):
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not programs:
            raise Skip("no PostgreSQL here")
        self.programs = os.path.dirname(programs[-1])
        self.folder = world.path(name)
        self.database = os.path.join(self.folder, "data")
        os.mkdir(self.folder, 0o700)
        self.under = []
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            self.user = "postgres"
            self.under = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(self.folder, "postgres", "postgres")
            for path in (world.root, world.folder):
                os.chmod(path, 0o711)
        self.run("initdb", "-D", self.database, "-A", "trust", "--no-sync", "-E", "UTF8",
                 "--locale=C")
        self.start()
        world.stack.callback(self.stop)

    @property
    def address(self):
        return f"postgresql:///postgres?host={self.folder}&user={self.user}"

    def run(self, program, *arguments, **options):
        return subprocess.run([*self.under, os.path.join(self.programs, program), *arguments],
                              check=True, capture_output=True, text=True, cwd="/", **options).stdout

    def start(self):
        # pg_ctl's child would keep a pipe of ours open.
        subprocess.run([*self.under, os.path.join(self.programs, "pg_ctl"), "-D", self.database,
                        "-w", "-o", f"-k '{self.folder}' -h '' -c fsync=off", "-l",
                        os.path.join(self.folder, "log"), "start"],
                       check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def stop(self, mode="immediate"):
        subprocess.run([*self.under, os.path.join(self.programs, "pg_ctl"), "-D", self.database,
                        "-w", "-m", mode, "stop"], check=False, cwd="/", capture_output=True)

    def sql(self, text):
        """Returns what psql prints of the rows."""
        return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.address, "-c", text).strip()

    def load(self, path):
        with open(path, encoding="utf-8") as file:
            self.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", self.address, stdin=file)


