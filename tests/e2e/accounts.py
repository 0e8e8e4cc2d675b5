# SPDX-License-Identifier: Apache-2.0
"""Who may ask an evaluator, and how much: accounts in SQLite and in PostgreSQL."""

import concurrent.futures
import json
import os
import signal
import sqlite3
import ssl
import stat
import sys

import harness
from account_store import ELEMENTS, SCHEMA, accounts, add, read
from evaluators import ask, captured_request, connect, start, with_certificate
from harness import DONE, MATCH, TROUBLE, USAGE, case, cases, contains, equal, wait_until
from postgresql import Postgresql
from web_folder import make_certificate

def sqlite_store(world):
    return "sqlite:" + world.path("accounts")


def postgresql_store(world):
    server = Postgresql(world)
    server.load(SCHEMA)
    return server.address


STORES = {"SQLite": sqlite_store, "PostgreSQL": postgresql_store}


def evaluate(address, request, token=None, **options):
    """Returns the answer's number, and when to come again."""
    headers = {"Authorization": "Bearer " + token} if token else {}
    number, text, answer = ask(connect(address, **options), "POST", "/v1/evaluate", request, headers)
    if number != 200:
        equal(answer["Content-Type"], "text/plain", text)
    return number, answer["Retry-After"]


def scan_with(world, address, token, exits):
    found = world.scan("--db", world.database, "--evaluator", address, "--token-file", token,
                       world.files("listed")[0], exits=exits)
    return found.files[0]["class"], found.files[0].get("reason")


@cases(STORES)
def an_account_is_answered_until_its_budget_is_spent(world, row):
    store = row(world)
    phone = add(world, store, "phone", 3 * ELEMENTS)
    tablet = add(world, store, "tablet", 10 * ELEMENTS)
    _, address = start(world, "--accounts", store)
    for number in range(3):
        equal(scan_with(world, address, phone, MATCH), ("match", None), f"scan {number}")
    equal(scan_with(world, address, phone, TROUBLE),
          ("unchecked", "the account's budget is spent for now"), "scan beyond the budget")
    equal(scan_with(world, address, tablet, MATCH), ("match", None), "another account")


@case
def a_scan_that_may_wait_goes_on_when_the_budget_has_filled_up(world):
    store = sqlite_store(world)
    # A picture's elements fill up in about a second.
    phone = add(world, store, "phone", 86400 * ELEMENTS, ELEMENTS)
    _, address = start(world, "--accounts", store)
    files = world.files("others")[:3]
    found = world.scan("--db", world.database, "--evaluator", address, "--token-file", phone,
                       "--retry", "60", "--workers", "1", *files, exits=DONE)
    equal(found.classes(), {"no known match": 3}, "classes")


@case
def a_scan_waits_for_an_evaluator_that_is_started_again(world):
    process, path = world.evaluator(name="socket")
    process.terminate()
    world.finish(process, DONE)
    scan = world.start("scan", "--json", "--db", world.database, "--evaluator", "unix:" + path,
                       "--retry", "60", *world.files("others")[:2])
    world.evaluator(name="socket")
    found = world.finish(scan, DONE)
    equal([json.loads(line).get("class") for line in found.output.splitlines()][:2],
          2 * ["no known match"], "classes")


@cases(STORES)
def nobody_else_is_answered(world, row):
    request = captured_request(world)
    store = row(world)
    token = read(add(world, store, "phone", 10 * ELEMENTS))
    process, address = start(world, "--accounts", store)
    for wrong in (None, "hv_" + 64 * "0", token[:-1], token + "0", token.upper(), "'; --"):
        equal(evaluate(address, request, wrong), (401, None), wrong)
    equal(evaluate(address, request, token), (200, None), "the account")
    world.run("account", "remove", "--accounts", store, "phone")
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: evaluate(address, request, token)[0] == 401, "the account is gone")


@cases(STORES)
def a_spent_budget_says_when_there_will_be_enough(world, row):
    request = captured_request(world)
    store = row(world)
    # A request fills up in half a day, whenever the evaluator asks for the time.
    token = read(add(world, store, "phone", 2 * ELEMENTS, ELEMENTS))
    _, address = start(world, "--accounts", store)
    equal(evaluate(address, request, token), (200, None), "first")
    number, seconds = evaluate(address, request, token)
    equal(number, 429, "second")
    assert 43000 < int(seconds) <= 43200, seconds


@case
def a_request_larger_than_the_burst_is_never_answered(world):
    request = captured_request(world)
    store = sqlite_store(world)
    token = read(add(world, store, "phone", 10 * ELEMENTS, ELEMENTS - 1))
    _, address = start(world, "--accounts", store)
    equal(evaluate(address, request, token), (429, "86400"), "answer")


@cases(STORES)
def what_was_used_is_used_after_an_end(world, row):
    request = captured_request(world)
    store = row(world)
    token = read(add(world, store, "phone", 100 * ELEMENTS))
    for round_number in (1, 2):
        process, address = start(world, "--accounts", store)
        for _ in range(3):
            equal(evaluate(address, request, token)[0], 200, "answer")
        process.terminate()
        world.finish(process, DONE)
        left = accounts(world, store)["phone"]["available"]
        # It fills by 25,700 a day: one element in 3.4 seconds.
        used = 100 * ELEMENTS - left
        assert 3 * round_number * ELEMENTS - 60 < used <= 3 * round_number * ELEMENTS, used


@cases(STORES)
def a_kill_makes_an_account_poorer_never_richer(world, row):
    request = captured_request(world)
    store = row(world)
    token = read(add(world, store, "phone", 100 * ELEMENTS))
    process, address = start(world, "--accounts", store)
    for _ in range(3):
        equal(evaluate(address, request, token)[0], 200, "answer")
    process.kill()
    process.wait()
    left = accounts(world, store)["phone"]["available"]
    assert 100 * ELEMENTS * 15 // 16 - 4 * ELEMENTS <= left <= 97 * ELEMENTS, left


@cases(STORES)
def evaluators_together_spend_no_more_than_the_budget(world, row):
    request = captured_request(world)
    store = row(world)
    token = read(add(world, store, "phone", 20 * ELEMENTS))
    addresses = [start(world, "--accounts", store)[1] for _ in range(3)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(evaluate, addresses[number % 3], request, token)
                 for number in range(60)]
        numbers = [one.result()[0] for one in asked]
    answered = numbers.count(200)
    equal(set(numbers) <= {200, 429}, True, numbers)
    # What one holds ahead, a sixteenth, the others cannot have.
    assert 17 <= answered <= 20, answered


@case
def a_certificate_is_an_account_too(world):
    request = captured_request(world)
    store = sqlite_store(world)
    certificate = with_certificate(world)
    clients = {name: make_certificate(world.folder, name) for name in ("phone", "stranger")}
    with open(world.path("clients"), "wb") as both:
        for path in clients.values():
            with open(path, "rb") as one:
                both.write(one.read())
    world.run("account", "add", "--accounts", store, "--per-day", str(ELEMENTS), "--certificate",
              clients["phone"], "phone")
    _, address = start(world, *certificate, "--client-ca", world.path("clients"), "--accounts",
                       store, listen="https://localhost:0")
    def by(name):
        context = ssl.create_default_context(cafile=certificate[1])
        context.load_cert_chain(clients[name], clients[name] + ".key")
        return evaluate(address, request, context=context)[0]
    equal([by("stranger"), by("phone"), by("phone"), by("stranger")], [401, 200, 429, 401],
          "answers")


@case
def a_database_that_is_away_costs_no_answer_for_good(world):
    request = captured_request(world)
    server = Postgresql(world)
    server.load(SCHEMA)
    token = read(add(world, server.address, "phone", 10 * ELEMENTS))
    process, address = start(world, "--accounts", server.address)
    equal(evaluate(address, request, token), (200, None), "before")
    server.stop("fast")
    equal(evaluate(address, request, token), (503, "1"), "while it is away")
    contains(process.stderr.readline(), "hashveil: accounts: ")
    server.start()
    wait_until(lambda: evaluate(address, request, token)[0] == 200, "it is back")


@cases(STORES)
def a_name_is_there_once(world, row):
    store = row(world)
    token = add(world, store, "phone", ELEMENTS)
    again = world.run("account", "add", "--accounts", store, "--per-day", "1", "--token-file",
                      world.path("other"), "phone", exits=TROUBLE)
    contains(again.errors, "hashveil: phone: there is an account of that name")
    assert not os.path.exists(world.path("other")), "a token of no account"
    before = read(token)
    outcome = world.run("account", "add", "--accounts", store, "--per-day", "1", "--token-file",
                        token, "tablet", exits=TROUBLE)
    contains(outcome.errors, token)
    equal(read(token), before, "the token that was there")
    equal(list(accounts(world, store)), ["phone"], "accounts")
    outcome = world.run("account", "remove", "--accounts", store, "tablet", exits=TROUBLE)
    equal(outcome.errors, "hashveil: tablet: there is no account of that name\n", "message")


@cases(STORES)
def accounts_are_listed_by_name_without_what_opens_them(world, row):
    store = row(world)
    tokens = [read(add(world, store, name, 1000, 500)) for name in ("b", "a")]
    output = world.run("account", "list", "--accounts", store).output
    equal([line.split()[-1] for line in output.splitlines()], ["a", "b"], "names")
    contains(output, "token ", " 1000 a day, 500 at once, 500 now ")
    row = accounts(world, store)["a"]
    equal((row["credential"], row["per_day"], row["burst"], row["available"]),
          ("token", 1000, 500, 500), "account")
    for token in tokens:
        assert token not in output and token[3:] not in output, "a token is printed"


@case
def files_of_accounts_are_their_owners_alone(world):
    store = sqlite_store(world)
    token = add(world, store, "phone", ELEMENTS)
    for path in (token, world.path("accounts")):
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
    with open(world.path("accounts"), "rb") as file:
        assert read(token)[3:].encode() not in file.read(), "the store has the token"


def damage(world, statement):
    store = sqlite_store(world)
    add(world, store, "phone", ELEMENTS)
    with sqlite3.connect(world.path("accounts")) as database:
        database.execute(statement)
    database.close()
    return store


@cases({
    "a burst above the budget": "UPDATE account SET burst = per_day + 1",
    "a budget of nothing": "UPDATE account SET per_day = 0, burst = 0",
    "a negative level": "UPDATE account SET level = -1",
    "another kind": "UPDATE account SET kind = 2",
    "a short digest": "UPDATE account SET credential = x'00'",
    "a name with an escape": "UPDATE account SET name = char(27) || '[1m'",
})
def a_damaged_account_is_told(world, row):
    store = damage(world, row)
    outcome = world.run("account", "list", "--accounts", store, exits=TROUBLE)
    equal(outcome.errors, f"hashveil: {store}: malformed or damaged\n", "message")


@cases({
    "no such file": lambda world: world.path("absent"),
    "a folder": lambda world: world.folder,
    "a picture": lambda world: world.files("listed")[0],
    "a workspace": lambda world: world.workspace,
})
def what_is_no_store_is_refused(world, row):
    path = row(world)
    for command in (("account", "list"), ("account", "remove", "x"),
                    ("evaluator", "--key", world.key("evaluator"), "--listen",
                     "unix:" + world.path("socket"))):
        outcome = world.run(*command, "--accounts", "sqlite:" + path, exits=TROUBLE)
        contains(outcome.errors, f"hashveil: {path}: ")


USAGES = {
    "no name": (),
    "two names": ("a", "b"),
    "a name with a line": ("a\nb",),
    "an empty name": ("",),
    "a long name": (65 * "x",),
    "a burst above the budget": ("a", "--burst", "11"),
    "another store": ("a", "--accounts", "accounts.sqlite"),
    "a certificate and a token": ("a", "--certificate", "x"),
    "no budget": ("a", "--per-day", "0"),
}


@cases(USAGES)
def no_account_is_made_of(world, row):
    store = sqlite_store(world)
    world.run("account", "add", "--accounts", store, "--per-day", "10", "--token-file",
              world.path("token"), *row, exits=USAGE)
    assert not os.path.exists(world.path("token")) and not os.path.exists(world.path("accounts"))


if __name__ == "__main__":
    sys.exit(harness.main(sys.argv))
