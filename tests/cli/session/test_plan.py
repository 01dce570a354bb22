"""A plan in a terminal, for the old laboratory's fleet and for wishes as its operators gave them."""

import json
from pathlib import Path

import pytest
from tiny_experiment import prepare_text, tiny_source

from axiom.cli.session.plan import show_plan
from axiom.domain.planning import Purpose
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.signed.keys import make_keys


def preview(**besides):
    lists = ("allotments", "skipped", "classes", "hosts", "worth", "goals")
    above = {"floor": 0.001, "core_seconds": 7_200.0, "designs": 1, "below": 0}
    above |= {"proposals": 0, "proposed_core_seconds": 0.0}
    bare = {"idle_cores": 0, "reason": "0 workunits of 0 experiments", "above_floor": above}
    return {**bare, **{name: [] for name in lists}} | besides


def sized(cores, hosts, planned, *, idle=0, reasons=()):
    size = {"cores": cores, "gpus": 0, "memory_mb": 4_096, "hosts": hosts, "busy": {}, "planned": planned}
    return size | {"gpu_tasks": 0, "idle_cores": idle, "reasons": list(reasons)}


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def of(**besides):
        show_plan(preview(**besides))
        return capsys.readouterr().out.splitlines()

    return of


def test_a_reason_stands_under_what_it_is_a_reason_for(shown):
    ordered = [
        {"name": "sums", "workunits": 3, "replicates_each": 1, "reason": "the pilot of sums"},
        {"name": "heavy", "workunits": 1_200, "replicates_each": 8, "reason": "no other can take it"},
        {"name": "heavy", "workunits": 1, "replicates_each": 5, "reason": "no other can take it"},
    ]
    lines = shown(allotments=ordered)
    assert lines[lines.index("What would be ordered") :][:5] == [
        *("What would be ordered", "  sums  3 × 1 replicate", "    the pilot of sums"),
        *("  heavy  1,200 × 8 replicates and 1 × 5 replicates", "    no other can take it"),
    ]


def test_what_stands_above_the_floor_is_told_and_that_cores_rest_below_it(shown):
    above = preview()["above_floor"]
    text = " ".join(shown(above_floor=above))
    assert "2 core-hours of 1 design." in text
    assert "cores rest" not in text
    text = " ".join(shown(above_floor=above | {"below": 3, "proposals": 2, "proposed_core_seconds": 3_600.0}))
    assert "Of 3 designs nothing more is worth it: cores rest" in text
    assert "Of 2 proposals that wait for an answer likely 1 core-hours are, too" in text


def test_what_people_asked_for_stands_first(shown):
    goal = {
        "name": "sums",
        "design": "",
        "registration_id": 7,
        "replicates": 100,
        "ordered": 16,
        "core_seconds": 3_600.0,
    }
    lines = shown(goals=[goal])
    assert lines[lines.index("What people asked for, which comes first") + 1 :][:2] == [
        "  sums  16 of 100 replicates are ordered",
        "    registration 7; the others take 1 core-hours",
    ]


def test_hosts_of_a_size_are_one_line_with_why_cores_idle_and_small_ones_a_range(shown):
    reasons = [{"reason": "no memory is left for one more task", "hosts": 9, "cores": 16}]
    small = sized(4, 1, {}, idle=4, reasons=[reasons[0] | {"hosts": 1, "cores": 4}])
    many = sized(8, 40, dict.fromkeys("abcde", 60), idle=20, reasons=reasons)
    lines = shown(classes=[sized(100, 1, {"a": 100}), many, small])
    table = lines[lines.index("Where it would go") + 1 :]
    assert [line.split() for line in table[1:3]] == [
        ["100", "–", "4", "1", "0", "100", "0", "a"],
        ["8", "–", "4", "40", "0", "300", "20", "a", "+4"],
    ]
    idle = lines[lines.index("Why cores stay idle") + 1 :]
    assert idle[:2] == ["  20 cores at 10 hosts of 4 to 8 cores", "    no memory is left for one more task"]
    lines = shown(classes=[sized(cores, 3, {"a": cores}, idle=1) for cores in range(20, 5, -1)])
    assert "  and 9 more hosts of 6 to 8 cores: 21 planned, 3 idle; --json has all" in lines  # below a dozen sizes
    assert sum(line.startswith(("20 ", "9 ")) for line in lines) == 2
    assert not any(line.startswith("8 ") for line in lines)


def test_what_is_left_alone_for_one_reason_is_one_line_and_long_tables_are_cut(shown):
    skipped = [{"name": name, "reason": "settled"} for name in ("a", "b", "c", "d")]
    lines = shown(skipped=[*skipped, {"name": "e", "reason": "paused"}])
    alone = lines[lines.index("What is left alone") + 1 :]
    assert alone == ["  a, b, c and 1 more", "    settled", "  e", "    paused"]
    order = {"workunits": 3, "replicates_each": 1, "reason": "because " * 30}
    worth = {"name": "compositional_generalization", "purpose": "generality", "bits": 0.123456, "weight": 1.0}
    worth |= {"core_seconds": 123_456.0, "per_core_hour": 0.00123}
    lines = shown(allotments=[{"name": f"experiment_{place}", **order} for place in range(50)], worth=[worth] * 50)
    assert max(map(len, lines)) <= 80
    assert lines.count("  and 38 more; --json has all") == 2


FLEET = Path(__file__).parents[3] / "docs" / "howto" / "fleet-of-83.json"
# As the old laboratory's log has them: eight steps, and a mix. What was one step there for each host is one word here.
EIGHT_STEPS = "new > nearest > negatives > generality > pilots > fill > sum_b > sum_a"
MIX = "new=50,nearest=30,fill=20"


@pytest.fixture
def plan(say_to, lab):
    return lambda *words: say_to(lab, "session", "plan", *words)


@pytest.fixture(scope="module")
def lab(new_lab, tmp_path_factory):
    """Two dozen light experiments, one for GPUs and one that takes much memory, in a laboratory that nobody holds."""
    made = new_lab(tmp_path_factory.mktemp("planned") / "lab")
    make_keys(made.folder.keys, made.now)
    needs = {f"sum_{letter}": "memory_mb=300" for letter in "abcdefghijklmnopqrstuvwx"}
    needs |= {"heavy_sum": "memory_mb=14_000", "gpu_sum": "memory_mb=900, gpu=True"}
    for name, words in needs.items():
        text = tiny_source(name=name).replace("memory_mb=100", words).replace("config: 1.0", "config: 600.0")
        made.publish(prepare_text(name, text, tmp_path_factory.mktemp(name)))
    made.db.close()
    return made.folder.path


def test_every_core_of_the_old_fleet_has_work_and_the_text_fits_a_terminal(plan, monkeypatch):
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
    monkeypatch.setenv("COLUMNS", "80")
    status, text, _ = plan("--fleet", FLEET)
    lines = text.splitlines()
    assert status == 0
    assert max(map(len, lines)) <= 80
    assert len(lines) < 120
    assert "h100s" not in text


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
        assert status == 0
        assert sum(host["idle_cores"] for host in planned["hosts"] if host["name"] != "h100s") == 0
        assert {row["purpose"] for row in planned["allotments"]} == {Purpose.NEW}  # nothing is known of anything yet


def test_an_impossible_wish_is_refused_and_a_catalogue_planned_without_a_laboratory(plan, tmp_path, say_to):
    for words, fact in (
        *((("--mix", "new=60,fill=50"), "100 %"), (("--mix", "new=60,new=10"), "new twice")),
        *((("--mix", "new"), "no number"), (("--mix", "new=-1"), "percentage"), (("--mix", "sum_xx=10"), "sum_")),
        *((("--priority", "new > fill > new"), "new twice"), (("--priority", "neww"), "new?")),
        (("--fleet", "no-such-file.json"), "no-such-file.json"),
    ):
        status, _, err = plan(*(() if "--fleet" in words else ("--fleet", FLEET)), *words)
        assert status == 2, err
        assert fact in err, err
    file = tmp_path / "fleet.json"
    for wrong in ({"cores": 10**6}, {"ram_gb": -1}, {"cores": 0}, {"threads": 8}):
        host = {"name": "h", "cores": 8, "ram_gb": 16, "gpus": 0, "volunteer": "v"} | wrong
        file.write_text(json.dumps({"hosts": [host]}))
        status, out, err = plan("--fleet", file)
        assert status == 2
        assert out == ""
        assert "host 1" in err
    status, planned, _ = say_to(tmp_path / "none", "session", "plan", "--fleet", FLEET, "--json")
    names = {row["name"] for row in planned["worth"]}
    assert status == 0
    assert {"edge_of_chaos", "grokking_dynamics"} <= names
    assert DRILL not in names
    assert planned["allotments"]
    assert say_to(tmp_path / "none", "session", "plan")[0] == 5
