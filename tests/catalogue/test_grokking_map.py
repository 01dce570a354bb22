"""Power et al. (2022), Liu et al. (2022): enough of the table and enough decay, or it is known by heart alone."""

from dataclasses import replace

import numpy as np
import pytest
from map_tiles import bands, quarter_that_disagrees
from wrong import wrong

from axiom.catalogue import grokking_map as right
from axiom.domain.maps import ROOT
from axiom.kit import arithmetic, chance, optimizers, tiles
from axiom.kit.data import LearningTask

SHORT = right.Config(steps=80)
DECAYS = tiles.rows(right.MAP, ROOT)


def truth(module):
    measured = module.run(module.Config(steps=240), 3)
    whole = tiles.banded(module.MAP, np.frombuffer(measured.fate, np.uint8).reshape(32, 32))
    is_moderate = (DECAYS > 0.5) & (DECAYS < 2)
    assert (whole[is_moderate][:, -4:] == 0).mean() > 0.9  # nearly all is shown: it understands
    assert (whole[(DECAYS > 0.1) & (DECAYS < 2)][:, :8] == 1).all()  # less than two fifths: it memorises
    assert (whole[DECAYS > 10] == 2).all()  # all decays
    assert 2.3 < measured.enough_over_coupons < 4.0
    assert measured.enough < measured.enough_when_light


def test_the_three_fates_lie_where_they_are_known_to_lie():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(1.0 - is_shown)).sum(axis=1)", "is_shown).sum(axis=1)"),  # what is shown is asked, too
        ("weight_decay=decay[:, None, None]", "weight_decay=0.0 * decay[:, None, None]"),  # no decay at all
        ("modulus / math.log(modulus)", "modulus * math.log(modulus)"),  # divided by P / ln P
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises((AssertionError, TypeError)):
        truth(wrong("grokking_map", old, new))


def test_a_pixel_alone_ends_as_the_kit_trains_it():
    """Another program for the same training: one network, the shown sums only."""
    whole = bands(right, SHORT, 4)
    shares, decays = tiles.knobs(right.MAP, ROOT)
    order = chance.stream(4, "order of 11").permutation(121)
    start = arithmetic.quadratic(chance.stream(4, "start"), modulus=11, hidden=32)
    first, second = np.divmod(np.arange(121), 11)
    unit = np.eye(11, dtype=np.float32)
    x, y = np.concatenate([unit[first], unit[second]], axis=1), ((first + second) % 11).astype(np.int32)
    for place in range(20, 1024, 290):
        is_shown = order < round(shares[place] * 121)
        task = LearningTask(x_train=x[is_shown], y_train=y[is_shown], x_test=x[~is_shown], y_test=y[~is_shown])
        rates = optimizers.Rates(lr=np.float32(0.03), weight_decay=np.float32(decays[place]))
        found = arithmetic.learned(start, task, rates=rates, steps=80, every=20)
        band = 0 if found.grokked_at else 1 if found.train[-1] >= 0.95 else 2
        assert band == whole.ravel()[place], place


def test_a_deeper_tile_shows_what_its_parent_shows():
    assert quarter_that_disagrees(right, SHORT, 4, column=0, row=1) <= 0.01


def test_a_tile_of_strong_decays_says_nothing_of_moderate_ones():
    measured = right.run(replace(SHORT, level=2, column=0, row=3), 4)
    assert (measured.enough, measured.enough_over_coupons, measured.enough_when_light) == (None,) * 3
