"""A project on an official server becomes a laboratory while a stock client has its tasks, and it notices nothing.

The server before is played, with its own keys, tasks and replies; client, move and laboratory are real.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import old_server
import pytest
from boinc_client import Client, client
from old_server import HOST, KEY, NAME, OldServer
from real_parts import need
from running_lab import answer, typed
from volunteer_lab import Project
from wire import Proxy, proxy

pytestmark = need("boinc")
_TROUBLE = re.compile(
    r"new computer|Unrecoverable|[Ss]ignature|changed its URL|No account|permanent upload|not on file", re.IGNORECASE
)


def _computing(computer: Client) -> list[str]:
    return [task["name"] for task in computer.tasks() if task.get("active_task_state") == "EXECUTING"]


def _known(computer: Client) -> dict[str, str]:
    """Of the account and this computer: team, ids by which credit sites know them, and where it stands."""
    state = (computer.folder / "client_state.xml").read_text()
    project = state[state.index("<project>") : state.index("</project>")]
    tags = "team_name teamid cross_project_id external_cpid email_hash host_venue user_name userid"
    return {tag: text for tag in tags.split() for text in re.findall(f"<{tag}>(.*?)</{tag}>", project)}


@dataclass
class Moved:
    old: OldServer
    lab: Project
    computer: Client
    said_before: int  # characters of the client's log until then
    known_before: dict[str, str]  # what the client knew of its account


@contextmanager
def _moved(old: OldServer, wire: Proxy, computer: Client, place: Path, **dumped: Any) -> Iterator[Moved]:
    """The old server ends for good, and the laboratory takes its place."""
    wire.target = None
    dump = old.dump(place / "stars.sql", **dumped)
    old.stop()
    said, known = len(computer.log()), _known(computer)
    words = ("adopt", dump, "--project", old.folder, "-q")
    done = typed(*words, data=place / "lab")
    assert done.returncode == 0, done.stdout + done.stderr
    with (place / "lab" / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\nmax_failures = 1\n")
    lab = Project(data=place / "lab", wire=wire)
    try:
        lab.start()
        yield Moved(old=old, lab=lab, computer=computer, said_before=said, known_before=known)
    finally:
        lab.stop()


def _attach_by_password(computer: Client) -> None:
    """Detach, and attach as a person does who has no more than address and password."""
    master = computer.address
    computer.say("--project", master, "detach")
    computer.wait(lambda seen: not seen.project())
    said = computer.say("--lookup_account", master, old_server.EMAIL, old_server.PASSWORD)
    computer.say("--project_attach", master, *re.findall(r"account key: ([0-9a-f]{32})", said))
    computer.wait(Client.host, nudge=6)


@pytest.fixture(scope="module")
def moved(tmp_path_factory) -> Iterator[Moved]:
    """A client with tasks that run, wait, are suspended or are being uploaded, when the old server ends for good."""
    place = tmp_path_factory.mktemp("moved")
    with proxy() as wire:
        old = OldServer(address=wire.address, folder=place / "project")
        wire.target = old.port
        with client(place / "one", old.master, KEY, cores=3) as computer:
            computer.wait(Client.host, nudge=4)
            old.give("done", "held", "runs", "late", "next")
            computer.wait(lambda seen: len(_computing(seen)) == 3, nudge=4)
            computer.say("--task", old.master, old.task("held"), "suspend")
            old.takes_uploads = False
            old.end("done")
            computer.wait(lambda seen: f"{old.task('done')} finished" in seen.log())
            computer.wait(lambda seen: " on upload of star_done_0_0" in seen.log())
            computer.call()
            with _moved(old, wire, computer, place) as moved:
                yield moved


def test_the_client_keeps_its_number_its_tasks_and_its_share_and_says_nothing(moved):
    computer, lab = moved.computer, moved.lab
    computer.call()
    computer.wait(lambda seen: f"Finished upload of {moved.old.task('done')}_0" in seen.log(), nudge=6)
    for letter in ("runs", "late", "next"):
        moved.old.end(letter)
    computer.say("--task", moved.old.master, moved.old.task("held"), "resume")
    moved.old.end("held")
    computer.wait(lambda seen: not seen.tasks(), nudge=6)
    said = computer.log()[moved.said_before :]
    assert _TROUBLE.findall(said) == []
    assert computer.host() == HOST
    assert computer.project()["resource share"] == "7.000000"
    assert _known(computer) == moved.known_before
    status = typed("adopt", "status", "--json", data=lab.data).stdout
    assert '"tasks_reported": 5' in status
    assert sorted(path.name for path in (lab.data / "foreign-uploads").iterdir()) == sorted(
        f"{moved.old.task(letter)}_0" for letter in ("done", "held", "runs", "late", "next")
    )


def test_the_addresses_of_before_are_answered_by_the_laboratory(moved):
    words = ("adopt", "verify", "--project", moved.old.folder)
    done = typed(*words, data=moved.lab.data)
    assert done.returncode == 0, done.stdout + done.stderr
    target, moved.lab.wire.target = moved.lab.wire.target, None
    assert typed(*words, data=moved.lab.data).returncode == 1
    moved.lab.wire.target = target


def test_it_computes_for_the_laboratory_by_the_key_that_it_has_and_is_credited(moved, tmp_path):
    computer, lab = moved.computer, moved.lab
    lab.publish(tmp_path, "swift")
    number = lab.order("swift", HOST)
    lab.wait_for(number, "valid", computer)
    computer.wait(lambda seen: seen.credit() > 1234.5, nudge=6)
    assert _TROUBLE.findall(computer.log()[moved.said_before :]) == []
    assert computer.host() == HOST


def test_a_client_with_the_weak_key_shares_the_account_of_one_with_the_password(moved, tmp_path):
    lab, address = moved.lab, f"{moved.lab.address}{NAME}/"
    with client(tmp_path / "weak", address, old_server.weak_key()) as weak:
        weak.wait(Client.host, nudge=6)
        said = weak.say("--lookup_account", address, old_server.EMAIL, old_server.PASSWORD)
        key = re.findall(r"account key: ([0-9a-f]{32})", said)
        assert key, said
        numbers = {weak.host()}
    with client(tmp_path / "strong", address, key[0]) as strong:
        strong.wait(Client.host, nudge=6)
        numbers.add(strong.host())
    assert HOST not in numbers
    owners = {lab.page(f"hosts/{number}.json")["host"]["volunteer"]["number"] for number in numbers | {HOST}}
    assert owners == {old_server.USER}


def test_back_at_the_server_before_it_is_known_by_its_number(moved):
    lab, computer = moved.lab, moved.computer
    lab.stop()
    again = OldServer(address=moved.old.address, folder=moved.old.folder.with_name("again"))
    try:
        lab.wire.target = again.port
        computer.wait(lambda _: again.seen, nudge=4)
        assert again.seen[0].host_id == HOST
        assert again.seen[0].rpc_seqno > moved.old.seen[-1].rpc_seqno
    finally:
        lab.wire.target = None
        again.stop()


def test_a_new_scheduler_is_learned_within_twelve_failures_where_the_old_is_silent(moved):
    lab, computer = moved.lab, moved.computer
    settings = lab.data / "axiom.toml"
    settings.write_text(re.sub(r"(?m)^aliases = .*\n", "", settings.read_text()))
    lab.start()
    begun = len(computer.log())
    computer.wait(lambda seen: "Scheduler request completed" in seen.log()[begun:], nudge=4)
    assert 0 < computer.log()[begun:].count("Scheduler request failed:") <= 12
    assert computer.host() == HOST


def test_a_computer_that_was_detached_and_is_attached_by_password_has_its_old_number(moved):
    computer = moved.computer
    _attach_by_password(computer)
    assert computer.host() == HOST
    computer.wait(lambda seen: seen.project().get("resource share") == "7.000000", nudge=6)


def test_a_new_code_key_that_the_one_of_before_signed_is_taken_silently(moved, tmp_path):
    lab, computer = moved.lab, moved.computer
    lab.stop()
    assert typed("keys", "rotate", "code", data=lab.data).returncode == 0
    lab.start()
    said = len(computer.log())
    lab.publish(tmp_path, "swifter")
    lab.wait_for(lab.order("swifter", HOST), "valid", computer)
    assert _TROUBLE.findall(computer.log()[said:]) == []


def test_a_merged_computer_goes_on_as_the_other_and_a_bcrypt_password_finds_it(tmp_path):
    other = HOST + 2
    with proxy() as wire:
        old = OldServer(address=wire.address, folder=tmp_path / "project")
        wire.target = old.port
        with client(tmp_path / "one", old.master, KEY) as computer:
            computer.wait(Client.host, nudge=4)
            old.give("runs")
            computer.wait(_computing, nudge=4)
            assert computer.host() == HOST
            with _moved(old, wire, computer, tmp_path, merged_into=other, is_bcrypt=True) as moved:
                computer.wait(lambda seen: seen.host() == other, nudge=6)
                computer.call()
                assert _computing(computer) == [old.task("runs")]
                old.end("runs")
                computer.wait(lambda seen: not seen.tasks(), nudge=6)
                moved.lab.publish(tmp_path, "swift")
                moved.lab.wait_for(moved.lab.order("swift", other), "valid", computer)
                computer.wait(lambda seen: seen.credit() > 1234.5, nudge=6)
                # The client takes another id for itself with another number, as it does at an official server.
                assert _TROUBLE.findall(computer.log()[moved.said_before :]) == ["new computer"]
                assert (computer.host(), _known(computer)) == (other, moved.known_before)
                assert "otice" not in computer.say("--get_notices")
                for bcrypted in (1, 0):
                    status = answer("adopt", "status", data=moved.lab.data)["adoption"]
                    assert (status["tasks_reported"], status["passwords_bcrypt"]) == (1, bcrypted)
                    _attach_by_password(computer)
                    computer.wait(lambda seen: seen.credit() > 1234.5 and seen.host() == other, nudge=6)
