"""What an operator types: shares in percent, and an order."""

import pytest

from axiom.domain.planning import PlanWishes, Purpose
from axiom.errors import UnknownName, WrongUse
from axiom.laboratory.planning.rules.read_mix_and_priority import parse_wishes, read_mix, read_priority

KNOWN = ("grokking_dynamics", "double_descent")


def test_shares_and_orders_are_read_by_purpose_or_experiment():
    shares = read_mix(" new = 50 % ; double_descent=12.5,fill=20", KNOWN)
    assert shares == (("new", 50.0), ("double_descent", 12.5), ("fill", 20.0))
    assert read_priority("pilots,new,grokking_dynamics,fill", KNOWN) == ("pilots", "new", "grokking_dynamics", "fill")
    # where no experiment is known any word may be one
    assert parse_wishes("anything=10", "anything", ()) == PlanWishes(mix=(("anything", 10.0),), priority=("anything",))


@pytest.mark.parametrize(
    ("mix", "priority", "fact"),
    [
        ("new=60,fill=50", "", "60 + 50"),
        ("new", "", "'new' has no number"),
        ("new=much", "", "'new=much'"),
        ("new=nan", "", "'new=nan'"),
        ("new=1,new=2", "", "new twice"),
        ("", "new,fill,new", "new twice"),
        ("", "new>fill, fill>new", "fill twice"),
    ],
)
def test_what_cannot_be_is_refused_by_name(mix, priority, fact):
    with pytest.raises(WrongUse, match=fact.replace("+", r"\+")):
        parse_wishes(mix, priority, KNOWN)


@pytest.mark.parametrize(("mix", "priority"), [("nwe=50", ""), ("", "nwe,fill"), ("", "nwe > fill"), ("=50", "")])
def test_a_word_that_nothing_has_is_refused_with_the_nearest(mix, priority):
    with pytest.raises(UnknownName, match="new"):
        parse_wishes(mix, priority, KNOWN)


def test_an_order_of_all_purposes_is_kept_as_a_list_and_as_a_chain():
    order = tuple(purpose.value for purpose in Purpose)
    assert read_priority(",".join(order), KNOWN) == order == read_priority(" > ".join(order), KNOWN)
