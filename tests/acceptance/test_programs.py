"""Programs elsewhere: what they may do over HTTP and through the socket, and what they are told when they may not."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from notebook_cells import NOTEBOOKS, run
from patience import PATIENCE
from programs_lab import OWN_SUM, ProgramsLab, programs_lab
from running_lab import axiom, running

import axiom as package
from axiom.errors import LimitReached, NotAllowed, NotFound, UnknownName, WrongUse

DEPLOY = "/api/commands/experiment.deploy"
A_PROGRAM = f"""
import json, sys
import axiom

lab = axiom.connect(sys.argv[1], sys.argv[2])
published = lab.publish(sys.argv[3])
ordered = lab.deploy("own_sum", replicates=8)
ended = lab.wait(ordered, seconds={PATIENCE})
table = lab.table("own_sum")
print(json.dumps(dict(published=published, ordered=ordered, ended=ended, columns=table.columns)))
"""

SHIPPED = "activation_function_landscape"  # the first of the catalogue that a new laboratory publishes
# What tests order that do not wait for it. The only core computes it before what the next one orders, which waits for
# that: a task of the catalogue is half a minute of processor time.
CHEAP = "cheap_sum"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramsLab]:
    with programs_lab(tmp_path_factory.mktemp("programs") / "lab") as started:
        deadline = time.monotonic() + PATIENCE
        while httpx.get(f"{started.lab.address}experiments/{SHIPPED}.json").status_code != 200:
            assert time.monotonic() < deadline, f"{SHIPPED} is not published"
            time.sleep(0.2)
        file = tmp_path_factory.mktemp("cheap") / f"{CHEAP}.py"
        file.write_text(OWN_SUM.replace("own_sum", CHEAP))
        package.connect(started.lab.address, started.tokens["operate"]).publish(file)
        yield started


def is_problem(reply: httpx.Response, status: int, kind: str) -> bool:
    said = reply.json()
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text
    assert (said["status"], bool(said["title"]), bool(said["detail"])) == (status, True, True)
    return bool(said["type"] == f"urn:axiom:error:{kind}")


@pytest.mark.parametrize("door", ["site", "socket"])
def test_a_program_in_another_process_asks_its_own_question(there: ProgramsLab, tmp_path: Path, door: str) -> None:
    file = tmp_path / "own_sum.py"
    file.write_text(OWN_SUM)
    address = there.lab.address if door == "site" else f"unix:{there.lab.data / 'programs.sock'}"
    done = subprocess.run(
        [sys.executable, "-c", A_PROGRAM, address, there.tokens["operate"], file],
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["published"]["experiment"] == "own_sum"
    assert told["ordered"]["workunits"] * told["ordered"]["replicates_each"] >= 8
    assert told["ended"] == {"done": told["ordered"]["workunits"]}
    here = package.open(there.lab.data).results("own_sum")
    assert told["columns"] == {name: list(values) for name, values in here.columns.items()}
    assert set(here["outcome"]) == {"ok"}


def test_the_notebook_does_what_it_says(there: ProgramsLab, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = [path for path in NOTEBOOKS if path.stem == "from-elsewhere"]
    monkeypatch.setenv("AXIOM_URL", there.lab.address)
    monkeypatch.setenv("AXIOM_TOKEN", there.tokens["operate"])
    names, shown = run(path)
    assert len(names["results"]) >= 16
    assert names["results"].columns == package.open(there.lab.data).results("adds_up").columns
    assert all(there.tokens["operate"] not in each for each in shown)


def test_its_text_is_audited_by_its_digest(there: ProgramsLab) -> None:
    with there.client("operate") as client:
        words = {"experiment": "own_sum", "text": OWN_SUM}
        assert client.post("/api/commands/experiment.publish?dry_run=1", json=words).json()["dry_run"] is True
    entry = next(row for row in there.audited("operate") if row["command"] == "experiment.publish")
    assert len(json.dumps(entry)) < 2_000


def test_a_right_that_lacks_is_refused_and_audited(there: ProgramsLab) -> None:
    before = len(there.audited("read"))
    with there.client("read") as client:
        assert is_problem(client.post(DEPLOY, json={"experiment": "own_sum", "workunits": 1}), 403, "NotAllowed")
        words = {"program": "eve", "may": "operate", "token": "0" * 64}
        assert is_problem(client.post("/api/commands/program.add", json=words), 403, "NotAllowed")
    refused = there.audited("read")[: len(there.audited("read")) - before]
    assert {(row["command"], row["outcome"]) for row in refused} == {
        ("experiment.deploy", "refused"),
        ("program.add", "refused"),
    }


@pytest.mark.parametrize("name", ["experiment.approve", "program.limit", "experiment.preflight", "account.open"])
def test_no_program_approves_itself_or_gives_itself_rights(there: ProgramsLab, name: str) -> None:
    with there.client("operate") as client:
        assert is_problem(client.post(f"/api/commands/{name}", json={}), 403, "NotAllowed")


def test_a_token_ended_between_two_requests_is_refused_at_the_second(there: ProgramsLab) -> None:
    token = axiom("program", "add", "gone", "--may", "read", data=there.lab.data).stdout.strip()
    bearer = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=there.lab.address, headers=bearer, timeout=PATIENCE) as client:
        assert client.get("/api/findings").status_code == 200
        assert axiom("program", "end", "gone", data=there.lab.data).returncode == 0
        assert is_problem(client.get("/api/findings"), 401, "NotAllowed")


@pytest.mark.parametrize(
    "said", [None, "", "Bearer", "Bearer axiom_", "Bearer axiom_" + "x" * 43, "Basic eDp5", "axiom_x"]
)
@pytest.mark.parametrize("path", ["/api/findings", "/api/openapi.json", "/api/no-such"])
def test_nothing_is_said_to_whoever_has_no_token(there: ProgramsLab, said: str | None, path: str) -> None:
    reply = httpx.get(f"{there.lab.address.rstrip('/')}{path}", headers={} if said is None else {"authorization": said})
    assert is_problem(reply, 401, "NotAllowed")
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_the_same_key_does_it_once(there: ProgramsLab) -> None:
    words = {"experiment": CHEAP, "workunits": 1}
    with there.client("operate") as client:
        first = client.post(DEPLOY, json=words, headers={"idempotency-key": "one"}).json()
        again = client.post(DEPLOY, json=words, headers={"idempotency-key": "one"}).json()
        assert again == {**first, "repeated": True}
        other = client.post(DEPLOY, json={**words, "workunits": 2}, headers={"idempotency-key": "one"})
        assert is_problem(other, 409, "KeyReused")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"experiment": "own_sum", "workunits": NaN}', 400),
        (b'{"experiment": "own_sum", "workunits": Infinity}', 400),
        (b'{"experiment": "own_sum", "workunits": 1e400}', 422),
        (b'{"experiment": "own_sum", "workunits": 1' + b"0" * 400 + b"}", 422),
        (b'{"experiment": "own_sum", "workunits": 1' + b"0" * 5_000 + b"}", 400),
        (b'{"experiment": "own_sum", "workunits": "1"}', 422),
        (b'{"experiment": "own_sum", "workunits": 1, "limits": {}}', 422),
        (b'{"experiment": "\\ud800", "workunits": 1}', 400),
        (b'{"experiment": "own_sum\\u0000", "workunits": 1}', 422),
        (b'{"a":' * 100_000, 400),
        (b"[" * 900_000, 400),
        (b" " * 1_000_001, 413),
        (b" " * 3_000_000, 413),
    ],
)
def test_words_that_are_none_are_refused_with_a_problem(there: ProgramsLab, body: bytes, status: int) -> None:
    with there.client("propose") as client:
        reply = client.post(DEPLOY, content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text
    assert reply.json()["status"] == status


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        (("POST", DEPLOY), {"content-type": "text/plain"}, 415),
        (("POST", DEPLOY), {"content-type": "application/json; charset=latin-1"}, 415),
        (("POST", DEPLOY), {"content-type": "application/json", "content-encoding": "gzip"}, 415),
        (("POST", f"{DEPLOY}?dryrun=1"), {"content-type": "application/json"}, 400),
        (("POST", DEPLOY), {"content-type": "application/json", "idempotency-key": ""}, 400),
        (("POST", "/api/commands/no.such"), {"content-type": "application/json"}, 404),
        (("POST", "/api/commands/"), {"content-type": "application/json"}, 404),
        (("GET", DEPLOY), {}, 405),
        (("DELETE", "/api/findings"), {}, 405),
        (("GET", "/api/"), {}, 404),
        (("GET", "/api/findings/"), {}, 404),
        (("GET", "/api/findings/99999999999999999999"), {}, 404),
        (("GET", "/api/results?experiment=no_such"), {}, 400),
        (("GET", f"/api/experiments/{SHIPPED}/table?after=1"), {}, 422),
        (("GET", "/api/findings"), {"origin": "https://elsewhere.example"}, 403),
    ],
)
def test_a_request_that_is_off_is_refused_with_a_problem(
    there: ProgramsLab, request_line: tuple[str, str], headers: dict[str, str], status: int
) -> None:
    method, path = request_line
    with there.client("propose") as client:
        reply = client.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text


def test_words_that_are_no_command_are_audited(there: ProgramsLab) -> None:
    with there.client("propose") as client:
        client.post("/api/commands/finding.link", json={"sauce": "1"})
    newest = there.audited("propose")[0]
    assert (newest["command"], newest["outcome"]) == ("finding.link", "refused")
    assert "sauce" in json.dumps(newest)


def test_a_page_says_the_same_to_programs_and_where_it_goes_on(there: ProgramsLab) -> None:
    def plain(said: Any) -> Any:  # without what may change from one moment to the next
        return said.keys(), [(one.keys(), one["number"], one["claim"]) for one in said["findings"]]

    brought = {path.stem for path in (Path(package.__file__).parent / "catalogue").glob("[a-z]*.py")}
    there.lab.wait(lambda status: brought <= {row["name"] for row in status["experiments"]})
    with there.client("read") as client:
        reply = client.get("/api/findings?verdict=undecided")
        assert plain(reply.json()) == plain(json.loads(there.lab.page("findings.json?verdict=undecided")))
        following = reply.json()["next"]
        assert reply.headers["link"] == f'<{following}>; rel="next"'
        assert client.get(following).json()["findings"][0] not in reply.json()["findings"]


def test_whoever_asks_too_often_is_told_when_to_come_again(there: ProgramsLab) -> None:
    token = axiom("program", "add", "hasty", "--may", "read", data=there.lab.data).stdout.strip()
    bearer = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=there.lab.address, headers=bearer, timeout=PATIENCE) as client:
        replies = [client.get("/api/live") for _ in range(120)]
    late = [reply for reply in replies if reply.status_code == 429]
    assert late
    assert is_problem(late[0], 429, "LimitReached")
    assert int(late[0].headers["retry-after"]) >= 1
    # Another program is served meanwhile, and Python's client comes again by itself.
    assert "experiments" in package.connect(there.lab.address, there.tokens["read"]).read("/experiments")
    assert "experiments" in package.connect(there.lab.address, token).read("/experiments")


def test_a_command_whose_answer_was_lost_is_done_once(there: ProgramsLab) -> None:
    before = len(there.audited("operate"))
    with forgetful(there.lab.address) as address:
        answer = package.connect(address, there.tokens["operate"]).command(
            "finding.note", {"finding": 1, "text": "It was said once."}
        )
    assert answer["repeated"] is True
    assert len(there.audited("operate")) == before + 1


@contextlib.contextmanager
def forgetful(address: str) -> Iterator[str]:
    """The address of a proxy that hands every request on, and loses the first answer."""
    behind = httpx.URL(address)

    class Proxy(BaseHTTPRequestHandler):
        has_lost = False

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            reply = httpx.post(behind.join(self.path), content=body, headers=dict(self.headers), timeout=PATIENCE)
            if not Proxy.has_lost:
                Proxy.has_lost = True
                return
            self.send_response(reply.status_code)
            self.end_headers()
            self.wfile.write(reply.content)

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        serving = threading.Thread(target=proxy.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            serving.join()


def test_errors_come_back_as_they_were_raised(there: ProgramsLab, tmp_path: Path) -> None:
    lab = package.connect(there.lab.address, there.tokens["operate"])
    with pytest.raises(UnknownName, match="no_such"):
        lab.deploy("no_such", workunits=1)
    with pytest.raises(NotFound):
        lab.read("/findings/999")
    with pytest.raises(WrongUse):
        lab.publish(tmp_path / "missing.py")
    with pytest.raises(WrongUse):
        lab.deploy(CHEAP, workunits=1, replicates=1)
    with pytest.raises(NotAllowed):
        package.connect(there.lab.address, "axiom_nobody").findings()
    lab.deploy(CHEAP, workunits=1)  # of ten thousand a day
    with pytest.raises(LimitReached):
        lab.deploy(CHEAP, workunits=10_000)
    before = len(package.open(there.lab.data).findings)  # a session that goes on meanwhile may begin further ones
    assert before <= len(lab.findings()) <= len(package.open(there.lab.data).findings)


def test_the_site_has_no_api_unless_it_is_wanted(quick: Path) -> None:
    token = axiom("program", "add", "ada", "--may", "read", data=quick).stdout.strip()
    with running(quick, "--no-pi", "--workers", "0") as lab:
        bearer = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{lab.address}api/findings", headers=bearer).status_code == 404
        assert (quick / "programs.sock").stat().st_mode & 0o777 == 0o660
        assert "findings" in package.connect(f"unix:{quick / 'programs.sock'}", token).read("/findings")
        with pytest.raises(NotAllowed):
            package.connect(f"unix:{quick / 'programs.sock'}", "axiom_nobody").findings()
        lab.stop()
    assert not (quick / "programs.sock").exists()
