"""`axiom experiment list`, `show`, `compare`, `pause` and their like, and sweeps as words of a command line."""

import re
from types import SimpleNamespace

import pytest
from evidence_lines import record
from furnished_lab import weighed
from hypothesis import given, settings
from hypothesis import strategies as st
from read_page import read_page

from axiom.cli.experiment import sweep_words
from axiom.cli.experiment.sweep_words import read_sweep_configs
from axiom.domain.costs import Cost, CostFit, HostCostReport
from axiom.domain.declaration import Measure, ValueType
from axiom.errors import UnknownName, WrongUse
from axiom.laboratory.experiments import release_stages, shipped_declarations
from axiom.laboratory.experiments.pause_and_approve import pause_version, resume_version
from axiom.rules.hosts.learned_costs import describe_cost_fit
from axiom.signed.manifests import Manifest
from axiom.store.engine.database import connect_reader
from axiom.store.experiments import costs, experiments
from axiom.store.experiments.costs import LearnedCost
from axiom.store.upkeep import audit

FIT = CostFit(tasks=2, voices=(HostCostReport(host_id=1, tasks=2, log_ratio=1.0),))


def test_what_tasks_showed_stands_beside_what_is_declared_and_versions_are_compared(
    say_to, working_lab, tiny_file, prepared
):
    def ask() -> dict:
        return say_to(working_lab.folder.path, "experiment", "show", tiny_file, "--json")[1]["experiment"]

    assert (ask()["costs"], ask()["summary"]) == ([], [])
    working_lab.deploy(workunits=2, replicates_each=3)
    for _ in range(3):
        order = working_lab.order(1)
        working_lab.report(order, working_lab.output(order))
    working_lab.validate()
    kept = LearnedCost(host_class="linux-x86_64-avx2", fit=FIT, cost=Cost())
    with working_lab.db.transaction():
        costs.store_learned_cost(working_lab.db, 1, kept, working_lab.now)
    assert ask()["costs"] == [describe_cost_fit("linux-x86_64-avx2", FIT)]
    assert [(row["size"], row["n"]) for row in ask()["summary"]] == [(1, 7), (2, 7)]
    text = say_to(working_lab.folder.path, "experiment", "show", tiny_file)[1]
    assert "linux-x86_64-avx2" in text
    assert "0.5 [0.5, 0.5]" in text
    with working_lab.db.transaction():
        record(working_lab.db, 1, weighed(2), [], session_id=None, now=working_lab.now)
    working_lab.publish(prepared(version=2))

    def compare(second: object) -> dict:
        words = ("experiment", "compare", "tiny_sum@1", second)
        assert say_to(working_lab.folder.path, *words)[0] == 0
        return say_to(working_lab.folder.path, *words, "--json")[1]["comparison"]

    comparison = compare("tiny_sum")
    assert (comparison["first"], comparison["second"]) == ("tiny_sum@1", "tiny_sum@2")
    assert comparison["declaration"] == [{"part": "version", "first": 1, "second": 2}]
    changed = [line.replace(" ", "") for line in comparison["source"] if line.startswith(("-", "+"))]
    assert changed[2:] == ["-version=1,", "+version=2,"]
    (row,) = comparison["findings"]
    assert (row["first"]["number"], row["second"]["number"]) == (1, 2)
    assert row["first"]["evidence"] is not None
    assert row["second"]["evidence"] is None
    comparison = compare(tiny_file)
    assert (comparison["declaration"], comparison["source"]) == ([], [])


def test_the_terminal_tells_the_interval_that_the_page_tells(say_to, working_lab, tiny_file):
    working_lab.deploy(workunits=4, replicates_each=5)
    for _ in range(5):
        order = working_lab.order(1)
        working_lab.report(order, working_lab.output(order))
        working_lab.validate()
    with working_lab.db.transaction():
        working_lab.db.execute(
            "UPDATE result SET measures = json_set(measures, '$.total', replicate * 7 % 23 + config)"
        )
    rows = read_page(SimpleNamespace(lab=working_lab), "/experiments/tiny_sum")["experiment"]["summary"]["configs"]
    text = say_to(working_lab.folder.path, "experiment", "show", tiny_file)[1]
    assert len(rows) == 2
    for row in rows:
        low, high = row["interval"]
        assert f"{row['median']:.4g} [{low:.4g}, {high:.4g}]" in text


def test_the_catalogue_is_searched_and_shown_without_asking_a_process(say_to, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a process was asked")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(shipped_declarations, "describe_here", never)
    for words, names in (
        ((), {"rank_dynamics", "test_deploy"}),
        (("--search", "memdynv2_gpu"), {"memorization_dynamics"}),
        (("--search", "edge of chaos", "--status", "catalogue"), {"edge_of_chaos"}),
        (("--theme", "Smaller networks", "--search", "lottery"), {"lottery_ticket", "neural_network_pruning_lottery"}),
        (("--status", "retired"), set()),
    ):
        status, answer, err = say_to(tmp_path, "experiment", "list", *words, "--json")
        rows = answer["experiments"]
        assert status == 0
        assert err == ""
        assert names <= {row["name"] for row in rows}
        assert all(row["theme"] for row in rows)
        assert bool(rows) == bool(names)
    assert say_to(tmp_path, "experiment", "show", "rank_dynamics", "--json")[0] == 0
    text = say_to(tmp_path, "experiment", "show", "edge_of_chaos_v2")[1]  # an old name
    assert [fact for fact in ("edge_of_chaos", "edge_of_chaos_v2", "critical_radius") if fact not in text] == []


@pytest.fixture
def let_out(working_lab, prepared, hand_over):
    working_lab.publish(prepared(top="# worse"))
    say = hand_over()
    return lambda verb, *words: say("experiment", verb, "tiny_sum", *words)


def test_a_version_is_paused_resumed_approved_and_rolled_back(let_out, working_lab):
    pause = ("pause", "--why", "too warm", "--platform")
    assert let_out(*pause, "linux-x86_64-none", "--dry-run")[0] == 0
    assert let_out(*pause, "Windows 11")[0] == 2
    assert let_out("resume")[0] == 4  # the dry run left nothing
    for verb, status in (("pause", 0), ("pause", 4), ("resume", 0)):
        assert let_out(verb, *(("--why", "too warm", "--by", "Ada") if verb == "pause" else ()))[0] == status
    assert let_out("approve", "--by", "Ada", "--json")[1]["release"]["serial"] == 2
    status, answer, _ = let_out("rollback", "--why", "slower by half", "--json")
    assert (status, answer["release"]["serial"]) == (0, 3)
    db = connect_reader(working_lab.folder.database)
    rows = [(row["command"], row["outcome"]) for row in audit.list_audit_entries(db, 100)[::-1] if not row["dry_run"]]
    db.close()
    commands = [f"experiment.{verb}" for verb in ("resume", "pause", "pause", "resume", "approve", "rollback")]
    assert [command for command, _ in rows if command in commands] == commands


def test_what_halts_an_experiment_is_told_alike_at_each_place_that_shows_it(say_to, working_lab, tiny_file):
    folder = working_lab.folder.path

    def look() -> list:
        question = read_page(SimpleNamespace(lab=working_lab), "/questions/tiny_sum")["question"]
        shown = say_to(folder, "experiment", "show", tiny_file, "--json")[1]["experiment"]
        rows = say_to(folder, "status", "--json")[1]["status"]["experiments"]
        return [row["stopped"] for row in (question, shown, *rows)]

    assert look() == [None] * 3
    with working_lab.db.transaction():
        version = experiments.find_experiment(working_lab.db, 1)
        release_stages.record_breaker_stop(working_lab.db, version, reason="2 of 2 failed", now=working_lab.now)
    (first, *others) = look()
    assert (first["state"], first["why"]) == ("halted", "2 of 2 failed")
    assert others == [first] * 2
    for words in (("status",), ("doctor",), ("experiment", "show", tiny_file)):
        assert {"halt", "2 of 2 failed"} == set(re.findall("halt|2 of 2 failed", say_to(folder, *words)[1]))
    with working_lab.db.transaction():
        words = {"platform": "", "reason": "mended", "by": "Ada", "now": working_lab.now}
        resume_version(working_lab.db, version, **words)
    assert look() == [None] * 3
    with working_lab.db.transaction():
        pause_version(working_lab.db, version, **words)
    assert {row["state"] for row in look()} == {"paused"}


def test_tasks_are_kept_for_large_computers_and_that_is_taken_back(let_out):
    assert let_out("require")[0] == 2  # without a word why
    why = ("--why", "it swaps", "--by", "Ada")
    assert let_out("require", *why)[0] == 4  # any computer has them already
    status, answer, _ = let_out("require", "--least-cores", "16", "--times-longer", "4", *why, "--json")
    assert status == 0
    assert answer["rule"]["least_cores"] == 16
    assert answer["rule"]["times_longer"] == 4
    status, answer, _ = let_out("require", *why, "--json")
    assert status == 0
    assert answer["rule"]["least_cores"] == 0
    assert answer["rule"]["before"]["least_cores"] == 16


DECLARED = tuple({"width": width, "rate": 0.1, "bias": False, "data": "digits"} for width in (8, 16))
TYPES = {"width": ValueType.INT, "rate": ValueType.FLOAT, "bias": ValueType.BOOL, "data": ValueType.TEXT}
LOSS = Measure("loss", ValueType.FLOAT, nullable=False)
WORDS = {"name": "tiny_sum", "aliases": (), "version": 1, "question": "?", "reference": "", "figure": None}
COSTS = {"cell_seconds": (1.0, 1.0), "memory_mb": 100, "avx": False}
LISTS = {"factors": TYPES, "ranges": {"width": (1, 1_000)}, "measures": (LOSS,), "estimands": ()}
MANIFEST = Manifest(configs=DECLARED, **WORDS, **LISTS, **COSTS)


def levels(word: str) -> list:
    name = word.partition("=")[0]
    return list(dict.fromkeys(config[name] for config in read_sweep_configs(MANIFEST, [word])))


def test_a_factor_takes_these_levels_up_to_the_ends_of_what_is_allowed():
    for word, meant in (
        *(("width=8", [8]), ("width=4,2,4", [4, 2]), ("width=8:64:x2", [8, 16, 32, 64])),
        *(("width=8:65:x2", [8, 16, 32, 64]), ("width=1:7:2", [1, 3, 5, 7]), ("width=5:5:1", [5])),
        *(("rate=0.1,1e-3", [0.1, 0.001]), ("rate=0.1:0.3:0.1", [0.1, 0.2, 0.3])),
        *(("rate=0:1:0.25", [0.0, 0.25, 0.5, 0.75, 1.0]), ("rate=0.001:1:x10", [0.001, 0.01, 0.1, 1.0])),
        *(("rate=-1:1:1", [-1.0, 0.0, 1.0]), ("bias=true,false", [True, False])),
        *(("data=digits,a:b", ["digits", "a:b"]), ("data=a=b", ["a=b"])),
    ):
        taken = levels(word)
        assert taken == meant
        assert {type(value) for value in taken} == {type(meant[0])}
    assert levels("width=1,1000") == [1, 1000]
    assert len(read_sweep_configs(MANIFEST, ["width=1:1000:1", "rate=1:10:1"])) == 10_000
    with pytest.raises(UnknownName, match="width"):
        read_sweep_configs(MANIFEST, ["widht=8"])
    for words in (
        *(["width"], ["width="], ["width=wide"], ["width=1.5"], ["rate=fast"], ["rate=nan"], ["rate=inf"]),
        *(["rate=0:inf:1"], ["rate=0:nan:1"], ["bias=yes"], ["width=1:2"], ["width=1:2:3:4"], ["width=1:9:x1"]),
        *(["width=0:9:x2"], ["width=1:9:0"], ["width=1:9:-1"], ["width=9:1:1"], ["width=1001"], ["width=0"]),
        *(["width=1:1001:500", "rate=1"], ["rate=0:20000:1"], ["width=1:1000:1", "rate=0:10:1"]),
        ["rate=0:20000:1", "data=" + ",".join(map(str, range(9_000)))],
        *(["seed=0..7"], ["seeds=1,2"], ["replicates=8"]),
    ):
        with pytest.raises(WrongUse, match=f"{words[0].partition('=')[0]}|10000"):
            read_sweep_configs(MANIFEST, words)


def test_words_replace_their_factors_and_leave_the_others_as_declared():
    assert read_sweep_configs(MANIFEST, []) == MANIFEST.configs
    sweep = read_sweep_configs(MANIFEST, ["rate=0.1,0.2", "bias=true"])
    assert [(config["width"], config["rate"], config["bias"]) for config in sweep] == [
        *((8, 0.1, True), (8, 0.2, True), (16, 0.1, True), (16, 0.2, True))
    ]
    assert len(read_sweep_configs(MANIFEST, ["width=8", "rate=0.2"])) == 1
    assert list(sweep[0]) == list(MANIFEST.factors)


def test_twice_the_words_take_twice_the_comparisons(monkeypatch):
    compared = []

    class Counted(str):
        __hash__ = str.__hash__

        def __eq__(self, other):
            compared.append(other)
            return str(self) == str(other)

    monkeypatch.setattr(sweep_words, "_value", lambda _name, text, _kind: Counted(text))
    read_sweep_configs(MANIFEST, ["data=" + ",".join(map(str, range(400)))])
    assert len(compared) < 800


@settings(max_examples=40)
@given(first=st.integers(1, 99), count=st.integers(1, 30), tenths=st.integers(1, 9))
def test_a_range_of_tenths_holds_both_of_its_ends(first, count, tenths):
    last = first + count * tenths / 10
    taken = levels(f"rate={first}:{last:.1f}:0.{tenths}")
    assert len(taken) == count + 1
    assert (taken[0], taken[-1]) == (first, round(last, 1))
