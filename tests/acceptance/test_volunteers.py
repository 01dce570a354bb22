"""Volunteers with the stock BOINC client, from an account to credit, through everything that may come between."""

import contextlib
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator

import pytest
from boinc_client import Client, Person, client, register
from running_lab import answer, axiom
from volunteer_lab import Project, Site, experiment, project
from vouch import vouch

from axiom.boinc.project_files import pictures
from axiom.decisions.hosts.speed import REFERENCE_FLOPS

_DOWNLOADS, _UPLOADS = "/download/", "/file_upload_handler"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    """A laboratory with experiments that take moments, or minutes, or bring much."""
    place = tmp_path_factory.mktemp("volunteers")
    with project(place / "lab") as made:
        made.offer("test_deploy", "test_deploy", is_tried=True)
        made.publish(place, "swift")
        made.publish(place, "patient", tenths=900, seconds=90.0)
        made.publish(place, "wordy", cells=40, length=500, seconds=0.1)
        made.publish(place, "graphic", gpu=True)
        made.publish(place, "sized", seconds=1.0)
        yield made


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
            for name in ("usual", "cut", "gpus", "back")
        }
        for each in made.values():
            each.wait(Client.host, nudge=8)
        yield made


@pytest.fixture
def computer(computers) -> Client:
    """The one of Ann's computers about which nothing is special."""
    return computers["usual"]


@contextlib.contextmanager
def attached(lab: Project, folder, key: str, **options) -> Iterator[Client]:
    """A client that has met the laboratory."""
    with client(folder, lab.address, key, **options) as made:
        made.wait(Client.host, nudge=8)
        yield made


@contextlib.contextmanager
def idle(lab: Project, computers: dict[str, Client]) -> Iterator[None]:
    """These computers leave open work to others meanwhile."""
    for each in computers.values():
        each.say("--project", lab.address, "nomorework")
    yield
    for each in computers.values():
        each.say("--project", lab.address, "allowmorework")


def paid(lab: Project, number: int) -> int:
    """How often a task was paid."""
    return len(lab.task(number)["awards"])


def test_a_task_ends_in_credit_that_the_client_shows(lab, computers, tmp_path):
    bob = register(lab.address, "Bob")
    with idle(lab, computers), client(tmp_path / "computer", lab.address) as mine:
        number = lab.order("test_deploy")
        mine.say("--project_attach", lab.address, bob.key)
        mine.wait(lambda one: one.credit() > 0)
        project = mine.project()
    found = lab.task(number)
    assert (found["state"], found["cause"], found["exit_status"]) == ("valid", "success", 0)
    assert float(project["user_total_credit"]) == pytest.approx(found["credit"])
    assert float(project["user_expavg_credit"]) == pytest.approx(found["credit"], rel=0.01)
    assert (project["user_name"], project["nrpc_failures"]) == ("Bob", "0")


def test_a_laboratory_that_is_killed_loses_nothing_and_pays_once(lab, computer):
    number = lab.order("wordy", computer.host())
    computer.update()
    computer.wait(lambda one: one.is_computing(number), nudge=8)
    lab.kill()  # while it computes
    lab.start()
    held = lab.wire.cut(_UPLOADS, 100_000, f"-t{number}-", holds=True)
    assert held.met.wait(60)
    lab.kill()  # while it uploads
    held.released.set()
    computer.update()
    computer.wait(lambda one: one.project()["nrpc_failures"] != "0")  # nobody is there, and the client waits
    lab.start()
    found = lab.wait_for(number, "valid", computer)
    assert len(found["results"]) == 40
    lab.wait(lambda: paid(lab, number) == 1)
    computer.wait(lambda one: one.project()["nrpc_failures"] == "0", nudge=8)
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
            ordered = [lab.workunit(each) for each in (*lab.workunit(whole)["parts"], whole)]
            lab.wait(lambda: all(lab.workunit(each["number"])["state"] == "done" for each in ordered), nudged=newcomer)
            with contextlib.closing(sqlite3.connect(lab.data / "axiom.db")) as db:  # its page keeps it to itself
                ((flops,),) = db.execute("SELECT flops FROM host WHERE id = ?", (newcomer.host(),))
            speed = flops / REFERENCE_FLOPS
    assert 5.0 <= len(ordered[0]["replicates"]) / speed <= 15.0  # of a second each on the reference core
    assert [len(each["replicates"]) for each in ordered[1:3]] == [8, 8]  # a quarter of a block, as others share it
    assert sorted(number for each in ordered for number in each["replicates"]) == list(range(24))
    lab.promises()


def test_what_was_not_tried_reaches_no_computer_until_it_was(lab, computer, tmp_path):
    assert axiom("experiment", "publish", experiment(tmp_path, "fresh"), data=lab.data).returncode == 0
    meant = axiom("experiment", "deploy", "fresh", "--host", computer.host(), data=lab.data)
    assert (meant.returncode, "waits for its preflight" in meant.stderr) == (4, True)
    number = lab.order("fresh")
    computer.call()
    assert not computer.task(number)
    assert "fresh waits for its preflight, before which it goes to no volunteer" in computer.reasons()[-1]
    assert "fresh waits for its preflight" in answer("host", "why", computer.host(), data=lab.data)["host"]["reason"]
    assert axiom("workunit", "cancel", lab.task(number)["workunit"], data=lab.data).returncode == 0
    vouch(lab.data, "fresh")
    assert lab.wait_for(lab.order("fresh", computer.host()), "valid", computer)["results"]


def test_what_was_cut_is_resumed_where_it_was_cut(lab, computers):
    mine = computers["cut"]
    number = lab.order("wordy", mine.host())
    download = lab.wire.cut(f"{_DOWNLOADS}axiom_runner", 60_000, down=True)
    # On a connection that was used before, the client's library tries again by itself and from the beginning, once for
    # every such connection that it has: cut that each time, until the client asks how much is there.
    uploads = [lab.wire.cut(_UPLOADS, 150_000, f"-t{number}-", "<offset>0</offset>") for _ in range(5)]
    lab.wait_for(number, "valid", mine)
    assert download.met.is_set()
    assert uploads[0].met.is_set()
    asked = "\n".join(lab.wire.requests(f"{_DOWNLOADS}axiom_runner"))
    begins, *_ = re.findall(r"(?i)range: bytes=([0-9]+)-", asked)  # on a busy computer the client may ask once more
    assert 50_000 < int(begins) <= 60_000 + 4_096  # the client drops what may be damaged at the end
    name = mine.finished(number)
    offsets = [re.findall(r"<offset>([0-9]+)", said) for said in lab.wire.requests(_UPLOADS) if name in said]
    assert any(int(where) > 100_000 for found in offsets for where in found), offsets


def test_work_that_the_laboratory_takes_back_ends_on_the_computer(lab, computer):
    number = lab.order("patient", computer.host())
    computer.update()
    computer.wait(lambda one: one.is_computing(number), nudge=8)
    assert axiom("workunit", "cancel", lab.task(number)["workunit"], data=lab.data).returncode == 0
    computer.update()
    lab.wait(lambda: not computer.task(number) and lab.task(number)["cause"], nudged=computer)
    found = lab.task(number)
    assert (found["state"], found["cause"], found["exit_status"]) == ("aborted", "aborted-by-laboratory", 202)


def test_two_computers_of_one_account_are_two_hosts_and_each_gets_what_is_meant_for_it(lab, computers, computer):
    other = computers["gpus"]
    assert other.host() != computer.host()
    meant, why = [lab.order("swift", other.host())], "graphic needs a GPU of NVIDIA with 100 MB."
    while len(meant) < 6 and not (len(meant) > 1 and computer.reasons()[-1].endswith(why)):
        meant.append(lab.order("graphic"))  # the other one may fetch it before this one asks: then once more
        computer.call()
    assert not any(computer.task(number) for number in meant)
    assert computer.reasons()[-1].endswith(why)
    found = [lab.wait_for(number, "valid", other) for number in meant]
    assert {task["host"] for task in found} == {other.host()}
    assert "<plan_class>nv</plan_class>" in (other.folder / "client_state.xml").read_text()
    for each in (computer, other):  # it is one account
        each.wait(lambda one: one.credit() >= sum(task["credit"] for task in found), nudge=8)
    for task in found:
        assert len(lab.page(f"workunits/{task['workunit']}.json")["workunit"]["tasks"]) == 1


def test_preferences_and_venue_reach_the_client(lab, tmp_path):
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
        second.wait(lambda one: (one.folder / "global_prefs.xml").exists(), nudge=8)
        assert second.project()["resource share"] == "55.000000"
        assert "<disk_interval>99</disk_interval>" in (second.folder / "global_prefs.xml").read_text()
        assert "<host_venue>school</host_venue>" in (second.folder / "client_state.xml").read_text()


def test_whoever_has_a_wrong_key_is_told_so_in_a_notice(lab, tmp_path):
    with client(tmp_path / "computer", lab.address, "0123456789abcdef" * 2) as mine:
        mine.wait(lambda one: "No account here has this account key" in one.say("--get_notices"))
        assert mine.host() == 0


def test_the_client_takes_the_news_of_its_project(lab, tmp_path):
    with client(tmp_path / "computer", lab.address, register(lab.address, "Rea").key, news=True) as mine:
        mine.wait(
            lambda one: any("</rss>" in file.read_text() for file in one.folder.glob("notices/*_notices.php.xml"))
        )


def test_the_client_has_the_icon_and_the_pictures_of_its_project(lab, tmp_path):
    with client(tmp_path / "computer", lab.address, register(lab.address, "Pia").key) as mine:
        mine.wait(lambda one: len(list(one.folder.glob("projects/*/axiom_*.png"))) == len(pictures()), nudge=8)
        mine.wait(lambda one: all(any(one.folder.glob(f"projects/*/{each.open_name}")) for each in pictures()))


def test_a_copy_of_a_client_is_another_computer(lab, computer, tmp_path):
    kept_back = shutil.ignore_patterns("lockfile", "client.log", "slots")
    shutil.copytree(computer.folder, tmp_path / "copy", ignore=kept_back)
    for _ in range(2):
        computer.call()
    was = computer.host()
    with client(tmp_path / "copy", lab.address, keep=True) as copy:
        copy.wait(lambda one: one.host() != was, nudge=8)
        assert copy.host() > was
    computer.call()
    assert computer.host() == was


def test_whoever_comes_back_is_the_same_computer_and_gets_its_work_again(lab, ann, computers):
    mine = computers["back"]
    was = mine.host()
    number = lab.order("swift", was)
    held = lab.wire.cut(f"{_DOWNLOADS}bundle", 100, down=True, holds=True)
    mine.update()
    assert held.met.wait(60)  # it has the order, and not yet what it needs for it
    mine.say("--project", lab.address, "detach")
    held.released.set()
    mine.wait(lambda one: not one.project())
    mine.say("--project_attach", lab.address, ann.key)
    mine.wait(Client.host, nudge=8)
    assert mine.host() == was
    assert lab.wait_for(number, "valid", mine)["ordinal"] == 0


def test_the_client_says_why_there_is_no_work_as_the_laboratory_does(lab, computer):
    seen = len(computer.reasons())
    computer.wait(lambda one: one.call() or len(one.reasons()) > seen)
    why = answer("host", "why", computer.host(), data=lab.data)["host"]["why_no_work"]
    assert computer.reasons()[-1].startswith(f"No work for this computer now: {why}.")
    assert why in axiom("host", "why", computer.host(), data=lab.data).stdout
