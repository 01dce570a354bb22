"""What an operator types is read, and what cannot be is refused with a sentence that says what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.planning.operator_shares import read, read_mix, read_priority
from axiom.domain.planning import Purpose, Wishes
from axiom.errors import UnknownName, WrongUse

KNOWN = ("grokking_dynamics", "double_descent")


def test_nothing_is_no_wish():
    assert read("", "", KNOWN) == Wishes()
    assert read(" , ;", "\n", KNOWN) == Wishes()


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("new=50,nearest=30,fill=20", (("new", 50.0), ("nearest", 30.0), ("fill", 20.0))),
        (" new = 50 % ; double_descent=12.5", (("new", 50.0), ("double_descent", 12.5))),
    ],
)
def test_shares_are_read_by_purpose_or_experiment(text, shares):
    assert read_mix(text, KNOWN) == shares


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("new,nearest,negatives,fill", ("new", "nearest", "negatives", "fill")),
        (
            "pilots,new,nearest,negatives,generality,grokking_dynamics,double_descent,fill",
            ("pilots", "new", "nearest", "negatives", "generality", "grokking_dynamics", "double_descent", "fill"),
        ),
    ],
)
def test_an_order_is_read_as_a_list_or_as_pairs(text, words):
    assert read_priority(text, KNOWN) == words


def test_pairs_are_put_in_an_order_that_holds_for_each_of_them():
    found = read_priority("nearest>fill, new>nearest, new>negatives, negatives>fill", KNOWN)
    assert sorted(found) == ["fill", "nearest", "negatives", "new"]
    assert found.index("new") < min(found.index("nearest"), found.index("negatives"))
    assert found[-1] == "fill"


@pytest.mark.parametrize(
    ("mix", "priority", "fact"),
    [
        ("new=60,fill=50", "", "60 + 50"),
        ("new", "", "'new' has no number"),
        ("new=much", "", "'new=much'"),
        ("new=-1", "", "'new=-1'"),
        ("new=nan", "", "'new=nan'"),
        ("new=1,new=2", "", "new twice"),
        ("", "new,fill,new", "new twice"),
        ("", "new>fill, fill>new", "circle"),
        ("", "new>new", "new > new"),
    ],
)
def test_what_cannot_be_is_refused_by_name(mix, priority, fact):
    with pytest.raises(WrongUse, match=fact.replace("+", r"\+")):
        read(mix, priority, KNOWN)


@pytest.mark.parametrize(("mix", "priority"), [("nwe=50", ""), ("", "nwe,fill"), ("", "nwe > fill"), ("=50", "")])
def test_a_word_that_nothing_has_is_refused_with_the_nearest(mix, priority):
    with pytest.raises(UnknownName, match="new"):
        read(mix, priority, KNOWN)


def test_where_no_experiment_is_known_any_word_may_be_one():
    assert read("anything=10", "anything", ()) == Wishes(mix=(("anything", 10.0),), priority=("anything",))


@given(order=st.permutations([purpose.value for purpose in Purpose]))
def test_any_order_of_all_purposes_is_kept_as_a_list_and_as_a_chain(order):
    assert read_priority(",".join(order), KNOWN) == tuple(order) == read_priority(" > ".join(order), KNOWN)
