"""`axiom session plan` for the old laboratory's fleet, and for wishes as its operators gave them."""

import json
from pathlib import Path

import pytest

import axiom
from axiom.decisions.hosts.runners import DRILL
from axiom.domain.planning import Purpose
from axiom.lab.experiments.publish import prepare
from axiom.signed.bundles import contents
from axiom.signed.keys import make_keys

FLEET = Path(__file__).parents[3] / "docs" / "howto" / "fleet-of-83.json"
# As the old laboratory's log has them: eight steps, and a mix. What was one step there for each host is one word here.
EIGHT_STEPS = "new > nearest > negatives > generality > pilots > fill > sum_b > sum_a"
MIX = "new=50,nearest=30,fill=20"


@pytest.fixture
def plan(say_to, lab):
    """Types `session plan` about the laboratory; status, answer and complaint."""
    return lambda *words: say_to(lab, "session", "plan", *words)


@pytest.fixture(scope="module")
def lab(new_lab, prepared, tmp_path_factory):
    """Two dozen light experiments, one for GPUs and one that takes much memory, in a laboratory that nobody holds."""
    made = new_lab(tmp_path_factory.mktemp("planned") / "lab")
    make_keys(made.folder.keys, made.now)
    needs = {f"sum_{letter}": "memory_mb=300" for letter in "abcdefghijklmnopqrstuvwx"}
    needs |= {"heavy_sum": "memory_mb=14_000", "gpu_sum": "memory_mb=900, gpu=True"}
    source = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
    for name, words in needs.items():
        text = source.replace('name="tiny_sum"', f'name="{name}"').replace("memory_mb=100", words)
        file = tmp_path_factory.mktemp(name) / f"{name}.py"
        file.write_text(text.replace("lambda config: 1.0", "lambda config: 600.0"))
        made.publish(prepare(Path(axiom.__file__).parent, file))
    made.db.close()
    return made.folder.path


def test_every_core_of_the_old_fleet_has_something_to_do_that_fits_into_its_memory(plan):
    status, planned, _ = plan("--fleet", FLEET, "--json")
    hosts = {host["name"]: host for host in planned["hosts"]}
    assert (status, len(planned["hosts"])) == (0, 83)
    assert sum(host["idle_cores"] for name, host in hosts.items() if name != "h100s") == 0
    sizes = {host["name"]: host for host in json.loads(FLEET.read_text())["hosts"]}
    assert all(host["memory_mb"] <= sizes[host["name"]]["ram_gb"] * 1_024 for host in planned["hosts"])
    for name, cores, gpus in (("h192", 192, 2), ("h128", 128, 1), ("h72", 72, 2), ("h64", 64, 1)):
        assert (sum(hosts[name]["tasks"].values()), hosts[name]["gpu_tasks"]) == (cores + gpus, gpus), name
        assert hosts[name]["tasks"]["gpu_sum"] == gpus
    assert "gpu_sum" not in hosts["h240"]["tasks"]
    narrow = hosts["h100s"]
    assert (sum(narrow["tasks"].values()), narrow["idle_cores"]) == (4_096 // 300, 100 - 4_096 // 300)
    assert "memory" in narrow["reason"]
    assert not any(host["tasks"].get("heavy_sum") for host in planned["hosts"] if host["cores"] <= 4)


def test_the_text_shows_the_fleet_by_size_and_fits_a_terminal(plan, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, text, _ = plan("--fleet", FLEET)
    lines = text.splitlines()
    assert (status, max(map(len, lines)) <= 80, len(lines) < 120, "h100s" in text) == (0, True, True, False)


@pytest.fixture
def small(tmp_path):
    """Of a fleet that could not compute everything: where shares and priorities decide."""
    file = tmp_path / "small.json"
    file.write_text(json.dumps({"hosts": [{"name": "one", "cores": 64, "ram_gb": 512}]}))
    return file


def test_the_wishes_of_an_operator_are_kept(plan, small):
    def allotments(*words) -> list:
        return plan("--fleet", small, *words, "--json")[1]["allotments"]

    def share(planned) -> float:
        whole = sum(row["core_seconds"] for row in planned)
        return sum(row["core_seconds"] for row in planned if row["name"] == "sum_b") / whole

    assert share(allotments("--mix", "sum_b=90")) > 0.35  # until a further block would be worth less than the floor
    assert share(allotments("--mix", "sum_b=10")) < 0.2
    names = [row["name"] for row in allotments("--priority", "sum_x")]
    assert names[:2] == ["sum_a", "sum_x"], "only the first block of all comes before it"
    for wish in (("--mix", MIX), ("--priority", EIGHT_STEPS)):
        status, planned, _ = plan("--fleet", FLEET, *wish, "--json")
        assert (status, sum(host["idle_cores"] for host in planned["hosts"] if host["name"] != "h100s")) == (0, 0)
        assert {row["purpose"] for row in planned["allotments"]} == {Purpose.NEW}  # nothing is known of anything yet


def test_a_wish_or_a_fleet_that_cannot_be_is_refused(plan, tmp_path):
    for words, fact in (
        (("--mix", "new=60,fill=50"), "100 %"),
        (("--mix", "new=60,new=10"), "new twice"),
        (("--mix", "new"), "no number"),
        (("--mix", "new=-1"), "percentage"),
        (("--mix", "sum_xx=10"), "sum_"),
        (("--priority", "new > fill, fill > new"), "circle"),
        (("--priority", "new,new"), "new twice"),
        (("--priority", "neww"), "new?"),
        (("--fleet", "no-such-file.json"), "no-such-file.json"),
    ):
        status, _, err = plan(*(() if "--fleet" in words else ("--fleet", FLEET)), *words)
        assert (status, fact in err) == (2, True), err
    file = tmp_path / "fleet.json"
    for wrong in ({"cores": 10**6}, {"ram_gb": -1}, {"cores": 0}, {"threads": 8}):
        host = {"name": "h", "cores": 8, "ram_gb": 16, "gpus": 0, "volunteer": "v"} | wrong
        file.write_text(json.dumps({"hosts": [host]}))
        status, out, err = plan("--fleet", file)
        assert (status, out, "host 1" in err) == (2, "", True)


def test_without_a_laboratory_the_catalogue_is_planned_and_without_a_fleet_there_is_nothing_to_plan(say_to, tmp_path):
    status, planned, _ = say_to(tmp_path / "none", "session", "plan", "--fleet", FLEET, "--json")
    names = {row["name"] for row in planned["worth"]}
    assert (status, {"edge_of_chaos", "grokking_dynamics"} <= names, DRILL in names) == (0, True, False)
    assert planned["allotments"]
    assert say_to(tmp_path / "none", "session", "plan")[0] == 5
