"""Scaling: closed forms of double descent, power laws found exactly, and parts that make whole answers."""

import functools
from statistics import fmean

import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, models, scaling, training
from axiom_catalogue import double_descent, emergent_abilities, scaling_cuts
from axiom_catalogue import micro_scaling_laws as micro_scaling
from axiom_catalogue import neural_scaling_laws as neural_scaling


# Belkin et al. (2019) and Hastie et al. (2022): the peak at p = N, the second descent, and a risk known exactly.
def descent_finite(p, n, noise):
    """The expected risk of an isotropic design: the variance alone below n, a bias besides above it."""
    return noise**2 * p / (n - p - 1) if p < n else 1 - n / p + noise**2 * n / (p - n - 1)


def test_the_isotropic_risk_is_the_closed_form():
    for p, noise in ((20, 0.5), (40, 1.0), (120, 0.5), (240, 0.0)):
        config = double_descent.Config(design="isotropic", features=p, samples=80, noise=noise)
        risks = np.array([double_descent.run(config, seed).risk for seed in range(40)])
        error = risks.std() / len(risks) ** 0.5
        assert abs(risks.mean() - descent_finite(p, 80, noise)) < 3.5 * error
        assert error < 0.08 * risks.mean()


def descent_cell(features, seed=5, **config):
    return double_descent.run(
        double_descent.Config(**{"design": "random_features", "samples": 40} | config, features=features), seed
    )


def test_where_there_is_no_closed_form_it_is_compared_with_none():
    assert descent_cell(40).risk_over_theory is None
    assert descent_cell(39, design="isotropic").risk_over_theory is None
    assert descent_cell(20, design="isotropic", noise=0.0).risk_over_theory is None  # theory has 0
    assert descent_cell(42, design="isotropic", ridge=1.0).risk_over_theory is None
    assert descent_cell(42, design="isotropic").risk_over_theory > 0


def test_what_is_found_exactly_has_a_logarithm_too():
    exact = [descent_cell(1, seed=seed, design="isotropic", noise=0.0) for seed in range(20)]
    assert min(cell.risk for cell in exact) == 0.0
    assert max(cell.log_risk for cell in exact) < -60


# The peak is where a network can just fit its data, wrong labels included, and a wider one is past it.
# Bahri et al. (2021): a power law over data, a fall over size that ends at the teacher, and a variance of 1/N.
MICRO_SEEDS = [seed_of(micro_scaling.experiment.name, 1, replicate) for replicate in range(3)]


def micro_classes(items, width, *, steps=2_000, seeds=MICRO_SEEDS[:2], **factors):
    config = micro_scaling.Config(task="classes", items=items, width=width, steps=steps, **factors)
    return [micro_scaling.run(config, seed) for seed in seeds]


def test_two_samples_differ_by_a_variance_of_one_over_n():
    def spreads(items):
        config = micro_scaling.Config(task="regression", items=items, width=4, steps=200, lr=0.1)
        return [micro_scaling.run(config, seed).spread for seed in MICRO_SEEDS]

    many = spreads(4_096)
    assert min(many) > 0
    slopes = [np.log(more / less) / np.log(8) for more, less in zip(many, spreads(512), strict=True)]
    assert fmean(slopes) == pytest.approx(-1, abs=0.12)


def test_the_joint_law_is_that_of_all_classes(monkeypatch):
    monkeypatch.setattr(micro_scaling, "ITEMS", (64, 256, 1_024))
    monkeypatch.setattr(micro_scaling, "WIDTHS", (2, 16))
    measured = micro_scaling.run(micro_scaling.Config(task="joint", items=64, width=2, steps=400), MICRO_SEEDS[0])
    points = [(items, width) for items in micro_scaling.ITEMS for width in micro_scaling.WIDTHS]
    cells = [micro_classes(*point, steps=400, seeds=MICRO_SEEDS[:1])[0] for point in points]
    law = scaling.joint_law(
        [items for items, _ in points], [cell.parameters for cell in cells], [cell.loss for cell in cells]
    )
    assert (measured.items_exponent, measured.size_exponent) == (law.items_exponent, law.size_exponent)
    assert measured.unexplained == law.unexplained
    assert measured.parameters == 421
    assert (measured.loss, measured.diverged) == (None, 0)
    assert law.items_exponent > 0.2


# Kaplan et al. (2020): where size alone is scarce the loss is a power of it; a floor or few examples bend the law.
SIZE_SEED = seed_of("neural_scaling_laws", 1, 0)
SIZES = np.array([33.0, 92.0, 229.0, 561.0, 1_576.0, 4_261.0])


@functools.cache
def size_shown(inputs=4, items=0, **changes):
    return neural_scaling.population(
        neural_scaling.Config(**({"inputs": inputs, "items": items, "steps": 400} | changes)), SIZE_SEED
    )


def test_a_power_law_is_found_exactly():
    """By hand: losses that are a power of the size leave nothing, and a floor below them leaves what a line leaves."""
    exponent, rest = neural_scaling.power(SIZES, 7.0 * SIZES**-0.8)
    assert exponent == pytest.approx(0.8)
    assert rest == pytest.approx(0.0, abs=1e-9)
    x, y = np.log(SIZES), np.log(0.02 + 7.0 * SIZES**-0.8)
    exponent, rest = neural_scaling.power(SIZES, np.exp(y))
    slope = ((x - x.mean()) @ (y - y.mean())) / ((x - x.mean()) @ (x - x.mean()))
    assert exponent == pytest.approx(-slope)
    assert rest == pytest.approx(np.var(y - slope * x) / np.var(y))
    assert rest > 0.01


def test_a_floor_is_found_where_there_is_one():
    exponent, rest = neural_scaling.floored(SIZES, 0.02 + 7.0 * SIZES**-0.8)
    assert exponent == pytest.approx(0.8, rel=0.03)
    assert rest < 1e-4
    exponent, rest = neural_scaling.floored(SIZES, 7.0 * SIZES**-0.8)
    assert exponent == pytest.approx(0.8, rel=0.03)  # and none where there is none
    assert rest < 1e-4
    below_zero = 7.0 * SIZES**-0.8 - 0.004
    assert neural_scaling.floored(SIZES, below_zero)[1] >= neural_scaling.power(SIZES, below_zero)[1] * 0.9


def test_examples_are_what_they_say():
    """Of mean 0 and variance 1; none comes twice, or few do as often as each other, and they are no test data."""
    fresh = size_shown()
    assert fresh.y_test.mean() == pytest.approx(0.0, abs=1e-5)
    assert fresh.y_test.std() == pytest.approx(1.0, rel=1e-4)
    assert len(np.unique(fresh.x_train, axis=0)) == len(fresh.x_train) == 400 * 64
    few = size_shown(items=100)
    assert few.x_train.shape == fresh.x_train.shape
    assert len(np.unique(few.x_train, axis=0)) == 100
    assert np.array_equal(few.x_train[:100], fresh.x_train[:100])
    assert few.y_train[:100] == pytest.approx(fresh.y_train[:100], abs=1e-5)
    assert not set(fresh.x_train[:, 0].tolist()) & set(fresh.x_test[:, 0].tolist())


# A line through logarithms finds a power law; losses fall with examples, and with units up to the teacher's.


def test_a_line_through_logarithms_finds_a_power_law():
    sizes = np.array([64, 256, 1_024, 4_096])
    exact = 3.0 * sizes**-0.7
    assert scaling_cuts.line(sizes, exact) == (pytest.approx(-0.7), pytest.approx(1.0))
    steps = np.log(sizes) - np.log(sizes).mean()
    other = np.array([1.0, -1.0, -1.0, 1.0])  # neither a constant nor a slope
    mixed = exact * np.exp(other * 0.7 * np.sqrt(np.mean(steps**2)))
    assert scaling_cuts.line(sizes, mixed) == (pytest.approx(-0.7), pytest.approx(0.5))


# Schaeffer et al. (2023): a share p of right parts is p to the power of their number of right answers.
PART_SEED = seed_of("emergent_abilities", 1, 0)


def test_sums_are_sums():
    """Read back from the unit vectors: the digits of the answer, the lowest first, make the sum of both numbers."""
    task = emergent_abilities.TASKS["sums"](emergent_abilities.Config(task="sums"), PART_SEED)
    digits = task.x_train.reshape(-1, 2, 3, 5).argmax(axis=3)
    numbers = digits @ np.array([1, 5, 25])
    assert (task.y_train @ np.array([1, 5, 25, 125]) == numbers.sum(axis=1)).all()
    assert numbers.min() == 0
    assert numbers.max() == 124
    shown, tested = (set(map(tuple, x)) for x in (task.x_train, task.x_test))
    assert len(shown) == len(tested) == 4_000
    assert not shown & tested


def test_rulers_know_a_line_from_a_step():
    """By hand: a line over seven doublings, a step, and the eighth power of a line."""
    line = np.linspace(0.2, 0.9, 8)
    assert emergent_abilities.steepest(line) == pytest.approx(1 / 7)
    assert emergent_abilities.half_way(line) == pytest.approx(3.5)
    step = np.repeat([0.1, 0.6], 4)
    assert emergent_abilities.steepest(step) == pytest.approx(1.0)
    assert emergent_abilities.half_way(step) == pytest.approx(3.5)
    power = line**8
    assert emergent_abilities.steepest(power) == pytest.approx((0.9**8 - 0.8**8) / (0.9**8 - 0.2**8))
    assert 6 < emergent_abilities.half_way(power) < 7


def test_one_part_is_a_whole_answer():
    config = emergent_abilities.Config(task="parts", doublings=4, parts=1, epochs=1)
    measured = emergent_abilities.run(config, PART_SEED)
    assert measured.part_by_width == measured.exact_by_width
    assert measured.steeper == measured.later == measured.excess == 0.0


def test_parts_hear_their_own_inputs():
    """Every part of an answer follows from its own eight inputs, and a teacher of them alone gives it."""
    task = emergent_abilities.TASKS["parts"](emergent_abilities.Config(task="parts", parts=3), PART_SEED)
    assert task.x_train.shape == (4_000, 24)
    drawn = data.linear_teacher(chance.stream(PART_SEED, "part 1"), inputs=8, classes=5, train=4_000, test=4_000)
    assert np.array_equal(task.x_train[:, 8:16], drawn.x_train)
    assert np.array_equal(task.y_test[:, 1], drawn.y_test)
    assert not np.array_equal(task.y_train[:, 0], task.y_train[:, 1])


def test_loss_is_the_mean_of_the_parts():
    """By hand: the cross-entropies of two parts, each with five outputs of its own, averaged."""
    net = models.mlp(chance.stream(1, "net"), (4, 6, 10))
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 5, (20, 2)).astype(np.int32)
    outputs = models.logits(net, x)
    by_hand = [training.cross_entropy(outputs[:, 5 * n : 5 * n + 5], y[:, n]) for n in range(2)]
    assert float(emergent_abilities.Parts()(net, x, y)) == pytest.approx(np.mean(by_hand), rel=1e-5)
