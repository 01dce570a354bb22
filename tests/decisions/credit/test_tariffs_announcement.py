"""A tariff that will hold is told in a sentence: from when on, what is other than before, and why."""

from dataclasses import replace
from datetime import UTC, datetime

from axiom.decisions.credit.tariffs import DEFAULT, PRESETS, announcement, changes
from axiom.domain.ledger import Tier

DAY = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)


def test_only_what_changes_is_said_with_what_it_was():
    more = replace(DEFAULT, version=2, per_core_second=12)
    assert announcement(DEFAULT, more, DAY, "cores became faster.") == (
        "From 2026-03-09 08:30 UTC on credit is computed by tariff core-seconds, version 2: a valid task gets 1.2 "
        "credit for a hundred seconds of a reference core (until then 1 credit for a hundred seconds of a reference "
        "core). "
        "Why: cores became faster."
    )


def test_every_rule_that_changes_is_named():
    said = changes(PRESETS["S1"], PRESETS["S5"]).split("; ")
    assert said == [
        "a valid task gets 4 credit below 30 seconds, 7 credit below 120 seconds, 12 credit below 600 seconds, 18 "
        "credit below 2,000 seconds, 25 credit from 2,000 seconds on, by its host’s clock (until then 10 credit below "
        "100 seconds, 15 credit below 600 seconds, 20 credit from 600 seconds on, by its host’s clock)",
        "computing on a GPU adds 3 credit (until then nothing)",
        "a task that failed gets nothing (until then 10 credit)",
        "between two sessions is paid 50,000 credit at most (until then all)",
    ]


def test_the_first_tariff_is_said_whole_and_one_that_changes_nothing_says_so():
    assert changes(None, PRESETS["S3"]).count("; ") == 4
    assert "a task that failed gets what a valid one does" in changes(None, PRESETS["S3"])
    assert changes(DEFAULT, replace(DEFAULT, name="another", version=7)) == "nothing changes but its name"


def test_whose_clock_counts_is_said_where_nothing_else_changes():
    said = changes(PRESETS["S1"], replace(PRESETS["S1"], by_clock=False))
    assert said.endswith("20 credit from 600 seconds on, by its host’s clock)")
    assert "from 600 seconds on, of a reference core (until then" in said


def test_of_many_tiers_the_first_and_the_last_are_named():
    ends = [*range(10, 500, 10), None]
    tiers = tuple(Tier(start=10 * place, end=end, amount=1_000 + place) for place, end in enumerate(ends))
    said = changes(None, replace(DEFAULT, per_core_second=0, tiers=tiers)).split("; ")[0]
    assert said == "a valid task gets 1 credit below 10 seconds, 1.049 credit from 490 seconds on, of a reference core"


def test_a_change_of_tiers_that_are_not_named_is_said():
    tiers = tuple(Tier(start=10 * at, end=10 * at + 10 if at < 9 else None, amount=1_000 + at) for at in range(10))
    before = replace(DEFAULT, per_core_second=0, tiers=tiers)
    cut = replace(before, tiers=(*tiers[:5], replace(tiers[5], amount=0), *tiers[6:]))
    assert changes(before, cut) == (
        "what a valid task gets changes between the first tier and the last, which stay as they are"
    )
    more = changes(before, replace(cut, gpu_bonus=2_000))
    assert more.endswith("stay as they are; computing on a GPU adds 2 credit (until then nothing)")
    assert changes(before, before) == "nothing changes but its name"
