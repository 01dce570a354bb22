"""A laboratory that succeeds a project of the official server: who asked there before asks at the same addresses."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from boinc_client import Person, client, register
from patience import PATIENCE
from real_parts import need
from running_lab import answer
from volunteer_lab import Project, project

from axiom.store.engine.folder import Folder

_ALIASES = "/NAME_cgi/cgi=/scheduler, /NAME_cgi/file_upload_handler=/file_upload_handler"
_SIZE = "<data_server_request>\n<get_file_size>no_such_file</get_file_size>\n</data_server_request>\n"
_HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a test", "version": "1"}}


def _succeed(folder: Folder) -> None:
    settings = folder.path / "axiom.toml"
    text = settings.read_text().replace('/"', '/NAME/"', 1)
    settings.write_text(f'{text}aliases = "{_ALIASES}"\napi = true\nmcp = true\n')


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    place = tmp_path_factory.mktemp("succeeds")
    with project(place / "lab", before=_succeed) as lab:
        lab.publish(place, "swift")
        yield lab


@pytest.fixture(scope="module")
def ann(lab: Project) -> Person:
    return register(f"{lab.address}NAME/")


@need("boinc")
def test_a_client_of_the_old_server_goes_on_where_it_was_told_to_ask(lab: Project, ann: Person, tmp_path: Path) -> None:
    master, folder = f"{lab.address}NAME/", tmp_path / "client"
    with client(folder, master, ann.key) as mine:
        mine.wait(lambda seen: seen.host(), nudge=8)
    state = folder / "client_state.xml"
    text, scheduler = state.read_text(), f"{lab.address}NAME_cgi/cgi"
    assert f"<master_url>{master}</master_url>" in text
    state.write_text(re.sub(r"<scheduler_url>.*</scheduler_url>", f"<scheduler_url>{scheduler}</scheduler_url>", text))
    contacts = len(lab.wire.requests("/NAME/scheduler"))
    with client(folder, master, keep=True, news=True) as mine:
        number = lab.order("swift", mine.host())
        assert lab.wait_for(number, "valid", mine)["credit"] > 0
        mine.wait(lambda seen: seen.credit() > 0, nudge=6)
        notices = mine.say("--get_notices")
        text = state.read_text()
    assert f"<scheduler_url>{scheduler}</scheduler_url>" in text
    assert set(re.findall(r"<(?:download_|upload_)?url>(http.*?NAME)", text)) == {master.rstrip("/")}
    assert not re.search(r"<(?:download_|upload_)?url>(?!http.*?/NAME/)", text)
    assert "changed its URL" not in notices
    assert lab.wire.requests("/NAME_cgi/cgi")
    assert len(lab.wire.requests("/NAME/scheduler")) == contacts
    assert lab.wire.requests("/NAME/file_upload_handler")
    assert lab.wire.requests("/NAME/download/")
    lab.promises()


ASKED = (
    *("", "join", "findings", "findings.json", "volunteers/1", "no-such-page", "account", "static/style.css"),
    *("get_project_config.php", "lookup_account.php?email_addr=a&passwd_hash=b", "am_get_info.php?account_key=1"),
    *("notices.php", "news.atom", "team_lookup.php?team_name=a", "server_status.php", "stats/user.gz"),
    *("show_user.php?userid=1", "download/no_such_file", "api/status", "findings/"),
)


def _said(reply: httpx.Response) -> tuple[int, str, str]:
    """Numbers aside, which may be another a moment later."""
    return reply.status_code, reply.headers.get("location", ""), re.sub("[0-9]+", "", reply.text)


def test_everything_is_answered_below_the_old_path_as_it_is_without_it(lab: Project, ann: Person) -> None:
    with httpx.Client(base_url=lab.address, timeout=PATIENCE) as web:
        for path in ASKED:
            plain, below = web.get(path), web.get(f"NAME/{path}")
            assert (path, *_said(below)) == (path, *_said(plain))
        assert web.get("NAME").text == web.get("").text
        assert web.get("NAME/server_status.php").headers["location"] == f"{lab.address}NAME/status"
        assert f'href="{lab.address}NAME/scheduler"' in web.get("NAME/").text
        for path in ("file_upload_handler", "NAME/file_upload_handler", "NAME_cgi/file_upload_handler"):
            assert "<data_server_reply>" in web.post(path, content=_SIZE).text
        assert web.post("NAME_cgi/cgi", content="<scheduler_request>").text.startswith("<scheduler_reply>")

        origin = {"origin": lab.address.rstrip("/")}
        form = {"email": ann.email, "password": ann.password}
        assert web.post("NAME/account/sign-in", data=form, headers={"origin": "http://evil.example"}).status_code == 403
        signed_in = web.post("NAME/account/sign-in", data=form, headers=origin, follow_redirects=True)
        assert (signed_in.status_code, signed_in.url.path) == (200, "/account")
        assert web.get("NAME/account.json").json()["account"]["email"] == ann.email

        token = answer("program", "add", "ada", "--may", "read", data=lab.data)["program"]["token"]
        web.headers["authorization"] = f"Bearer {token}"
        assert web.get("NAME/api/status").status_code == web.get("api/status").status_code == 200
        hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _HELLO}
        accepted = {"accept": "application/json, text/event-stream"}
        assert web.post("NAME/mcp", json=hello, headers=accepted).status_code == 200
