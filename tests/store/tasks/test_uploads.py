import re
from datetime import timedelta

import pytest

from axiom.domain.work import TaskState
from axiom.store.engine import blobs
from axiom.store.tasks import uploads
from axiom.store.tasks.uploads import StoredUpload


@pytest.fixture
def lab(busy_lab):
    """Task 1 is reported with its output, task 2 is out, task 3 waits."""
    with busy_lab.db.transaction():
        for body in (b"one", b"two"):
            blobs.put(busy_lab.db, busy_lab.folder, body, busy_lab.now)
    return busy_lab


def record(lab, task_id: int, body: bytes, *, md5: str = "m"):
    with lab.db.transaction():
        digest = blobs.put(lab.db, lab.folder, body, lab.now)
        facts = {"name": f"n{task_id}", "size": len(body), "md5": md5, "received_at": lab.now}
        uploads.record(lab.db, [StoredUpload(task_id=task_id, digest=digest, **facts)])


def test_an_upload_is_kept_until_it_is_forgotten(lab):
    record(lab, 2, b"one")
    record(lab, 77, b"two")  # a task that nobody here remembers
    found = uploads.of(lab.db, [1, 2, 3, 77])
    assert {task: (one.name, one.size, one.received_at) for task, one in found.items()} == {
        2: ("n2", 3, lab.now),
        77: ("n77", 3, lab.now),
    }
    with lab.db.transaction():
        uploads.forget(lab.db, [2, 5])
    assert list(uploads.of(lab.db, [1, 2, 3, 77])) == [77]


def test_a_later_upload_of_a_task_replaces_the_one_before(lab):
    record(lab, 2, b"one")
    lab.later(minutes=1)
    record(lab, 2, b"two", md5="other")
    (one,) = uploads.of(lab.db, [2]).values()
    assert (one.md5, one.received_at) == ("other", lab.now)


def test_a_task_that_was_reported_with_an_output_takes_no_other(lab):
    before = uploads.closed(lab.db, [1, 2, 77])
    assert list(before) == [1]
    assert before[1]
    record(lab, 1, b"another")
    assert uploads.closed(lab.db, [1]) == before
    assert uploads.of(lab.db, [1]) == {}


@pytest.mark.parametrize("state", [state for state in TaskState if state not in {"unsent", "sent", "expired"}])
def test_a_task_that_ended_without_an_output_takes_none(lab, state):
    with lab.db.transaction():
        lab.db.execute("UPDATE task SET state = :state WHERE id = 2", state=state)
    record(lab, 2, b"late")
    assert uploads.closed(lab.db, [2]) == {2: None}
    assert uploads.of(lab.db, [2]) == {}


def test_those_that_wait_too_long_are_found_a_few_at_a_time(lab):
    for task_id in (77, 2, 78):
        record(lab, task_id, b"one")
        lab.later(hours=1)
    before, never = lab.now - timedelta(hours=1, minutes=30), lab.now - timedelta(days=9)
    assert [one.task_id for one in uploads.unwanted(lab.db, before, never, 5)] == [2, 77]
    assert [one.task_id for one in uploads.unwanted(lab.db, lab.now, never, 1)] == [2]
    assert uploads.unwanted(lab.db, never, before, 5) == []
    with lab.db.transaction():
        lab.db.execute("UPDATE task SET state = 'failed' WHERE id = 2")
    assert [one.task_id for one in uploads.unwanted(lab.db, never, before, 5)] == [2]


def test_how_much_a_host_has_brought_for_its_other_tasks(lab):
    other = lab.order(1)
    record(lab, 2, b"x" * 10)
    record(lab, other.task, b"y" * 100)
    assert uploads.bytes_beside(lab.db, 2, lab.now) == 100
    assert uploads.bytes_beside(lab.db, other.task, lab.now) == 10
    assert uploads.bytes_beside(lab.db, 77, lab.now) == 0


@pytest.mark.parametrize(
    ("state", "counts"),
    [("sent", True), ("expired", True), ("failed", False), ("aborted", False), ("returned", False), ("invalid", False)],
)
def test_only_what_may_still_be_reported_or_came_lately_counts_as_brought(lab, state, counts):
    other = lab.order(1)
    record(lab, other.task, b"y" * 100)
    with lab.db.transaction():
        lab.db.execute("UPDATE task SET state = :state WHERE id = :id", state=state, id=other.task)
    assert uploads.bytes_beside(lab.db, 2, lab.now + timedelta(seconds=1)) == (100 if counts else 0)
    assert uploads.bytes_beside(lab.db, 2, lab.now) == 100


@pytest.mark.parametrize("name", ["_RECORD", "_OF", "_FORGET", "_CLOSED", "_BESIDE", "_OF_SAME_HOST"])
def test_no_upload_looks_through_all_tasks(lab, name):
    sql = vars(uploads)[name]
    values = {word: "[]" if word == "task_ids" else 1 for word in re.findall(r":(\w+)", sql)}
    plan = lab.db.select(f"EXPLAIN QUERY PLAN {sql}", **values)
    assert [row["detail"] for row in plan if re.match(r"SCAN (t|task)\b", row["detail"])] == []
