"""The project's own addresses of a real laboratory, over sockets, before and after a kill."""

import hashlib
import http.client
import json
import re
import urllib.parse
import urllib.request

from patience import PATIENCE
from running_lab import Lab, running
from upload_lab import head, md5

from axiom.boinc import account_keys
from axiom.boinc.transfers import write_name, write_token
from axiom.domain.work import task_name
from axiom.signed.keys import load_secrets

EMAIL, PASSWORD = "canary@mail.example", "canary in the kettle"
HASH = account_keys.passwd_hash(PASSWORD, EMAIL)
BODY = bytes(range(256)) * 600


def account(lab: Lab, path: str) -> str:
    return lab.page(f"{path}?{urllib.parse.urlencode({'email_addr': EMAIL, 'passwd_hash': HASH, 'user_name': 'Ann'})}")


def post(lab: Lab, path: str, body: bytes) -> bytes:
    place = urllib.parse.urlsplit(lab.address)
    line = http.client.HTTPConnection(place.hostname, place.port, timeout=PATIENCE)
    line.request("POST", path, body)
    said = line.getresponse().read()
    line.close()
    return said


def upload(lab: Lab, *, cut: int = 0) -> bytes:
    """Bring an output of a task; cut off behind so many bytes of the request."""
    key = load_secrets(lab.data / "keys").upload
    name = write_name(key, task_name("tiny_sum", 1, 5, 5))
    request = head(BODY, name=name, token=write_token(key, name=name, max_nbytes=2**24), digest=md5(BODY))
    if not cut:
        return post(lab, "/file_upload_handler", request)
    place = urllib.parse.urlsplit(lab.address)
    line = http.client.HTTPConnection(place.hostname, place.port, timeout=PATIENCE)
    line.putrequest("POST", "/file_upload_handler")
    line.putheader("content-length", str(len(request)))
    line.endheaders(request[:cut])
    line.close()
    return b""


def size_of(lab: Lab) -> int:
    key = load_secrets(lab.data / "keys").upload
    name = write_name(key, task_name("tiny_sum", 1, 5, 5))
    asked = f"<data_server_request>\n<get_file_size>{name}</get_file_size>\n</data_server_request>\n"
    return int(re.search(rb"<file_size>(\d+)<", post(lab, "/file_upload_handler", asked.encode()))[1])


def test_a_project_answers_and_what_it_acknowledged_survives_a_kill(tmp_path):
    data = tmp_path / "lab"
    with running(data, command="serve") as lab:
        page = lab.page("")
        assert f'<link rel="boinc_scheduler" href="{lab.address}scheduler">' in page.splitlines()
        assert f"<master_url>{lab.address}</master_url>" in lab.page("get_project_config.php")
        key = re.search(r"<authenticator>(\w+)<", account(lab, "create_account.php"))[1]
        said = post(lab, "/scheduler", f"<scheduler_request><authenticator>{key}</authenticator>".encode())
        assert b"<scheduler_reply>" in said  # half a request is answered politely
        upload(lab, cut=100_000)
        offer = json.loads((data / "runners" / "offer.json").read_text())["runners"]
        for file in (file for runner in offer.values() for file in runner["files"]):
            with urllib.request.urlopen(f"{lab.address}download/{file['name']}", timeout=PATIENCE) as reply:  # noqa: S310  ours
                assert hashlib.md5(reply.read(), usedforsecurity=False).hexdigest() == file["md5"]
        lab.process.kill()
        lab.process.wait()
    with running(data, command="serve") as lab:
        assert key in account(lab, "lookup_account.php")
        assert 0 < size_of(lab) <= 100_000
        assert b"<status>0" in upload(lab)
        assert size_of(lab) == 0
        assert "<tables>" in lab.page("stats/tables.xml")
        assert "<rss" in lab.page("notices.php")
        assert "<server_status>" in lab.page("server_status.php?xml=1")
        assert lab.stop() == 130
    log = (data / "logs" / "axiom.log").read_text()
    assert [canary for canary in (key, HASH, PASSWORD, EMAIL) if canary in log] == []
