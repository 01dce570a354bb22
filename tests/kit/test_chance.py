"""Chance."""

import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import chance

SEEDS = st.integers(min_value=0, max_value=2**63 - 1)


def draws(seed, purpose, count=4):
    return chance.stream(seed, purpose).integers(0, 2**32, size=count).tolist()


GOLDEN = [
    (5, "data", [1241446128, 543019503, 3475549530, 182834617]),
    (5 + 2**40, "data", [1582110979, 3909714193, 1669739628, 3328577966]),
    (5, "start", [167023001, 143633981, 3002967348, 640091383]),
    (964288508200758235, "data", [4107710953, 1657885553, 2072020992, 2751698043]),
    (0, "order", [293240255, 279320490, 2459324622, 2745316242]),
    (2**63 - 1, "noise", [3090028201, 1802052923, 927597127, 3649530656]),
]


def test_a_stream_the_orders_and_a_key_never_change():
    for seed, purpose, integers in GOLDEN:
        assert draws(seed, purpose) == integers
    assert chance.orders(5, items=6, epochs=2).tolist() == [[3, 2, 0, 5, 4, 1], [5, 0, 2, 1, 3, 4]]
    import jax

    assert jax.random.key_data(chance.key(5, "noise")).tolist() == [1605147668, 2375983752]
    code = "import sys; sys.modules['jax'] = None; from axiom.kit import chance, data, geometry, models, progress"
    subprocess.run([sys.executable, "-c", f"{code}; chance.stream(5, 'data').random()"], check=True)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_every_purpose_has_its_own_stream(seed):
    purposes = ("data", "start", "order", "noise")
    assert len({tuple(draws(seed, purpose)) for purpose in purposes}) == len(purposes)


@settings(max_examples=20)
@given(seed=SEEDS, extra=st.integers(min_value=1, max_value=50))
def test_one_draw_more_in_one_stream_moves_nothing_elsewhere(seed, extra):
    before = draws(seed, "start")
    data = chance.stream(seed, "data")
    data.standard_normal(extra)
    start = chance.stream(seed, "start")
    data.standard_normal(extra)
    assert start.integers(0, 2**32, size=4).tolist() == before


@settings(max_examples=20)
@given(seed=SEEDS, items=st.integers(min_value=1, max_value=40), epochs=st.integers(min_value=1, max_value=6))
def test_an_order_names_every_item_once_per_epoch(seed, items, epochs):
    orders = chance.orders(seed, items=items, epochs=epochs)
    assert orders.dtype == np.int32
    assert np.array_equal(np.sort(orders, axis=1), np.tile(np.arange(items), (epochs, 1)))
