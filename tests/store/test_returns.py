"""What is back of each replicate, and which versions have to be looked at again."""

import json
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from axiom.domain.work import WorkunitState
from axiom.store import fleet, returning, returns, work
from axiom.store.returns import Changed


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
    assert returns.ordered(db, 1) == {0: True, 1: False, 2: False}
    assert returns.ordered(db, 2) == {}
    assert returns.returned(db, 1) == {0: 2}


def test_a_replicate_in_parts_is_over_when_each_part_is_closed(busy_lab):
    db = busy_lab.db
    parts = busy_lab.deploy(singly=1)
    assert [work.workunit(db, part).configs for part in parts] == [(0,), (1,)]
    for closed, over in ((parts[1:], False), (parts, True)):
        with taken_back(db):
            ended = [(work.workunit(db, part), WorkunitState.CANCELLED, "a test") for part in closed]
            returning.close(db, ended, busy_lab.now)
            assert returns.ordered(db, 1) == {0: True, 1: False, 2: False, 3: over}
            assert returns.ordered(db, 1, 3) == {3: over}


def bare(db, experiment_id, last, until):
    names = ("replicate", "config", "outcome", "host_id", "measures", "early")
    return [dict(zip(names, row, strict=True)) for row in returns.cells_of(db, experiment_id, range(last + 1), until)]


@pytest.mark.parametrize("read", [returns.cells, bare])
def test_cells_come_with_their_host_and_only_those_that_were_there_at_the_time(busy_lab, read):
    cells = read(busy_lab.db, 1, 0, busy_lab.now)
    assert [(cell["replicate"], cell["config"], cell["host_id"]) for cell in cells] == [(0, 0, 1), (0, 1, 1)]
    assert json.loads(cells[1]["measures"])["total"] == 1.5
    assert read(busy_lab.db, 1, -1, busy_lab.now) == []
    assert read(busy_lab.db, 1, 0, busy_lab.now - timedelta(minutes=1)) == []
    (home,) = fleet.hosts(busy_lab.db)
    assert (home.id, home.volunteer_id, home.platform.instructions) == (1, 1, "avx2")


def test_numbers_above_one_that_a_restored_backup_forgot_wait_for_it(busy_lab):
    db = busy_lab.db
    assert returns.numbers(db, 1, 1, -1) == [0, 1, 2]
    assert returns.numbers(db, 1, 1, 0) == [1, 2]
    assert returns.numbers(db, 1, 2, -1) == []
    for forgotten, known in ((1, [0]), (0, [])):
        with taken_back(db):
            db.execute("DELETE FROM replicate WHERE number = :number", number=forgotten)
            db.execute("INSERT INTO counter VALUES ('replicate', 1, 'missing', 1)")
            assert returns.numbers(db, 1, 1, -1) == known


def test_only_versions_of_which_more_came_back_are_looked_at_again(busy_lab):
    db = busy_lab.db
    seen = returns.changed(db)
    assert seen == [Changed(experiment_id=1, newest_result=2, closed_workunits=1)]
    returns.looked(db, seen)
    assert returns.changed(db) == []
    with taken_back(db):
        returning.close(db, [(work.workunit(db, 3), WorkunitState.CANCELLED, "a test")], busy_lab.now)
        assert [one.closed_workunits for one in returns.changed(db)] == [2]
    with taken_back(db):
        db.execute("UPDATE result SET id = 9 WHERE id = 2")
        assert [one.newest_result for one in returns.changed(db)] == [9]
        returns.looked(db, returns.changed(db))
        assert returns.changed(db) == []
    db.execute("UPDATE experiment SET recalled_at = 1")
    db.execute("DELETE FROM weighing")
    assert returns.changed(db) == []


def test_numbers_that_were_issued_to_older_registrations_are_known(busy_lab):
    assert returns.older(busy_lab.db, 1, 1) == {}
    assert returns.older(busy_lab.db, 1, 2) == {0: 1, 1: 1, 2: 1}
