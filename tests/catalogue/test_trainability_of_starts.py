"""Sohl-Dickstein's sixth setting: where nothing is added it is a row of `trainability`, and a push is no shift."""

from dataclasses import replace

import numpy as np
import pytest
from map_tiles import bands, quarter_that_disagrees
from wrong import wrong

from axiom.catalogue import trainability_of_starts as right
from axiom.domain.maps import ROOT
from axiom.kit import chance, tiles

SHORT = right.Config(examples=20, width=8, steps=60)
SHIFTS, RATES = (knob.reshape(64, 64) for knob in tiles.knobs(right.MAP, ROOT))


def descended(shift, rate, is_once, seed):
    """Did one network learn, in double precision and with slopes as anybody would write them?"""
    draw = chance.stream(seed, "data")
    inputs, wanted = draw.standard_normal((20, 8)), draw.standard_normal(20)
    draw = chance.stream(seed, "start")
    first, last = draw.standard_normal((8, 8)), draw.standard_normal(8)
    losses = []
    first = first + shift * is_once

    def error(first, last):
        bent = np.tanh(2**0.5 * inputs @ first / 8**0.5)
        return bent, bent @ last / 8 - wanted

    begun = float((error(first, last)[1] ** 2).mean())
    for _ in range(60):
        first = first + shift * (not is_once)
        bent, miss = error(first, last)
        losses.append(float((miss**2).mean()))
        pull = 2 * miss[:, None] / 20 / 8
        through = pull * last * (1 - bent**2) * 2**0.5 / 8**0.5
        first, last = first - rate * inputs.T @ through, last - rate * (pull * bent).sum(axis=0)
    return np.minimum(np.nan_to_num(np.array(losses) / begun, nan=1e6), 1e6)[-20:].mean() < 1


def truth(module):
    for added in ("always", "once"):
        fates = bands(module, module.Config(examples=20, width=8, steps=60, added=added), 5)
        places = [(row, column) for row in range(2, 64, 10) for column in range(1, 64, 9)]
        alone = [descended(SHIFTS[place], RATES[place], added == "once", 5) for place in places]
        told = [bool(fates[place] == 0) for place in places]
        assert sum(one != other for one, other in zip(alone, told, strict=True)) <= 2  # of 49: dust is sensitive
        assert 10 < sum(told) < 40


def test_pixels_end_as_plain_descent_does():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('config.added == "once")', 'config.added != "once")'),
        ("pushes[part], up[part], up[part]", "pushes[part], up[part], 30 * up[part]"),
        ("np.where(learned, 0, 1)", "np.where(learned, 1, 0)"),
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises(AssertionError):
        truth(wrong("trainability_of_starts", old, new))


@pytest.mark.parametrize("added", ["always", "once"])
def test_small_steps_learn_and_large_ones_run_away(added):
    fates = bands(right, replace(SHORT, added=added), 5)
    assert not fates[:2][np.abs(SHIFTS[:2]) < 2].any()
    assert fates[-2:].all()


def test_a_steady_push_makes_more_border_than_a_shift():
    whole = [right.run(replace(SHORT, added=added, examples=72, steps=200), 5) for added in ("always", "once")]
    assert whole[0].border > 2 * whole[1].border
    assert whole[0].learned < whole[1].learned


def test_nothing_is_added_in_the_placebo():
    fates = bands(right, replace(SHORT, control="placebo"), 5)
    assert (fates == fates[:, :1]).all()


def test_a_deeper_tile_shows_what_its_parent_shows():
    assert quarter_that_disagrees(right, replace(SHORT, added="once"), 5, column=0, row=0) <= 0.01
