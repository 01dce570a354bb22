"""A change of pay: told before it begins, by the day on which a task is sent, and at once where it can hurt nobody."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from axiom.errors import Refused, WrongUse
from axiom.gate.registry import read_command
from axiom.limits import credit as limits
from axiom.reads import ledger, news
from axiom.reads.base.request import Reading
from axiom.reads.feeds import atom_feed, rss_feed
from axiom.store.credit import tariffs


def use(door, tariff: str, day: str = "", **how) -> datetime:
    """When it begins."""
    words = {"tariff": tariff, "because": f"we try {tariff}", "valid_from": day}
    return datetime.fromisoformat(door.submit(read_command("ledger.tariff", words), **how)["valid_from"])


def shown(door, view):
    """A page or feed as it is now."""
    site = {"folder": door.lab.folder, "now": door.lab.now, "name": "Small", "live": dict}
    return door.look(lambda db: view(Reading(db=db, **site)))


def states(door) -> list[tuple[str, int, str]]:
    return [(row["name"], row["version"], row["state"]) for row in shown(door, ledger.describe_tariffs)]


def feeds(door) -> list[str]:
    return [shown(door, partial(made, master="https://a/")).decode() for made in (rss_feed, atom_feed)]


@pytest.fixture
def shared(door, join):
    """Somebody else computes here, too, and tasks are paid by the first tariff."""
    ada = door.gate.writer.run(lambda db: join(db, "Ada", door.lab.now))
    door.meet("hers", ada)
    return door


def test_a_change_is_in_the_news_and_the_feeds_and_on_the_ledger_before_it_begins(shared):
    begins = use(shared, "S4", dry_run=True)
    assert states(shared) == []
    assert "S4" not in "".join(feeds(shared))
    assert use(shared, "S4") == begins
    assert limits.ANNOUNCED_AHEAD <= begins - shared.lab.now <= limits.ANNOUNCED_AHEAD + timedelta(days=1)
    assert states(shared) == [("S4", 1, "will hold"), ("core-seconds", 1, "holds")]
    assert shown(shared, ledger.describe_tariffs)[0]["announced_at"] == shared.lab.now.isoformat()
    told = [*feeds(shared), str(shown(shared, news.news_page)), str(shown(shared, news.list_current_news))]
    assert all(f"{begins.day} {begins:%B %Y}" in said and "gets 100 credit" in said for said in told)
    assert all("gets 36" in said and "we try S4" in said for said in (told[1], told[2]))
    shared.lab.later(days=9)
    assert states(shared) == [("S4", 1, "holds"), ("core-seconds", 1, "held")]
    assert shared.broken() == {}


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-03", "2026-03-09", "2027-06-01", "9999-12-31"])
def test_what_begins_too_soon_or_too_far_ahead_is_refused(shared, day):
    before = shared.stored()
    with pytest.raises(Refused):
        use(shared, "S4", day)
    with pytest.raises(WrongUse):
        use(shared, "S4", "soon")
    assert shared.stored() == before


def test_a_change_may_begin_at_once_where_nobody_else_computed_and_never_in_the_past(shared):
    shared.lab.later(days=8)
    shared.meet("our own")
    assert use(shared, "S4") == shared.lab.now
    assert states(shared) == [("S4", 1, "holds"), ("core-seconds", 1, "held")]
    assert "gets 100 credit" in feeds(shared)[0]
    with pytest.raises(Refused):
        use(shared, "S5", "2026-03-09")


def test_each_announced_tariff_begins_on_its_day_and_of_one_day_the_last_holds(shared):
    for tariff, day in (("S5", "2026-03-20"), ("S4", "2026-03-12"), ("S3", "2026-03-20")):
        use(shared, tariff, day)
    ages = [("S3", "will hold"), ("S5", "will hold"), ("S4", "will hold"), ("core-seconds", "holds")]
    assert [(name, state) for name, _, state in states(shared)] == ages
    assert "gets 100" in shown(shared, news.news_page)["said"][0]["line"]  # until then S4, and not S5 that never holds
    every = shared.look(tariffs.list_tariffs)
    for days, name in ((0, "core-seconds"), (11, "S4"), (20, "S3")):
        assert tariffs.choose_tariff(every, shared.lab.now + timedelta(days=days)).tariff.name == name
