"""A volunteer with the stock BOINC client: from a wrong key to credit, over a wire that breaks, and back again."""

import re
from collections.abc import Iterator

import pytest
from boinc_client import Client, client, register
from real_parts import need
from running_lab import answer, typed
from volunteer_lab import Project, Site, attached, volunteers

from axiom.boinc.project_pictures import load_project_pictures

pytestmark = need("boinc")
_DOWNLOADS, _UPLOADS = "/download/", "/file_upload_handler"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    """A laboratory with experiments that take moments, or minutes, or bring much."""
    patient, wordy = {"tenths": 900, "seconds": 90.0}, {"cells": 40, "length": 500, "seconds": 0.1}
    with volunteers(tmp_path_factory.mktemp("volunteers"), swift={}, patient=patient, wordy=wordy) as lab:
        yield lab


@pytest.fixture(scope="module")
def computer(lab, tmp_path_factory) -> Iterator[Client]:
    with attached(lab, tmp_path_factory.mktemp("ann") / "one", register(lab.address).key, cores=2) as ann:
        yield ann


def test_somebody_in_german_is_refused_joins_computes_and_is_paid(lab, tmp_path):
    folder = tmp_path / "german"
    folder.mkdir()
    (folder / "client_state.xml").write_text("<client_state>\n<language>de_DE</language>\n</client_state>\n")
    carl = register(lab.address, "Carl")
    site = Site(lab, carl)
    site.send("account/preferences", resource_share="55", on_cores="on", venue="school")
    site.send("account/preferences/work", resource_share="7", on_cores="on", only_at="work")
    with client(folder, lab.address, "0123456789abcdef" * 2, keep=True, news=True) as mine:
        mine.wait(lambda seen: "Kein Konto hat hier diesen Kontoschlüssel" in seen.say("--get_notices"))
        assert mine.host() == 0
        mine.say("--project", lab.address, "detach")
        mine.wait(lambda seen: not seen.project())
        mine.say("--project_attach", lab.address, carl.key)
        mine.wait(Client.host, nudge=8)
        number = lab.order("swift", mine.host())
        mine.wait(lambda seen: seen.credit() > 0, nudge=6)
        standing = mine.project()
        mine.wait(
            lambda seen: all(
                any(seen.folder.glob(f"projects/*/{picture.open_name}")) for picture in load_project_pictures()
            )
        )
        mine.wait(lambda seen: "Jetzt keine Arbeit für diesen Computer: " in seen.log(), nudge=6)
        mine.wait(
            lambda seen: any("</rss>" in file.read_text() for file in seen.folder.glob("notices/*notices.php.xml"))
        )
        state = (folder / "client_state.xml").read_text()
        site.send("account/place", host=str(mine.host()), venue="work")
        mine.wait(lambda seen: seen.call() or seen.project()["resource share"] == "7.000000")
    task = lab.task(number)
    assert task["state"] == "valid"
    assert task["cause"] == "success"
    assert task["exit_status"] == 0
    assert len(task["awards"]) == 1
    assert float(standing["user_total_credit"]) == pytest.approx(task["credit"])
    assert float(standing["user_expavg_credit"]) == pytest.approx(task["credit"], rel=0.01)
    assert (standing["user_name"], standing["nrpc_failures"]) == ("Carl", "0")
    assert standing["resource share"] == "55.000000"
    assert "<host_venue>school</host_venue>" in state


def test_what_was_cut_is_resumed_where_it_was_cut(lab, computer):
    number = lab.order("wordy", computer.host())
    download = lab.wire.cut(f"{_DOWNLOADS}axiom_runner", 60_000, down=True)
    # On a connection that was used before, the client's library tries again by itself and from the beginning, once for
    # every such connection that it has: cut that each time, until the client asks how much is there.
    uploads = [lab.wire.cut(_UPLOADS, 150_000, f"-t{number}-", "<offset>0</offset>") for _ in range(5)]
    assert len(lab.wait_for(number, "valid", computer)["results"]) == 40
    assert download.met.is_set()
    assert uploads[0].met.is_set()
    requests = "\n".join(lab.wire.requests(f"{_DOWNLOADS}axiom_runner"))
    begins = [int(begin) for begin in re.findall(r"(?i)range: bytes=([0-9]+)-", requests)]
    assert any(50_000 < begin <= 60_000 + 4_096 for begin in begins)  # it drops what may be damaged at the end
    name = computer.finished(number)
    offsets = [re.findall(r"<offset>([0-9]+)", request) for request in lab.wire.requests(_UPLOADS) if name in request]
    assert any(int(offset) > 100_000 for begins_at in offsets for offset in begins_at), offsets
    lab.promises()


def test_work_that_is_taken_back_ends_on_the_computer_which_hears_why_there_is_none(lab, computer):
    number = lab.order("patient", computer.host())
    computer.update()
    computer.wait(lambda seen: seen.is_computing(number), nudge=6)
    assert typed("workunit", "cancel", lab.task(number)["workunit"], data=lab.data).returncode == 0
    computer.update()
    lab.wait(lambda: not computer.task(number) and lab.task(number)["cause"], nudged=computer)
    task = lab.task(number)
    assert task["state"] == "aborted"
    assert task["cause"] == "aborted-by-laboratory"
    assert task["exit_status"] == 202

    reasons = len(computer.reasons())
    computer.wait(lambda seen: seen.call() or len(seen.reasons()) > reasons)
    why = answer("host", "why", computer.host(), data=lab.data)["host"]["why_no_work"]
    assert computer.reasons()[-1].startswith(f"No work for this computer now: {why}.")
