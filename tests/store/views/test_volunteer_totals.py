"""What volunteers and teams have earned, counted award by award, and tasks as lists show them."""

from datetime import UTC, datetime, timedelta

import pytest
from furnished_lab import fill

from axiom.laboratory.credit.pay import CreditPayer
from axiom.store.engine.database import to_microseconds
from axiom.store.views import tasks
from axiom.store.views.tasks import TaskEnd
from axiom.store.views.team_race import Month, TeamRace
from axiom.store.views.volunteer_totals import VolunteerTotals, list_unfinished_tasks, sum_credit_by_week


def test_sums_that_go_on_are_those_that_begin_anew(small_lab, prepared):
    fill(small_lab, prepared)
    running = VolunteerTotals(volunteer_id=1)
    before = running.record(small_lab.db)
    assert before.valid == 2
    assert before == running.record(small_lab.db) == VolunteerTotals(volunteer_id=1).record(small_lab.db)
    with small_lab.db.transaction():
        small_lab.db.execute(
            "INSERT INTO award (task_id, reason, tariff_id, host_id, volunteer_id, amount, because, created_at) "
            "SELECT task_id, 'correction 1', tariff_id, host_id, volunteer_id, 7, 'a test', created_at + 86400000000 "
            "FROM award WHERE volunteer_id = 1 LIMIT 1"
        )
    after = running.record(small_lab.db)
    assert after == VolunteerTotals(volunteer_id=1).record(small_lab.db)
    assert (after.valid, after.first_at) == (2, before.first_at)
    assert after.credit == (*before.credit, (before.credit[-1][0] + 1, 7))


def test_weeks_and_months_follow_each_other_and_nothing_is_nothing(small_lab):
    nothing = VolunteerTotals(volunteer_id=99).record(small_lab.db)
    assert nothing.valid == 0
    assert nothing.cpu_seconds == 0.0
    assert nothing.first_at is None
    assert nothing.credit == ()
    assert list_unfinished_tasks(small_lab.db, [], 5) == []
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    day = (monday - datetime(1970, 1, 1, tzinfo=UTC)).days
    credit = ((day, 1), (day + 6, 2), (day + 14, 4))
    found = sum_credit_by_week(credit, monday + timedelta(days=20), 26)
    assert found == [(monday, 3), (monday + timedelta(days=7), 0), (monday + timedelta(days=14), 4)]
    assert sum_credit_by_week(credit, monday + timedelta(days=20), 1) == [(monday + timedelta(days=14), 4)]
    assert sum_credit_by_week((), monday, 26) == []
    december = Month(year=2026, month=12)
    assert (december.after, december.after.before) == (Month(year=2027, month=1), december)
    assert (december.begins, MARCH.before) == (datetime(2026, 12, 1, tzinfo=UTC), Month(year=2026, month=2))


MARCH = Month(year=2026, month=3)


def test_a_month_counts_what_was_booked_within_it_and_a_second_look_only_what_is_new(small_lab, prepared):
    fill(small_lab, prepared)
    db, numbers = small_lab.db, iter(range(1, 1_000))
    db.execute("INSERT INTO team (name, founder_id, created_at) VALUES ('Second', 1, 0)")
    award = """
        INSERT INTO award (task_id, reason, tariff_id, host_id, volunteer_id, amount, because, created_at, team_id)
        SELECT task_id, :reason, tariff_id, host_id, volunteer_id, :amount, 'a test', :at, :team FROM award LIMIT 1
    """

    def earn(team: int | None, amount: int, moment: datetime) -> None:
        db.execute(award, reason=f"correction {next(numbers)}", amount=amount, at=to_microseconds(moment), team=team)

    race, begin, end = TeamRace(month=MARCH.after), MARCH.after.begins, MARCH.after.after.begins
    assert race.ranking(db) == []
    earn(1, 5, begin - timedelta(seconds=1))
    earn(1, 10, begin)
    earn(2, 30, begin + timedelta(days=1))
    earn(None, 99, begin + timedelta(days=2))
    assert race.ranking(db) == [(2, 30), (1, 10)]
    earn(1, 25, end - timedelta(seconds=1))
    earn(2, 7, end)
    assert race.ranking(db) == TeamRace(month=MARCH.after).ranking(db) == [(1, 35), (2, 30)]
    assert TeamRace(month=MARCH.after.after).ranking(db) == [(2, 7)]
    for _ in range(900):
        earn(None, 1, end)
    race.ranking(db)
    thousands = list[int]()  # of steps that SQLite's machine takes
    db._connection.set_progress_handler(lambda: thousands.append(1), 1_000)
    race.ranking(db)
    assert thousands == []


def test_tasks_and_workunits_are_found_newest_first_with_how_they_ended(working_lab):
    """Task 1 is valid and paid, 2 failed, 3 is out at host 1, 4 and 5 wait."""
    lab, db = working_lab, working_lab.db
    lab.deploy(workunits=3)
    order = lab.order(1)
    lab.report(order, lab.output(order))
    lab.report(lab.order(1), None, exit_status=198)
    lab.validate()
    lab.order(1)
    with db.transaction():
        CreditPayer().pay(db, lab.now)
    ids = {"": [5, 4, 3, 2, 1], "valid": [1], "failed": [2], "sent": [3], "unsent": [5, 4], "returned": []}
    assert {state: [task.id for task in tasks.list_newest_tasks(db, state, 10)] for state in ids} == ids
    assert (
        [task.id for task in tasks.list_newest_tasks(db, "unsent", 1)]
        == [task.id for task in tasks.list_newest_tasks(db, "", 1)]
        == [5]
    )
    ids = {"": [4, 3, 2, 1], "open": [4, 3, 2], "done": [1], "failed": []}
    assert {state: [unit.id for unit in tasks.list_newest_workunits(db, state, 10)] for state in ids} == ids
    assert tasks.count_host_tasks_by_state(db, 1) == {"valid": 1, "failed": 1, "sent": 1}
    places = [({"limit": 2}, [3, 2]), ({"limit": 2, "before": 2}, [1])]
    places += [({"limit": 1, "after": 1}, [2]), ({"limit": 2, "state": "failed"}, [2])]
    assert [[task.id for task in tasks.list_newest_host_tasks(db, 1, **place)] for place, _ in places] == [
        ids for _, ids in places
    ]
    assert tasks.list_newest_host_tasks(db, 2, limit=2) == []
    unknown = dict.fromkeys(("boinc_state", "peak_memory_mb", "peak_disk_mb"))
    words = {"cause": "memory-limit", "agreement": "", "message": "the host's own words"}
    assert tasks.read_task_end(db, 2) == TaskEnd(closed_at=lab.now, **unknown, **words)
    assert [(award.reason, award.amount) for award in tasks.list_task_payments(db, 1)] == [("computed", 20)]
    assert tasks.list_task_payments(db, 2) == []
    with pytest.raises(LookupError, match="99"):
        tasks.read_task_end(db, 99)
