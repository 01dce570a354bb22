"""Many subsets at once say what each says alone."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from axiom.statistics.sequential import MOST, flip_log_e
from axiom.statistics.subsets import flip_log_es

ROWS = st.lists(
    st.tuples(
        st.none() | st.floats(-1e3, 1e3).map(lambda one: round(one, 3)), st.lists(st.booleans(), min_size=3, max_size=3)
    ),
    max_size=15,
)


@given(rows=ROWS, bounds=st.sampled_from([None, (-1.0, 2.0), (-2e3, 2e3), (0.0, 1e3)]))
def test_every_subset_has_the_flip_e_value_of_its_own_values(rows, bounds):
    values, masks = [one for one, _ in rows], np.array([kept for _, kept in rows], dtype=bool).reshape(-1, 3).T
    alone = [flip_log_e([one for one, kept in zip(values, mask, strict=True) if kept], bounds=bounds) for mask in masks]
    np.testing.assert_allclose(flip_log_es(values, masks, bounds=bounds), alone, atol=1e-9)


EXTREME = st.sampled_from([5e-324, 1e-308, 1e-200, 1e-162, 1e-9, 1.0, 1e154, 1e200, 1.7e308]).flatmap(
    lambda one: st.sampled_from([one, -one])
)


@given(
    rows=st.lists(st.tuples(st.none() | EXTREME, st.booleans()), max_size=40),
    bounds=st.sampled_from([None, (-1e-200, 1e-200), (-1.7e308, 1.7e308), (-1e154, 0.0)]),
)
def test_a_subset_is_weighed_as_its_values_alone_however_far_their_sizes_lie_apart(rows, bounds):
    kept = [one for one, is_kept in rows if is_kept]
    masks = np.array([[is_kept for _, is_kept in rows]], dtype=bool).reshape(1, len(rows))
    (found,) = flip_log_es([one for one, _ in rows], masks, bounds=bounds)
    assert math.isclose(found, flip_log_e(kept, bounds=bounds), abs_tol=1e-9)


def test_a_value_longer_than_all_before_it_does_not_take_their_weight_away():
    values = [1e-200] * 20 + [1e200]
    assert flip_log_e(values) > 9.9
    assert math.isclose(flip_log_es(values, np.ones((1, 21), dtype=bool))[0], flip_log_e(values))


def test_sizes_do_not_leave_the_real_numbers():
    masks = np.ones((1, 2_000), dtype=bool)
    for size in (1e308, 1e-300):
        assert flip_log_es([size] * 2_000, masks)[0] == MOST
        assert math.isfinite(flip_log_es([size, -size] * 1_000, masks)[0])
