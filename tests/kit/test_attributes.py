from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.kit import attributes, chance


def split(seed=5, levels=6, share=0.4):
    return attributes.held_out(chance.stream(seed, "split"), levels=levels, share=share)


def as_set(pairs):
    return set(map(tuple, pairs.tolist()))


@given(seed=st.integers(0, 2**62), levels=st.integers(2, 9), share=st.floats(0, 1))
def test_seen_and_new_combinations_are_all_there_are_and_no_level_is_new(seed, levels, share):
    seen, new = split(seed, levels, share)
    assert as_set(seen) | as_set(new) == {(first, second) for first in range(levels) for second in range(levels)}
    assert len(seen) + len(new) == levels**2
    for attribute in (0, 1):
        assert set(seen[:, attribute].tolist()) == set(range(levels))
    assert len(new) == min(round(share * levels**2), levels * (levels - 1))
    assert (seen.dtype, new.dtype) == (np.int32, np.int32)


def test_a_larger_share_holds_out_what_a_smaller_one_does_and_more():
    splits = [as_set(split(share=share)[1]) for share in (0.0, 0.2, 0.4, 0.8)]
    assert [len(new) for new in splits] == [0, 7, 14, 29]
    assert all(fewer < more for fewer, more in pairwise(splits))


def test_every_combination_is_held_out_about_equally_often():
    counts = np.zeros((4, 4))
    for seed in range(2_000):
        new = split(seed, levels=4, share=0.25)[1]
        counts[new[:, 0], new[:, 1]] += 1
    assert np.abs(counts / 2_000 - 0.25).max() < 0.05  # the standard error is 0.01


def test_an_example_is_the_code_of_its_first_level_beside_that_of_its_second():
    codes = attributes.codes(chance.stream(5, "codes"), levels=3, size=4)
    pairs = np.array([[0, 2], [1, 1]], dtype=np.int32)
    x, shown = attributes.examples(chance.stream(5, "noise"), codes, pairs, copies=2, noise=0.0)
    assert shown.tolist() == [[0, 2], [0, 2], [1, 1], [1, 1]]
    assert x.dtype == np.float32
    assert x[0] == pytest.approx(np.r_[codes[0, 0], codes[1, 2]], rel=1e-6)
    assert x[2] == pytest.approx(np.r_[codes[0, 1], codes[1, 1]], rel=1e-6)


def test_noise_has_the_standard_deviation_that_was_asked_for():
    codes = attributes.codes(chance.stream(5, "codes"), levels=3, size=8)
    pairs, _ = split(levels=3, share=0.0)
    clean, noisy = (
        attributes.examples(chance.stream(5, "noise"), codes, pairs, copies=200, noise=noise)[0] for noise in (0.0, 0.3)
    )
    assert (noisy - clean).std() == pytest.approx(0.3, rel=0.02)


def test_codes_are_standard_normal():
    codes = attributes.codes(chance.stream(5, "codes"), levels=100, size=100)
    assert codes.shape == (2, 100, 100)
    assert (codes.mean(), codes.std()) == pytest.approx((0, 1), abs=0.03)


def test_each_combination_has_a_number_of_its_own():
    seen, new = split(levels=4, share=0.5)
    numbers = np.concatenate([attributes.number(pairs, levels=4) for pairs in (seen, new)])
    assert sorted(numbers.tolist()) == list(range(16))
    assert attributes.number(np.array([[2, 3]], dtype=np.int32), levels=4).tolist() == [11]


def test_no_attribute_alone_tells_the_exclusive_or():
    every, _ = split(levels=6, share=0.0)
    said = attributes.exclusive_or(every, levels=6).reshape(6, 6)
    assert said.mean(axis=0).tolist() == said.mean(axis=1).tolist() == [0.5] * 6
    assert said.tolist() == [[int((first < 3) != (second < 3)) for second in range(6)] for first in range(6)]
