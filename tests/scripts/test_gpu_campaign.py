"""What `scripts/campaign gpu` takes, and what it says of two computations. The processor stands for a GPU here."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from axiom.runner.child.pause import PauseGate

sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts" / "campaign.d"))

import gpu as campaign


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
    (one,) = second
    shifted = [replace(one, early=tuple(1.01 * each for each in one.early))]
    assert "came out apart" in next(campaign.differences(manifest, first, shifted, shifted))
    later = [replace(one, measures={**one.measures, "border": 1 + one.measures["border"]})]
    assert list(campaign.differences(manifest, first, second, later)) == ["a second run brought other numbers"]


def test_without_a_gpu_nothing_is_checked_and_that_is_said(monkeypatch, capsys):
    monkeypatch.setattr(campaign, "listed", list)
    monkeypatch.setattr("sys.argv", ["gpu"])
    assert campaign.main() == 1
    assert "nothing was checked" in capsys.readouterr().out


def test_when_time_is_up_it_stops_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(campaign, "listed", lambda: ["a card"])
    monkeypatch.setattr("sys.argv", ["gpu", "--experiment", "trainability", "--cells", "1", "--minutes", "0"])
    assert campaign.main() == 1
    assert capsys.readouterr().out.endswith("after 0 minutes it was stopped\n")
