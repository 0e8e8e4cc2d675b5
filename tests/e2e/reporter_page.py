# SPDX-License-Identifier: Apache-2.0
"""The reporter's page, as a browser meets it."""

import contextlib
import http.client
import http.server
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree

import harness
from harness import DONE, MATCH, TROUBLE, case, cases, contains, equal

POLICY = ("default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
          "frame-ancestors 'none'")


class Page:
    """A server, and a browser with one cookie."""

    def __init__(self, world, *arguments):
        self.process = world.start("reporter", "page", "--store", world.path("store"), *arguments)
        word, self.token = self.process.stdout.readline().split()
        equal(word, "token", "first word")
        line = self.process.stdout.readline()
        assert line.startswith("page on http://127.0.0.1:"), f"{line!r}"
        self.port = int(line.rsplit(":", 1)[1])
        self.cookie = None

    def ask(self, method, path, fields=None, **headers):
        """Returns the number, the headers and the text of an answer."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port,
                                                           timeout=100)) as connection:
            if self.cookie:
                headers["Cookie"] = f"other=1; {self.cookie}; last=2"
            connection.request(method, path, fields and urllib.parse.urlencode(fields), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        return answer.status, answer.headers, text

    def get(self, path):
        number, _, text = self.ask("GET", path)
        equal(number, 200, f"{path}: {text}")
        return text

    def log_in(self):
        number, headers, _ = self.ask("POST", "/login", {"token": self.token})
        equal((number, headers["Location"]), (303, "/"), "login")
        contains(headers["Set-Cookie"], "HttpOnly", "SameSite=Strict")
        self.cookie = headers["Set-Cookie"].split(";")[0]
        return self

    def form(self):
        """Returns the secret of this session's forms."""
        return re.search(r'name="form" value="([0-9a-f]{32})"', self.get("/"))[1]

    def rows(self, path="/"):
        """Returns the ids of the reports that a list shows."""
        return re.findall(r'href="/report\?id=([0-9a-f]+)"', self.get(path))


def fill_store(world, count=3):
    """A store with so many reports; returns their ids, the newest first."""
    world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
               world.path("spool"), "--report-store", world.path("store"), "--list",
               world.workspace, *world.files("copies")[:count], exits=MATCH)
    return [report["id"] for report in reversed(world.stored())]


def change(world, sql, *values):
    with contextlib.closing(sqlite3.connect(world.path("store"))) as database:
        database.execute(sql, values)
        database.commit()


def check_document(text):
    """It is sound, and needs nothing but the one stylesheet."""
    text = text.replace("<!DOCTYPE html>", "")
    for tag in ("meta", "link", "input"):
        text = re.sub(rf"(<{tag}[^>]*)>", r"\1/>", text)
    text = re.sub(r" (selected|required|autofocus)\b", r' \1=""', text)
    root = xml.etree.ElementTree.fromstring(text)
    for element in root.iter():
        assert element.tag not in ("script", "img", "iframe", "object", "style"), element.tag
        assert not [key for key in element.keys() if key.startswith("on") or key == "style"]
        assert not re.match(r"(https?:)?//", element.get("href") or ""), element.get("href")
    return root


@case
def accounts_are_shown_before_anything_of_them_can_be_read(world):
    world.scan(*world.with_key(), "--reporter-key", world.key("reporter"), "--spool",
               world.path("spool"), "--report-store", world.path("store"), "--list",
               world.workspace, "--threshold", "3", *world.files("listed")[:2], exits=MATCH)
    page = Page(world).log_in()
    text = page.get("/")
    check_document(text)
    equal(page.rows(), [], "reports")
    contains(text, "2 of 3</meter> 2 of 3</td>", '<td class="number">0</td>')


@case
def strangers_see_nothing_but_the_login(world):
    fill_store(world, 1)
    page = Page(world)
    for path in ("/", "/report?id=" + world.stored()[0]["id"]):
        number, headers, text = page.ask("GET", path)
        equal((number, headers["Location"]), (303, "/login"), path)
        assert "confirmed" not in text
    number, headers, _ = page.ask("POST", "/report", {"id": world.stored()[0]["id"],
                                                      "decision": "reviewed"})
    equal((number, headers["Location"]), (303, "/login"), "a decision")
    contains(page.get("/login"), "Token")


@cases({"none": "", "a guess": "0" * 32, "too short": "0", "too long": "0" * 33})
def a_wrong_token_opens_nothing(world, row):
    fill_store(world, 1)
    page = Page(world)
    number, headers, text = page.ask("POST", "/login", {"token": row})
    equal((number, headers["Set-Cookie"]), (403, None), "login")
    contains(text, "not the token")


@cases({"none": None, "another's": "hashveil=" + "0" * 32, "an empty one": "hashveil=",
        "another name": "hashveil2="})
def a_wrong_cookie_opens_nothing(world, row):
    fill_store(world, 1)
    page = Page(world).log_in()
    page.cookie = row
    equal(page.ask("GET", "/")[0], 303, "number")


@case
def the_list_has_all_reports_the_newest_first(world):
    ids = fill_store(world)
    page = Page(world).log_in()
    equal(page.rows(), ids, "rows")
    contains(page.get("/"), "3 reports", "This is a test", world.stored()[0]["labels"][0])


@case
def the_list_is_filtered(world):
    ids = fill_store(world)
    change(world, "UPDATE reports SET state = 'rejected' WHERE id = ?", ids[0])
    world.run("reporter", "review", "--store", world.path("store"), "--reviewed", ids[1])
    page = Page(world).log_in()
    for query, wanted in (("state=rejected", ids[:1]), ("state=confirmed", ids[1:]),
                          ("review=new", [ids[0], ids[2]]), ("review=reviewed", [ids[1]]),
                          ("state=confirmed&review=new", ids[2:]), ("review=retracted", []),
                          ("state=&review=", ids), ("state=none&review=none", ids),
                          ("page=1", []), ("page=99999999999999999999", []), ("page=x", ids)):
        equal(page.rows("/?" + query), wanted, query)


@case
def a_long_list_has_pages(world):
    fill_store(world, 1)
    with contextlib.closing(sqlite3.connect(world.path("store"))) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(reports)")]
        others = ", ".join(name for name in names if name not in ("id", "sequence"))
        for number in range(1, 121):
            database.execute(f"INSERT INTO reports (id, {others}) SELECT ?, {others} FROM reports "
                             "LIMIT 1", (f"{number:032x}",))
        database.commit()
    page = Page(world).log_in()
    shown = [page.rows(f"/?page={number}") for number in range(4)]
    equal([len(rows) for rows in shown], [50, 50, 21, 0], "rows")
    equal([int(row, 16) for row in shown[0] + shown[1]], list(range(120, 20, -1)), "order")
    equal(len(set(sum(shown, []))), 121, "different rows")
    for number, words in enumerate((["Older"], ["Newer", "Older"], ["Newer"])):
        equal([word for word in ("Newer", "Older") if word in page.get(f"/?page={number}")], words,
              f"links of page {number}")


@case
def the_chart_counts_the_reports_of_each_day(world):
    ids = fill_store(world)
    now = int(time.time())
    for number, days in enumerate((0, 29, 30)):
        change(world, "UPDATE reports SET received_s = ? WHERE id = ?", now - days * 86400,
               ids[number])
    root = check_document(Page(world).log_in().get("/"))
    rows = [[cell.text for cell in row] for row in root.iter("tr")
            if len(row) == 2 and re.match(r"\d{4}-\d\d-\d\d$", row[0].text or "")]
    equal([int(count) for _, count in rows], [1] + [0] * 28 + [1], "counts")
    heights = [float(bar.get("height")) for bar in root.iter("rect") if bar.get("class") == "bar"]
    equal([height > 0 for height in heights], [True] + [False] * 28 + [True], "bars")


@case
def a_report_shows_each_bit_that_differs(world):
    fill_store(world)
    page = Page(world, "--list", world.workspace).log_in()
    for report in world.stored():
        text = page.get("/report?id=" + report["id"])
        contains(text, report["hash"], report["record"], report["labels"][0],
                 f"{report['distance']} of 256 bits differ")
        root = check_document(text)
        cells = [cell.get("class") for cell in root.iter("rect")]
        equal((len(cells), cells.count("other")), (256, report["distance"]), "cells")
        hash_bits = bin(int(report["hash"], 16))[2:].zfill(256)[::-1]
        equal([cell for cell, bit in zip(cells, hash_bits) if cell not in ("other", "bit" + bit)],
              [], "cells that show another bit")


@case
def a_page_without_a_list_shows_the_bits_alone(world):
    ids = fill_store(world, 1)
    text = Page(world).log_in().get("/report?id=" + ids[0])
    contains(text, "no list")
    assert "differ" not in text


@case
def a_decision_is_made_once(world):
    ids = fill_store(world)
    page = Page(world).log_in()
    fields = {"id": ids[0], "decision": "reviewed", "form": page.form()}
    number, headers, _ = page.ask("POST", "/report", fields)
    equal((number, headers["Location"]), (303, "/report?id=" + ids[0]), "answer")
    contains(page.get("/report?id=" + ids[0]), "reviewed", "stays so")
    equal(page.ask("POST", "/report", {**fields, "decision": "retracted"})[0], 409, "again")
    equal(page.ask("POST", "/report", {**fields, "id": "00" * 16})[0], 404, "no report")
    equal(page.ask("POST", "/report", {**fields, "decision": "new"})[0], 400, "no decision")
    equal(page.rows("/?review=reviewed"), ids[:1], "reviewed")


@cases({"without its secret": None, "with another secret": "0" * 32})
def a_form_of_another_site_decides_nothing(world, row):
    ids = fill_store(world, 1)
    page = Page(world).log_in()
    fields = {"id": ids[0], "decision": "reviewed", **({"form": row} if row else {})}
    equal(page.ask("POST", "/report", fields)[0], 403, "number")
    equal(page.rows("/?review=new"), ids, "new")


@case
def who_logs_out_is_a_stranger(world):
    fill_store(world, 1)
    page = Page(world).log_in()
    equal(page.ask("POST", "/logout", {"form": page.form()})[0], 303, "number")
    equal(page.ask("GET", "/")[0], 303, "number afterwards")


@case
def every_answer_forbids_what_the_page_does_not_need(world):
    fill_store(world, 1)
    page = Page(world).log_in()
    for path in ("/", "/login", "/style.css", "/nothing", "/report?id=1"):
        _, headers, _ = page.ask("GET", path)
        equal((headers["Content-Security-Policy"], headers["X-Content-Type-Options"],
               headers["Cache-Control"]), (POLICY, "nosniff", "no-store"), path)
    equal(page.ask("GET", "/style.css")[1]["Content-Type"], "text/css; charset=utf-8", "type")


@case
def a_label_is_shown_and_not_obeyed(world):
    label = "<script>alert(1)</script> \"&amp; \x1b[31m"
    ids = fill_store(world, 1)
    change(world, "UPDATE reports SET labels = ?", label)
    page = Page(world).log_in()
    for path in ("/", "/report?id=" + ids[0]):
        root = check_document(page.get(path))
        contains("".join(root.itertext()), "<script>alert(1)</script> \"&amp; \\x1b[31m")


@cases({"a report that is not there": ("GET", "/report?id=1", 404),
        "no report": ("GET", "/report", 404), "another path": ("GET", "/nothing", 404),
        "a query of nothing": ("GET", "/?=", 400), "GET for POST": ("GET", "/logout", 405),
        "another host": ("HOST", "/", 421)})
def what_is_not_there_is_refused(world, row):
    method, path, wanted = row
    fill_store(world, 1)
    page = Page(world).log_in()
    headers = {"Host": "example.org"} if method == "HOST" else {}
    equal(page.ask("GET" if headers else method, path, **headers)[0], wanted, "number")


@case
def reports_that_come_meanwhile_are_shown(world):
    fill_store(world, 1)
    page = Page(world).log_in()
    ids = fill_store(world, 2)
    equal(page.rows(), ids, "rows")


@case
def the_page_ends_when_it_is_told(world):
    fill_store(world, 1)
    page = Page(world).log_in()
    page.process.terminate()
    world.finish(page.process, DONE)


@case
def a_store_that_is_none_is_refused(world):
    other = world.write("other", b"no store\n" * 1000)
    for arguments, path in ((("--store", other), other),
                            (("--store", world.path("nowhere")), world.path("nowhere"))):
        contains(world.run("reporter", "page", *arguments, exits=TROUBLE).errors, path)


class LoggedIn(http.server.BaseHTTPRequestHandler):
    """Passes a browser's requests on to a page, with the page's cookie."""

    def do_GET(self):  # pylint: disable=invalid-name
        number, headers, text = self.server.page.ask("GET", self.path)
        self.send_response(number)
        for name in ("Content-Type", "Content-Security-Policy"):
            self.send_header(name, headers[name])
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def serve_logged_in(world, page):
    """Returns a port where a browser is logged in to the page."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), LoggedIn)
    server.page = page
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world.stack.callback(server.server_close)
    world.stack.callback(server.shutdown)
    return server.server_port


def fill_a_month(world, ids):
    """Gives the reports times and states of their own."""
    now = int(time.time())
    for number, report in enumerate(ids):
        change(world, "UPDATE reports SET received_s = ? WHERE id = ?",
               now - number * number * 40000, report)
    change(world, "UPDATE reports SET state = 'rejected' WHERE id = ?", ids[2])
    world.run("reporter", "review", "--store", world.path("store"), "--reviewed", *ids[3:5])


@case
def everything_can_be_reached_and_read_without_a_mouse(world):
    """What acts is a link, a button or a field of a form, in the order of the document, and each
    field has a label; what is drawn has a name."""
    ids = fill_store(world, 1)
    page = Page(world).log_in()
    for path in ("/", "/login", "/report?id=" + ids[0]):
        root = check_document(page.get(path))
        fields = [element for tag in ("select", "input") for element in root.iter(tag)
                  if element.get("type") != "hidden"]
        labelled = [element for label in root.iter("label") for element in label.iter()]
        assert all(field in labelled for field in fields), path
        assert all(button.text for button in root.iter("button")), path
        assert all(image.get("aria-label") for image in root.iter("svg")), path
        assert not [element for element in root.iter() if "tabindex" in element.keys()], path
        assert all(head.get("scope") for head in root.iter("th")), path
        equal((root.get("lang"), len(list(root.iter("h1")))), ("en", 1), path)


def luminance(color):
    """The relative luminance of #rgb or #rrggbb (WCAG 2.1)."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    parts = [int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
              for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(*colors):
    low, high = sorted(luminance(color) for color in colors)
    return (high + 0.05) / (low + 0.05)


# What is drawn on what, each a rule of the stylesheet and a property there; and the contrast that
# WCAG 2.1 (1.4.3, 1.4.11) asks for: 4.5 of text, 3 of drawings.
DRAWN = {
    "text": (("body", "color"), ("body", "background"), 4.5),
    "links": (("a", "color"), ("body", "background"), 4.5),
    "links under the mouse": (("a", "color"), ("tbody tr:hover", "background"), 4.5),
    "the notice": (("body", "color"), (".notice", "background"), 4.5),
    "buttons": (("button", "color"), ("button", "background"), 4.5),
    "confirmed": ((".confirmed", "color"), ("tbody tr:hover", "background"), 4.5),
    "rejected": ((".rejected", "color"), ("tbody tr:hover", "background"), 4.5),
    "unchecked": ((".unchecked", "color"), ("tbody tr:hover", "background"), 4.5),
    "the focus": ((":focus-visible", "outline"), ("body", "background"), 3),
    "bars": ((".bar", "fill"), ("body", "background"), 3),
    "bits that differ": ((".cross", "stroke"), (".other", "fill"), 3),
    "bits": ((".bit1", "fill"), (".bit0", "fill"), 3),
}


@case
def colors_can_be_told_apart(world):
    fill_store(world, 1)
    sheet = Page(world).get("/style.css")
    rules = {selector.strip(): dict(part.strip().split(": ", 1) for part in body.split(";")
                                    if part.strip())
             for selector, body in re.findall(r"([^{}]+)\{([^}]*)\}", sheet)}
    for name, (*places, least) in DRAWN.items():
        colors = [re.search("#[0-9a-f]+", rules[selector][key])[0] for selector, key in places]
        assert contrast(*colors) >= least, f"{name}: {colors}: {contrast(*colors):.2f}"


@case
def a_browser_shows_each_page(world):
    """Where HASHVEIL_SCREENSHOTS names a folder, into it."""
    browser = shutil.which("chromium")
    if not browser:
        raise harness.Skip("there is no chromium")
    ids = fill_store(world, 8)
    fill_a_month(world, ids)
    page = Page(world, "--list", world.workspace).log_in()
    port = serve_logged_in(world, page)
    folder = os.environ.get("HASHVEIL_SCREENSHOTS", world.folder)
    for name, path in (("login", "/login"), ("list", "/"), ("report", "/report?id=" + ids[0])):
        picture = os.path.join(folder, name + ".png")
        subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu",
                        f"--user-data-dir={world.path('browser')}", f"--screenshot={picture}",
                        "--window-size=1000,1300", f"http://127.0.0.1:{port}{path}"],
                       check=True, capture_output=True, timeout=harness.MOST_SECONDS)
        with open(picture, "rb") as file:
            equal(file.read(8), b"\x89PNG\r\n\x1a\n", name)


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
