# SPDX-License-Identifier: Apache-2.0
"""The main job on real photographs: demonstration.py BUILD [FOLDER].

Lists a third of some freely licensed photographs, seals the list, and scans a mix of edited copies
of them and of the others. Prints what was found beside the true answer, and exits 0 when the two
agree. With FOLDER it scans that instead, and exits as the scanner does. All it makes is in
BUILD/demo, where the keys and the mix stay for the next run.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys

PHOTOGRAPHS = "/usr/share/backgrounds"  # of the Debian package lomiri-wallpapers-16.04
NAMES = (
    "Bridge_by_Sander_Klootwijk.jpg", "Dragonfly_by_Bolly.jpg", "Picture_0B_by_freespace.jpg",
    "Picture_1A_by_freespace.jpg", "Wine_by_Jakkub_Mede.jpg", "aitzgorri_by_Aitzol_Berasategi.jpg",
    "analogpattern_by_Peter_Nerlich.jpg", "free_by_Peter_Nerlich.jpg",
    "friends_by_Aitzol_Berasategi.jpg", "greentock_by_Peter_Nerlich.jpg",
    "life_by_Aitzol_Berasategi.jpg", "picosdeeuropa_by_Aitzol_Berasategi.jpg",
    "seeding_by_Clements_Engelhardt.jpg", "sunset_by_Aitzol_Berasategi.jpg",
    "umang_by_Abhishek_Mudgal.jpg",
)
LISTED = NAMES[1::3]
COPIED = LISTED[:-1]  # one listed photograph is not in the mix at all
NOT_LISTED = tuple(name for name in NAMES if name not in LISTED)

# What was done to a copy, and how ImageMagick is told; {text_px} is a twentieth of the height.
EDITS = {
    "recompressed at quality 40": ("-quality", "40"),
    "resized to half": ("-resize", "50%"),
    "cropped by 1 %": ("-gravity", "center", "-crop", "99%x99%+0+0", "+repage"),
    "brightened by 10 %": ("-modulate", "110"),
    "with text": ("-font", "DejaVu-Sans", "-fill", "white", "-pointsize", "{text_px}",
                  "-gravity", "southeast", "-annotate", "+40+40", "a day to remember"),
}

MATCH_EXIT, TROUBLE_EXIT = 1, 2


class Trouble(Exception):
    """Something that this machine lacks, or a program that failed."""


def run(*command, exits=(0,), **options):
    outcome = subprocess.run(command, check=False, text=True, **options)
    if outcome.returncode not in exits:
        raise Trouble(f"exit status {outcome.returncode}: {' '.join(command)}")
    return outcome


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Demonstration:
    """The programs and the files of one run."""

    def __init__(self, build):
        self.program = os.path.join(build, "tools", "hashveil")
        self.folder = os.path.join(build, "demo")
        os.makedirs(self.folder, exist_ok=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def hashveil(self, *arguments, **options):
        say("$ hashveil", *arguments)
        return run(self.program, *arguments, **options)

    def hashveil_lines(self, *arguments, **options):
        outcome = self.hashveil(*arguments, stdout=subprocess.PIPE, **options)
        return [json.loads(line) for line in outcome.stdout.splitlines()]

    def make_keys(self):
        for kind in ("evaluator", "reporter"):
            if not os.path.exists(self.path(kind + ".key")):
                self.hashveil("keygen", kind, self.path(kind + ".key"), stdout=sys.stderr)

    def seal_list(self):
        """Always anew, so that it never depends on what an older version left here."""
        self.empty("listed")
        for name in LISTED:
            shutil.copy(os.path.join(PHOTOGRAPHS, name), self.path("listed", name))
        self.remove("list.sqlite")
        self.hashveil("db", "import", self.path("list.sqlite"), self.path("listed"), "--source",
                      "demonstration", "--label", "demonstration", stdout=sys.stderr)
        self.hashveil("db", "seal", self.path("list.sqlite"), self.path("list.hvdb"), "--key",
                      self.path("evaluator.key"), stdout=sys.stderr)

    def text_of(self, name):
        if not os.path.exists(self.path(name)):
            return None
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def names_in(self, name):
        return os.listdir(self.path(name)) if os.path.isdir(self.path(name)) else []

    def empty(self, name):
        shutil.rmtree(self.path(name), ignore_errors=True)
        os.mkdir(self.path(name))

    def remove(self, name):
        for path in (self.path(name + suffix) for suffix in ("", "-wal", "-shm", "-journal")):
            if os.path.exists(path):
                os.remove(path)

    def scan_arguments(self, store):
        return ("--db", self.path("list.hvdb"), "--key", self.path("evaluator.key"),
                "--reporter-key", self.path("reporter.key"), "--spool", self.path("spool.sqlite"),
                "--report-store", self.path(store), "--list", self.path("list.sqlite"))

    def reports_in(self, store):
        """Returns what the reporter has received so far, by report id."""
        if not os.path.exists(self.path(store)):
            return {}
        lines = self.hashveil_lines("reporter", "list", "--store", self.path(store), "--json")
        return {report["id"]: report for report in lines}

    def make_mix(self, truth):
        """Makes the files of the mix, unless they are there: editing takes a while."""
        wanted = json.dumps({"truth": truth, "edits": EDITS}, indent=1)
        if self.text_of("truth.json") == wanted and sorted(truth) == sorted(self.names_in("mix")):
            return
        self.remove("truth.json")
        self.empty("mix")
        say(f"making {len(truth)} pictures in {self.path('mix')}")
        for name, (photograph, edit) in truth.items():
            make_picture(os.path.join(PHOTOGRAPHS, photograph), edit, self.path("mix", name))
        with open(self.path("truth.json"), "w", encoding="utf-8") as file:
            file.write(wanted)


def make_picture(source, edit, target):
    if edit is None:
        shutil.copy(source, target)
        return
    convert = shutil.which("magick") or shutil.which("convert")
    height = int(run(convert, source, "-format", "%h", "info:", stdout=subprocess.PIPE).stdout)
    arguments = [word.format(text_px=height // 20) for word in EDITS[edit]]
    run(convert, source, *arguments, target)


def true_answer():
    """Returns what each file of the mix is: a photograph and an edit, or a photograph not listed.

    The order, and so the names, follow from a digest: nothing in a name tells what it is.
    """
    pictures = [(name, edit) for name in COPIED for edit in EDITS]
    pictures += [(name, None) for name in NOT_LISTED]
    pictures.sort(key=lambda picture: hashlib.sha256(repr(picture).encode()).digest())
    return {f"picture-{number:02}.jpg": picture for number, picture in enumerate(pictures, 1)}


def print_row(*columns):
    print("{:<15} {:<60} {:<16} {:<8} {}".format(*columns).rstrip())


def compare(truth, results, reports):
    """Prints a row a file and returns the names of those that are not as they must be."""
    wrong = []
    print_row("file", "truth", "found", "distance", "report")
    for name, (photograph, edit) in truth.items():
        result = results.get(name, {"class": "missing"})
        report = reports.get(result.get("report"), {})
        is_found = result["class"] == "match"
        is_right = is_found == bool(edit) and (not edit or report.get("state") == "confirmed")
        if not is_right:
            wrong.append(name)
        print_row(name, f"{photograph}, {edit}" if edit else "not listed", result["class"],
                  report.get("distance", "-"), report.get("state", "-") + ("" if is_right else " !"))
    return wrong


def demonstrate(demo):
    truth = true_answer()
    demo.make_mix(truth)
    demo.remove("reports.sqlite")
    lines = demo.hashveil_lines("scan", *demo.scan_arguments("reports.sqlite"), "--json",
                                demo.path("mix"), exits=(0, MATCH_EXIT))
    reports = demo.reports_in("reports.sqlite")
    results = {os.path.basename(line["path"]): line for line in lines if "path" in line}
    wrong = compare(truth, results, reports)

    copies = sum(1 for _, edit in truth.values() if edit)
    found = sum(1 for line in results.values() if line["class"] == "match")
    confirmed = sum(1 for report in reports.values() if report["state"] == "confirmed")
    print(f"\n{len(truth)} files: {copies} copies of listed photographs, "
          f"{len(truth) - copies} photographs that are not listed")
    print(f"{found} found; {len(reports)} reports received, {confirmed} confirmed by true distance")
    if wrong or len(reports) != found:
        print("this is NOT the true answer:", ", ".join(wrong) or "the number of reports differs")
        return TROUBLE_EXIT
    print("this is the true answer")
    return 0


def scan_folder(demo, folder):
    store = "folder-reports.sqlite"
    before = demo.reports_in(store)
    status = demo.hashveil("scan", *demo.scan_arguments(store), folder,
                           exits=range(256)).returncode
    received = [report for name, report in demo.reports_in(store).items() if name not in before]
    print(f"\n{len(received)} reports received")
    for report in received:
        print(f"{report['id']}: {report['state']}, true distance {report['distance']}, "
              f"{report['label']}")
    return status


def main(build, folder=None):
    signal.signal(signal.SIGINT, lambda *_: None)  # the scanner ends what it has begun, and reports
    absent = [name for name in NAMES if not os.path.exists(os.path.join(PHOTOGRAPHS, name))]
    if absent or not (shutil.which("magick") or shutil.which("convert")):
        say("demonstration: it needs ImageMagick and, in", PHOTOGRAPHS, "the photographs of the "
            "Debian package lomiri-wallpapers-16.04")
        return TROUBLE_EXIT
    demo = Demonstration(build)
    try:
        demo.make_keys()
        demo.seal_list()
        return scan_folder(demo, folder) if folder else demonstrate(demo)
    except (Trouble, OSError, ValueError) as error:
        say("demonstration:", error)
        return TROUBLE_EXIT


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
