"""`axiom experiment list`, `show`, `compare`, `pause` and their like: what is declared, found, learned and let out."""

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.cli.experiment import manifests
from axiom.decisions.hosts.costs import shown
from axiom.domain.costs import Cost, Fit, Voice
from axiom.store.engine.database import connect_reader
from axiom.store.experiments import costs
from axiom.store.experiments.costs import LearnedCost
from axiom.store.upkeep import audit

FIT = Fit(tasks=2, voices=(Voice(host_id=1, tasks=2, log_ratio=1.0),))


def test_beside_what_is_declared_stands_what_tasks_have_shown(say_to, working_lab, tiny_file):
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
        costs.keep(working_lab.db, 1, kept, working_lab.now)
    assert ask()["costs"] == [shown("linux-x86_64-avx2", FIT)]
    assert [(row["size"], row["n"]) for row in ask()["summary"]] == [(1, 7), (2, 7)]
    text = say_to(working_lab.folder.path, "experiment", "show", tiny_file)[1]
    assert ("linux-x86_64-avx2" in text, "0.5 [0.5, 0.5]" in text) == (True, True)


def test_two_versions_and_a_file_are_compared_with_what_each_has_found(say_to, working_lab, prepared, tiny_file):
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
    assert (row["first"]["evidence"] is None, row["second"]["evidence"]) == (False, None)
    comparison = compare(tiny_file)
    assert (comparison["declaration"], comparison["source"]) == ([], [])


def test_the_catalogue_is_searched_and_shown_without_asking_a_process(say_to, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a process was asked")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(manifests, "describe_here", never)
    for words, names in (
        ((), {"rank_dynamics", "test_deploy"}),
        (("--search", "memdynv2_gpu"), {"memorization_dynamics"}),
        (("--search", "edge of chaos", "--status", "catalogue"), {"edge_of_chaos"}),
        (("--theme", "Smaller networks", "--search", "lottery"), {"lottery_ticket", "neural_network_pruning_lottery"}),
        (("--status", "retired"), set()),
    ):
        status, answer, err = say_to(tmp_path, "experiment", "list", *words, "--json")
        rows = answer["experiments"]
        assert (status, err, names <= {row["name"] for row in rows}) == (0, "", True)
        assert (all(row["theme"] for row in rows), bool(rows)) == (True, bool(names))
    assert say_to(tmp_path, "experiment", "show", "rank_dynamics", "--json")[0] == 0
    text = say_to(tmp_path, "experiment", "show", "edge_of_chaos_v2")[1]  # an old name
    assert [fact for fact in ("edge_of_chaos", "edge_of_chaos_v2", "critical_radius") if fact not in text] == []


@pytest.fixture
def let_out(working_lab, prepared, hand_over):
    """Types a command about a laboratory with two bundles of tiny_sum."""
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
    rows = [(row["command"], row["outcome"]) for row in audit.latest(db, 100)[::-1] if not row["dry_run"]]
    db.close()
    commands = [f"experiment.{verb}" for verb in ("resume", "pause", "pause", "resume", "approve", "rollback")]
    assert [command for command, _ in rows if command in commands] == commands
