"""Morcos et al. (2018), Saad & Solla (1995): what is selective, and specialised, of networks in which it is known."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import neuron_specialization
from axiom.domain.experiments import seed_of
from axiom.kit import chance, committee, data, models

SEED = seed_of("neuron_specialization", 1, 0)
KEPT = [seed_of("neuron_specialization", 2, replicate) for replicate in range(4)]  # of the eight of the controls


@functools.cache
def cell(module, task="clusters", seed=SEED, **changes):
    return module.run(module.Config(**{"task": task, "epochs": 8} | changes), seed)


def by_hand(active, y):
    """The mean of the class selectivity indices of all units that any row wakes."""
    indices = []
    for unit in np.float64(active).T:
        means = sorted(unit[y == label].mean() for label in range(5))
        if unit.any():
            indices.append((means[4] - sum(means[:4]) / 4) / (means[4] + sum(means[:4]) / 4))
    return np.mean(indices)


def start_is_measured_before_training(module):
    """On fresh rows, of the last hidden layer as it is drawn, and less what classes by lot have, too."""
    task = data.clusters(chance.stream(SEED, "data"), inputs=20, classes=5, train=400, test=2_000)
    net = models.mlp(chance.stream(SEED, "start"), (20, 64, 64, 5))
    active = models.hidden(net, task.x_test)[-1]
    by_lot = by_hand(active, chance.stream(SEED, "lot").permutation(task.y_test))
    measured = cell(module)
    assert 0 < by_lot < 0.3 * by_hand(active, task.y_test)
    assert measured.curve[0] == pytest.approx(by_hand(active, task.y_test) - by_lot, rel=1e-5)
    assert measured.selectivity == measured.curve[-1]
    assert measured.gain == pytest.approx(measured.curve[-1] - measured.curve[0])
    assert len(measured.curve) == 3


def lazy_networks_keep_their_units(module):
    """A thousand times the outputs: what is learned is read from units as they began; a rich one's become others."""
    lazy, rich = cell(module, alpha=1_000.0, epochs=40), cell(module, alpha=0.3, epochs=40)
    assert lazy.train_accuracy > 0.8
    assert abs(lazy.gain) < 1e-3
    assert rich.gain > 0.05


def built(rng):
    """Twenty units in five fours by size: in each four one tells a class, and three tell nothing that is asked."""
    y = np.tile(np.arange(5), 200).astype(np.int32)
    x = rng.random((1_000, 20)).astype(np.float32)
    for four in range(5):
        x[:, 4 * four] = y == four
    below = models.Layer(weights=np.eye(20, dtype=np.float32), biases=np.zeros(20, dtype=np.float32))
    above = np.ones((20, 5))
    above[::4] = 5 * np.eye(5)
    sizes = np.repeat([16, 8, 4, 2, 1], 4) * (1 + 0.01 * rng.random(20))
    above *= (sizes / (x.std(axis=0) * np.linalg.norm(above, axis=1)))[:, None]
    last = models.Layer(weights=above.astype(np.float32), biases=np.zeros(5, dtype=np.float32))
    return (below, below, last), data.LearningTask(x_train=x, y_train=y, x_test=x, y_test=y)


def who_tells_the_classes_is_missed(module):
    """With all of the five that tell something gone it is a guess; with one of each four by lot it is in between."""
    net, task = built(chance.stream(1, "units"))
    found = module._removals(net, task, chance.stream(1, "lots"))
    assert found["selective_minus_other"] == pytest.approx(0.8, abs=1e-9)
    assert 0.3 < found["selective_minus_lot"] < 0.8


def labels_by_lot_are_learned_and_tell_nothing(module):
    true, lot = (cell(module, is_shuffled=one, epochs=160) for one in (False, True))
    assert lot.test_accuracy < 0.35 < 0.6 < true.test_accuracy
    assert lot.train_accuracy > 0.9
    assert lot.own_gain is not None
    assert cell(module, is_shuffled=True).own_gain is None  # never fitted
    assert true.own_gain != true.gain


def a_committee_finds_the_other_ones_units(module):
    """After a plateau on which all its units are alike; then nothing of the error is left."""
    measured = cell(module, "committee", width=3, epochs=100)
    assert measured.specialised == measured.curve[-1] > 0.95
    assert 0 < measured.plateau_specialised < 0.3
    assert measured.error < 1e-3


def units_that_are_alike_stay_on_the_plateau(module):
    """All of them learn the sum: the best that this can reach is known from the overlaps."""
    alike = cell(module, "committee", width=3, epochs=100, is_alike=True)
    taught = committee.orthogonal(chance.stream(SEED, "taught"), inputs=50, units=3)
    along = np.repeat(taught.sum(axis=1, keepdims=True), 3, axis=1) / np.sqrt(3)
    risks = [committee.risk(committee.overlaps(length * along, taught)) for length in np.linspace(0.1, 2, 50)]
    best = min(risks) / committee.risk(committee.overlaps(0 * along, taught))
    assert best < alike.error < 3 * best
    assert alike.specialised < 0.2


def controls_are_what_they_say(module):
    near = cell(module, "committee", width=3, control="planted")
    assert near.specialised > 0.8
    assert near.curve[0] > 0.5
    alike = cell(module, "committee", width=3, is_alike=True)
    assert cell(module, "committee", width=3, control="planted", is_alike=True) == alike


def placebos_differ_by_chance_alone(module):
    """Each arm has a start of its own, and a committee its own examples; what the arms are asked about is the same."""
    for which, arms, smallest in (
        ("error", [{"task": "committee", "width": 3, "epochs": 100, "is_alike": one} for one in (False, True)], 0.02),
        ("gain", [{"alpha": alpha} for alpha in (0.1, 10.0)], 0.02),
    ):
        one, other = ([getattr(cell(module, **arm, control="placebo", seed=s), which) for s in KEPT] for arm in arms)
        assert not set(one) & set(other)
        assert abs(np.median(np.subtract(one, other))) < smallest
    assert {cell(module, alpha=alpha, control="placebo").gain for alpha in (0.1, 10.0)}.isdisjoint({cell(module).gain})


TRUTHS = [
    start_is_measured_before_training,
    lazy_networks_keep_their_units,
    who_tells_the_classes_is_missed,
    labels_by_lot_are_learned_and_tell_nothing,
    a_committee_finds_the_other_ones_units,
    units_that_are_alike_stay_on_the_plateau,
    controls_are_what_they_say,
    placebos_differ_by_chance_alone,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_specialists(truth):
    truth(neuron_specialization)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (start_is_measured_before_training, "(models.hidden(net, x)[-1], y", "(models.hidden(net, x)[0], y"),
        (start_is_measured_before_training, "return selective(net, task.x_test, task.y_test)", "return right"),
        (start_is_measured_before_training, "gain=seen[-1][0] - before", "gain=seen[-1][0]"),
        (lazy_networks_keep_their_units, "context=(alpha,)", "context=(1.0,)"),
        (lazy_networks_keep_their_units, "0 * last.weights", "1 * last.weights"),
        (
            who_tells_the_classes_is_missed,
            "right(rows[:, 0]), right(rows[:, -1])",
            "right(rows[:, -1]), right(rows[:, 0])",
        ),
        (who_tells_the_classes_is_missed, "least - most,", "least,"),
        (who_tells_the_classes_is_missed, "rng.permuted(rows, axis=1)[:, 0]", "rows[:, 0]"),
        (labels_by_lot_are_learned_and_tell_nothing, "permutation(task.y_train)", "permutation(1) * 0 + task.y_train"),
        (labels_by_lot_are_learned_and_tell_nothing, "one[2] >= FITTED", "one[2] >= 0"),
        (a_committee_finds_the_other_ones_units, "risk < 0.5 * risks[0]", "risk < 0.01 * risks[0]"),
        (a_committee_finds_the_other_ones_units, "error=risks[-1]", "error=risks[0]"),
        (units_that_are_alike_stay_on_the_plateau, "np.repeat(start[:, :1], config.width, axis=1)", "1 * start"),
        (controls_are_what_they_say, "0.5 * taught[:, np", "0.0 * taught[:, np"),
        (placebos_differ_by_chance_alone, 'config.is_alike or config.control == "placebo"', "config.is_alike"),
        (placebos_differ_by_chance_alone, '(1.0, f"start {config.alpha}")', '(config.alpha, f"start {config.alpha}")'),
        (placebos_differ_by_chance_alone, '(1.0, f"start {config.alpha}")', '(1.0, "start")'),
        (placebos_differ_by_chance_alone, 'own = f" {config.is_alike}"', 'own = ""'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("neuron_specialization", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
