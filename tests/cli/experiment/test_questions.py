"""`axiom experiment show`: beside what is declared stands what tasks have shown of the cost."""

import json

import pytest
from click.testing import CliRunner
from evidence_lines import record
from furnished_lab import weighed

from axiom.cli.experiment.compare import compare
from axiom.cli.experiment.questions import list_experiments, show
from axiom.decisions.hosts.costs import shown
from axiom.domain.costs import Cost, Fit, Voice
from axiom.signed.bundles import contents
from axiom.store.experiments import costs
from axiom.store.experiments.costs import LearnedCost

FIT = Fit(tasks=2, voices=(Voice(host_id=1, tasks=2, log_ratio=1.0),))


@pytest.fixture
def ask(working_lab, tmp_path, prepared):
    """Shows the tiny experiment, whose file lies beside the laboratory."""
    file = tmp_path / "tiny_sum.py"
    file.write_bytes(contents(prepared().archive)["axiom/catalogue/tiny_sum.py"])

    def say(*words: str) -> str:
        done = CliRunner().invoke(
            show, [str(file), *words, "--data", str(working_lab.folder.path)], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.stdout

    return say


def test_nothing_is_said_of_the_cost_before_a_task_shows_it(ask):
    assert json.loads(ask("--json"))["experiment"]["costs"] == []
    assert "linux" not in ask()


def test_each_kind_of_host_is_shown_with_its_factor_and_why(ask, working_lab):
    with working_lab.db.transaction():
        costs.keep(
            working_lab.db, 1, LearnedCost(host_class="linux-x86_64-avx2", fit=FIT, cost=Cost()), working_lab.now
        )
    assert json.loads(ask("--json"))["experiment"]["costs"] == [shown("linux-x86_64-avx2", FIT)]
    assert "\non linux-x86_64-avx2: what is declared holds: 2 tasks of the 5 from which on a fit counts\n" in ask()


def test_an_old_name_shows_its_experiment_and_what_became_of_the_script(tmp_path):
    done = CliRunner().invoke(show, ["edge_of_chaos_v2", "--data", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("name: edge_of_chaos\n") or "edge_of_chaos" in done.stdout.splitlines()[0]
    assert "\nedge_of_chaos_v2, in the old laboratory: called strong, with 30 radii on four hosts\n" in done.stdout
    assert "\nold claim critical_radius: a random network becomes chaotic" in done.stdout


def test_what_it_has_brought_is_shown_config_by_config_with_the_number_of_seeds(ask, working_lab):
    assert json.loads(ask("--json"))["experiment"]["summary"] == []
    assert "Medians over" not in ask()
    working_lab.deploy(workunits=2, replicates_each=3)
    for _ in range(3):
        order = working_lab.order(1)
        working_lab.report(order, working_lab.output(order))
    working_lab.validate()
    rows = json.loads(ask("--json"))["experiment"]["summary"]
    assert [(row["size"], row["n"]) for row in rows] == [(1, 7), (2, 7)]
    said = ask()
    assert "Medians over n seeds [95 % interval, from six seeds on]" in said
    assert "0.5 [0.5, 0.5]" in said


def test_two_versions_and_a_file_are_compared_with_what_each_has_found(working_lab, prepared, tmp_path):
    def typed(*words: str) -> str:
        done = CliRunner().invoke(compare, [*words, "--data", str(working_lab.folder.path)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    with working_lab.db.transaction():
        record(working_lab.db, 1, weighed(2), [], session_id=None, now=working_lab.now)
    working_lab.publish(prepared(version=2))
    said = json.loads(typed("tiny_sum@1", "tiny_sum", "--json"))["comparison"]
    assert (said["first"], said["second"]) == ("tiny_sum@1", "tiny_sum@2")
    assert said["declaration"] == [{"part": "version", "first": 1, "second": 2}]
    assert [line for line in said["source"] if line.startswith(("-", "+"))][2:] == [
        "-    version=1,",
        "+    version=2,",
    ]
    (row,) = said["findings"]
    assert (row["first"]["number"], row["second"]["number"]) == (1, 2)
    assert (row["first"]["evidence"] is None, row["second"]["evidence"]) == (False, None)
    assert "1: effect +, Moderate" in typed("tiny_sum@1", "tiny_sum")
    file = tmp_path / "tiny_sum.py"
    file.write_bytes(contents(prepared().archive)["axiom/catalogue/tiny_sum.py"])
    text = typed("tiny_sum@1", str(file))
    assert "declare the same" in text
    assert "The source is the same." in text


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--search", "memdynv2_gpu"], {"memorization_dynamics"}),
        (["--search", "edge of chaos", "--status", "catalogue"], {"edge_of_chaos"}),
        (["--theme", "Smaller networks", "--search", "lottery"], {"lottery_ticket", "neural_network_pruning_lottery"}),
        (["--status", "retired"], set()),
    ],
)
def test_the_catalogue_is_searched_by_words_old_names_theme_and_status(tmp_path, words, names):
    done = CliRunner().invoke(list_experiments, [*words, "--json", "--data", str(tmp_path)], catch_exceptions=False)
    assert names <= {row["name"] for row in json.loads(done.stdout)["experiments"]}
    assert all(row["theme"] for row in json.loads(done.stdout)["experiments"])
    assert bool(names) == bool(json.loads(done.stdout)["experiments"])
