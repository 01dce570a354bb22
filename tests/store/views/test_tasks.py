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


def test_tasks_and_workunits_of_a_state_are_found_newest_first(mixed_lab):
    db = mixed_lab.db
    found = {"": [5, 4, 3, 2, 1], "valid": [1], "failed": [2], "sent": [3], "unsent": [5, 4], "returned": []}
    assert {state: [task.id for task in tasks.tasks(db, state, 10)] for state in found} == found
    assert [task.id for task in tasks.tasks(db, "unsent", 1)] == [task.id for task in tasks.tasks(db, "", 1)] == [5]
    found = {"": [4, 3, 2, 1], "open": [4, 3, 2], "done": [1], "failed": []}
    assert {state: [unit.id for unit in tasks.workunits(db, state, 10)] for state in found} == found
    assert tasks.by_state(db, 1) == {"valid": 1, "failed": 1, "sent": 1}
    for place, ids in (
        ({"limit": 2}, [3, 2]),
        ({"limit": 2, "before": 2}, [1]),
        ({"limit": 1, "after": 1}, [2]),
        ({"limit": 2, "state": "failed"}, [2]),
    ):
        assert [task.id for task in tasks.of_host(db, 1, **place)] == ids
    assert tasks.of_host(db, 2, limit=2) == []


def test_a_task_says_how_it_ended_and_what_was_paid(mixed_lab):
    unknown = dict.fromkeys(("boinc_state", "peak_memory_mb", "peak_disk_mb"))
    words = {"cause": "memory-limit", "agreement": "", "message": "the host's own words"}
    assert tasks.ended(mixed_lab.db, 2) == TaskEnd(closed_at=mixed_lab.now, **unknown, **words)
    assert [(award.reason, award.amount) for award in tasks.paid(mixed_lab.db, 1)] == [("computed", 20)]
    assert tasks.paid(mixed_lab.db, 2) == []
    with pytest.raises(LookupError, match="99"):
        tasks.ended(mixed_lab.db, 99)
