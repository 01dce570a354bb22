"""What is back of each replicate, and which versions have to be looked at again."""

import json
from contextlib import contextmanager, suppress
from datetime import timedelta

from axiom.domain.work import WorkunitState
from axiom.store.evidence import blocks
from axiom.store.evidence.blocks import Changed
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks, workunits


class TakenBack(Exception):
    pass


@contextmanager
def taken_back(db):
    """The body in a transaction that leaves nothing behind."""
    with suppress(TakenBack), db.transaction():
        yield
        raise TakenBack


def test_what_is_ordered_and_what_is_back_is_known_by_replicate(busy_lab):
    db = busy_lab.db
    assert blocks.ordered(db, 1) == {0: True, 1: False, 2: False}
    assert blocks.ordered(db, 2) == {}
    assert blocks.returned(db, 1) == {0: 2}


def test_a_replicate_in_parts_is_over_when_each_part_is_closed(busy_lab):
    db = busy_lab.db
    parts = busy_lab.deploy(singly=1)
    assert [workunits.workunit(db, part).configs for part in parts] == [(0,), (1,)]
    for closed, over in ((parts[1:], False), (parts, True)):
        with taken_back(db):
            ended = [(workunits.workunit(db, part), WorkunitState.CANCELLED, "a test") for part in closed]
            tasks.close(db, ended, busy_lab.now)
            assert blocks.ordered(db, 1) == {0: True, 1: False, 2: False, 3: over}
            assert blocks.ordered(db, 1, 3) == {3: over}


def read(db, experiment_id, last, until):
    names = ("replicate", "config", "outcome", "host_id", "measures", "early", "gpu")
    return [dict(zip(names, row, strict=True)) for row in blocks.cells_of(db, experiment_id, range(last + 1), until)]


def test_cells_come_with_their_host_and_only_those_that_were_there_at_the_time(busy_lab):
    cells = read(busy_lab.db, 1, 0, busy_lab.now)
    assert [(cell["replicate"], cell["config"], cell["host_id"]) for cell in cells] == [(0, 0, 1), (0, 1, 1)]
    assert json.loads(cells[1]["measures"])["total"] == 1.5
    assert read(busy_lab.db, 1, -1, busy_lab.now) == []
    assert read(busy_lab.db, 1, 0, busy_lab.now - timedelta(minutes=1)) == []
    (home,) = hosts.hosts(busy_lab.db)
    assert (home.id, home.volunteer_id, home.platform.instructions) == (1, 1, "avx2")


def test_numbers_above_one_that_a_restored_backup_forgot_wait_for_it(busy_lab):
    db = busy_lab.db
    assert blocks.numbers(db, 1, 1, -1) == [0, 1, 2]
    assert blocks.numbers(db, 1, 1, 0) == [1, 2]
    assert blocks.numbers(db, 1, 2, -1) == []
    for forgotten, known in ((1, [0]), (0, [])):
        with taken_back(db):
            db.execute("DELETE FROM replicate WHERE number = :number", number=forgotten)
            db.execute("INSERT INTO counter VALUES ('replicate', 1, 'missing', 1)")
            assert blocks.numbers(db, 1, 1, -1) == known


def test_only_versions_of_which_more_came_back_are_looked_at_again(busy_lab):
    db = busy_lab.db
    seen = blocks.changed(db)
    assert seen == [Changed(experiment_id=1, newest_result=2, closed_workunits=1)]
    blocks.looked(db, seen)
    assert blocks.changed(db) == []
    with taken_back(db):
        tasks.close(db, [(workunits.workunit(db, 3), WorkunitState.CANCELLED, "a test")], busy_lab.now)
        assert [one.closed_workunits for one in blocks.changed(db)] == [2]
    with taken_back(db):
        db.execute("UPDATE result SET id = 9 WHERE id = 2")
        assert [one.newest_result for one in blocks.changed(db)] == [9]
        blocks.looked(db, blocks.changed(db))
        assert blocks.changed(db) == []
    db.execute("UPDATE experiment SET recalled_at = 1")
    db.execute("DELETE FROM weighing")
    assert blocks.changed(db) == []


def test_numbers_that_were_issued_to_older_registrations_are_known(busy_lab):
    assert blocks.older(busy_lab.db, 1, 1) == {}
    assert blocks.older(busy_lab.db, 1, 2) == {0: 1, 1: 1, 2: 1}
