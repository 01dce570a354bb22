"""`axiom_weigh.compare`: two lists by their places, two dicts by their keys; a value that only one has is missing."""

import math

import numpy as np
import pandas as pd
import pytest

import axiom_weigh
from axiom_weigh.errors import TableUnreadable, WrongUse
from axiom_weigh.values import Verdict

A = [1.5 + 0.0537 * (7 * place % 20) for place in range(20)]
B = [1.0 + 0.0031 * (3 * place % 20) for place in range(20)]


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_lists_arrays_and_series_are_paired_by_their_places(kind):
    card = axiom_weigh.compare(kind(A), kind(B))
    table = axiom_weigh.weigh({"seed": range(20), "a": A, "b": B}, of=("a", "b"))
    assert (card.verdict, card.n_seeds, card.is_declared) == (Verdict.POSITIVE, 20, True)
    assert card.data() | {"name": ""} == table.data() | {"name": ""}
    assert axiom_weigh.compare(kind(B), kind(A)).verdict is Verdict.NEGATIVE
    assert axiom_weigh.compare(kind(A), kind(B), smallest_effect=9).verdict is Verdict.ABSENT


def test_two_arms_of_nothing_but_0_and_1_are_weighed_by_how_much_oftener_it_happens():
    ours, base = ([1] * 9 + [0]) * 6, [1, 0, 0] * 20
    card = axiom_weigh.compare(ours, base, smallest_effect=0.05)
    assert (card.verdict, card.middle, card.evidence.e_kind) == (Verdict.POSITIVE, "mean", "event differences")
    assert axiom_weigh.compare([True] * 8, [False] * 8).verdict is Verdict.POSITIVE  # no copies: it always happens
    other = axiom_weigh.compare([*ours, 0.5], [*base, 0.0], smallest_effect=0.05)  # a half is no event
    assert (other.evidence.e_kind, other.verdict) == ("signed ranks", Verdict.POSITIVE)


def test_dicts_are_paired_by_their_keys_and_a_lonely_key_or_nan_is_missing():
    card = axiom_weigh.compare({7: 3.0, 8: 5.0, 9: None}, {8: 1.0, 7: 2.0, 6: 1.0, 9: math.nan})
    assert sorted(card.values) == [1.0, 4.0]
    assert card.evidence.missing == 2
    assert sorted(card.seeds) == ["6", "7", "8", "9"]
    card = axiom_weigh.compare([1.0, None, 3.0], np.array([0.0, 0.0, math.nan]))
    assert (list(card.values), card.evidence.missing) == ([1.0], 2)


def test_seeds_have_names_where_they_are_given():
    assert sorted(axiom_weigh.compare([1, 2], [3, 5], seeds=["x", "y"]).seeds) == ["x", "y"]
    assert sorted(axiom_weigh.compare([1, 2], [3, 5]).seeds) == ["0", "1"]


@pytest.mark.parametrize(
    ("a", "b", "words", "error", "says"),
    [
        ([1, 2], [1], {"seeds": [1, 2]}, WrongUse, "a has 2 values and b 1"),
        ([1, 2], {1: 2}, {}, WrongUse, "A list and a dict cannot"),
        ("12", [1, 2], {}, WrongUse, "A str and a list cannot"),
        ({1, 2}, [1, 2], {}, WrongUse, "A set and a list cannot"),
        (np.zeros((2, 2)), np.zeros((2, 2)), {}, WrongUse, "arrays of one dimension"),
        ([1, 2], [1, 2], {"seeds": [1]}, WrongUse, "1 seeds for 2 pairs"),
        ({1: 2}, {1: 3}, {"seeds": [1]}, WrongUse, "seeds as keys"),
        ([1, "x"], [1, 2], {}, TableUnreadable, "pair 2, column a: 'x' is not a number"),
        ([], [], {}, TableUnreadable, "no rows"),
        (pd.Series([1, 2], index=[3, 4]), pd.Series([1, 2]), {}, WrongUse, "different indexes"),
    ],
)
def test_what_cannot_be_paired_is_refused(a, b, words, error, says):
    with pytest.raises(error, match=says) as refusal:
        axiom_weigh.compare(a, b, **words)
    assert "Nothing was weighed" in str(refusal.value)
