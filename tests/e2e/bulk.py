# SPDX-License-Identifier: Apache-2.0
"""Many machines hash one folder: each file is of one shard, and the lists meet again."""

import os
import shutil
import signal
import subprocess
import sys

import harness
import slurm
from harness import DONE, TROUBLE, USAGE, Skip, case, cases, contains, equal

COUNT = 60


def many(world, count=COUNT):
    pictures = world.files("listed") + world.files("others")
    return world.make_folder("many", {f"{number:04}.jpg": pictures[number % len(pictures)]
                                      for number in range(count)})


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def paths_of(found):
    return sorted(line.split(",", 2)[2] for line in found)


def all_shards(output, count):
    return [line for shard in range(1, count + 1) for line in lines(f"{output}.{shard}-of-{count}")]


def imported(world, workspace, *arguments, exits=DONE):
    return world.run("db", "import", world.path(workspace), *arguments, "--source", "mine",
                     "--label", "tests", exits=exits)


def listed(world, workspace):
    output = world.run("db", "list", world.path(workspace)).output
    return {line.split("\t")[0] for line in output.splitlines()}


@cases({"one": 1, "two": 2, "seven": 7})
def every_file_is_of_one_shard(world, row):
    folder = many(world)
    shards = [world.run("hash", "--shard", f"{shard}/{row}", folder).output.splitlines()
              for shard in range(1, row + 1)]
    whole = world.run("hash", folder).output.splitlines()
    equal(sorted(line for shard in shards for line in shard), sorted(whole), "lines")
    assert all(len(shard) < COUNT * 4 // row for shard in shards), "they are of like size"


@case
def the_shards_of_a_bulk_are_imported_as_one_list(world):
    folder = many(world)
    output = world.path("hashes.csv")
    for shard in 1, 2, 3:
        world.run("hash", "--shard", f"{shard}/3", "--output", output, folder)
    imported(world, "by-shards", "--hashes", output, exits=DONE)
    imported(world, "by-folder", folder, exits=DONE)
    equal(listed(world, "by-shards"), listed(world, "by-folder"), "hashes")
    again = imported(world, "by-shards", "--hashes", output).output
    equal(again.count(": 0 added,"), 3, "what a second import adds: nothing")


@cases({"two": 2, "none": 0})
def shards_without_a_file_are_no_trouble_unless_all_are(world, row):
    folder = world.make_folder("few", world.files("listed")[:row])
    output = world.path("hashes.csv")
    for shard in range(1, 6):
        world.run("hash", "--shard", f"{shard}/5", "--output", output, folder)
    outcome = imported(world, "by-shards", "--hashes", output, exits=DONE if row else TROUBLE)
    equal(len(listed(world, "by-shards")), row, "hashes")
    equal(outcome.errors.count("\n"), 0 if row else 1, "messages")


@case
def nothing_is_imported_before_all_shards_are_finished(world):
    folder = many(world)
    output = world.path("hashes.csv")
    world.run("hash", "--shard", "1/3", "--output", output, folder)
    world.run("hash", "--shard", "3/3", "--output", output, folder)
    os.rename(f"{output}.3-of-3", f"{output}.3-of-3.partial")
    outcome = imported(world, "work", "--hashes", output, exits=TROUBLE)
    contains(outcome.errors, f"{output}.2-of-3: 'hashveil hash' has not finished it")
    world.run("hash", "--shard", "2/3", "--output", output, folder)
    outcome = imported(world, "work", "--hashes", output, exits=TROUBLE)
    contains(outcome.errors, f"{output}.3-of-3: ")
    world.run("hash", "--shard", "1/2", "--output", output, folder)
    outcome = imported(world, "work", "--hashes", output, exits=TROUBLE)
    contains(outcome.errors, "several runs")
    outcome = imported(world, "work", "--hashes", world.path("absent"), exits=TROUBLE)
    contains(outcome.errors, "absent")
    equal(listed(world, "work"), set(), "hashes")


@case
def a_killed_run_goes_on_and_a_torn_line_is_written_anew(world):
    folder = many(world)
    away = world.make_folder("away")
    output = world.path("hashes.csv")
    world.run("hash", "--output", output, folder)
    whole = lines(output)
    for kept in 0, 1, 25, COUNT - 1:
        text = "".join(line + "\n" for line in whole[:kept]) + whole[kept][:70]
        os.remove(output)
        world.write("hashes.csv.partial", text.encode())
        for path in paths_of(whole[:kept]):  # what has a line is not read again
            os.rename(path, os.path.join(away, os.path.basename(path)))
            world.write(path, b"\xff\xd8\xff\xe0 cut")
        world.run("hash", "--output", output, folder)
        equal(lines(output), whole, f"lines after {kept}")
        assert not os.path.exists(output + ".partial")
        for name in os.listdir(away):
            os.replace(os.path.join(away, name), os.path.join(folder, name))


@case
def a_kill_at_any_moment_loses_and_repeats_nothing(world):
    folder = many(world)
    output = world.path("hashes.csv")
    whole = paths_of(world.run("hash", folder).output.splitlines())
    partial = output + ".partial"
    for more in 1, 2, 3:
        before = os.path.getsize(partial) if os.path.exists(partial) else 0
        process = world.start("hash", "--output", output, "--workers", "1", folder,
                              process_group=0)
        harness.wait_until(lambda size=before: os.path.exists(output) or
                           os.path.exists(partial) and os.path.getsize(partial) > size + 80,
                           f"run {more} has written a line")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.communicate()
    world.run("hash", "--output", output, folder)
    equal(paths_of(lines(output)), whole, "paths")


@case
def a_finished_shard_is_not_hashed_again(world):
    output = world.write("hashes.csv", b"")
    outcome = world.run("hash", "--output", output, many(world))
    contains(outcome.errors, f"hashveil: {output}: it is finished")
    equal(lines(output), [], "lines")


@case
def two_runs_do_not_write_one_file(world):
    process = world.start("hash", "--output", world.path("hashes.csv"), "-",
                          stdin=subprocess.PIPE)
    process.stdin.write(world.files("listed")[0] + "\n")
    process.stdin.flush()
    partial = world.path("hashes.csv.partial")
    harness.wait_until(lambda: os.path.exists(partial) and os.path.getsize(partial), "a line")
    outcome = world.run("hash", "--output", world.path("hashes.csv"), many(world), exits=TROUBLE)
    contains(outcome.errors, f"hashveil: {partial}: ")
    process.stdin.close()
    process.stdin = None
    world.finish(process)
    equal(len(lines(world.path("hashes.csv"))), 1, "lines")


@case
def a_name_with_a_newline_is_told(world):
    folder = world.make_folder("odd", {"a\nb.jpg": world.files("listed")[0],
                                       "c.jpg": world.files("listed")[1]})
    outcome = world.run("hash", "--output", world.path("hashes.csv"), folder, exits=TROUBLE)
    contains(outcome.errors, "newline")
    equal(len(lines(world.path("hashes.csv"))), 1, "lines")


@case
def a_place_that_cannot_be_written_is_named(world):
    outcome = world.run("hash", "--output", world.path("absent", "x"), world.files("listed")[0],
                        exits=TROUBLE)
    contains(outcome.errors, world.path("absent", "x.partial"), "no such file")


WRONG = {
    "shard 0": (("hash", "--shard", "0/2", "x"), "--shard"),
    "shard 3 of 2": (("hash", "--shard", "3/2", "x"), "--shard"),
    "a shard of nothing": (("hash", "--shard", "2", "x"), "--shard"),
    "shards of no number": (("hash", "--shard", "1/x", "x"), "--shard"),
    "too many shards": (("hash", "--shard", "1/100001", "x"), "--shard"),
    "JSON in a file": (("hash", "--output", "x", "--json", "x"), "--output"),
    "digests in a file": (("hash", "--output", "x", "--exact", "x"), "--output"),
    "forms in a file": (("hash", "--output", "x", "--dihedral", "x"), "--output"),
    "hashes by a format": (("db", "import", "w", "x", "--hashes", "--format", "csv"), "--hashes"),
}


@cases(WRONG)
def wrong_usage(world, row):
    arguments, word = row
    contains(world.run(*arguments, exits=USAGE, cwd=world.folder).errors, word)


@case
def gnu_parallel_runs_the_shards(world):
    program = shutil.which("parallel")
    if not program or b"GNU" not in subprocess.run([program, "--version"], capture_output=True,
                                                   check=False).stdout:
        raise Skip("no GNU parallel")
    folder = many(world)
    output = world.path("hashes.csv")
    command = [program, "--will-cite", "--jobs", "2", "--joblog", world.path("jobs"), "--resume",
               world.program, "hash", "--workers", "1", "--shard", "{}/5", "--output", output,
               folder, ":::", *"12345"]
    for _ in range(2):  # the second time there is nothing left to do
        subprocess.run(command, check=True, env=world.environment, capture_output=True)
    equal(paths_of(all_shards(output, 5)), paths_of(world.run("hash", folder).output.splitlines()),
          "paths")
    equal(len(lines(world.path("jobs"))), 1 + 5, "lines of the log")


@case
def a_slurm_job_array_runs_the_shards(world):
    folder = many(world)
    output = world.path("hashes.csv")
    script = world.write("job.sh", f"""#!/bin/sh
        exec '{world.program}' hash --workers 1 --shard "$SLURM_ARRAY_TASK_ID/4" \\
            --output '{output}' '{folder}'
        """.encode())
    slurm.run_array(world, script, "1-4")
    equal(paths_of(all_shards(output, 4)), paths_of(world.run("hash", folder).output.splitlines()),
          "paths")
    imported(world, "work", "--hashes", output)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
