"""How to join: what is looked up, and what is said where nobody else can."""

from dataclasses import replace

import pytest

from axiom.boinc.project import TITLES
from axiom.domain.runners import OfferedRunner, RunnerFile
from axiom.reads.accounts.join import is_local_address
from axiom.service.doctor_checks import runners_in_words
from axiom.store.experiments.runner_offers import write_offer
from axiom.web.site.app import make_site


def runner(platform: str, size: int, **more) -> OfferedRunner:
    file = RunnerFile(name="a", open_name="", md5="0" * 32, size=size, signature="s", is_main=True)
    return OfferedRunner(platform=platform, version=101, files=(file,), **more)


OFFER = {
    "windows_x86_64": runner("windows_x86_64", 91_260_000, needs_avx=True, unpacked_bytes=300_000_000),
    "x86_64-pc-linux-gnu": runner("x86_64-pc-linux-gnu", 80_000_000, is_stand_in=True),
    "x86_64-pc-linux-gnu-nv": runner("x86_64-pc-linux-gnu", 2_000_000_000, plan_classes=("nv",)),
}


PROGRESS = {"step": "step 3 of 3, archive", "percent": 40, "minutes_left": 6}


@pytest.fixture
def joining(browse, working_lab):
    """The site of a laboratory that others can reach."""
    browser = browse(working_lab)
    browser.app = make_site(replace(browser.pages, master="https://lab.example/"))
    return browser


def joined(browser) -> dict:
    browser.app.forget()
    assert browser.get("/join").status == 200
    return browser.get("/join.json").json["join"]


def test_what_joining_costs_is_looked_up(joining, working_lab):
    write_offer(working_lab.folder, OFFER)
    join = joined(joining)
    assert [(row["platform"], row["uses_gpus"], row["download_mb"], row["disk_mb"]) for row in join["runners"]] == [
        ("windows_x86_64", False, 91.3, 391),
        ("x86_64-pc-linux-gnu", False, 80.0, 80),
        ("x86_64-pc-linux-gnu", True, 2_000.0, 2_000),
    ]
    assert join["memory_mb"] == 100
    assert join["disk_mb"] == 100
    assert join["gpu"] is False
    assert join["only_here"] is False
    told = {row["name"] for row in join["runners"]}
    left_out = {row["name"]: row["emulator"] for row in join["left_out"]}
    assert {name for name in TITLES.values() if name not in told} == {*left_out}
    assert (left_out["macOS, Apple processor"], left_out["Linux, 64-bit ARM"]) == ("", "qemu")
    page = joining.get("/join").text
    for fact in (
        *left_out,
        "/proc/cpuinfo",
        "91.3",
        ">391<",
        "boinccmd --project_attach https://lab.example/ YOUR_ACCOUNT_KEY",
    ):
        assert fact in page
    offer = {"problems": ["a file is damaged"], "building": "a newer runner is being built: 40 %, about 6 minutes"}
    live = {"offer": offer | {"progress": PROGRESS, "is_closed": False}}
    joining.app = make_site(replace(joining.pages, live=lambda: live))
    assert "a file is damaged" in joining.get("/status").text
    status = joining.get("/status.json").json["status"]
    assert [row["version"] for row in status["runners"]] == [101, 101, 101]
    assert status["offer"] == live["offer"]


@pytest.mark.parametrize("progress", [PROGRESS, {"step": "it begins", "percent": None, "minutes_left": None}])
def test_that_nobody_else_can_attach_yet_is_said_where_one_looks(joining, progress):
    assert joined(joining)["progress"] is None
    offer = {"problems": [], "building": "nobody else can attach yet: so far", "progress": progress, "is_closed": True}
    joining.app = make_site(replace(joining.pages, live=lambda: {"offer": offer}))
    assert joined(joining)["progress"] == progress
    assert ("40&nbsp;%" in joining.get("/join").text) is (progress == PROGRESS)
    assert "Nobody else can attach yet: so far" in joining.get("/status").text.partition("<details>")[0]
    assert runners_in_words([], offer).startswith(offer["building"])
    joining.app = make_site(replace(joining.pages, live=lambda: {"offer": offer | {"building": "", "progress": None}}))
    assert joined(joining)["is_closed"]
    assert "none is being built" in joining.get("/join").text
    assert runners_in_words([], offer | {"building": ""}).startswith("nobody else can attach")
    assert "Nobody else can attach" in joining.get("/status").text.partition("<details>")[0]


def test_whether_a_gpu_is_used_follows_from_what_is_open_and_offered_if_anything(joining, working_lab, prepared):
    for text in (
        "",
        '{"runners": {}}',
    ):
        working_lab.folder.runners.mkdir(exist_ok=True)
        working_lab.folder.offer.write_text(text)
        assert joined(joining)["runners"] == []
    for names in (["windows_x86_64"], [*OFFER]):
        write_offer(working_lab.folder, {name: OFFER[name] for name in names})
        join = joined(joining)
        assert join["gpu"] is False
        assert join["gpu_program"] == (names == [*OFFER])
        assert join["gpu_proven"] is False
    working_lab.publish(prepared(top="# a GPU may", uses_gpu=True))  # a repair, by its newest bundle
    assert joined(joining)["gpu"] is True


def test_a_stand_in_computes_on_nothing_of_others(joining, working_lab):
    for is_stand_in in (True, False):
        program = replace(OFFER["x86_64-pc-linux-gnu-nv"], is_stand_in=is_stand_in)
        write_offer(working_lab.folder, {"x86_64-pc-linux-gnu": program})
        assert joined(joining)["gpu_program"] is not is_stand_in
        assert ("an NVIDIA GPU" in joining.get("/join").text) is not is_stand_in


def test_an_address_that_means_this_computer_is_known():
    for address, only_here in (
        *(("http://127.9.9.9/", True), ("http://[::1]:8080/", True), ("http://localhost:8080/", True)),
        *(("http://lab.localhost/", True), ("http://192.168.0.7:8080/", False), ("https://lab.example/", False)),
    ):
        assert is_local_address(address) == only_here
