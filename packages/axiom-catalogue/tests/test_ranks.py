"""Ranks and spectra: what an SVD, a random matrix and the modes of a linear network say."""

import functools
import math

import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, models, training
from axiom_catalogue import benford_law, rank_dynamics, rank_transitions, spectral_dynamics
from axiom_catalogue import eigenspectrum_dynamics as eigenspectrum
from axiom_catalogue import feature_rank_dynamics as feature_rank

# Roy & Vetterli (2007): what ranks are of what is known; inputs of two dimensions leave few directions.
RANK_SEED = seed_of("feature_rank_dynamics", 1, 0)


@functools.cache
def rank_cell(width=16, **changes):
    return feature_rank.run(
        feature_rank.Config(**({"task": "clusters", "width": width, "epochs": 10} | changes)), RANK_SEED
    )


def rank_by_hand(features):
    """The effective rank from NumPy's singular values, and the stable one from its norms."""
    centred = np.float64(features) - np.float64(features).mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False)
    shares = values[values > 1e-7 * values[0]] / values.sum()
    return np.exp(-(shares * np.log(shares)).sum()), np.linalg.norm(centred) ** 2 / np.linalg.norm(centred, 2) ** 2


def test_ranks_are_known_where_they_are_plain():
    """As many as there are equal directions; one of a line, whatever its mean; by hand for two that differ."""
    rng = chance.stream(1, "rank")
    plain = rng.standard_normal((60, 7))
    even = np.linalg.qr(plain - plain.mean(axis=0))[0]
    assert feature_rank.ranks(even + 3.0) == pytest.approx((7.0, 7.0))
    line = np.outer(rng.standard_normal(60), rng.standard_normal(7)) + 5.0
    assert feature_rank.ranks(line) == pytest.approx((1.0, 1.0))
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert feature_rank.ranks(even[:, :2] * [3.0, 1.0]) == pytest.approx((np.exp(entropy), 10 / 9))
    assert feature_rank.ranks(np.ones((9, 4))) == (0.0, 0.0)


def test_ranks_are_those_of_singular_values():
    """With more rows than neurons and with fewer; a turn or a scale changes nothing; nothing is beyond the size."""
    rng = chance.stream(2, "rank")
    for shape in ((50, 20), (20, 50)):
        features = rng.standard_normal(shape)
        assert feature_rank.ranks(features) == pytest.approx(rank_by_hand(features))
        turn = np.linalg.qr(rng.standard_normal((shape[1], shape[1])))[0]
        assert feature_rank.ranks(4 * features @ turn) == pytest.approx(feature_rank.ranks(features))
        assert 1 < feature_rank.ranks(features)[1] < feature_rank.ranks(features)[0] < 20


def test_start_is_measured_before_training():
    """On the test inputs, in the last hidden layer of the net as the file draws it."""
    task = data.clusters(chance.stream(RANK_SEED, "data"), inputs=20, classes=5, train=2_000, test=1_000)
    net = models.mlp(chance.stream(RANK_SEED, "start"), (20, 32, 32, 5))
    effective, stable = rank_by_hand(models.hidden(net, task.x_test)[-1])
    assert rank_cell(32, epochs=2).start_share == pytest.approx(effective / 32, rel=1e-4)
    assert rank_cell(32, epochs=2).start_stable_share == pytest.approx(stable / 32, rel=1e-4)


def test_share_is_that_of_the_same_loss():
    """By hand, of the first two looks around the loss: three quarters of the way, the whole way, and never."""
    assert feature_rank.matched([0.8, 0.7, 0.6, 0.4], [2.0, 0.8, 0.4, 0.6]) == pytest.approx(0.625)
    assert feature_rank.matched([0.8, 0.7, 0.6], [2.0, 0.5, 0.4]) == pytest.approx(0.7)
    assert feature_rank.matched([0.8, 0.7], [2.0, 0.6]) is None


# Galanti et al. (2022): weight decay lowers the rank of what descent finds. Without it little is lost.
def test_the_last_epoch_is_always_seen():
    for epochs, snapshots in ((20, 2), (21, 3)):
        measured = rank_dynamics.run(rank_dynamics.Config(depth=2, lr=0.1, epochs=epochs, task="teacher"), 5)
        assert len(measured.weight_compression_by_snapshot) == snapshots


# A fall of rank that was planted stands out where it was planted; a course that only slows down does not.
FALL_EPOCHS = 120


@functools.cache
def fall_cell(*, kept=1.0, depth=2, lr=0.1, epochs=FALL_EPOCHS):
    return rank_transitions.run(rank_transitions.Config(depth=depth, lr=lr, epochs=epochs, kept=kept), 5)


def by_svd(matrix):
    singular = np.linalg.svd(np.asarray(matrix, dtype=np.float64), compute_uv=False)
    return (singular**2).sum() / singular[0] ** 2


def test_where_nothing_is_cut_both_halves_are_one_training():
    task = data.teacher(chance.stream(5, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(5, "start"), rank_transitions.sizes(2))
    orders = chance.orders(5, items=2_000, epochs=FALL_EPOCHS)
    *_, end = training.sgd(start, task, orders, lr=0.1, batch=64)
    gone = np.mean([1 - by_svd(late.weights) / by_svd(early.weights) for early, late in zip(start, end, strict=True)])
    assert fall_cell().compression == pytest.approx(gone, abs=1e-5)


def test_what_goes_at_once_stands_out_and_slow_courses_do_not():
    """All at once is 1, ever less is nothing, and what comes back as suddenly cancels what went."""
    steps = np.arange(81.0)
    assert rank_transitions.outstanding(np.where(steps < 40, 0.0, 0.5))[0] == pytest.approx(1.0)
    assert rank_transitions.outstanding(1 - np.exp(-steps / 10))[0] == pytest.approx(0.0, abs=0.02)
    assert rank_transitions.outstanding(steps)[0] == pytest.approx(0.0, abs=1e-9)
    assert rank_transitions.outstanding(np.where(steps < 40, 0.5, 0.0))[0] == pytest.approx(-1.0)
    assert rank_transitions.outstanding(np.where((steps < 20) | (steps >= 60), 0.0, 0.5))[0] == pytest.approx(0.0)


def test_the_strongest_directions_stay():
    net = models.mlp(chance.stream(2, "start"), rank_transitions.sizes(2))
    for whole, less in zip(net, rank_transitions.cut(net, 0.25), strict=True):
        singular = np.linalg.svd(whole.weights, compute_uv=False)
        remaining = np.linalg.svd(less.weights, compute_uv=False)
        few = -(-len(singular) // 4)
        assert remaining[:few] == pytest.approx(singular[:few], rel=1e-4)
        assert remaining[few:] == pytest.approx(0.0, abs=1e-4)


def test_a_course_too_short_for_a_before_and_an_after_stands_out_by_nothing():
    measured = fall_cell(epochs=20)
    assert (measured.outstanding, measured.outstanding_at) == (None, None)
    assert measured.compression == measured.compression_by_snapshot[-1]
    assert len(measured.compression_by_snapshot) == 1 + 20 // 5


# Saxe et al. (2014): a mode of a linear network is half learned after ln(s / a - 1) / (2 s); a spectrum by hand.
MODE_SEED = seed_of("spectral_dynamics", 1, 0)


@functools.cache
def mode_cell(task="modes", lr=0.004, epochs=3_000, **changes):
    return spectral_dynamics.run(spectral_dynamics.Config(task=task, lr=lr, epochs=epochs, **changes), MODE_SEED)


def test_aligned_modes_are_learned_when_theory_says():
    """To a step: integrated by hand, mode by mode, da/dt = 2 a (s - a), which has a solution in closed form."""
    assert spectral_dynamics.half_time(np.array([2.0]), np.array([0.5])) == pytest.approx([np.log(3) / 4])
    for size in (1e-2, 1e-3):
        measured = mode_cell(control="aligned", size=size)
        assert measured.time_over_theory == pytest.approx(1.0, abs=0.02)
        assert len(measured.half_times) == 4
        for strength, time in zip((4.0, 2.0, 1.0, 0.5), measured.half_times, strict=True):
            mode, count = size, 0
            while mode < strength / 2:
                mode, count = mode * (1 + 0.004 * (strength - mode)) ** 2, count + 1
            assert time == pytest.approx(count * 0.004, abs=0.004)
        assert measured.time_exponent == pytest.approx(
            np.polyfit(np.log([4.0, 2.0, 1.0, 0.5]), np.log(measured.half_times), 1)[0]
        )
        assert -0.95 < measured.time_exponent < -0.7


def test_spectrum_is_that_of_the_matrices():
    """Singular values are roots of the eigenvalues of the Gram matrix."""
    net = models.mlp(chance.stream(1, "net"), (7, 9, 4))
    grams = [np.linalg.eigvalsh(np.float64(layer.weights) @ layer.weights.T) for layer in net]
    values = [np.sqrt(np.maximum(gram, 0))[::-1][:count] for gram, count in zip(grams, (7, 4), strict=True)]
    ranks = [np.sum(np.square(layer.weights)) / value[0] ** 2 for layer, value in zip(net, values, strict=True)]
    expected = [values[0][0], values[1][0], values[0][3], values[1][1:3].mean(), *ranks]
    assert spectral_dynamics.spectrum(net) == pytest.approx(expected, rel=1e-5)


def test_the_rank_at_one_loss_lies_between_two_looks():
    """Less rank is lost than in the end. By hand, of the same descent with a look after every step."""
    for lr, between in ((0.1, 2),):
        measured = mode_cell(task="teacher", lr=lr, epochs=30)
        assert measured.rank_lost_at_loss < measured.rank_lost
        losses, lost = mode_followed(lr)
        first = next(place for place, loss in enumerate(losses) if place % between == 0 and loss <= 0.5)
        ends = [first - between, first]
        share = (losses[ends[0]] - 0.5) / (losses[ends[0]] - losses[first])
        assert 0 < share <= 1
        line = np.dot([1 - share, share], [lost[end] for end in ends])
        assert measured.rank_lost_at_loss == pytest.approx(line, abs=1e-5)
        assert measured.epochs_to_loss == pytest.approx((first - between + share * between) / 40, abs=1e-4)
        short = int(measured.epochs_to_loss)
        assert mode_cell(task="teacher", lr=lr, epochs=short).rank_lost_at_loss is None


@functools.cache
def mode_followed(lr):
    """The loss, and the share of the stable rank that is gone, at the start and after every step of ten epochs."""
    task = data.teacher(chance.stream(MODE_SEED, "data"), inputs=20, classes=5, train=1_000, test=1_000)
    start = models.mlp(chance.stream(MODE_SEED, "start"), (20, 64, 64, 5))
    steps = chance.orders(MODE_SEED, items=1_000, epochs=15).reshape(-1, 25)
    nets = [start, *training.sgd(start, task, steps, lr=lr, batch=25)]
    losses = [training.cross_entropy(models.logits(net, task.x_train), task.y_train) for net in nets]
    ranks = [
        [np.sum(np.square(layer.weights)) / np.linalg.norm(layer.weights, 2) ** 2 for layer in net] for net in nets
    ]
    return losses, np.mean(1 - np.array(ranks) / ranks[0], axis=1)


# Marchenko & Pastur (1967), Johnstone (2001): the edge of chance; and where a planted direction leaves the bulk.
def test_chance_stays_within_the_edge():
    """One matrix in a hundred passes it, whatever its shape and size; and the largest eigenvalue comes close."""
    rng = np.random.default_rng(0)
    for shape, size in (((64, 64), 0.2), ((100, 30), 3.0)):
        drawn = [size * rng.standard_normal(shape) for _ in range(120)]
        assert sum(map(eigenspectrum.outliers, drawn)) <= 4
        assert np.mean(
            [eigenspectrum.spectrum(matrix)[0] / eigenspectrum.edge(matrix) for matrix in drawn]
        ) == pytest.approx(0.9, abs=0.06)


def test_planted_direction_leaves_the_bulk_at_one():
    """Of strength t above 1, it is at (t + 1 / t) squared, below 1 unseen (Benaych-Georges & Nadakuditi 2012)."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((300, 300)) / np.sqrt(300)
    left, right = (vector / np.linalg.norm(vector) for vector in rng.standard_normal((2, 300)))
    strong, weak = (noise + strength * np.outer(left, right) for strength in (2.0, 0.5))
    assert eigenspectrum.spectrum(strong)[0] == pytest.approx(2.5**2, rel=0.05)
    assert eigenspectrum.outliers(strong) == 1
    assert eigenspectrum.outliers(weak) == 0


def test_correlation_is_pearsons():
    rng = np.random.default_rng(2)
    first, second = rng.standard_normal((2, 20))
    assert eigenspectrum.correlation(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert eigenspectrum.correlation(first, 3 - 2 * first) == pytest.approx(-1)
    assert eigenspectrum.correlation(first, np.ones(20)) == 0.0


# Benford (1938): numbers of many sizes obey the law, numbers of one size do not, and by how much is known exactly.
DIGIT_SEED = seed_of("benford_law", 1, 0)


@functools.cache
def digit_cell(width=128, **changes):
    return benford_law.run(
        benford_law.Config(**({"task": "teacher", "width": width, "epochs": 5} | changes)), DIGIT_SEED
    )


def normal_digits(deviation):
    """The first digits of a normal number of this size, summed over powers of ten."""

    def within(low, high):
        return math.erf(high / deviation / 2**0.5) - math.erf(low / deviation / 2**0.5)

    return np.array([sum(within(d * 10.0**k, (d + 1) * 10.0**k) for k in range(-12, 3)) for d in range(1, 10)])


def test_numbers_of_many_sizes_obey_benfords_law():
    """Powers of two obey the law, and evenly many sizes do; then nothing is left but chance."""
    powers = 2.0 ** np.arange(-500, 500)
    assert benford_law.digits(powers) == pytest.approx(benford_law.LAW, abs=0.002)
    sizes = 10.0 ** np.random.default_rng(0).uniform(-4, 0, 400_000)
    assert abs(benford_law.distance(sizes)) < 5e-4
    assert abs(digit_cell(lr=1e-4, epochs=1, control="placebo").trained) < 0.002


def test_weights_begin_as_far_from_the_law_as_normal_numbers():
    """Before training each matrix is normal, of a size that its inputs say: the distance follows."""
    counts = np.array([20 * 128, 128 * 128, 128 * 5])
    mixed = sum(n * normal_digits(math.sqrt(2 / inputs)) for n, inputs in zip(counts, (20, 128, 128), strict=True))
    expected = np.abs(mixed / counts.sum() - benford_law.LAW).mean()
    assert digit_cell().start == pytest.approx(expected, abs=0.003)
    assert expected > 0.01


def test_zeros_have_no_first_digit():
    assert benford_law.digits(np.array([0.0, 0.03, -3.9, 0.0])) == pytest.approx(np.eye(9)[2])
