"""Sohl-Dickstein (2024): small steps train, large ones do not, and where a step is a parabola's, theory knows where."""

from dataclasses import replace

import numpy as np
import pytest
from map_tiles import bands, quarter_that_disagrees
from wrong import wrong

from axiom.catalogue import trainability as right
from axiom.domain.maps import ROOT
from axiom.kit import chance, tiles

SHORT = right.Config(examples=1, steps=60)
ACROSS, UP = (knob.reshape(64, 64) for knob in tiles.knobs(right.MAP, ROOT))


def limit(seed):
    """The largest step size of the last layer alone that trains one example: two over its curvature, a parabola's."""
    inputs = chance.stream(seed, "data").standard_normal((1, 16))
    first = chance.stream(seed, "start").standard_normal((16, 16))
    hidden = np.tanh(2**0.5 * inputs @ first / 4.0)
    return 2 / (2 * float((hidden**2).sum()) / 16**2)


def truth(module):
    config = module.Config(examples=1, steps=200)
    for seed in (3, 4):
        fates = bands(module, config, seed)
        border = tiles.edges(module.MAP, ROOT, fates.T == 1)[0]  # the first layer hardly moves
        # Beyond its limit a loss grows until the first layer moves after all, which may lower the curvature in time.
        assert 0.8 < border / limit(seed) < 2.5  # a pixel is 24 % high
        assert (fates[limit(seed) * 10 < UP] == 1).mean() > 0.95


def test_where_one_layer_learns_alone_the_border_is_that_of_a_parabola():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind), jnp.asarray(up[part], kind)", "kind), jnp.asarray(across[part], kind)"),  # one knob for both
        ("np.where(learned, 0, 1)", "np.where(learned, 1, 0)"),
        ("(config.examples, width)), draw", "(config.examples, width)) / 2, draw"),
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises(AssertionError):
        truth(wrong("trainability", old, new))


@pytest.mark.parametrize(
    "config",
    [
        SHORT,
        replace(SHORT, examples=20, batch=4),
        replace(SHORT, activation="linear"),
        replace(SHORT, activation="relu"),
    ],
)
def test_small_steps_learn_and_large_ones_run_away(config):
    fates = bands(right, config, 5)
    assert not fates[(ACROSS < 3) & (UP < 3)].any()
    dead = config.activation == "relu"  # all of its units may die at once, which is no flight
    assert dead or fates[(ACROSS > 1e5) & (UP > 1e5)].all()


def test_both_precisions_agree_but_at_the_border():
    fates, precise = (bands(right, replace(SHORT, digits=digits), 5) for digits in (7, 16))
    assert (fates != precise).mean() < 0.005


@np.errstate(all="ignore")  # what runs away leaves the numbers
def test_a_pixel_alone_ends_as_it_does_in_its_tile():
    """Another program: one network in double precision, and slopes as anybody would write them."""
    fates = bands(right, SHORT, 5).ravel()
    draw = chance.stream(5, "data")
    inputs, wanted = draw.standard_normal((1, 16)), draw.standard_normal(1)
    draw = chance.stream(5, "start")
    start = draw.standard_normal((16, 16)), draw.standard_normal(16)
    for place in range(40, 4096, 111):
        first, last = start
        losses = []
        for _ in range(60):
            bent = np.tanh(2**0.5 * inputs @ first / 4.0)
            error = bent @ last / 16 - wanted
            losses.append(float((error**2).mean()))
            pull = 2 * error[:, None] / 16
            through = pull * last * (1 - bent**2) * 2**0.5 / 4.0
            first = first - ACROSS.ravel()[place] * inputs.T @ through
            last = last - UP.ravel()[place] * (pull * bent).sum(axis=0)
        told = np.minimum(np.nan_to_num(np.array(losses) / losses[0], nan=1e6), 1e6)
        assert fates[place] == (told[-20:].mean() >= 1), place


def test_a_deeper_tile_shows_what_its_parent_shows():
    assert quarter_that_disagrees(right, SHORT, 5, column=0, row=1) == 0.0
