import itertools
from datetime import timedelta

import pytest

from axiom.domain.failure_causes import Cause
from axiom.domain.work import TaskState
from axiom.store.engine import blobs
from axiom.store.tasks import uploads
from axiom.store.tasks.uploads import StoredUpload


@pytest.fixture
def lab(busy_lab):
    """Task 1 is reported with its output, task 2 is out, task 3 waits."""
    return busy_lab


def give(lab, task_id: int, state: str, cause: str = "") -> None:
    lab.db.change("task", task_id, state=state, cause=cause)


def record(lab, task_id: int, body: bytes, *, md5: str = "m"):
    with lab.db.transaction():
        digest = blobs.store_blob(lab.db, lab.folder, body, lab.now)
        facts = {"name": f"n{task_id}", "size": len(body), "md5": md5, "received_at": lab.now}
        uploads.record_uploads(lab.db, [StoredUpload(task_id=task_id, digest=digest, **facts)])


def test_the_newest_upload_of_a_task_is_kept_until_it_is_forgotten(lab):
    record(lab, 2, b"one")
    lab.later(minutes=1)
    record(lab, 2, b"two", md5="other")
    record(lab, 77, b"four")  # a task that nobody here remembers
    found = uploads.read_uploads(lab.db, [1, 2, 3, 77])
    assert {task: (upload.name, upload.size, upload.md5, upload.received_at) for task, upload in found.items()} == {
        2: ("n2", 3, "other", lab.now),
        77: ("n77", 4, "m", lab.now),
    }
    with lab.db.transaction():
        uploads.delete_uploads(lab.db, [2, 5])
    assert list(uploads.read_uploads(lab.db, [1, 2, 3, 77])) == [77]


def test_a_task_that_is_over_takes_no_upload(lab):
    before = uploads.list_tasks_closed_to_uploads(lab.db, [1, 2, 77])
    assert list(before) == [1]
    assert before[1]
    record(lab, 1, b"another")
    assert (uploads.list_tasks_closed_to_uploads(lab.db, [1]), uploads.read_uploads(lab.db, [1])) == (before, {})
    for state in TaskState:
        if state not in {"unsent", "sent", "expired"}:
            give(lab, 2, state)
            record(lab, 2, b"late")
            assert (uploads.list_tasks_closed_to_uploads(lab.db, [2]), uploads.read_uploads(lab.db, [2])) == (
                {2: None},
                {},
            )


def test_those_that_wait_too_long_are_found_a_few_at_a_time(lab):
    for task_id in (77, 2, 78):
        record(lab, task_id, b"one")
        lab.later(hours=1)
    before, never = lab.now - timedelta(hours=1, minutes=30), lab.now - timedelta(days=9)
    assert [upload.task_id for upload in uploads.list_unwanted_uploads(lab.db, before, never, 5)] == [2, 77]
    assert [upload.task_id for upload in uploads.list_unwanted_uploads(lab.db, lab.now, never, 1)] == [2]
    for state, cause in (("sent", ""), ("expired", ""), ("aborted", Cause.TAKEN_BACK)):  # its report may still come
        give(lab, 2, state, cause)
        assert uploads.list_unwanted_uploads(lab.db, never, before, 5) == []
    give(lab, 2, "failed")
    assert [upload.task_id for upload in uploads.list_unwanted_uploads(lab.db, never, before, 5)] == [2]


def test_only_what_may_still_be_reported_or_came_lately_counts_as_brought(lab):
    other = lab.order(1).task
    record(lab, 2, b"x" * 10)
    record(lab, other, b"y" * 100)
    assert [uploads.sum_other_upload_bytes(lab.db, task, lab.now) for task in (2, other, 77)] == [100, 10, 0]
    for state, cause in itertools.product(
        ("sent", "expired", "failed", "aborted", "returned", "invalid"), ("", Cause.TAKEN_BACK)
    ):
        give(lab, other, state, cause)
        later = uploads.sum_other_upload_bytes(lab.db, 2, lab.now + timedelta(seconds=1))
        assert later == (100 if state in {"sent", "expired"} or (state, cause) == ("aborted", Cause.TAKEN_BACK) else 0)
        assert uploads.sum_other_upload_bytes(lab.db, 2, lab.now) == 100
