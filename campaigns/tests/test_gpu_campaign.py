"""What `scripts/campaign gpu` takes, and what it says of two computations. The processor stands for a GPU here."""

from dataclasses import replace

import gpu as campaign
import pytest

from axiom.domain.work import Outcome
from axiom.runner.child.environment import child_environment
from axiom.runner.child.pause import PauseGate
from axiom.signed.outputs import CellAnswer


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """The first tile of a map, computed twice."""
    folder = tmp_path_factory.mktemp("campaign")
    course = campaign.prepare(folder, "trainability", 1, PauseGate())
    (first, _), (second, _) = (course.compute(None, folder / "cache") for _ in range(2))
    return course.manifest, first, second


def test_by_default_it_takes_all_that_a_gpu_may_compute():
    names = campaign.may_use_gpus()
    assert len(names) == 15
    assert {"catapult_map", "memorization_dynamics"} < set(names)


def test_a_batch_is_all_configs_at_several_replicates_and_its_means_are_compared(tmp_path):
    course = campaign.prepare(tmp_path, "benford_law", 1, PauseGate(), replicates=3)
    parts = list(course.of_each_config())
    assert [len(part.cells) for part in parts] == [3] * len(course.manifest.configs)
    assert [cell for part in parts for cell in part.cells] == course.cells


def test_a_batch_agrees_with_the_processor_and_repeats_itself(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "child_environment", lambda cache, _device: child_environment(cache, None))
    course = campaign.prepare(tmp_path, "benford_law", 1, PauseGate(), replicates=3)
    course = replace(course, cells=[({**config, "epochs": 2}, seed) for config, seed in course.cells[:6]])
    parts = [campaign.on_a_core(part, tmp_path / "core") for part in course.of_each_config()]
    assert list(campaign.check(course, tmp_path, 0, parts)) == []
    assert "6 cells, " in capsys.readouterr().out


def answered(*values):
    return [
        CellAnswer(outcome=Outcome.OK, measures={"value": value, "curve": [1.0]}, early=(1.0,), cpu_seconds=1.0)
        for value in values
    ]


@pytest.mark.parametrize(("values", "errors"), [((1.0, 3.0), 0.0), ((2.0, 4.0), 1.0), ((1.0, None), 0.0)])
def test_means_differ_by_so_many_standard_errors(values, errors):
    assert campaign.apart(answered(1.0, 3.0), answered(*values), 2) == pytest.approx(errors)


def test_the_same_numbers_differ_in_nothing(computed):
    manifest, first, second = computed
    assert list(campaign.differences(manifest, first, second, second)) == []
    assert list(campaign.alike(manifest, first, second)) == [1.0]


def test_other_early_values_and_other_numbers_of_a_second_run_are_told(computed):
    manifest, first, second = computed
    (cell,) = second
    shifted = [replace(cell, early=tuple(1.01 * value for value in cell.early))]
    assert list(campaign.differences(manifest, first, shifted, shifted))
    later = [replace(cell, measures={**cell.measures, "border": 1 + cell.measures["border"]})]
    assert len(list(campaign.differences(manifest, first, second, later))) == 1


@pytest.mark.parametrize("cards", [[], ["a card"]])
def test_without_a_gpu_and_without_time_nothing_is_checked_and_that_is_no_success(monkeypatch, cards):
    monkeypatch.setattr(campaign, "listed", lambda: cards)
    monkeypatch.setattr("sys.argv", ["gpu", "--experiment", "trainability", "--cells", "1", "--minutes", "0"])
    assert campaign.main() == 1
