"""Tasks and workunits as lists show them: of one state or of any, the newest first, and what was paid."""

import pytest

from axiom.lab.credit.pay import Paying
from axiom.store.views import tasks
from axiom.store.views.tasks import TaskEnd


@pytest.fixture
def mixed_lab(working_lab):
    """Task 1 is valid and paid, 2 failed, 3 is out at host 1, 4 and 5 wait."""
    lab = working_lab
    lab.deploy(workunits=3)
    done = lab.order(1)
    lab.report(done, lab.output(done))
    lab.report(lab.order(1), None, exit_status=198)
    lab.validate()
    lab.order(1)
    with lab.db.transaction():
        Paying().pay(lab.db, lab.now)
    return lab


@pytest.mark.parametrize(
    ("state", "found"),
    [("", [5, 4, 3, 2, 1]), ("valid", [1]), ("failed", [2]), ("sent", [3]), ("unsent", [5, 4]), ("returned", [])],
)
def test_tasks_of_a_state_are_found_newest_first(mixed_lab, state, found):
    assert [task.id for task in tasks.tasks(mixed_lab.db, state, 10)] == found
    assert [task.id for task in tasks.tasks(mixed_lab.db, state, 1)] == found[:1]


@pytest.mark.parametrize(("state", "found"), [("", [4, 3, 2, 1]), ("open", [4, 3, 2]), ("done", [1]), ("failed", [])])
def test_workunits_of_a_state_are_found_newest_first(mixed_lab, state, found):
    assert [workunit.id for workunit in tasks.workunits(mixed_lab.db, state, 10)] == found


def test_a_host_s_tasks_are_counted_and_leafed_through_by_state(mixed_lab):
    db = mixed_lab.db
    assert tasks.by_state(db, 1) == {"valid": 1, "failed": 1, "sent": 1}
    assert [task.id for task in tasks.of_host(db, 1, limit=2)] == [3, 2]
    assert [task.id for task in tasks.of_host(db, 1, limit=2, before=2)] == [1]
    assert [task.id for task in tasks.of_host(db, 1, limit=1, after=1)] == [2]
    assert [task.id for task in tasks.of_host(db, 1, state="failed", limit=2)] == [2]
    assert tasks.of_host(db, 2, limit=2) == []


def test_a_task_says_how_it_ended_and_what_was_paid(mixed_lab):
    ended = tasks.ended(mixed_lab.db, 2)
    assert ended == TaskEnd(
        closed_at=mixed_lab.now,
        cause="memory-limit",
        boinc_state=None,
        peak_memory_mb=None,
        peak_disk_mb=None,
        agreement="",
        message="the host's own words",
    )
    assert [(one.reason, one.amount) for one in tasks.paid(mixed_lab.db, 1)] == [("computed", 20)]
    assert tasks.paid(mixed_lab.db, 2) == []


def test_a_task_that_is_not_there_did_not_end(mixed_lab):
    with pytest.raises(LookupError, match="task 99 is not there"):
        tasks.ended(mixed_lab.db, 99)
