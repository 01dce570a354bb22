"""What is back of each replicate, and which versions have to be looked at again."""

import json
from datetime import timedelta

from axiom.domain.work import WorkunitState
from axiom.store.findings import blocks
from axiom.store.findings.blocks import ChangedVersion
from axiom.store.tasks import workunits


def test_what_is_ordered_and_what_is_back_is_known_by_replicate(busy_lab, taken_back):
    db, now = busy_lab.db, busy_lab.now
    assert blocks.list_ordered_replicates(db, 1) == {0: True, 1: False, 2: False}
    assert (blocks.list_ordered_replicates(db, 2), blocks.count_returned_cells(db, 1)) == ({}, {0: 2})
    assert (blocks.list_older_replicates(db, 1, 1), blocks.list_older_replicates(db, 1, 2)) == ({}, {0: 1, 1: 1, 2: 1})
    parts = busy_lab.deploy(singly=1)
    assert [workunits.find_workunit(db, part).configs for part in parts] == [(0,), (1,)]
    failed, cancelled = WorkunitState.FAILED, WorkunitState.CANCELLED
    for state, closed, over in ((failed, parts[1:], False), (failed, parts, True), (cancelled, parts, False)):
        with taken_back(db):
            ended = [(workunits.find_workunit(db, part), state, "a test") for part in closed]
            workunits.close_workunits(db, ended, now)
            assert blocks.list_ordered_replicates(db, 1) == {0: True, 1: False, 2: False, 3: over}
            assert blocks.list_ordered_replicates(db, 1, 3) == {3: over}


def test_cells_and_numbers_come_as_known_and_changed_versions_are_read_again(busy_lab, taken_back):
    db, now = busy_lab.db, busy_lab.now
    cells = list(blocks.read_replicate_cells(db, 1, range(1), now))
    assert [(cell[0], cell[1], cell[3]) for cell in cells] == [(0, 0, 1), (0, 1, 1)]
    assert json.loads(cells[1][4])["total"] == 1.5
    assert list(blocks.read_replicate_cells(db, 1, range(0), now)) == []
    assert list(blocks.read_replicate_cells(db, 1, range(1), now - timedelta(minutes=1))) == []
    db = busy_lab.db
    assert blocks.list_issued_numbers(db, 1, 1, -1) == [0, 1, 2]
    assert blocks.list_issued_numbers(db, 1, 1, 0) == [1, 2]
    assert blocks.list_issued_numbers(db, 1, 2, -1) == []
    for forgotten, known in ((1, [0]), (0, [])):
        with taken_back(db):
            db.execute("DELETE FROM replicate WHERE number = :number", number=forgotten)
            db.execute("INSERT INTO counter VALUES ('replicate', 1, 'missing', 1)")
            assert blocks.list_issued_numbers(db, 1, 1, -1) == known
    db = busy_lab.db
    seen = blocks.list_changed_versions(db)
    assert seen == [ChangedVersion(experiment_id=1, newest_result=2, closed_workunits=1)]
    blocks.mark_versions_weighed(db, seen)
    assert blocks.list_changed_versions(db) == []
    with taken_back(db):
        workunits.close_workunits(
            db, [(workunits.find_workunit(db, 3), WorkunitState.CANCELLED, "a test")], busy_lab.now
        )
        assert [seen.closed_workunits for seen in blocks.list_changed_versions(db)] == [2]
    with taken_back(db):
        db.execute("UPDATE result SET id = 9 WHERE id = 2")
        assert [seen.newest_result for seen in blocks.list_changed_versions(db)] == [9]
        blocks.mark_versions_weighed(db, blocks.list_changed_versions(db))
        assert blocks.list_changed_versions(db) == []
    db.execute("UPDATE experiment SET recalled_at = 1")
    db.execute("DELETE FROM weighing")
    assert blocks.list_changed_versions(db) == []
