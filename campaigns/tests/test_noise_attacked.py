"""campaign noise_attacked: networks that share all are one, and a rival whose number does not decide breaks."""

from dataclasses import replace

import noise_attacked
import numpy as np
import pytest
from noise_attacked import Attack, Cell
from paired_networks import BROKEN, DOUBTFUL


def cell_of(lead: float, batch: int, ratio: float) -> Cell:
    spread = np.random.default_rng([batch, round(1e4 * ratio)]).normal(size=64)
    return Cell(
        batch=batch, ratio=ratio, rows=100, learned=90.0, loss=0.1, moved=1.0, right=90.0, lead=lead + 0.1 * spread
    )


@pytest.mark.parametrize("epochs", [False, True])
def test_networks_of_one_start_and_the_same_rows_are_one(epochs: bool) -> None:
    attack = Attack(name="test", epochs=epochs, seeds=2)
    lines = list(noise_attacked.compare_sizes(attack, (16, 16), 16_000))
    assert [errors < 0 for _, _, errors in lines] == [True, True]


def test_a_ratio_that_decides_breaks_its_rivals() -> None:
    high, low, large = cell_of(1.0, 4, 0.02), cell_of(-3.0, 4, 0.0025), cell_of(-3.0, 32, 0.0025)
    for pair, broken in (((high, low), "small batch"), ((high, large), "rate"), ((low, large), "small batch")):
        assert noise_attacked.judge_pair("ratio", *pair, 1.0) > DOUBTFUL
        assert noise_attacked.judge_pair(broken, *pair, 1.0) < -BROKEN


def test_reaches_a_number_between_two_moments() -> None:
    track = [replace(cell_of(lead, 32, 0.0025), learned=learned) for lead, learned in ((-3.0, 80.0), (-1.0, 90.0))]
    met = noise_attacked.reach(track, noise_attacked.RIVALS["known rows"], 85.0)
    assert met is not None
    assert met.lead == pytest.approx((track[0].lead + track[1].lead) / 2)
    assert noise_attacked.reach(track, noise_attacked.RIVALS["known rows"], 95.0) is None
