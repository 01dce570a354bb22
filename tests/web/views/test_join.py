"""How to join: what is looked up, and what is said where nobody else can."""

from dataclasses import replace

import pytest
from account_site import ORIGIN

from axiom.store.experiments.runner_offers import OfferedRunner, RunnerFile, write_offer
from axiom.web.site.app import site
from axiom.web.views.join import is_only_here


def runner(platform: str, size: int, **more) -> OfferedRunner:
    file = RunnerFile(name="a", open_name="", md5="0" * 32, size=size, signature="s", is_main=True)
    return OfferedRunner(platform=platform, version=101, files=(file,), **more)


OFFER = {
    "windows_x86_64": runner("windows_x86_64", 91_260_000, needs_avx=True, unpacked_bytes=300_000_000),
    "x86_64-pc-linux-gnu": runner("x86_64-pc-linux-gnu", 80_000_000, is_stand_in=True),
    "x86_64-pc-linux-gnu-nv": runner("x86_64-pc-linux-gnu", 2_000_000_000, plan_classes=("nv",)),
}


@pytest.fixture
def joining(browse, working_lab):
    """The site of a laboratory that others can reach."""
    browser = browse(working_lab)
    browser.app = site(replace(browser.pages, master="https://lab.example/"))
    return browser


def offer(lab, text: str) -> None:
    lab.folder.runners.mkdir(exist_ok=True)
    lab.folder.offer.write_text(text)


def test_what_joining_costs_is_looked_up(joining, working_lab):
    write_offer(working_lab.folder, OFFER)
    found = joining.get("/join.json").json["join"]
    assert [(each["name"], each["computes_on"], each["download_mb"], each["disk_mb"]) for each in found["runners"]] == [
        ("Windows, 64-bit Intel or AMD", ["its processor"], 91.3, 391),
        ("Linux, 64-bit Intel or AMD", ["its processor"], 80.0, 80),
        ("Linux, 64-bit Intel or AMD", ["an NVIDIA GPU"], 2_000.0, 2_000),
    ]
    assert (found["memory_mb"], found["disk_mb"], found["gpu"], found["only_here"]) == (100, 100, False, False)
    page = joining.get("/join").text
    for said in (
        "91.3",
        ">391<",
        "its processor with AVX",
        "an NVIDIA GPU",
        "The program for Linux, 64-bit Intel or AMD is a stand-in",
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


@pytest.mark.parametrize(
    ("may", "names", "said"),
    [
        (True, [*OFFER], "used <small>if you allow it</small>"),
        (True, ["windows_x86_64"], "not used <small>since no program for one is offered yet</small>"),
        (False, [*OFFER], "not used <small>by any open experiment</small>"),
    ],
)
def test_whether_a_gpu_is_used_follows_from_what_is_open_and_what_is_offered(
    joining, working_lab, prepared, may, names, said
):
    write_offer(working_lab.folder, {name: OFFER[name] for name in names})
    if may:  # a repair, by its newest bundle
        working_lab.publish(prepared(top="# a GPU may", uses_gpu=True))
    assert f"<dd>{said}</dd>" in joining.get("/join").text
    assert joining.get("/join.json").json["join"]["gpu"] is may


def test_without_a_stand_in_none_is_spoken_of(joining, working_lab):
    write_offer(working_lab.folder, {"windows_x86_64": OFFER["windows_x86_64"]})
    assert "stand-in" not in joining.get("/join").text


def test_the_status_says_what_is_offered_what_is_built_and_what_is_in_the_way(joining, working_lab):
    write_offer(working_lab.folder, OFFER)
    live = {"offer": {"problems": ["a file is damaged"], "building": "a runner is being built"}}
    joining.app = site(replace(joining.pages, live=lambda: live))
    page = joining.get("/status").text
    for said in ("every such computer with AVX", "A runner is being built", "a file is damaged", "own computers"):
        assert said in page
    found = joining.get("/status.json").json["status"]
    assert [each["version"] for each in found["runners"]] == [101, 101, 101]
    assert found["offer"] == live["offer"]
