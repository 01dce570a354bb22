"""`axiom session plan` for the old laboratory's fleet, and for wishes as its operators gave them."""

import json
from pathlib import Path

import pytest

import axiom
from axiom.__main__ import _main
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
def say(capsys, tmp_path):
    """Types `session plan` where there may be a laboratory: status, answer and complaint."""

    def typed(*words: object, data: Path = tmp_path / "none"):
        status = _main(["session", "plan", *map(str, words), "--data", str(data)])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and not status else out), err

    return typed


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


def test_every_core_of_the_old_fleet_has_something_to_do(say, lab):
    status, planned, _ = say("--fleet", FLEET, "--json", data=lab)
    assert status == 0
    hosts = planned["hosts"]
    assert len(hosts) == 83
    assert sum(one["idle_cores"] for one in hosts if one["name"] != "h100s") == 0
    sizes = {one["name"]: one for one in json.loads(FLEET.read_text())["hosts"]}
    assert all(one["memory_mb"] <= sizes[one["name"]]["ram_gb"] * 1_024 for one in hosts)


def test_a_host_with_gpus_gets_a_task_for_each_core_and_for_each_gpu(say, lab):
    hosts = {one["name"]: one for one in say("--fleet", FLEET, "--json", data=lab)[1]["hosts"]}
    for name, cores, gpus in (("h192", 192, 2), ("h128", 128, 1), ("h72", 72, 2), ("h64", 64, 1)):
        assert (sum(hosts[name]["tasks"].values()), hosts[name]["gpu_tasks"]) == (cores + gpus, gpus), name
        assert hosts[name]["tasks"]["gpu_sum"] == gpus
    assert "gpu_sum" not in hosts["h240"]["tasks"]


def test_a_host_with_many_cores_and_little_memory_gets_what_its_memory_holds(say, lab):
    hosts = {one["name"]: one for one in say("--fleet", FLEET, "--json", data=lab)[1]["hosts"]}
    narrow = hosts["h100s"]
    assert sum(narrow["tasks"].values()) == 4_096 // 300
    assert narrow["idle_cores"] == 100 - 4_096 // 300
    assert "memory" in narrow["reason"]
    assert not any(one["tasks"].get("heavy_sum") for one in hosts.values() if one["cores"] <= 4)


def test_the_text_shows_the_fleet_by_size_and_fits_a_terminal(say, lab, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, text, _ = say("--fleet", FLEET, data=lab)
    assert status == 0
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) < 120
    assert "h100s" not in text
    assert any("memory" in line for line in lines[lines.index("Why cores stay idle") :])


@pytest.fixture
def small(tmp_path):
    """Of a fleet that could not compute everything: where shares and priorities decide."""
    file = tmp_path / "small.json"
    file.write_text(json.dumps({"hosts": [{"name": "one", "cores": 64, "ram_gb": 512}]}))
    return file


def test_the_mix_of_an_operator_is_kept(say, lab, small):
    much = say("--fleet", small, "--mix", "sum_b=90", "--json", data=lab)[1]["allotments"]
    little = say("--fleet", small, "--mix", "sum_b=10", "--json", data=lab)[1]["allotments"]
    assert _share(much, "sum_b") > 0.35  # until one more block of it would be worth less than the floor
    assert _share(little, "sum_b") < 0.2


def test_the_old_mix_and_the_old_list_of_eight_are_taken_as_given(say, lab):
    mixed = say("--fleet", FLEET, "--mix", MIX, "--json", data=lab)
    listed = say("--fleet", FLEET, "--priority", EIGHT_STEPS, "--json", data=lab)
    for status, planned, _ in (mixed, listed):
        assert status == 0
        assert sum(one["idle_cores"] for one in planned["hosts"] if one["name"] != "h100s") == 0
        assert {one["purpose"] for one in planned["allotments"]} == {Purpose.NEW}  # nothing is known of anything yet


def test_what_has_priority_is_ordered_first(say, lab, small):
    names = [one["name"] for one in say("--fleet", small, "--priority", "sum_x", "--json", data=lab)[1]["allotments"]]
    assert names[:2] == ["sum_a", "sum_x"], "only the first block of all comes before it"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--mix", "new=60,fill=50"), "more than 100 %"),
        (("--mix", "new=60,new=10"), "names new twice"),
        (("--mix", "new"), "has no number"),
        (("--mix", "new=-1"), "is no percentage"),
        (("--mix", "sum_xx=10"), "Did you mean sum_"),
        (("--priority", "new > fill, fill > new"), "go round in a circle"),
        (("--priority", "new,new"), "name new twice"),
        (("--priority", "neww"), "Did you mean new?"),
        (("--fleet", "no-such-file.json"), "cannot be read"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_with_a_sentence(say, lab, words, sentence):
    fleet = () if "--fleet" in words else ("--fleet", FLEET)
    status, _, err = say(*fleet, *words, data=lab)
    assert status == 2
    assert sentence in err


@pytest.mark.parametrize("host", [{"cores": 10**6}, {"ram_gb": -1}, {"cores": 0}, {"threads": 8}])
def test_an_impossible_fleet_is_refused_with_a_sentence(say, lab, tmp_path, host):
    file = tmp_path / "fleet.json"
    file.write_text(
        json.dumps({"hosts": [{"name": "h", "cores": 8, "ram_gb": 16, "gpus": 0, "volunteer": "v"} | host]})
    )
    status, out, err = say("--fleet", file, data=lab)
    assert (status, out) == (2, "")
    assert "cannot be planned for: host 1" in err


def test_without_a_laboratory_the_catalogue_is_planned_and_without_a_fleet_there_is_nothing_to_plan(say):
    status, planned, _ = say("--fleet", FLEET, "--json")
    assert status == 0
    names = {one["name"] for one in planned["worth"]}
    assert {"edge_of_chaos", "grokking_dynamics"} <= names
    assert DRILL not in names
    assert planned["allotments"]
    status, _, err = say()
    assert (status, "There is no laboratory in" in err) == (5, True)


def _share(allotments, name) -> float:
    whole = sum(one["core_seconds"] for one in allotments)
    return sum(one["core_seconds"] for one in allotments if one["name"] == name) / whole
