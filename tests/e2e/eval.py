# SPDX-License-Identifier: Apache-2.0
"""What hashveil eval counts: the sums, the formats, the two ways of matching, the refusals."""

import collections
import json
import os
import re
import sys
from xml.etree import ElementTree

import harness
from drawing import large_png
from harness import DONE, TROUBLE, Skip, case, cases, contains, equal

COUNTS = ("copies", "failed", "low_quality", "within", "plaintext", "psi", "within_psi")
ROW = re.compile(r"(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) .* (\d+|-)")


def evaluate(world, *arguments, exits=DONE):
    """Returns what --json prints."""
    outcome = world.run("eval", "--json", *arguments, exits=exits)
    return json.loads(outcome.output)


def need_edits(world):
    """Only builds with MagickWand make copies."""
    outcome = world.run("eval", world.make_folder("none"), exits=TROUBLE)
    if "MagickWand" in outcome.errors:
        raise Skip("this build makes no edited copies")


def originals(world, count):
    need_edits(world)
    return world.make_folder("originals", world.files("listed")[:count])


def write_pairs(world, rows, name="pairs.tsv"):
    lines = "".join("\t".join(row) + "\n" for row in rows)
    return world.write(name, b"# original, copy, edit\n\n" + os.fsencode(lines))


def listed_pairs(world):
    """The pairs of the pictures that the tests have, with the edits' names."""
    by_number = {os.path.basename(path)[:2]: path for path in world.files("listed")}
    for folder in ("copies", "faded"):
        for path in world.files(folder):
            name = os.path.basename(path)
            edit = name[3:].removesuffix(".jpg") if folder == "copies" else "faded"
            yield by_number[name[:2]], path, edit


def without_times(report):
    """What must not differ from run to run."""
    return {key: value for key, value in report.items()
            if key not in ("cost", "match", "disagreements")}


def check_sums(report):
    """Whatever was measured adds up."""
    for name in COUNTS:
        equal(sum(edit[name] for edit in report["edits"]), report["all"][name], name)
    for edit in (*report["edits"], report["all"]):
        good = edit["copies"] - edit["low_quality"]
        assert edit["within_psi"] <= edit["within"] <= edit["plaintext"] <= good, edit
        assert edit["within_psi"] <= edit["psi"] <= good, edit
        low, high = edit["interval"]
        if edit["within"]:
            assert 0 <= low <= edit["share"] == edit["within_psi"] / edit["within"] <= high <= 1, edit
    near = [row for row in report["recall_by_distance"] if row["distance"] <= 31]
    equal(sum(row["copies"] for row in near), report["all"]["within"], "within, by distance")
    equal(sum(row["opened"] for row in near), report["all"]["within_psi"], "opened, by distance")
    equal(report["within_31"], {"copies": report["all"]["within"],
                                "opened": report["all"]["within_psi"]}, "within 31")
    equal([row["distance"] for row in report["recall_by_distance"]], list(range(41)), "distances")


def report_of_all(world):
    """Returns what all listed pictures give; it is measured once."""
    path = os.path.join(world.once("reports"), "all.json")
    if not os.path.exists(path):
        report = evaluate(world, "--simulate", originals(world, 8))
        with open(path, "w", encoding="utf-8") as file:
            json.dump(report, file)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


@case
def edited_copies_of_a_folder_are_made_and_counted(world):
    report = report_of_all(world)
    check_sums(report)
    names = [edit["edit"] for edit in report["edits"]]
    equal(len(names), len(set(names)), "different edits")
    for name in ("recompressed-30", "grey", "logo", "cropped-5", "caption-bar", "rotated-2",
                 "messenger-twice"):
        assert name in names, name
    for edit in report["edits"]:
        equal((edit["copies"], edit["failed"]), (8, 0), edit["edit"])
    by_name = {edit["edit"]: edit for edit in report["edits"]}
    for name in ("recompressed-90", "resized-75", "grey", "blurred"):
        equal((by_name[name]["within"], by_name[name]["within_psi"]), (8, 8), name)
    equal(by_name["caption-bar"]["within"], 0, "a caption bar changes the hash")
    assert by_name["cropped-1"]["median_distance"] < by_name["cropped-5"]["median_distance"]
    assert report["all"]["psi"] >= report["all"]["plaintext"], report["all"]


@case
def unrelated_pairs_and_costs_are_counted(world):
    report = report_of_all(world)
    unrelated = report["unrelated"]
    equal(unrelated["originals"]["pairs"], 8 * 7, "pairs of originals")
    good = report["all"]["copies"] - report["all"]["low_quality"]
    equal(unrelated["copies"]["pairs"], good * 7, "pairs of copies")
    assert unrelated["originals"]["nearest"] > 60, unrelated
    equal(unrelated["copies"]["false_opens"], 0, "false opens")
    for row in (unrelated["originals"], unrelated["copies"], *unrelated["smaller_masks"]):
        for name in ("pairs", "hits", "false_opens"):
            equal(sum(band[name] for band in row["by_distance"]), row[name], name)
    ideal = good * 7 * 256 / 2**34
    assert abs(unrelated["copies"]["ideal_hits"] / ideal - 1) < 1e-9, unrelated
    equal([row["bits"] for row in unrelated["smaller_masks"]], [16, 18, 20, 22, 24], "sizes")
    prediction = report["false_open_prediction"]
    equal(prediction["list_sizes"], [1e5, 1e6, 1e7], "list sizes")
    assert 1.07e-10 < prediction["ideal"][1] < 1.08e-10, prediction
    assert all(a <= b for a, b in zip(prediction["ideal"], prediction["upper"])), prediction
    assert prediction["by_distance"][1] >= prediction["by_distance_far"][1] >= 0, prediction
    cost = report["cost"]
    equal((cost["probes"], cost["elements"], cost["proved_percent"]), (256, 257, 10), "cost")
    for kind, wanted in {"without_proof": (8276, 8276, 514, 257),
                         "with_proof": (2 * 8276, 2 * 8276 + 64, 1032, 774)}.items():
        equal(tuple(cost[kind][key] for key in ("request_bytes", "response_bytes",
                                                "device_multiplications",
                                                "evaluator_multiplications")), wanted, kind)
    for key, average in cost["average"].items():
        exact = 0.9 * cost["without_proof"][key] + 0.1 * cost["with_proof"][key]
        assert average > 0 and abs(average / exact - 1) < 1e-9, (key, average, exact)
    assert cost["fingerprint_ms"] > 0, cost


@case
def tokens_in_the_clear_find_what_the_private_exchange_finds(world):
    folder = originals(world, 4)
    private = evaluate(world, "--crypto", folder)
    simulated = evaluate(world, "--simulate", folder)
    equal((private["match"], private["disagreements"]), ("private", 0), "the exchange")
    equal(simulated["match"], "simulated", "match")
    equal(without_times(private), without_times(simulated), "reports")
    found = private["all"]
    assert 0 < found["psi"] < found["copies"], found  # both answers are among them


@case
def by_default_few_copies_are_matched_by_the_exchange(world):
    equal(evaluate(world, originals(world, 1))["match"], "private", "match")


@case
def text_says_what_json_says(world):
    folder = originals(world, 2)
    report = evaluate(world, "--simulate", folder)
    text = world.run("eval", "--simulate", folder).output
    rows = [match.groups() for match in map(ROW.fullmatch, text.splitlines()) if match]
    wanted = [(edit["edit"], *(str(edit[name]) for name in COUNTS), str(edit["median_distance"]))
              for edit in (*report["edits"], report["all"])]
    equal(rows, wanted, "rows of the table")
    contains(text, "T = 32 of b = 34 bits, from a pool of 204; Q = 256 probes; seed 1",
             "2 listed of 2 pictures", "simulated")


@case
def the_report_in_html_is_well_formed_and_needs_nothing_else(world):
    path = world.path("report.html")
    pairs = [(*row[:2], "<b>&\"" if row[2] == "halved" else row[2]) for row in listed_pairs(world)]
    world.run("eval", "--simulate", "--html", path, write_pairs(world, pairs))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tree = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    tags = collections.Counter(element.tag.split("}")[-1] for element in tree.iter())
    equal((tags["svg"], tags["polyline"]), (1, 1), "curve")
    equal(sum(tags[name] for name in ("script", "img", "image", "link", "iframe", "b")), 0, "others")
    contains(text, "&lt;b&gt;&amp;")
    equal(re.findall(r"https?://[^\"]*", text), ["http://www.w3.org/2000/svg"], "addresses")


@case
def pairs_of_files_are_read(world):
    report = evaluate(world, write_pairs(world, listed_pairs(world)))
    check_sums(report)
    by_name = {edit["edit"]: edit for edit in report["edits"]}
    equal(set(by_name), {"recompressed-30", "recompressed-60", "halved", "shrunk", "brightened",
                         "cropped", "faded"}, "edits")
    for name, edit in by_name.items():
        is_faded = name == "faded"
        equal((edit["copies"], edit["low_quality"], edit["psi"]),
              (8, 8, 0) if is_faded else (8, 0, 8), name)
    equal(report["originals"]["listed"], 8, "listed")


@case
def files_are_counted_by_what_becomes_of_them(world):
    folder = originals(world, 3)
    os.link(world.files("listed")[0], os.path.join(folder, "same.jpg"))
    os.link(world.files("faded")[0], os.path.join(folder, "faded.jpg"))
    world.write("originals/notes.txt", b"notes")
    counts = evaluate(world, "--simulate", folder)["originals"]
    equal(counts, {"listed": 3, "pictures": 5, "small": 0, "low_quality": 1, "unreadable": 0, "same_hash": 1,
                   "not_pictures": 1, "left_out": 0, "near_duplicate_pairs": 0,
                   "alike_pairs": 0, "alike": []}, "originals")
    with open(world.files("listed")[0], "rb") as file:
        world.write("originals/cut.jpg", file.read()[:700])
    outcome = world.run("eval", "--simulate", "--json", folder, exits=TROUBLE)
    contains(outcome.errors, "cut.jpg")
    equal(json.loads(outcome.output)["originals"]["unreadable"], 1, "unreadable")


@case
def listed_pictures_that_look_alike_are_named_and_not_called_unrelated(world):
    folder = originals(world, 2)
    os.link(world.files("copies")[1], os.path.join(folder, "copy.jpg"))
    report = evaluate(world, "--simulate", folder)
    counts = report["originals"]
    equal((counts["listed"], counts["near_duplicate_pairs"], counts["alike_pairs"]), (3, 1, 0),
          "originals")
    equal({os.path.basename(counts["alike"][0][key]) for key in ("first", "second")},
          {"00.jpg", "copy.jpg"}, "named")
    equal(report["unrelated"]["originals"]["pairs"], 3 * 2 - 2, "unrelated pairs")


@case
def the_same_seed_gives_the_same_and_another_seed_other_masks(world):
    folder = originals(world, 2)
    first, again, other = (without_times(evaluate(world, "--simulate", *row, folder)) for row in (
        ("--seed", "5", "--workers", "1"), ("--seed", "5", "--workers", "3"), ("--seed", "6")))
    equal(first, again, "the same seed")
    assert first["edits"] != other["edits"] or first["unrelated"] != other["unrelated"]


@case
def parts_share_no_original_wherever_the_folder_is(world):
    here = originals(world, 8)
    there = world.make_folder("there", world.files("listed"))
    whole = report_of_all(world)
    halves = [evaluate(world, "--simulate", "--split", f"{part}/2", here) for part in (1, 2)]
    for name in ("copies", "within", "plaintext"):
        equal(sum(half["all"][name] for half in halves), whole["all"][name], name)
    for half, other in (halves, halves[::-1]):
        equal(half["originals"]["listed"], other["originals"]["left_out"], "left out")
    smaller = min(halves, key=lambda half: half["originals"]["listed"])
    split = f"{smaller['parameters']['part']}/2"
    equal(without_times(evaluate(world, "--simulate", "--split", split, there + "/")),
          without_times(smaller), "elsewhere")


@case
def a_part_without_originals_is_told(world):
    one = originals(world, 1)
    told = [world.run("eval", "--simulate", "--split", f"{part}/2", one, exits=(DONE, TROUBLE))
            for part in (1, 2)]
    equal(sorted(outcome.code for outcome in told), [DONE, TROUBLE], "exit codes")
    contains("".join(outcome.errors for outcome in told), "nothing in this part")


@case
def other_parameters_change_what_is_found(world):
    pairs = write_pairs(world, [(a, b, "any") for a, b, _ in listed_pairs(world)])
    few, many = (evaluate(world, "--simulate", "--bits", bits, "--probes", probes, "--masks", "16",
                          "--pool", "200", pairs) for bits, probes in (("40", "16"), ("20", "512")))
    assert few["all"]["psi"] < many["all"]["psi"], (few["all"], many["all"])
    equal(few["parameters"], {"policy": "full", "list_policy": "full", "masks": 16, "bits": 40, "pool": 200, "probes": 16, "seed": 1,
                              "part": 1, "parts": 1}, "parameters")
    equal([row["bits"] for row in many["unrelated"]["smaller_masks"]], [16, 18], "smaller masks")


@case
def a_frontier_says_of_each_size_what_a_run_of_that_size_says(world):
    pairs = write_pairs(world, listed_pairs(world))
    rows = evaluate(world, "--frontier", "20,28,40", pairs)["frontier"]
    equal([row["bits"] for row in rows], [20, 28, 40], "sizes")
    for row in rows:
        alone = evaluate(world, "--simulate", "--bits", str(row["bits"]), pairs)
        prediction = alone["false_open_prediction"]
        equal(row, {"bits": row["bits"], "within_31": alone["within_31"],
                    "interval": alone["all"]["interval"], "within_16": alone["within_16"],
                    "psi": alone["all"]["psi"], "plaintext": alone["all"]["plaintext"],
                    "ideal": prediction["ideal"][1], "predicted": prediction["by_distance"][1]},
              f"b = {row['bits']}")
    lines = world.run("eval", "--frontier", "20,28,40", pairs).output.splitlines()
    equal([line.split()[0] for line in lines[3:6]], ["20", "28", "40"], "lines")


@case
def a_list_of_another_policy_counts_large_pictures_alone(world):
    large = world.write("large.png", large_png())
    small = world.files("listed")[0]
    pairs = write_pairs(world, [(path, path, "same") for path in (large, small)])
    medians = {}
    for policy in ("full", "nearest512"):
        report = evaluate(world, "--list-policy", policy, pairs)
        counts = report["originals"]
        equal((report["parameters"]["policy"], report["parameters"]["list_policy"],
               counts["listed"], counts["small"]), ("full", policy, 1, 1), policy)
        same, unchanged = report["edits"]
        equal((same["edit"], unchanged["edit"]), ("same", "unchanged"), "edits")
        equal({**same, "edit": ""}, {**unchanged, "edit": ""}, "the same file")
        medians[policy] = unchanged["median_distance"]
        contains(world.run("eval", "--list-policy", policy, pairs).output,
                 f"list {policy}, device full; 1 pictures without a side above 512")
    equal(medians["full"], 0, "the same policy")
    assert medians["nearest512"] > 0, medians
    both = evaluate(world, "--list-policy", "nearest512", "--policy", "nearest512", pairs)
    equal(both["all"]["median_distance"], 0, "the same policy")
    only_small = write_pairs(world, [(small, small, "same")], "small.tsv")
    outcome = world.run("eval", "--list-policy", "nearest512", only_small, exits=TROUBLE)
    contains(outcome.errors, "no picture here that could be listed")


@case
def nothing_is_left_in_the_folder_for_passing_files(world):
    world.environment["TMPDIR"] = world.make_folder("passing")
    try:
        world.run("eval", "--crypto", write_pairs(world, list(listed_pairs(world))[:3]))
        equal(os.listdir(world.path("passing")), [], "files")
    finally:
        del world.environment["TMPDIR"]


BAD_PAIRS = {
    "one field": b"a.jpg\n",
    "two fields": b"a.jpg\tb.jpg\n",
    "four fields": b"a.jpg\tb.jpg\tgrey\tx\n",
    "an empty field": b"a.jpg\t\tgrey\n",
}


@cases(BAD_PAIRS)
def a_bad_line_is_refused(world, row):
    path = world.write("pairs.tsv", b"# comment\n" + row)
    outcome = world.run("eval", path, exits=TROUBLE)
    contains(outcome.errors, "line 2", path)
    equal(outcome.output, "", "output")


@case
def what_cannot_be_measured_is_told(world):
    faded = world.files("faded")[0]
    rows = {
        (world.path("absent"),): "no such file",
        (world.write("empty.tsv", b""),): "nothing to measure",
        (write_pairs(world, [(faded, faded, "same")]),): "no picture here that could be listed",
        (write_pairs(world, [("absent.jpg", faded, "same")], "absent.tsv"),): "absent.jpg",
    }
    for arguments, words in rows.items():
        outcome = world.run("eval", *arguments, exits=TROUBLE)
        contains(outcome.errors.lower(), words)
        equal(outcome.output, "", words)


@case
def a_copy_that_cannot_be_read_is_counted_and_told(world):
    original = world.files("listed")[0]
    pairs = write_pairs(world, [(original, original, "same"),
                                (original, world.path("absent.jpg"), "lost")])
    outcome = world.run("eval", "--json", pairs, exits=TROUBLE)
    contains(outcome.errors, "absent.jpg")
    same, lost = json.loads(outcome.output)["edits"]
    equal((same["copies"], same["psi"], lost["copies"], lost["failed"]), (1, 1, 0, 1), "counts")


@case
def a_report_that_cannot_be_written_is_trouble(world):
    path = world.path("no", "folder", "report.html")
    pairs = write_pairs(world, list(listed_pairs(world))[:1])
    contains(world.run("eval", "--html", path, pairs, exits=TROUBLE).errors, path)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
