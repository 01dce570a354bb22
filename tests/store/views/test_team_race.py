"""What teams earned within a month."""

from datetime import UTC, datetime, timedelta

import pytest
from furnished_lab import fill

from axiom.store.engine.database import at
from axiom.store.views.team_race import Month, TeamRace

MARCH = Month(year=2026, month=3)


@pytest.fixture
def earn(small_lab, prepared):
    """Books an award of so much to a team at a moment."""
    fill(small_lab, prepared)
    with small_lab.db.transaction():
        small_lab.db.execute("INSERT INTO team (name, founder_id, created_at) VALUES ('Second', 1, 0)")
    numbers = iter(range(1, 100))

    def earn(team: int | None, amount: int, moment: datetime) -> None:
        with small_lab.db.transaction():
            small_lab.db.execute(
                "INSERT INTO award (task_id, reason, tariff_id, host_id, volunteer_id, amount, because, created_at, "
                "team_id) SELECT task_id, :reason, tariff_id, host_id, volunteer_id, :amount, 'a test', :at, :team "
                "FROM award LIMIT 1",
                reason=f"correction {next(numbers)}",
                amount=amount,
                at=at(moment),
                team=team,
            )

    return earn


def test_a_month_counts_what_was_booked_within_it_and_a_second_look_only_what_is_new(small_lab, earn):
    race, begin = TeamRace(month=MARCH.after), MARCH.after.begins
    assert race.standing(small_lab.db) == []
    earn(1, 5, begin - timedelta(seconds=1))
    earn(1, 10, begin)
    earn(2, 30, begin + timedelta(days=1))
    earn(None, 99, begin + timedelta(days=2))
    assert race.standing(small_lab.db) == [(2, 30), (1, 10)]
    earn(1, 25, MARCH.after.after.begins - timedelta(seconds=1))
    earn(2, 7, MARCH.after.after.begins)
    assert race.standing(small_lab.db) == [(1, 35), (2, 30)]
    assert TeamRace(month=MARCH.after).standing(small_lab.db) == [(1, 35), (2, 30)]
    assert TeamRace(month=MARCH.after.after).standing(small_lab.db) == [(2, 7)]


def test_months_follow_each_other_over_the_end_of_a_year():
    december = Month(year=2026, month=12)
    assert (december.after, december.after.before) == (Month(year=2027, month=1), december)
    assert december.begins == datetime(2026, 12, 1, tzinfo=UTC)
    assert MARCH.before == Month(year=2026, month=2)
