"""News that go to the clients as well: to whom, and to whom no more once they were taken back."""

import pytest
from furnished_lab import fill

from axiom.commands.news import AddNews, WithdrawNews
from axiom.store.hosts import notices
from axiom.store.hosts.hosts import hosts

LINE = "The server moves on Saturday."


@pytest.fixture
def lab(small_lab, prepared):
    """Volunteers compute here, and the laboratory's own computers."""
    fill(small_lab, prepared)
    return small_lab


def do(lab, command):
    with lab.db.transaction():
        return command.apply(lab.db, None, None, lab.now)


def told(lab) -> list[int]:
    """The hosts whose clients would show it."""
    return [host.id for host in hosts(lab.db) if LINE in [one.text for one in notices.shown(lab.db, host.id, lab.now)]]


def volunteers(lab) -> list[int]:
    rows = lab.db.select("SELECT h.id FROM host h JOIN volunteer v ON v.id = h.volunteer_id WHERE v.is_ours = 0")
    return sorted(row["id"] for row in rows)


def test_what_is_said_to_hosts_reaches_the_computers_of_volunteers_alone(lab):
    answer = do(lab, AddNews(line=LINE, to_hosts=True))
    assert told(lab) == volunteers(lab)
    assert answer["hosts_told"] == len(volunteers(lab)) > 0
    assert 1 not in told(lab)


def test_unless_it_is_wanted_no_client_shows_it(lab):
    assert do(lab, AddNews(line=LINE))["hosts_told"] == 0
    assert told(lab) == []


def test_who_was_not_told_before_it_was_withdrawn_never_is(lab):
    do(lab, AddNews(line=LINE, to_hosts=True))
    first, *others = volunteers(lab)
    with lab.db.transaction():
        notices.told(lab.db, [one.id for one in notices.shown(lab.db, first, lab.now) if one.text == LINE], lab.now)
    assert do(lab, WithdrawNews(number=1))["untold"] == len(others)
    assert told(lab) == [first], "for a day it stays where it was shown already"


def test_whoever_was_silent_for_months_is_not_told_later(lab):
    lab.later(days=61)
    assert do(lab, AddNews(line=LINE, to_hosts=True))["hosts_told"] == 0
