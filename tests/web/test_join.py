"""How to join: what is looked up, and what is said where nobody else can."""

import json
from dataclasses import replace

import pytest
from receiving import ORIGIN

from axiom.web.app import site
from axiom.web.join import is_only_here

OFFER = {
    "runners": {
        "windows_x86_64": {"version": 101, "files": [{"size": 90_000_000}, {"size": 1_260_000}]},
        "x86_64-pc-linux-gnu": {"version": 101, "files": [{"size": 80_000_000}]},
    }
}


@pytest.fixture
def joining(browse, working_lab):
    """The site of a laboratory that others can reach."""
    browser = browse(working_lab)
    browser.app = site(replace(browser.pages, master="https://lab.example/"))
    return browser


def offer(lab, text: str) -> None:
    lab.folder.runners.mkdir(exist_ok=True)
    (lab.folder.runners / "offer.json").write_text(text)


def test_what_joining_costs_is_looked_up(joining, working_lab):
    offer(working_lab, json.dumps(OFFER))
    found = joining.get("/join.json").json["join"]
    assert [(each["name"], each["download_mb"]) for each in found["runners"]] == [
        ("Windows, 64-bit Intel or AMD", 91.3),
        ("Linux, 64-bit Intel or AMD", 80.0),
    ]
    assert (found["memory_mb"], found["disk_mb"], found["gpu"], found["only_here"]) == (100, 100, False, False)
    page = joining.get("/join").text
    for said in (
        "91.3",
        "https://lab.example/</code>",
        "boinccmd --project_attach https://lab.example/ YOUR_ACCOUNT_KEY",
    ):
        assert said in page
    assert "listens on this computer only" not in page


@pytest.mark.parametrize("text", ["", "{}", "[", '{"runners": {}}'])
def test_where_no_runner_is_offered_the_page_says_so(joining, working_lab, text):
    offer(working_lab, text)
    assert "No program for volunteers’ computers is offered yet" in joining.get("/join").text


def test_without_a_project_there_is_nothing_to_join(empty_site):
    page = empty_site.get("/join").text
    assert "there is nothing to join here" in page
    assert "boinccmd" not in page


def test_a_new_laboratory_says_that_no_experiment_is_open(browse, small_lab):
    browser = browse(small_lab)
    browser.app = site(replace(browser.pages, master=f"{ORIGIN}/"))
    assert "No experiment is open at the moment" in browser.get("/join").text


@pytest.mark.parametrize(
    ("address", "only_here"),
    [
        ("http://127.0.0.1:8080/", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:8080/", True),
        ("http://localhost:8080/", True),
        ("http://lab.localhost/", True),
        ("http://192.168.0.7:8080/", False),
        ("http://[2001:db8::1]/", False),
        ("https://lab.example/", False),
    ],
)
def test_an_address_that_means_this_computer_is_known(address, only_here):
    assert is_only_here(address) == only_here
