"""Roy & Vetterli (2007): what ranks are of what is known; inputs of two dimensions leave few directions."""

import functools
import itertools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import feature_rank_dynamics
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, models, training

SEED = seed_of("feature_rank_dynamics", 1, 0)


@functools.cache
def cell(module, width=16, **changes):
    return module.run(module.Config(**({"task": "clusters", "width": width, "epochs": 10} | changes)), SEED)


def by_hand(features):
    """The effective rank from NumPy's singular values, and the stable one from its norms."""
    centred = np.float64(features) - np.float64(features).mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False)
    shares = values[values > 1e-7 * values[0]] / values.sum()
    return np.exp(-(shares * np.log(shares)).sum()), np.linalg.norm(centred) ** 2 / np.linalg.norm(centred, 2) ** 2


def ranks_are_known_where_they_are_plain(module):
    """As many as there are equal directions; one of a line, whatever its mean; by hand for two that differ."""
    rng = chance.stream(1, "rank")
    plain = rng.standard_normal((60, 7))
    even = np.linalg.qr(plain - plain.mean(axis=0))[0]
    assert module.ranks(even + 3.0) == pytest.approx((7.0, 7.0))
    line = np.outer(rng.standard_normal(60), rng.standard_normal(7)) + 5.0
    assert module.ranks(line) == pytest.approx((1.0, 1.0))
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert module.ranks(even[:, :2] * [3.0, 1.0]) == pytest.approx((np.exp(entropy), 10 / 9))
    assert module.ranks(np.ones((9, 4))) == (0.0, 0.0)


def ranks_are_those_of_singular_values(module):
    """With more rows than neurons and with fewer; a turn or a scale changes nothing; nothing is beyond the size."""
    rng = chance.stream(2, "rank")
    for shape in ((50, 20), (20, 50)):
        features = rng.standard_normal(shape)
        assert module.ranks(features) == pytest.approx(by_hand(features))
        turn = np.linalg.qr(rng.standard_normal((shape[1], shape[1])))[0]
        assert module.ranks(4 * features @ turn) == pytest.approx(module.ranks(features))
        assert 1 < module.ranks(features)[1] < module.ranks(features)[0] < 20


def start_is_measured_before_training(module):
    """On the test inputs, in the last hidden layer of the net as the file draws it."""
    task = data.clusters(chance.stream(SEED, "data"), inputs=20, classes=5, train=2_000, test=1_000)
    net = models.mlp(chance.stream(SEED, "start"), (20, 32, 32, 5))
    effective, stable = by_hand(models.hidden(net, task.x_test)[-1])
    assert cell(module, 32, epochs=2).start_share == pytest.approx(effective / 32, rel=1e-4)
    assert cell(module, 32, epochs=2).start_stable_share == pytest.approx(stable / 32, rel=1e-4)


def measures_belong_together(module):
    measured = cell(module)
    assert len(measured.share_by_epoch) == 11
    assert measured.share == measured.share_by_epoch[-1]
    assert measured.start_share == measured.share_by_epoch[0]
    assert measured.kept == pytest.approx(measured.share / measured.start_share)
    assert measured.stable_share < measured.share < 1
    low, high = sorted(measured.share_by_epoch[2:-1])[:: len(measured.share_by_epoch) - 4]
    assert low < measured.matched_share < high  # neither at once nor at the end
    assert cell(module, epochs=2, lr=1e-4).matched_share is None
    assert measured.train_loss < module.MATCHED


def share_is_that_of_the_same_loss(module):
    """By hand, of the first two looks around the loss: three quarters of the way, the whole way, and never."""
    assert module.matched([0.8, 0.7, 0.6, 0.4], [2.0, 0.8, 0.4, 0.6]) == pytest.approx(0.625)
    assert module.matched([0.8, 0.7, 0.6], [2.0, 0.5, 0.4]) == pytest.approx(0.7)
    assert module.matched([0.8, 0.7], [2.0, 0.6]) is None


def wide_networks_are_looked_at_in_time(module):
    """By hand: the loss is there within the first epochs, between two of five looks in each."""
    task = data.clusters(chance.stream(SEED, "data"), inputs=20, classes=5, train=2_000, test=1_000)
    start = models.mlp(chance.stream(SEED, "start"), (20, 256, 256, 5))
    rows = chance.orders(SEED, items=2_000, epochs=3).reshape(-1, 400)
    seen = []
    for net in [start, *training.sgd(start, task, rows, lr=0.05, batch=50)]:
        loss = training.cross_entropy(models.logits(net, task.x_train), task.y_train)
        seen.append((loss, by_hand(models.hidden(net, task.x_test)[-1])[0] / 256))
    (above, before), (below, after) = next(pair for pair in itertools.pairwise(seen) if pair[1][0] <= 0.5)
    expected = before + (above - 0.5) / (above - below) * (after - before)
    measured = cell(module, 256, epochs=3)
    assert measured.matched_share == pytest.approx(expected, rel=1e-4)
    assert len(measured.share_by_epoch) == 4


def first_layer_has_more_directions_than_the_last(module):
    """Twenty inputs in 64 neurons that bend: more than twenty directions."""
    measured = cell(module, 64)
    assert measured.first_layer_share > 1.02 * measured.share
    assert measured.first_layer_share * 64 > 20


def controls_are_what_they_say(module):
    """In the placebo a width is a name; inputs of two dimensions leave few directions in any network."""
    one, other = (cell(module, width, epochs=2, control="placebo") for width in (16, 256))
    assert one.share == pytest.approx(other.share, rel=0.2)
    assert 0.5 < one.stable_share / other.stable_share < 2  # of 16 and 256 neurons, one is far above twice the other
    assert one.share != other.share
    narrow, wide = (cell(module, width, epochs=2, control="planted") for width in (16, 64))
    assert wide.share < 0.6 * narrow.share


TRUTHS = [
    ranks_are_known_where_they_are_plain,
    ranks_are_those_of_singular_values,
    start_is_measured_before_training,
    measures_belong_together,
    share_is_that_of_the_same_loss,
    wide_networks_are_looked_at_in_time,
    first_layer_has_more_directions_than_the_last,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_counts_directions(truth):
    truth(feature_rank_dynamics)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (ranks_are_known_where_they_are_plain, "rows - rows.mean(axis=0)", "1.0 * rows"),
        (ranks_are_known_where_they_are_plain, "np.sqrt(squares[", "1.0 * (squares["),
        (ranks_are_known_where_they_are_plain, "squares.sum() / squares.max()", "values.sum() / values.max()"),
        (ranks_are_those_of_singular_values, "else centred @ centred.T", "else np.eye(2)"),
        (
            start_is_measured_before_training,
            "models.hidden(net, task.x_test)[-1]",
            "models.hidden(net, task.x_test)[0]",
        ),
        (measures_belong_together, "kept=shares[-1] / shares[0]", "kept=shares[0] / shares[-1]"),
        (measures_belong_together, "matched(shares, fits)", "matched(stable, fits)"),
        (measures_belong_together, "if number % LOOKS == 0)", "if number >= 0)"),
        (wide_networks_are_looked_at_in_time, "or min(loss for _, _, loss, _ in seen) > MATCHED", ""),
        (share_is_that_of_the_same_loss, "if loss <= MATCHED", "if loss > MATCHED"),
        (share_is_that_of_the_same_loss, "shares[place - 1] + part", "shares[place] + part"),
        (first_layer_has_more_directions_than_the_last, "task.x_test)[0]", "task.x_test)[1]"),
        (controls_are_what_they_say, "np.arange(INPUTS) < 2", "np.arange(INPUTS) < 20"),
        (controls_are_what_they_say, "32) if is_placebo", "config.width) if is_placebo"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("feature_rank_dynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
