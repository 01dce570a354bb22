"""Each duplicate is compared once with the result that it repeats, and counted by platforms."""

import pytest
from draws import secret_for

from axiom.domain.findings import Agreements
from axiom.domain.work import Reproduction
from axiom.lab.evidence.reproduce import agreements_of, miscounted, reproduce
from axiom.store.evidence import duplicates

SECRET = secret_for(1, 3, among=3)  # the first two tasks of a test, whichever of these numbers they have


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum; host 1 is the laboratory's, 2 Bob's of another platform, 3 Cleo's."""
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.host("bobs", volunteer="Bob", instructions="avx512")
    small_lab.host("cleos", volunteer="Cleo")
    return small_lab


def computed(lab, host, **changes):
    order = lab.order(host)
    lab.report(order, lab.output(order, **changes))
    lab.validate(SECRET)
    lab.later(minutes=1)


def checked(lab, host=2, **changes):
    lab.deploy()
    computed(lab, 1)
    computed(lab, host, **changes)


def classes(lab):
    return [row["class"] for row in lab.db.select("SELECT class FROM reproduction ORDER BY duplicate_id")]


def test_a_seed_that_agrees_is_counted_once_for_the_two_platforms_and_what_is_touched_is_seen(lab, taken_back):
    checked(lab)
    assert (reproduce(lab.db), reproduce(lab.db)) == (2, 0)
    assert classes(lab) == [Reproduction.EXACT] * 2
    pair = ("linux-x86_64-avx2", "linux-x86_64-avx512")
    assert agreements_of(lab.db, [1], lab.now) == (Agreements(platforms=pair, exact=1),)
    assert agreements_of(lab.db, [2], lab.now) == ()
    before = lab.now
    lab.later(minutes=1)
    checked(lab)
    assert [duplicate.first.replicate for duplicate in duplicates.uncompared(lab.db, 10)] == [1, 1]
    reproduce(lab.db)
    assert agreements_of(lab.db, [1], before)[0].exact == 1  # what is known at a moment stays what was known then
    assert agreements_of(lab.db, [1], lab.now)[0].exact == 2
    assert miscounted(lab.db) == []
    for wrong, about in (
        ("UPDATE reproduction SET class = 'within tolerance'", "duplicate 1"),
        ("UPDATE reproduction_count SET exact = exact + 1", "seeds"),
        ("DELETE FROM reproduction_count", "seeds"),
        ("UPDATE reproduction SET confirms = 1", "duplicate 1"),
    ):
        with taken_back(lab.db):
            lab.db.execute(wrong)
            assert about in miscounted(lab.db)[0], wrong


def test_another_end_after_the_same_beginning_is_chaos_and_another_beginning_is_a_dispute(lab):
    checked(lab, host=3, measures={"total": 40.0, "count": 0}, early=(1.0, 0.5))
    reproduce(lab.db)
    assert set(classes(lab)) == {Reproduction.CHAOTIC}
    same = ("linux-x86_64-avx2",) * 2
    assert agreements_of(lab.db, [1], lab.now) == (Agreements(platforms=same, divergent=1),)
    lab.deploy()
    computed(lab, 1)
    computed(lab, 3, early=(3.0, 0.5))
    reproduce(lab.db)
    assert Agreements(platforms=same, divergent=2, disputed=1) in agreements_of(lab.db, [1], lab.now)


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_what_two_of_three_say_is_disputed_no_more_and_overturns_the_third(lab, is_confirmed):
    odd = {"early": (3.0, 0.5)}
    lab.deploy()
    computed(lab, 1, **({} if is_confirmed else odd))
    computed(lab, 2, **(odd if is_confirmed else {}))
    reproduce(lab.db)
    before = lab.now
    assert agreements_of(lab.db, [1], before)[0].disputed == 1
    lab.later(minutes=1)
    computed(lab, 3)
    reproduce(lab.db)
    assert sum(agreements.disputed for agreements in agreements_of(lab.db, [1], lab.now)) == 0
    assert agreements_of(lab.db, [1], before)[0].disputed == 1  # what was known then stays what was known then
    assert duplicates.overturned(lab.db, 1, before) == frozenset()
    assert duplicates.overturned(lab.db, 1, lab.now) == (frozenset() if is_confirmed else {0})
    assert duplicates.overturned(lab.db, 2, lab.now) == frozenset()
    assert miscounted(lab.db) == []


def test_two_who_say_different_things_overturn_nothing_and_what_was_stopped_is_compared_with_nothing(lab):
    checked(lab, outcome="late", measures=None, early=())
    reproduce(lab.db)
    assert classes(lab) == ["", ""]
    assert agreements_of(lab.db, [1], lab.now) == ()
    lab.deploy()
    computed(lab, 1, early=(3.0, 0.5))
    computed(lab, 2)
    computed(lab, 3, early=(5.0, 0.5))
    reproduce(lab.db)
    assert duplicates.overturned(lab.db, 1, lab.now) == frozenset()
    assert sum(one.disputed for one in agreements_of(lab.db, [1], lab.now)) == 2  # a pair of platforms each
    assert miscounted(lab.db) == []
