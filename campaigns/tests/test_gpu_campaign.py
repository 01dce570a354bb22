"""What `scripts/campaign gpu` takes, and what it says of two computations. The processor stands for a GPU here."""

from dataclasses import replace

import gpu as campaign
import pytest

from axiom.runner.child.pause import PauseGate


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """The first tile of a map, computed twice."""
    folder = tmp_path_factory.mktemp("campaign")
    course = campaign.prepare(folder, "trainability", 1, PauseGate())
    (first, _), (second, _) = (course.compute(None, folder / "cache") for _ in range(2))
    return course.manifest, first, second


def test_by_default_it_takes_all_that_a_gpu_may_compute():
    names = campaign.may_use_gpus()
    assert names == ["catapult_map", "grokking_map", "lazy_map", "trainability", "trainability_of_starts"]


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
