"""Volunteers with the stock BOINC client: the laboratory is killed, and computers are new, two, copied and back."""

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from boinc_client import BOINC, Client, Person, client, register
from patience import PATIENCE
from processes import ran
from real_parts import need
from volunteer_lab import Project, Site, attached, volunteers

from axiom.rules.hosts.speed import REFERENCE_FLOPS

pytestmark = need("boinc")
JOB = Path(__file__).resolve().parents[2] / "deploy/boinc.sh"
_DOWNLOADS, _UPLOADS = "/download/", "/file_upload_handler"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    """A laboratory with experiments that take moments, or minutes, or bring much."""
    experiments = {"swift": {}, "wordy": {"cells": 40, "length": 500, "seconds": 0.1}}
    experiments |= {"graphic": {"gpu": True}, "sized": {"seconds": 1.0}}
    with volunteers(tmp_path_factory.mktemp("volunteers"), **experiments) as lab:
        yield lab


@pytest.fixture(scope="module")
def ann(lab) -> Person:
    return register(lab.address)


@pytest.fixture(scope="module")
def computers(lab, ann, tmp_path_factory) -> Iterator[dict[str, Client]]:
    """Ann's computers, which have met the laboratory: that takes a client ten seconds, and several no longer."""
    place = tmp_path_factory.mktemp("ann")
    with contextlib.ExitStack() as stack:
        made = {
            name: stack.enter_context(client(place / name, lab.address, ann.key, cores=2, gpus=name == "gpus"))
            for name in ("usual", "gpus", "back")
        }
        for computer in made.values():
            computer.wait(Client.host, nudge=8)
        yield made


@pytest.fixture
def computer(computers) -> Client:
    """The one of Ann's computers about which nothing is special."""
    return computers["usual"]


@contextlib.contextmanager
def idle(lab: Project, computers: dict[str, Client]) -> Iterator[None]:
    """These computers leave open work to others meanwhile."""
    for computer in computers.values():
        computer.say("--project", lab.address, "nomorework")
    yield
    for computer in computers.values():
        computer.say("--project", lab.address, "allowmorework")


def test_a_laboratory_that_is_killed_loses_nothing_and_pays_once(lab, computer):
    number = lab.order("wordy", computer.host())
    computer.update()
    computer.wait(lambda seen: seen.is_computing(number), nudge=8)
    lab.kill()  # while it computes
    lab.start()
    held = lab.wire.cut(_UPLOADS, 100_000, f"-t{number}-", holds=True)
    assert held.met.wait(PATIENCE)
    lab.kill()  # while it uploads
    held.released.set()
    computer.update()
    computer.wait(lambda seen: seen.project()["nrpc_failures"] != "0")  # nobody is there, and the client waits
    lab.start()
    assert len(lab.wait_for(number, "valid", computer)["results"]) == 40
    lab.wait(lambda: len(lab.task(number)["awards"]) == 1)
    computer.wait(lambda seen: seen.project()["nrpc_failures"] == "0", nudge=8)
    lab.promises()


def test_a_newcomers_first_task_takes_seconds_and_the_next_are_larger(lab, computers, tmp_path):
    with idle(lab, computers):
        whole = lab.task(lab.order("sized", replicates=24))["workunit"]
        with attached(lab, tmp_path / "new", register(lab.address, "Newcomer").key, cores=2) as newcomer:
            lab.wait(lambda: lab.workunit(whole)["parts"], nudged=newcomer)
            (first,) = lab.workunit(whole)["parts"]
            lab.kill()
            lab.start()
            assert lab.workunit(whole)["parts"] == [first]
            lab.wait(lambda: lab.workunit(whole)["state"] == "done", nudged=newcomer)
            ordered = [lab.workunit(number) for number in (*lab.workunit(whole)["parts"], whole)]
            lab.wait(lambda: all(lab.workunit(row["number"])["state"] == "done" for row in ordered), nudged=newcomer)
            with contextlib.closing(sqlite3.connect(lab.data / "axiom.db")) as db:  # its page keeps it to itself
                ((flops,),) = db.execute("SELECT flops FROM host WHERE id = ?", (newcomer.host(),))
            speed = flops / REFERENCE_FLOPS
    assert 5.0 <= len(ordered[0]["replicates"]) / speed <= 15.0  # of a second each on the reference core
    assert [len(workunit["replicates"]) for workunit in ordered[1:3]] == [
        8,
        8,
    ]  # a quarter of a block, as others share it
    assert sorted(number for workunit in ordered for number in workunit["replicates"]) == list(range(24))
    lab.promises()


def test_two_computers_of_one_account_are_two_hosts_and_get_what_is_meant_for_each(lab, computers, computer):
    other = computers["gpus"]
    assert other.host() != computer.host()
    meant, why = [lab.order("swift", other.host())], "graphic needs a GPU of NVIDIA with 100 MB."
    while len(meant) < 6 and not (len(meant) > 1 and computer.reasons()[-1].endswith(why)):
        meant.append(lab.order("graphic"))  # the other one may fetch it before this one asks: then once more
        computer.call()
    assert not any(computer.task(number) for number in meant)
    assert computer.reasons()[-1].endswith(why)
    tasks = [lab.wait_for(number, "valid", other) for number in meant]
    assert {task["host"] for task in tasks} == {other.host()}
    assert "<plan_class>nv</plan_class>" in (other.folder / "client_state.xml").read_text()
    for mine in (computer, other):  # it is one account
        mine.wait(lambda seen: seen.credit() >= sum(task["credit"] for task in tasks), nudge=8)
    for task in tasks:
        assert len(lab.page(f"workunits/{task['workunit']}.json")["workunit"]["tasks"]) == 1


def test_preferences_travel_from_one_client_to_the_next(lab, tmp_path):
    carl = register(lab.address, "Carl")
    (tmp_path / "first").mkdir()
    (tmp_path / "first/global_prefs.xml").write_text(
        f"<global_preferences>\n<source_project>{lab.address}</source_project>\n<mod_time>{time.time():.0f}</mod_time>\n"
        "<disk_interval>77</disk_interval>\n"
        '<venue name="school">\n<disk_interval>99</disk_interval>\n</venue>\n</global_preferences>\n'
    )
    Site(lab, carl).send("account/preferences", resource_share="55", on_cores="on", venue="school")
    with attached(lab, tmp_path / "first", carl.key, keep=True):
        pass
    with attached(lab, tmp_path / "second", carl.key) as second:
        second.wait(lambda seen: (seen.folder / "global_prefs.xml").exists(), nudge=8)
        assert "<disk_interval>99</disk_interval>" in (second.folder / "global_prefs.xml").read_text()


def test_a_copy_of_a_client_is_another_computer(lab, computer, tmp_path):
    kept_back = shutil.ignore_patterns("lockfile", "client.log", "slots")
    shutil.copytree(computer.folder, tmp_path / "copy", ignore=kept_back)
    for _ in range(2):
        computer.call()
    was = computer.host()
    with client(tmp_path / "copy", lab.address, keep=True) as copy:
        copy.wait(lambda seen: seen.host() != was, nudge=8)
        assert copy.host() > was
    computer.call()
    assert computer.host() == was


def test_whoever_comes_back_is_the_same_computer_and_gets_its_work_again(lab, ann, computers):
    mine = computers["back"]
    was = mine.host()
    number = lab.order("swift", was)
    held = lab.wire.cut(f"{_DOWNLOADS}bundle", 100, down=True, holds=True)
    mine.update()
    assert held.met.wait(PATIENCE)  # it has the order, and not yet what it needs for it
    mine.say("--project", lab.address, "detach")
    held.released.set()
    mine.wait(lambda seen: not seen.project())
    mine.say("--project_attach", lab.address, ann.key)
    mine.wait(Client.host, nudge=8)
    assert mine.host() == was
    assert lab.wait_for(number, "valid", mine)["ordinal"] == 0


def test_a_batch_job_of_the_stock_client_computes_and_ends_with_0(lab, computers, tmp_path):
    key = tmp_path / "account.key"
    key.write_text(register(lab.address, "Job").key)
    with idle(lab, computers):
        tasks = [lab.order("swift") for _ in range(2)]
        environment = {
            "PATH": f"{Path(BOINC).parent}:{os.environ['PATH']}",
            "AXIOM_SERVER": lab.address,
            "AXIOM_ACCOUNT_FILE": str(key),
            "AXIOM_SCRATCH": str(tmp_path / "scratch"),
            "AXIOM_WORDS": "--insecure --no_priority_change --sched_retry_delay_min 3 --sched_retry_delay_max 6",
        }
        done = ran([JOB], env=environment)
        assert done.returncode == 0, done.stdout[-4_000:] + done.stderr
        lab.wait(lambda: sorted(lab.task(task)["state"] for task in tasks) == ["unsent", "valid"])
    assert key.read_text() not in done.stdout + done.stderr
    assert (tmp_path / "scratch/1").stat().st_mode & 0o077 == 0
