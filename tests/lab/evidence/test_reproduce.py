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
    """A task of host 1, repeated by another."""
    lab.deploy()
    computed(lab, 1)
    computed(lab, host, **changes)


def classes(lab):
    return [row["class"] for row in lab.db.select("SELECT class FROM reproduction ORDER BY duplicate_id")]


def test_a_seed_that_agrees_is_counted_for_the_two_platforms(lab):
    checked(lab)
    with lab.db.transaction():
        assert reproduce(lab.db) == 2
        assert reproduce(lab.db) == 0
    assert classes(lab) == [Reproduction.EXACT] * 2
    pair = ("linux-x86_64-avx2", "linux-x86_64-avx512")
    assert agreements_of(lab.db, [1], lab.now) == (Agreements(platforms=pair, exact=1),)
    assert agreements_of(lab.db, [2], lab.now) == ()


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


def test_a_value_that_a_third_host_confirms_is_not_disputed_any_more(lab):
    checked(lab, early=(3.0, 0.5))
    reproduce(lab.db)
    before = lab.now
    assert agreements_of(lab.db, [1], before)[0].disputed == 1
    lab.later(minutes=1)
    computed(lab, 3)
    reproduce(lab.db)
    assert sum(one.disputed for one in agreements_of(lab.db, [1], lab.now)) == 0
    assert agreements_of(lab.db, [1], before)[0].disputed == 1  # what was known then stays what was known then
    assert miscounted(lab.db) == []


def test_a_value_against_which_two_agree_leaves_the_evidence(lab):
    lab.deploy()
    computed(lab, 1, early=(3.0, 0.5))
    computed(lab, 2)
    reproduce(lab.db)
    before = lab.now
    assert agreements_of(lab.db, [1], before)[0].disputed == 1
    lab.later(minutes=1)
    computed(lab, 3)
    reproduce(lab.db)
    assert sum(one.disputed for one in agreements_of(lab.db, [1], lab.now)) == 0
    assert duplicates.overturned(lab.db, 1, before) == frozenset()  # what was known then stays what was known then
    assert duplicates.overturned(lab.db, 1, lab.now) == {0}
    assert duplicates.overturned(lab.db, 2, lab.now) == frozenset()
    assert miscounted(lab.db) == []


def test_two_who_say_different_things_overturn_nothing(lab):
    lab.deploy()
    computed(lab, 1, early=(3.0, 0.5))
    computed(lab, 2)
    computed(lab, 3, early=(5.0, 0.5))
    reproduce(lab.db)
    assert duplicates.overturned(lab.db, 1, lab.now) == frozenset()
    assert sum(one.disputed for one in agreements_of(lab.db, [1], lab.now)) == 2  # a pair of platforms each
    assert miscounted(lab.db) == []


def test_what_is_known_at_a_moment_stays_what_was_known_then(lab):
    checked(lab)
    reproduce(lab.db)
    before = lab.now
    lab.later(minutes=1)
    checked(lab)
    reproduce(lab.db)
    assert agreements_of(lab.db, [1], before)[0].exact == 1
    assert agreements_of(lab.db, [1], lab.now)[0].exact == 2


def test_only_what_is_new_is_compared(lab):
    checked(lab)
    reproduce(lab.db)
    checked(lab)
    assert [one.first.replicate for one in duplicates.uncompared(lab.db, 10)] == [1, 1]
    assert miscounted(lab.db) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("UPDATE reproduction SET class = 'within tolerance'", "duplicate 1 is bit-exact, and within tolerance"),
        ("UPDATE reproduction_count SET exact = 2", "agree in other seeds than its duplicates say"),
        ("DELETE FROM reproduction_count", "agree in other seeds than its duplicates say"),
        ("UPDATE reproduction SET confirms = 1", "duplicate 1 confirms task 0, and task 1 is kept"),
    ],
)
def test_a_class_or_a_count_that_was_touched_is_seen(lab, wrong, problem):
    checked(lab)
    reproduce(lab.db)
    assert miscounted(lab.db) == []
    lab.db.execute(wrong)
    assert problem in miscounted(lab.db)[0]


def test_what_was_stopped_at_its_limit_is_compared_with_nothing(lab):
    checked(lab, outcome="late", measures=None, early=())
    reproduce(lab.db)
    assert classes(lab) == ["", ""]
    assert agreements_of(lab.db, [1], lab.now) == ()
