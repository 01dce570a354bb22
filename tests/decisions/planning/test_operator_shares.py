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
        ("new=0", (("new", 0.0),)),
        ("new=33.3,nearest=33.3,fill=33.4", (("new", 33.3), ("nearest", 33.3), ("fill", 33.4))),
    ],
)
def test_shares_are_read_by_purpose_or_experiment(text, shares):
    assert read_mix(text, KNOWN) == shares


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("new,nearest,negatives,fill", ("new", "nearest", "negatives", "fill")),
        ("double_descent", ("double_descent",)),
        (
            "pilots,new,nearest,negatives,generality,grokking_dynamics,double_descent,fill",
            ("pilots", "new", "nearest", "negatives", "generality", "grokking_dynamics", "double_descent", "fill"),
        ),
        ("new > nearest > fill", ("new", "nearest", "fill")),
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
    ("mix", "priority", "sentence"),
    [
        ("new=60,fill=50", "", "The shares of the mix add up to more than 100 %: 60 + 50. Make them smaller."),
        ("new", "", "The share 'new' has no number. Write what=percent, for example new=50,fill=20."),
        ("new=much", "", "The share 'new=much' is no percentage. Write a number from 0 to 100, for example new=50."),
        ("new=-1", "", "The share 'new=-1' is no percentage. Write a number from 0 to 100, for example new=50."),
        ("new=nan", "", "The share 'new=nan' is no percentage. Write a number from 0 to 100, for example new=50."),
        ("new=inf", "", "The share 'new=inf' is no percentage. Write a number from 0 to 100, for example new=50."),
        ("new=1,new=2", "", "The mix names new twice, so which share is meant is not clear. Name each once."),
        ("", "new,fill,new", "The priorities name new twice. Name each once, the first one first."),
        (
            "",
            "new>fill, fill>new",
            "The priorities go round in a circle: new > fill > new. Leave one of these out.",
        ),
        ("", "new>new", "The priorities go round in a circle: new > new. Leave one of these out."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(mix, priority, sentence):
    with pytest.raises(WrongUse) as refused:
        read(mix, priority, KNOWN)
    said = str(refused.value)
    assert said == sentence or (" > " in sentence and said.startswith("The priorities go round in a circle: "))


@pytest.mark.parametrize(("mix", "priority"), [("nwe=50", ""), ("", "nwe,fill"), ("", "nwe > fill"), ("=50", "")])
def test_a_word_that_nothing_has_is_refused_with_the_nearest(mix, priority):
    with pytest.raises(UnknownName) as refused:
        read(mix, priority, KNOWN)
    assert "new" in str(refused.value)


def test_where_no_experiment_is_known_any_word_may_be_one():
    assert read("anything=10", "anything", ()) == Wishes(mix=(("anything", 10.0),), priority=("anything",))


@given(order=st.permutations([purpose.value for purpose in Purpose]))
def test_any_order_of_all_purposes_is_kept_as_a_list_and_as_a_chain(order):
    assert read_priority(",".join(order), KNOWN) == tuple(order) == read_priority(" > ".join(order), KNOWN)
