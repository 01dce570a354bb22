"""Programs elsewhere: Python's client, a notebook, a schema's checker, Prometheus, at a server that runs."""

import contextlib
import http.client
import itertools
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from notebook_cells import NOTEBOOKS, run
from patience import PATIENCE
from programs_lab import OWN_SUM, ProgramsLab, programs_lab
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families as families
from running_lab import running, typed
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as openapi_checks

import axiom as package
from axiom.errors import LimitReached, NotAllowed, NotFound, UnknownName, WrongUse
from axiom.gate.client import short_socket_name
from axiom.store.engine.folder import Folder
from axiom.web.api.openapi import openapi_document

EXAMPLES = ("prometheus/axiom.rules.yml", "grafana/axiom.json")  # they may name what is there alone
DEPLOY_FOLDER = Path(package.__file__).parents[2] / "deploy"
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
# What tests order that do not wait for it. The only core computes it before what the next one orders, which waits for
# that: a task of the catalogue is half a minute of processor time.
CHEAP = "cheap_sum"
_CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
]
schema = schemathesis.openapi.from_dict(json.loads(openapi_document()))
_REFUSED = schema.config.checks.negative_data_rejection
_REFUSED.expected_statuses = [*_REFUSED.expected_statuses, "413"]  # words too long are too large first


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramsLab]:
    file = tmp_path_factory.mktemp("cheap") / f"{CHEAP}.py"
    file.write_text(OWN_SUM.replace("own_sum", CHEAP))
    with programs_lab(tmp_path_factory.mktemp("programs") / "lab", more='metrics = "site"\n') as started:
        package.connect(started.lab.address, started.tokens["operate"]).publish(file)
        yield started


def is_problem(reply: httpx.Response, status: int, kind: str = "") -> bool:
    problem = reply.json()
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json", reply.text
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return not kind or bool(problem["type"] == f"urn:axiom:error:{kind}")


def test_a_program_in_another_process_asks_its_own_question_through_either_door(there, tmp_path):
    file = tmp_path / "own_sum.py"
    file.write_text(OWN_SUM)
    for address in (there.lab.address, f"unix:{there.lab.data / 'programs.sock'}"):
        command = [sys.executable, "-c", A_PROGRAM, address, there.tokens["operate"], str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * PATIENCE)
        assert done.returncode == 0, done.stderr
        printed = json.loads(done.stdout)
        assert printed["published"]["experiment"] == "own_sum"
        assert printed["ordered"]["workunits"] * printed["ordered"]["replicates_each"] >= 8
        assert printed["ended"] == {"done": printed["ordered"]["workunits"]}
        here = package.open(there.lab.data).results("own_sum")
        assert printed["columns"] == {name: list(values) for name, values in here.columns.items()}
        assert set(here["outcome"]) == {"ok"}


def test_the_notebook_does_what_it_says(there, monkeypatch):
    (path,) = [path for path in NOTEBOOKS if path.stem == "from-elsewhere"]
    monkeypatch.setenv("AXIOM_URL", there.lab.address)
    monkeypatch.setenv("AXIOM_TOKEN", there.tokens["operate"])
    names, shown = run(path)
    assert len(names["results"]) >= 16
    assert names["results"].columns == package.open(there.lab.data).results("adds_up").columns
    assert all(there.tokens["operate"] not in cell for cell in shown)


def test_what_is_not_allowed_is_refused_and_audited(there):
    before = len(there.audited("read"))
    with there.client("read") as client:
        assert is_problem(client.post(DEPLOY, json={"experiment": CHEAP, "workunits": 1}), 403, "NotAllowed")
        words = {"program": "eve", "may": "operate", "token": "0" * 64}
        assert is_problem(client.post("/api/commands/program.add", json=words), 403, "NotAllowed")
    refused = there.audited("read")[: len(there.audited("read")) - before]
    assert {(row["command"], row["outcome"]) for row in refused} == {
        ("experiment.deploy", "refused"),
        ("program.add", "refused"),
    }
    with there.client("operate") as client:
        for name in ("experiment.approve", "program.limit", "experiment.preflight", "account.open"):
            assert is_problem(client.post(f"/api/commands/{name}", json={}), 403, "NotAllowed")
        words = {"experiment": "own_sum", "text": OWN_SUM}
        assert client.post("/api/commands/experiment.publish?dry_run=1", json=words).json()["dry_run"] is True
        for query in ("dry_run=1&dry_run=0", "dry_run=1&dryrun=1", "dry_run=maybe"):
            assert is_problem(client.post(f"/api/commands/experiment.publish?{query}", json=words), 400, "WrongUse")
    entry = next(row for row in there.audited("operate") if row["command"] == "experiment.publish")
    assert len(json.dumps(entry)) < 2_000, "its text is audited by its digest"
    with there.client("propose") as client:
        client.post("/api/commands/finding.link", json={"sauce": "1"})
    newest = there.audited("propose")[0]
    assert newest["command"] == "finding.link"
    assert newest["outcome"] == "refused"
    assert "sauce" in json.dumps(newest)
    for header in (None, "", "Bearer", "Bearer axiom_", "Bearer axiom_" + "x" * 43, "Basic eDp5", "axiom_x"):
        for path in ("/api/findings", "/api/openapi.json", "/api/no-such"):
            reply = httpx.get(there.site + path, headers={} if header is None else {"authorization": header})
            assert is_problem(reply, 401, "NotAllowed")
            assert reply.headers["www-authenticate"].startswith("Bearer")


def test_words_that_are_none_are_refused_with_a_problem(there):
    json_type = {"content-type": "application/json"}
    with there.client("propose") as client:
        for body, status in (
            (b"{", 400),
            (b"[]", 400),
            (b"\xff\xfe", 400),
            (b'{"experiment": "own_sum", "workunits": NaN}', 400),
            (b'{"experiment": "own_sum", "workunits": 1e400}', 400),
            (b'{"experiment": "own_sum", "workunits": 1' + b"0" * 400 + b"}", 422),
            (b'{"experiment": "own_sum", "workunits": 1' + b"0" * 5_000 + b"}", 400),
            (b'{"experiment": "own_sum", "workunits": "1"}', 422),
            (b'{"experiment": "own_sum", "workunits": 1, "limits": {}}', 422),
            (b'{"experiment": "\\ud800", "workunits": 1}', 400),
            (b'{"experiment": "own_sum\\u0000", "workunits": 1}', 422),
            (b'{"a":' * 100_000, 400),
            (b" " * 1_000_001, 413),
            (b" " * 3_000_000, 413),
        ):
            assert is_problem(client.post(DEPLOY, content=body, headers=json_type), status), body[:80]
        for method, path, headers, status in (
            ("POST", DEPLOY, {"content-type": "text/plain"}, 415),
            ("POST", DEPLOY, {"content-type": "application/json; charset=latin-1"}, 415),
            ("POST", DEPLOY, {**json_type, "content-encoding": "gzip"}, 415),
            ("POST", f"{DEPLOY}?dryrun=1", json_type, 400),
            ("POST", DEPLOY, {**json_type, "idempotency-key": ""}, 400),
            ("POST", "/api/commands/no.such", json_type, 404),
            ("GET", DEPLOY, {}, 405),
            ("DELETE", "/api/findings", {}, 405),
            ("GET", "/api/findings/", {}, 404),
            ("GET", "/api/findings/99999999999999999999", {}, 404),
            ("GET", "/api/results?experiment=no_such", {}, 400),
            ("GET", f"/api/experiments/{CHEAP}/table?after=1", {}, 422),
            ("GET", "/api/findings", {"origin": "https://elsewhere.example"}, 403),
        ):
            reply = client.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
            assert is_problem(reply, status), path


def test_every_operation_answers_as_it_is_described(there):
    bearer = {"authorization": f"Bearer {there.tokens['operate']}"}
    few = settings(
        max_examples=3,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    wrong: dict[str, str] = {}
    operations = [operation.ok() for operation in schema.get_all_operations()]
    # Not by its own plugin of pytest, which under pytest-xdist reports no failure.
    for operation, mode in itertools.product(operations, GenerationMode):

        @few
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case):
            case.call_and_validate(base_url=there.site, headers=bearer, checks=_CHECKS)

        try:
            ask()
        except FailureGroup as failures:
            wrong[f"{operation.label} {mode.value}"] = str(failures)
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, "nothing that this operation takes can be off"
    assert wrong == {}
    assert len(operations) > 50


def test_the_same_key_does_it_once_and_a_page_says_the_same_to_programs(there):
    with there.client("operate") as client:

        def deployed(workunits):
            words, headers = {"experiment": CHEAP, "workunits": workunits}, {"idempotency-key": "one"}
            while (reply := client.post(DEPLOY, json=words, headers=headers)).status_code == 429:
                continue  # in the test before, this program has asked as often as it may
            return reply

        first = deployed(1).json()
        assert deployed(1).json() == {**first, "repeated": True}
        assert is_problem(deployed(2), 409, "KeyReused")
    there.lab.wait(lambda _: json.loads(there.lab.page("findings.json?verdict=undecided"))["next"])
    with there.client("read") as client:
        reply = client.get("/api/openapi.json")
        assert (reply.status_code, reply.content) == (200, openapi_document())
        reply = client.get("/api/findings?verdict=undecided")
        page = json.loads(there.lab.page("findings.json?verdict=undecided"))
        assert reply.json().keys() == page.keys()
        following = reply.json()["next"]
        assert reply.headers["link"] == f'<{following}>; rel="next"'
        assert client.get(following).json()["findings"][0] not in reply.json()["findings"]


def test_whoever_is_let_in_may_be_ended_or_ask_too_often(there):
    def let_in(name: str) -> str:
        return typed("program", "add", name, "--may", "read", data=there.lab.data).stdout.strip()

    gone, hasty = (
        httpx.Client(base_url=there.lab.address, headers={"authorization": f"Bearer {let_in(name)}"}, timeout=PATIENCE)
        for name in ("gone", "hasty")
    )
    with gone, hasty:
        assert gone.get("/api/findings").status_code == 200
        assert typed("program", "end", "gone", data=there.lab.data).returncode == 0
        assert is_problem(gone.get("/api/findings"), 401, "NotAllowed")
        while (late := hasty.get("/api/live")).status_code == 200:
            pass
    assert is_problem(late, 429, "LimitReached")
    assert int(late.headers["retry-after"]) >= 1
    # Another program is served meanwhile, and Python's client comes again by itself.
    assert "experiments" in package.connect(there.lab.address, there.tokens["read"]).read("/experiments")
    token = hasty.headers["authorization"].removeprefix("Bearer ")
    assert "experiments" in package.connect(there.lab.address, token).read("/experiments")


def test_a_command_whose_answer_was_lost_is_done_once_and_errors_come_as_raised(there, tmp_path):
    before = len(there.audited("operate"))
    words = {"experiment": "said_once", "text": "import os"}
    with forgetful(there.lab.address) as address:
        answer = package.connect(address, there.tokens["operate"]).command("draft.write", words)
    assert answer["repeated"] is True
    assert len(there.audited("operate")) == before + 1
    lab = package.connect(there.lab.address, there.tokens["operate"])
    with pytest.raises(UnknownName, match="no_such"):
        lab.deploy("no_such", workunits=1)
    with pytest.raises(NotFound):
        lab.read("/findings/999")
    with pytest.raises(WrongUse):
        lab.publish(tmp_path / "missing.py")
    with pytest.raises(NotAllowed):
        package.connect(there.lab.address, "axiom_nobody").findings()
    lab.deploy(CHEAP, workunits=1)  # of ten thousand a day
    with pytest.raises(LimitReached):
        lab.deploy(CHEAP, workunits=10_000)


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
        serving = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            serving.join()


def scraped(there: ProgramsLab) -> list[Metric]:
    return list(families(there.lab.page("metrics")))


def samples(there: ProgramsLab) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {(sample.name, *sample.labels.values()): sample.value for made in scraped(there) for sample in made.samples}


def test_prometheus_reads_what_moves_and_the_examples_and_no_label_of_a_stranger(there):
    before = samples(there)
    ordered = package.connect(there.lab.address, there.tokens["operate"]).deploy(CHEAP, workunits=1)
    package.connect(there.lab.address, there.tokens["operate"]).wait(ordered, seconds=PATIENCE)
    connection = http.client.HTTPConnection("127.0.0.1", httpx.URL(there.lab.address).port, timeout=PATIENCE)
    for path in ("/wp-admin", "/a%0ab{c=%22d%22}", "/findings/1234567", "/experiments/%F0%9F%92%A9", "/x" * 500):
        for method in ("GET", "POST", "TRACE"):
            connection.request(method, path)
            connection.getresponse().read()
            connection.close()
    after = samples(there)
    for sample in (("axiom_task_endings_total", "success"), ("axiom_results_total", "ok"), ("axiom_workunits", "done")):
        assert after[sample] > before.get(sample, 0), sample
    assert after["axiom_ready",] == 1
    assert 0 < after["axiom_database_bytes",] < after["axiom_disk_free_bytes", "data"]
    new = {sample for sample in after.keys() - before if sample[0] == "axiom_http_requests_total"}
    assert {kind for _, kind, _ in new} <= {"other", "page", "data", "probe", "api"}
    named = {file: set(re.findall(r"\baxiom_[a-z_]+", (DEPLOY_FOLDER / file).read_text())) for file in EXAMPLES}
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    there_are = {made.name + ending for made in scraped(there) for ending in endings.get(made.type, ("",))}
    assert all(named.values())
    assert {file: names - there_are for file, names in named.items()} == {file: set() for file in EXAMPLES}


def test_the_site_has_neither_api_nor_metrics_unless_they_are_wanted(quick):
    token = typed("program", "add", "ada", "--may", "read", data=quick).stdout.strip()
    door = f"unix:{quick / 'programs.sock'}"
    with running(quick, "--no-pi", "--workers", "0") as lab:
        bearer = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{lab.address}api/findings", headers=bearer).status_code == 404
        assert httpx.get(f"{lab.address}metrics").status_code == 404
        assert (quick / "programs.sock").stat().st_mode & 0o777 == 0o660
        assert "findings" in package.connect(door, token).read("/findings")
        with pytest.raises(NotAllowed):
            package.connect(door, "axiom_nobody").findings()
        with socket.socket(socket.AF_UNIX) as line, short_socket_name(Folder(path=lab.data).socket) as name:
            line.connect(name)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = line
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        assert lab.stop() == 130
    assert "axiom_build_info" in {family.name for family in families(text)}
    assert not (quick / "programs.sock").exists()
