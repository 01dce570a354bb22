"""A real laboratory as Prometheus and a load balancer see it, with a volunteer's client and on a disk that fills."""

import http.client
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from boinc_client import client, register
from patience import PATIENCE
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families as families
from running_lab import axiom, beside, own_disk, running
from volunteer_lab import Project, project

import axiom as axiom_package
from axiom.commands.remote import short_name
from axiom.store.engine.folder import Folder

DEPLOY = Path(axiom_package.__file__).parents[2] / "deploy"
HOSTILE = (
    "/wp-admin",
    "/a%0ab{c=%22d%22}",
    "/findings/1234567",
    "/experiments/%F0%9F%92%A9",
    "/x" * 500,
    "/.git/config",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    """A laboratory for volunteers that shows its metrics."""
    place = tmp_path_factory.mktemp("metrics")
    with project(place / "lab") as made:
        made.stop()
        with (made.data / "axiom.toml").open("a") as settings:
            settings.write('metrics = "site"\n')
        made.start()
        made.publish(place, "swift")
        yield made


def read(lab: Project) -> list[Metric]:
    """What Prometheus reads."""
    with urllib.request.urlopen(f"{lab.address}metrics", timeout=PATIENCE) as reply:  # noqa: S310  our own address
        return list(families(reply.read().decode()))


def scrape(lab: Project) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {(sample.name, *sample.labels.values()): sample.value for made in read(lab) for sample in made.samples}


def ready(address: str) -> tuple[int, list[str]]:
    """What /readyz says."""
    try:
        with urllib.request.urlopen(f"{address}readyz", timeout=PATIENCE) as reply:  # noqa: S310  our own address
            return reply.status, json.load(reply)["reasons"]
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)["reasons"]


def test_a_task_on_its_way_moves_the_counters(lab, tmp_path):
    before = scrape(lab)
    with client(tmp_path / "computer", lab.address, register(lab.address).key) as computer:
        number = lab.order("swift")
        assert scrape(lab)["axiom_tasks", "unsent"] == before["axiom_tasks", "unsent"] + 1
        lab.wait_for(number, "valid", computer)
    after = scrape(lab)

    def grew(*sample: str) -> float:
        return after.get(sample, 0) - before.get(sample, 0)

    assert grew("axiom_tasks", "unsent") == grew("axiom_tasks", "sent") == 0
    assert grew("axiom_tasks", "valid") == grew("axiom_workunits", "done") == 1
    assert grew("axiom_task_endings_total", "success") == grew("axiom_results_total", "ok") == 1
    assert grew("axiom_http_requests_total", "scheduler", "200") >= 2
    assert grew("axiom_http_requests_total", "file_upload_handler", "200") >= 1
    answered = after["axiom_http_requests_total", "scheduler", "200"]
    assert after["axiom_http_request_duration_seconds_count", "scheduler"] == answered
    assert after["axiom_http_request_duration_seconds_bucket", "scheduler", "+Inf"] == answered
    assert grew("axiom_transactions_total") > 0
    assert after["axiom_ready",] == 1
    assert 0 < after["axiom_database_bytes",] < after["axiom_disk_free_bytes", "data"]
    assert after["axiom_job_lag_seconds", "watch"] < PATIENCE


def test_no_stranger_makes_a_label(lab):
    scrape(lab)
    before = scrape(lab).keys()
    host, _, port = lab.lab.address.removeprefix("http://").rstrip("/").partition(":")
    for path in HOSTILE:
        for method in ("GET", "POST", "TRACE"):
            line = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
            line.request(method, path)
            line.getresponse().read()
            line.close()
    new = {sample for sample in scrape(lab).keys() - before if sample[0] == "axiom_http_requests_total"}
    assert ("axiom_http_requests_total", "other", "404") in new
    assert {kind for _, kind, _ in new} <= {"other", "page", "data"}
    assert {status for _, _, status in new} <= {"400", "404", "405"}


@pytest.mark.parametrize("file", ["prometheus/axiom.rules.yml", "grafana/axiom.json"])
def test_an_example_names_only_metrics_that_exist(lab, file):
    named = set(re.findall(r"\baxiom_[a-z_]+", (DEPLOY / file).read_text(encoding="utf-8")))
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    there = {made.name + ending for made in read(lab) for ending in endings.get(made.type, ("",))}
    assert named
    assert named - there == set()


def test_the_operators_socket_shows_metrics_without_a_setting(tmp_path):
    assert axiom("init", tmp_path / "lab").returncode == 0
    with running(tmp_path / "lab", "--workers", "0", "--no-pi") as lab:
        with pytest.raises(urllib.error.HTTPError):
            lab.page("metrics")
        with socket.socket(socket.AF_UNIX) as line, short_name(Folder(path=lab.data).socket) as name:
            line.connect(name)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = line
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
    assert "axiom_build_info" in {family.name for family in families(text)}


def test_a_disk_that_fills_makes_the_laboratory_unready_until_it_is_larger(tmp_path):
    data: Path = tmp_path / "lab"
    disk = own_disk(data, "size=3g")
    with running(data, "--workers", "0", "--no-pi", wrapped=disk) as lab:
        assert ready(lab.address) == (200, [])
        assert beside(lab.process, "mount", "-o", "remount,size=500m", data).returncode == 0
        status, (reason,) = ready(lab.address)
        assert status == 503
        assert str(data) not in reason
        assert beside(lab.process, "mount", "-o", "remount,size=3g", data).returncode == 0
        assert ready(lab.address) == (200, [])
