"""Eckart & Young (1936), and what thresholds do to Gaussian numbers: which directions a part keeps is known."""

import functools
from math import erf, exp, pi, sqrt

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import lottery_tickets_and_rank
from axiom.domain.experiments import seed_of
from axiom.kit import chance, geometry, lowrank, models

SEED = seed_of("lottery_tickets_and_rank", 1, 0)
BOTH = ("places", "directions")


@functools.cache
def cell(module, kind="places", chosen="end", **changes):
    return module.run(
        module.Config(**{"task": "clusters", "kind": kind, "chosen": chosen, "epochs": 5} | changes), SEED
    )


def gaussian(purpose, width=128):
    return chance.stream(7, purpose).standard_normal((width, width))


def kept_by_size(share):
    """Of the squares of normal numbers, by the largest of this share: q + 2 t phi(t), where q = 2 (1 - Phi(t))."""
    low, high = 0.0, 10.0
    for _ in range(60):
        t = (low + high) / 2
        low, high = (t, high) if 1 - erf(t / sqrt(2)) > share else (low, t)
    return share + 2 * low * exp(-(low**2) / 2) / sqrt(2 * pi)


def a_lot_keeps_its_share_of_every_direction(module):
    """Of any matrix, here of one with four directions that are far stronger than the others."""
    matrix = gaussian("noise") + sum(np.outer(*gaussian("spikes")[[n, n + 4]]) for n in range(4))
    keep = module.keeper(gaussian("lot"), "places", 16)
    assert keep(np.ones(matrix.shape)).mean() == pytest.approx(0.25, abs=1e-12)
    assert module.kept(matrix, keep(matrix)) == pytest.approx((0.25, 0.25), abs=0.03)


def size_keeps_as_much_of_all_directions_of_noise(module):
    """A threshold is a function of each number alone, so it has no eye for what is strong in noise."""
    for rank in (4, 16):
        matrix = gaussian("noise", 256)
        strong, weak = module.kept(matrix, module.keeper(matrix, "places", rank)(matrix))
        assert strong == pytest.approx(kept_by_size(2 * rank / 256), abs=0.03)
        assert weak == pytest.approx(kept_by_size(2 * rank / 256), abs=0.005)


def size_keeps_the_strong_where_they_stand_in_few_places(module):
    matrix = gaussian("noise")
    matrix[:4] += 30 * np.sign(gaussian("signs")[:4])
    strong, weak = module.kept(matrix, module.keeper(matrix, "places", 4)(matrix))
    assert strong > 0.95
    assert weak < 0.3
    rows = module.keeper(matrix, "places", 4)(np.ones(matrix.shape))
    assert rows[:4].mean() > 0.99


def shares_add_up_to_the_squares_that_are_kept(module):
    """Weighed by the squared singular values, and for whatever is chosen."""
    matrix, other = gaussian("noise", 32), gaussian("other", 32)
    squares = np.linalg.svd(matrix, compute_uv=False) ** 2
    for kind in BOTH:
        for chosen in (matrix, other):
            part = module.keeper(chosen, kind, 6)(matrix)
            strong, weak = module.kept(matrix, part)
            total = strong * squares[:4].sum() + weak * squares[4:].sum()
            assert total == pytest.approx(np.vdot(part, part))
    with_numbers = module.keeper(matrix, "places", 6)(np.ones((32, 32)))
    assert with_numbers.sum() == 2 * 6 * 32


def nothing_of_a_rank_is_nearer_than_the_strongest_directions(module):
    matrix = gaussian("noise", 32)
    squares = np.linalg.svd(matrix, compute_uv=False) ** 2
    part = module.keeper(matrix, "directions", 6)(matrix)
    assert np.linalg.norm(matrix - part) ** 2 == pytest.approx(squares[6:].sum())
    assert np.linalg.matrix_rank(part) == 6
    assert module.kept(matrix, part) == pytest.approx((1.0, squares[4:6].sum() / squares[4:].sum()))
    by_lot = module.keeper(gaussian("other", 32), "directions", 6)(matrix)
    assert np.linalg.matrix_rank(by_lot) == 6
    assert np.vdot(by_lot, by_lot) == pytest.approx((6 / 32) ** 2 * squares.sum(), rel=0.5)


def everything_that_is_kept_is_the_whole(module):
    """All places, and all directions: what is left is the network itself, and learns as it does."""
    places = cell(module, "places", rank=1, control="all", epochs=10)
    assert (places.ticket_lost, places.ticket_best_lost, places.at_once_lost) == (0.0, 0.0, 0.0)
    assert (places.strong_kept, places.weak_kept) == pytest.approx((1.0, 1.0))
    assert (places.rank_doublings, places.learned_minus_start) == pytest.approx((0.0, 0.0), abs=1e-9)
    directions = cell(module, "directions", rank=1, control="all", epochs=10)
    assert directions.at_once_lost == pytest.approx(0.0, abs=2e-3)
    assert (directions.strong_kept, directions.weak_kept) == pytest.approx((1.0, 1.0))
    assert abs(directions.ticket_best_lost) < 0.05


def measures_are_those_of_the_matrices(module):
    """By hand, from the start as it is drawn, and from an end that is given."""
    config = module.Config(task="clusters", kind="places", chosen="end", width=32, rank=2)
    start = models.mlp(chance.stream(SEED, "start"), (20, 32, 32, 5))
    learned = np.outer(*gaussian("spikes", 32)[:2])
    end = lowrank.instead(start, lowrank.middle(start) + learned)
    found = module._of_matrices(config, SEED, start, end)
    last = lowrank.middle(end)
    stays = np.abs(last) >= np.sort(np.abs(last), axis=None)[-128]
    assert stays.sum() == 128
    learned, first = last - lowrank.middle(start), lowrank.middle(start)
    share = [(stays * one**2).sum() / (one**2).sum() for one in (learned, first)]
    assert found["learned_minus_start"] == pytest.approx(share[0] - share[1])
    ranks = [geometry.stable_rank(one) for one in (stays * last, last)]
    assert found["rank_doublings"] == pytest.approx(np.log2(ranks[0] / ranks[1]))
    before = np.subtract(*module.kept(first, first * (np.abs(first) >= np.sort(np.abs(first), axis=None)[-128])))
    assert found["spares_strong"] == pytest.approx(found["strong_kept"] - found["weak_kept"] - before)


def few_numbers_cost_less_where_they_are_well_chosen(module):
    """With a thirty-second of the numbers, of which low rank makes too little."""
    known = {
        (kind, chosen): cell(module, kind, chosen, rank=1, epochs=10) for kind in BOTH for chosen in ("end", "lot")
    }
    assert known["places", "end"].whole_accuracy == known["directions", "lot"].whole_accuracy
    for kind in BOTH:
        assert known[kind, "lot"].at_once_lost > known[kind, "end"].at_once_lost > 0
        assert known[kind, "end"].ticket_lost != 0
    assert known["places", "lot"].weak_kept == pytest.approx(1 / 32, abs=0.01)
    assert known["directions", "end"].ticket_lost > known["places", "end"].ticket_lost + 0.05
    assert known["directions", "end"].ticket_train_loss > known["places", "end"].ticket_train_loss
    assert known["directions", "end"].strong_kept > known["places", "end"].strong_kept > 2 / 64


def controls_are_what_they_say(module):
    """By lot no direction is preferred; neurons with large weights are strong directions in few places."""
    lot, loud = (cell(module, control=control) for control in ("lot", "loud"))
    assert abs(lot.spares_strong) < 0.08
    assert lot.weak_kept == pytest.approx(0.125, abs=0.02)
    assert loud.spares_strong > 0.2
    assert cell(module, "places", rank=1, control="all", epochs=10).weak_kept == pytest.approx(1.0)


TRUTHS = [
    a_lot_keeps_its_share_of_every_direction,
    size_keeps_as_much_of_all_directions_of_noise,
    size_keeps_the_strong_where_they_stand_in_few_places,
    shares_add_up_to_the_squares_that_are_kept,
    nothing_of_a_rank_is_nearer_than_the_strongest_directions,
    everything_that_is_kept_is_the_whole,
    measures_are_those_of_the_matrices,
    few_numbers_cost_less_where_they_are_well_chosen,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_a_part_keeps(truth):
    truth(lottery_tickets_and_rank)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (a_lot_keeps_its_share_of_every_direction, "rank * sum(chosen.shape)", "rank * len(chosen)"),
        (a_lot_keeps_its_share_of_every_direction, "found, squares = sizes * np", "found, squares = np"),
        (size_keeps_as_much_of_all_directions_of_noise, "-np.abs(chosen)", "-chosen"),
        (size_keeps_the_strong_where_they_stand_in_few_places, "-np.abs(chosen)", "np.abs(chosen)"),
        (shares_add_up_to_the_squares_that_are_kept, "part @ right.T", "part @ right"),
        (shares_add_up_to_the_squares_that_are_kept, "squares[STRONG:].sum()", "squares.sum()"),
        (nothing_of_a_rank_is_nearer_than_the_strongest_directions, "right[:rank].T @ right[:rank]", "right.T @ right"),
        (nothing_of_a_rank_is_nearer_than_the_strongest_directions, "left[:, :rank].T,", "left[:, :rank].T * 0.9,"),
        (everything_that_is_kept_is_the_whole, "at_once_lost=seen[-1]", "at_once_lost=seen[0]"),
        (everything_that_is_kept_is_the_whole, "max(seen) - max(seen_of_part)", "max(seen) - min(seen_of_part)"),
        (measures_are_those_of_the_matrices, "(last - first, first)", "(last, first)"),
        (measures_are_those_of_the_matrices, "stable_rank(keep(last)) /", "stable_rank(last) /"),
        (measures_are_those_of_the_matrices, "kept(first, keep_first(first))", "kept(first, keep(first))"),
        (few_numbers_cost_less_where_they_are_well_chosen, 'if config.chosen == "lot" or', "if"),
        (few_numbers_cost_less_where_they_are_well_chosen, "stays = keep(stays)", "stays = 1 * stays"),
        (controls_are_what_they_say, 'or config.control == "lot"', ""),
        (controls_are_what_they_say, "(1 + 3 * (np", "(1 + 0 * (np"),
        (
            controls_are_what_they_say,
            'if config.control == "all" else config.rank',
            "if config.rank < 0 else config.rank",
        ),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("lottery_tickets_and_rank", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
