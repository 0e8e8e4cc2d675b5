# SPDX-License-Identifier: Apache-2.0
"""A Slurm cluster of one node on this machine, for the time of a case."""

import os
import pwd
import shutil
import socket
import subprocess

from harness import MOST_SECONDS, Skip, wait_until

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def configuration(folder, socket_path):
    user = pwd.getpwuid(os.getuid()).pw_name
    host = socket.gethostname().partition(".")[0]
    return f"""
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={socket_path}
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 Port={free_port()} CPUs={os.cpu_count()} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def start(world):
    """Returns the environment in which its commands find it."""
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        raise Skip(f"no {missing[0]}")
    if os.getuid() != 0:
        raise Skip("slurmd runs as root")
    folder = world.make_folder("slurm")
    for name in "state", "spool", "munge":
        os.mkdir(os.path.join(folder, name), 0o755)
    munge = os.path.join(folder, "munge")
    key = world.write(os.path.join(munge, "key"), os.urandom(1024))
    os.chmod(key, 0o600)
    path = world.write(os.path.join(folder, "slurm.conf"),
                       configuration(folder, munge + "/socket").encode())
    environment = {**world.environment, "SLURM_CONF": path}
    # No part that is configured uses control groups; version 1's plugin alone begins without them.
    world.write(os.path.join(folder, "cgroup.conf"), b"CgroupPlugin=cgroup/v1\n")
    for command in (["munged", "--foreground", "--force", "--key-file", key,
                     "--socket", munge + "/socket", "--pid-file", munge + "/pid",
                     "--log-file", munge + "/log", "--seed-file", munge + "/seed"],
                    ["slurmctld", "-D", "-i", "-f", path], ["slurmd", "-D", "-f", path]):
        last = world.start_other(command, env=environment)
        if command[0] == "munged":
            wait_until(lambda: os.path.exists(munge + "/socket"), "munge listens")
    wait_until(lambda: last.poll() is not None or "State=IDLE" in subprocess.run(
        ["scontrol", "show", "node"], env=environment, capture_output=True, text=True,
        check=False).stdout, "the node is there")
    if last.poll() is not None:
        with open(os.path.join(folder, "slurmd.log"), encoding="utf-8") as log:
            raise Skip("slurmd does not run on this machine: " + log.read().splitlines()[-2])
    return environment


def run_array(world, script, tasks):
    """Runs a job array to its end."""
    environment = start(world)
    subprocess.run(["sbatch", "--wait", f"--array={tasks}", "--output", world.path("job-%a.log"),
                     "--mem=0", script], env=environment, check=True, capture_output=True,
                   timeout=5 * MOST_SECONDS)
