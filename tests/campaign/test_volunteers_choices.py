"""Volunteers who come another way: by an account manager, or with a program that they bring, in the stock client."""

import secrets
import shutil
from collections.abc import Iterator

import pytest
from account_manager import AccountManager
from boinc_client import Client, client, register
from real_parts import need
from volunteer_lab import Project, attached, volunteers

pytestmark = need("boinc")
_APP_INFO = """<app_info>
<app><name>{app}</name></app>
<file_info><name>mine</name><executable/></file_info>
<file_info><name>{trust}</name></file_info>
<app_version><app_name>{app}</app_name><version_num>{version}</version_num><platform>x86_64-pc-linux-gnu</platform>
<api_version>7.20.0</api_version><file_ref><file_name>mine</file_name><main_program/></file_ref>
<file_ref><file_name>{trust}</file_name><open_name>trust.json</open_name><copy_file/></file_ref></app_version>
</app_info>
"""
_OWN_VERSION = 77  # the volunteer's number for what they brought; the laboratory has none such


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    with volunteers(tmp_path_factory.mktemp("choices"), swift={}) as lab:
        yield lab


def test_an_account_manager_attaches_sets_and_takes_away_a_client(lab, tmp_path):
    email, password = f"mona-{secrets.token_hex(4)}@example.org", secrets.token_hex(8)
    with AccountManager(lab.address) as manager, client(tmp_path / "mona", lab.address) as mine:
        mine.say("--acct_mgr", "attach", manager.address, email, password)
        mine.wait(Client.host, nudge=8)
        task = lab.wait_for(lab.order("swift", mine.host()), "valid", mine)
        assert task["host"] == mine.host()
        assert manager.account_key not in (mine.folder / "client_state.xml").read_text()  # it has the weak one
        mine.say("--acct_mgr", "sync")
        mine.wait(lambda _: manager.host)
        assert manager.share(42).find("success") is not None
        placed = {"account_key": manager.account_key, "hostid": manager.host, "venue": "school"}
        assert manager.ask("am_set_host_info", **placed).find("success") is not None
        mine.wait(lambda seen: seen.call() or seen.project()["resource share"] == "42.000000")
        assert "<host_venue>school</host_venue>" in (mine.folder / "client_state.xml").read_text()
        assert manager.info().findtext("name") == "Mona"
        manager.takes_away = True
        mine.say("--acct_mgr", "sync")
        mine.wait(lambda seen: not seen.project())
    lab.promises()


def test_a_program_that_a_volunteer_brings_computes_or_is_refused(lab, tmp_path):
    owen = register(lab.address, "Owen")
    with attached(lab, tmp_path / "usual", owen.key) as usual:
        lab.wait_for(lab.order("swift", usual.host()), "valid", usual)
        (program,) = usual.folder.glob("projects/*/axiom_runner_*")
        (trust,) = usual.folder.glob("projects/*/axiom_trust_*")
    folder = tmp_path / "own"
    brought = folder / "projects" / program.parent.name
    brought.mkdir(parents=True)
    shutil.copy(program, brought / "mine")
    shutil.copy(trust, brought)

    def write_app_info(app: str) -> None:
        words = _APP_INFO.format(app=app, trust=trust.name, version=_OWN_VERSION)
        (brought / "app_info.xml").write_text(words)

    write_app_info("another")
    with client(folder, lab.address, owen.key, keep=True) as mine:
        mine.wait(lambda seen: "app_info.xml" in seen.say("--get_notices"), nudge=8)
        was = mine.host()
    write_app_info("axiom")
    with client(folder, lab.address, keep=True) as mine:
        number = lab.order("swift", was)
        assert lab.wait_for(number, "valid", mine)["host"] == was
        state = (folder / "client_state.xml").read_text()
        assert f"<version_num>{_OWN_VERSION}</version_num>" in state
        assert [path.name for path in brought.glob("axiom_runner_*")] == []  # nor was ours fetched
    (brought / "app_info.xml").unlink()
    with client(folder, lab.address, keep=True) as mine:
        assert lab.wait_for(lab.order("swift", was), "valid", mine)["host"] == was
        assert [path.name for path in brought.glob("axiom_runner_*")] == [program.name]
    lab.promises()
