"""A finding's history: a line for each closed block, given back to the last bit."""

import json
import sqlite3
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.findings import Evidence, Grade, Observation, Verdict
from axiom.domain.work import WorkunitState
from axiom.store import evidence, fleet, returning, work
from axiom.store.evidence import Weighed

NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**40)
WORDS = st.lists(st.text(), max_size=3).map(tuple)
LINES = st.builds(
    Evidence,
    blocks=st.integers(1, 2**40),
    seeds=COUNTS,
    missing=COUNTS,
    estimate=NUMBERS,
    low=NUMBERS,
    high=NUMBERS,
    e_value=st.floats(0, 1e300),
    e_kind=st.sampled_from(["flip", "sign", "bernoulli"]),
    verdict=st.sampled_from(Verdict),
    grade=st.sampled_from(Grade),
    hosts=COUNTS,
    volunteers=COUNTS,
    platforms=COUNTS,
    needs=WORDS,
    flags=WORDS,
    reasons=WORDS,
)
OBSERVED = st.lists(
    st.builds(
        Observation,
        replicate=COUNTS,
        value=NUMBERS,
        hosts=st.lists(COUNTS, max_size=3).map(tuple),
        why_missing=st.text(),
    ),
    max_size=3,
).map(tuple)
LINE = Evidence(
    blocks=1,
    seeds=8,
    missing=0,
    estimate=1.0,
    low=None,
    high=None,
    e_value=2.0,
    e_kind="flip",
    verdict=Verdict.UNDECIDED,
    grade=Grade.AWAITING,
    hosts=1,
    volunteers=1,
    platforms=1,
    needs=(),
    flags=(),
    reasons=(),
)


class TakenBack(Exception):
    pass


@contextmanager
def taken_back(db):
    """The body in a transaction that leaves nothing behind."""
    with suppress(TakenBack), db.transaction():
        yield
        raise TakenBack


@given(LINES, OBSERVED)
def test_a_line_is_read_as_it_was_written(shared_lab, line, observed):
    db = shared_lab.db
    with taken_back(db):
        evidence.record(db, 1, line, observed, session_id=None, now=shared_lab.now)
        (row,) = evidence.lines(db, 1)
        assert evidence.read(row) == line
        assert evidence.observations(row) == observed


@pytest.fixture(scope="module")
def shared_lab(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("evidence") / "lab")
    lab.publish(prepared())
    yield lab
    lab.db.close()


def test_every_field_of_evidence_is_stored(shared_lab):
    columns = {row["name"] for row in shared_lab.db.select("PRAGMA table_info(evidence)")}
    assert {one.name for one in fields(Evidence)} <= columns


def test_a_block_is_one_line_and_the_last_one_counts(working_lab):
    db = working_lab.db
    assert evidence.weighed(db, 1) == [Weighed(number=1, registration_id=1, estimand="grows", blocks=0)]
    assert evidence.newest(db) == {}
    for blocks in (2, 1, 3):
        evidence.record(db, 1, replace(LINE, blocks=blocks), (), session_id=None, now=working_lab.now)
    with pytest.raises(sqlite3.IntegrityError):
        evidence.record(db, 1, replace(LINE, blocks=3), (), session_id=None, now=working_lab.now)
    assert [line.blocks for line in evidence.history(db, 1)] == [1, 2, 3]
    assert {number: line.blocks for number, line in evidence.newest(db).items()} == {1: 3}
    assert evidence.weighed(db, 1)[0].blocks == 3
    assert evidence.weighed(db, 2) == []


def test_what_is_ordered_and_what_is_back_is_known_by_replicate(busy_lab):
    db = busy_lab.db
    assert evidence.ordered(db, 1) == {0: True, 1: False, 2: False}
    assert evidence.ordered(db, 2) == {}
    assert evidence.returned(db, 1) == {0: 2}


def test_a_replicate_in_parts_is_over_when_each_part_is_closed(busy_lab):
    db = busy_lab.db
    parts = busy_lab.deploy(singly=1)
    assert [work.workunit(db, part).configs for part in parts] == [(0,), (1,)]
    for closed, over in ((parts[1:], False), (parts, True)):
        with taken_back(db):
            ended = [(work.workunit(db, part), WorkunitState.CANCELLED, "a test") for part in closed]
            returning.close(db, ended, busy_lab.now)
            assert evidence.ordered(db, 1) == {0: True, 1: False, 2: False, 3: over}
            assert evidence.ordered(db, 1, 3) == {3: over}


def test_a_line_of_before_replicates_were_ordered_in_parts_is_read():
    row = {"observations": '[[0, 1.5, 7, ""], [1, null, null, "late"], [2, 0.5, [3, 4], ""]]'}
    assert [one.hosts for one in evidence.observations(row)] == [(7,), (), (3, 4)]


def test_cells_come_with_their_host_and_only_those_that_were_there_at_the_time(busy_lab):
    cells = evidence.cells(busy_lab.db, 1, 0, busy_lab.now)
    assert [(cell["replicate"], cell["config"], cell["host_id"]) for cell in cells] == [(0, 0, 1), (0, 1, 1)]
    assert json.loads(cells[1]["measures"])["total"] == 1.5
    assert evidence.cells(busy_lab.db, 1, -1, busy_lab.now) == []
    assert evidence.cells(busy_lab.db, 1, 0, busy_lab.now - timedelta(minutes=1)) == []
    (home,) = fleet.hosts(busy_lab.db)
    assert (home.id, home.volunteer_id, home.platform.instructions) == (1, 1, "avx2")
