"""A tariff that will hold is told in a sentence: from when on, what is other than before, and why."""

from dataclasses import replace
from datetime import UTC, datetime

from axiom.decisions.credit.tariffs import DEFAULT, PRESETS, announcement, changes
from axiom.domain.ledger import Tier

DAY = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)


def test_only_what_changes_is_told_with_what_it_was_and_when_it_will_hold():
    more = replace(DEFAULT, version=2, per_core_second=12)
    sentence = announcement(DEFAULT, more, DAY, "cores became faster.")
    for fact in (
        "2026-03-09 08:30 UTC",
        "core-seconds, version 2",
        "1.2 credit",
        "until then 1 credit",
        "cores became",
    ):
        assert fact in sentence
    rules = changes(PRESETS["S1"], PRESETS["S5"]).split("; ")
    assert len(rules) == 4
    assert "4 credit below 30 seconds" in rules[0]
    assert "25 credit from 2,000 seconds" in rules[0]
    assert ["3 credit" in rules[1], "until then 10 credit" in rules[2], "50,000 credit" in rules[3]] == [True] * 3
    assert changes(None, PRESETS["S3"]).count("; ") == 4  # the first tariff is told whole
    assert changes(DEFAULT, replace(DEFAULT, name="another", version=7)) == changes(DEFAULT, DEFAULT)
    assert changes(PRESETS["S1"], replace(PRESETS["S1"], by_clock=False)).count("until then") == 1


def test_of_many_tiers_the_first_and_the_last_are_named_and_a_change_between_them_is_told():
    ends = [*range(10, 500, 10), None]
    tiers = tuple(Tier(start=10 * place, end=end, amount=1_000 + place) for place, end in enumerate(ends))
    before = replace(DEFAULT, per_core_second=0, tiers=tiers)
    told = changes(None, before).split("; ")[0]
    assert ["1 credit below 10" in told, "1.049 credit from 490" in told, "20 seconds" in told] == [True, True, False]
    cut = replace(before, tiers=(*tiers[:5], replace(tiers[5], amount=0), *tiers[6:]))
    assert "between the first tier and the last" in changes(before, cut)
    assert "2 credit" in changes(before, replace(cut, gpu_bonus=2_000)).split("; ")[1]
