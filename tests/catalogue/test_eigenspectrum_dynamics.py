"""Marchenko & Pastur (1967), Johnstone (2001): the edge of chance; and where a planted direction leaves the bulk."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import eigenspectrum_dynamics
from axiom.domain.experiments import seed_of

SEED = seed_of("eigenspectrum_dynamics", 1, 0)


@functools.cache
def cell(module, by="time", task="clusters", epochs=10, **changes):
    return module.run(module.Config(by=by, task=task, epochs=epochs, **changes), SEED)


def chance_stays_within_the_edge(module):
    """One matrix in a hundred passes it, whatever its shape and size; and the largest eigenvalue comes close."""
    rng = np.random.default_rng(0)
    for shape, size in (((64, 64), 0.2), ((100, 30), 3.0)):
        drawn = [size * rng.standard_normal(shape) for _ in range(120)]
        assert sum(map(module.outliers, drawn)) <= 4
        assert np.mean([module.spectrum(each)[0] / module.edge(each) for each in drawn]) == pytest.approx(0.9, abs=0.06)


def planted_direction_leaves_the_bulk_at_one(module):
    """Of strength t above 1, it is at (t + 1 / t) squared, below 1 unseen (Benaych-Georges & Nadakuditi 2012)."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((300, 300)) / np.sqrt(300)
    one, other = (vector / np.linalg.norm(vector) for vector in rng.standard_normal((2, 300)))
    strong, weak = (noise + strength * np.outer(one, other) for strength in (2.0, 0.5))
    assert module.spectrum(strong)[0] == pytest.approx(2.5**2, rel=0.05)
    assert module.outliers(strong) == 1
    assert module.outliers(weak) == 0


def correlation_is_pearsons(module):
    rng = np.random.default_rng(2)
    first, second = rng.standard_normal((2, 20))
    assert module.correlation(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert module.correlation(first, 3 - 2 * first) == pytest.approx(-1)
    assert module.correlation(first, np.ones(20)) == 0.0


def looks_are_what_they_say(module):
    """Along one training, the start and ten looks; of the others, one network after its training each."""
    along = cell(module)
    assert len(along.gaps) == len(along.accuracies) == 11
    assert along.learned == along.outliers - along.start_outliers
    assert along.accuracies[-1] > along.accuracies[0] + 0.3
    labels, starts = (cell(module, by, epochs=2) for by in ("labels", "starts"))
    assert (len(labels.gaps), len(starts.gaps)) == (8, 12)
    assert labels.accuracies[0] > labels.accuracies[-1] + 0.2
    assert len(set(starts.gaps)) == 12
    assert starts.correlation == pytest.approx(np.corrcoef(starts.gaps, starts.accuracies)[0, 1])


def training_adds_one_less_than_there_are_classes(module):
    """From small weights, where shuffled entries show none; from large ones the bulk hides it; nothing, none."""
    small, large = (cell(module, gain=gain, epochs=40) for gain in (0.5, 2.0))
    assert small.learned in (3, 4)
    assert small.start_outliers == small.shuffled_outliers == 0
    assert large.learned <= 1
    assert cell(module, control="placebo").learned == 0


TRUTHS = [
    chance_stays_within_the_edge,
    planted_direction_leaves_the_bulk_at_one,
    correlation_is_pearsons,
    looks_are_what_they_say,
    training_adds_one_less_than_there_are_classes,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_the_edge_of_chance_and_what_leaves_it(truth):
    truth(eigenspectrum_dynamics)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (chance_stays_within_the_edge, "(high + wide) ** 2 + MARGIN", "(high + wide) ** 2 - MARGIN"),
        (chance_stays_within_the_edge, "np.mean(weights**2)", "np.mean(np.abs(weights))"),
        (planted_direction_leaves_the_bulk_at_one, "compute_uv=False) ** 2", "compute_uv=False)"),
        (correlation_is_pearsons, "first - first.mean(), second", "first, second"),
        (looks_are_what_they_say, 'share = SHARES[number] if config.by == "labels" else 0.0', "share = 0.0"),
        (looks_are_what_they_say, "last[:, 2] - first[:, 2]", "first[:, 2] - last[:, 2] + 1"),
        (looks_are_what_they_say, 'f"start{own}"', '"start"'),
        (training_adds_one_less_than_there_are_classes, "gain=config.gain", "gain=2.0"),
        (training_adds_one_less_than_there_are_classes, "outliers(shuffled)", "outliers(weights)"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("eigenspectrum_dynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
