"""What a volunteer's computers have done, counted award by award."""

from datetime import UTC, datetime, timedelta

from furnished_lab import fill

from axiom.store.views.earned import Earned, by_week, in_hand


def test_sums_that_go_on_are_those_that_begin_anew(small_lab, prepared):
    fill(small_lab, prepared)
    running = Earned(volunteer_id=1)
    before = running.record(small_lab.db)
    assert before.valid == 2
    assert before == running.record(small_lab.db) == Earned(volunteer_id=1).record(small_lab.db)
    with small_lab.db.transaction():
        small_lab.db.execute(
            "INSERT INTO award (task_id, reason, tariff_id, host_id, volunteer_id, amount, because, created_at) "
            "SELECT task_id, 'correction 1', tariff_id, host_id, volunteer_id, 7, 'a test', created_at + 86400000000 "
            "FROM award WHERE volunteer_id = 1 LIMIT 1"
        )
    after = running.record(small_lab.db)
    assert after == Earned(volunteer_id=1).record(small_lab.db)
    assert (after.valid, after.first_at) == (2, before.first_at)
    assert after.credit == (*before.credit, (before.credit[-1][0] + 1, 7))


def test_whoever_has_nothing_has_done_nothing(small_lab):
    nothing = Earned(volunteer_id=99).record(small_lab.db)
    assert (nothing.valid, nothing.cpu_seconds, nothing.first_at, nothing.credit) == (0, 0.0, None, ())
    assert in_hand(small_lab.db, [], 5) == []


def test_weeks_begin_on_mondays_and_those_of_nothing_stand_between():
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    day = (monday - datetime(1970, 1, 1, tzinfo=UTC)).days
    credit = ((day, 1), (day + 6, 2), (day + 14, 4))
    found = by_week(credit, monday + timedelta(days=20), 26)
    assert found == [(monday, 3), (monday + timedelta(days=7), 0), (monday + timedelta(days=14), 4)]
    assert by_week(credit, monday + timedelta(days=20), 1) == [(monday + timedelta(days=14), 4)]
    assert by_week((), monday, 26) == []
