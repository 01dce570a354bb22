"""A laboratory is ready unless it cannot store, has no room, or a job of it is stuck."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.upkeep.jobs import PeriodicJob
from axiom.decisions.upkeep.readiness import VitalSigns, unready

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
JOB = PeriodicJob(name="clean", every=timedelta(hours=1), last_start=NOW - timedelta(minutes=59), last_error="")
WELL = VitalSigns(
    writer_failed=False,
    found_no_room=False,
    oldest_wait=timedelta(seconds=2),
    free=2_000_000_000,
    needed=1_000_000_000,
    jobs=(JOB,),
    up_since=NOW - timedelta(days=1),
)
STUCK = replace(JOB, last_start=NOW - timedelta(hours=2))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"writer_failed": True}, "writer"),
        ({"oldest_wait": timedelta(minutes=1)}, "writer"),
        ({"found_no_room": True}, "full"),
        ({"free": 999_999_999}, "nearly full"),
        ({"jobs": (JOB, STUCK)}, "clean"),
    ],
)
def test_one_thing_that_is_wrong_is_one_reason(changes, word):
    (reason,) = unready(replace(WELL, **changes), NOW)
    assert word in reason


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"jobs": (replace(JOB, last_error="secret/path"),)},  # it is tried again
        {"jobs": (STUCK,), "up_since": NOW - timedelta(minutes=5)},  # it began before the last start
        {"jobs": (replace(JOB, last_start=None),), "up_since": NOW},
    ],
)
def test_a_laboratory_that_can_work_is_ready(changes):
    assert unready(replace(WELL, **changes), NOW) == ()
